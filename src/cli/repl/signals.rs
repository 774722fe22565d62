//! What the system tells the process.

use std::future::pending;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C while no line is edited; in a line it is a key.
#[derive(Debug)]
pub(super) struct Interrupts {
    #[cfg(unix)]
    signal: Option<Signal>,
}

impl Interrupts {
    /// Listens from now on: a Ctrl-C ends the process no longer.
    pub(super) fn new() -> Self {
        Self {
            #[cfg(unix)]
            signal: signal(SignalKind::interrupt()).ok(),
        }
    }

    /// Waits for the next one. Safe to cancel.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_ok() {
            return;
        }
        pending::<()>().await;
    }
}

/// SIGCONT: the process was stopped, and goes on.
#[derive(Debug)]
pub(super) struct Continued {
    #[cfg(unix)]
    signal: Option<Signal>,
}

impl Continued {
    pub(super) fn new() -> Self {
        Self {
            #[cfg(unix)]
            signal: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())).ok(),
        }
    }

    /// Waits for the next one. Safe to cancel.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        pending::<()>().await;
    }
}

/// Waits for SIGTERM, SIGHUP or SIGQUIT.
pub(super) async fn terminated() {
    #[cfg(unix)]
    {
        let signals = (
            signal(SignalKind::terminate()),
            signal(SignalKind::hangup()),
            signal(SignalKind::quit()),
        );
        if let (Ok(mut terminate), Ok(mut hangup), Ok(mut quit)) = signals {
            tokio::select! {
                _signal = terminate.recv() => return,
                _signal = hangup.recv() => return,
                _signal = quit.recv() => return,
            }
        }
    }
    pending::<()>().await;
}
