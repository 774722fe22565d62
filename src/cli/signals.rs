//! Signals that the process receives.

use std::future::pending;
use std::time::Duration;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::terminal;

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
        next(&mut self.signal).await;
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    }
}

/// Waits for the next signal of a kind; for ever where there is none.
#[cfg(unix)]
async fn next(signal: &mut Option<Signal>) {
    if let Some(signal) = signal
        && signal.recv().await.is_some()
    {
        return;
    }
    pending::<()>().await;
}

/// SIGCONT: the process was stopped, and continues.
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
        next(&mut self.signal).await;
        #[cfg(not(unix))]
        pending::<()>().await;
    }
}

/// SIGTSTP: the process is to stop, from outside or because another program has the terminal and
/// Ctrl-Z stops all that share it.
#[derive(Debug)]
pub(super) struct Stops {
    #[cfg(unix)]
    signal: Option<Signal>,
}

impl Stops {
    /// Listens from now on: SIGTSTP alone does not stop the process any longer.
    pub(super) fn new() -> Self {
        Self {
            #[cfg(unix)]
            signal: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw())).ok(),
        }
    }

    /// Waits for the next one. Safe to cancel.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        next(&mut self.signal).await;
        #[cfg(not(unix))]
        pending::<()>().await;
    }

    /// Stops this process and those that share its place in the terminal, as Ctrl-Z does. Returns
    /// when it gets SIGCONT.
    pub(super) async fn stop_group(&mut self) {
        terminal::stop_others();
        // It reached us, too.
        let _came = tokio::time::timeout(SOON, self.next()).await;
        terminal::stop_self();
    }
}

/// A signal to oneself comes at once.
const SOON: Duration = Duration::from_millis(300);

/// Listens for SIGTERM, SIGHUP and SIGQUIT from this call on, and waits for the first.
pub(super) fn terminated() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let mut signals = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()]
        .map(|kind| signal(kind).ok());
    async move {
        #[cfg(unix)]
        {
            let [terminate, hangup, quit] = &mut signals;
            tokio::select! {
                () = next(terminate) => {}
                () = next(hangup) => {}
                () = next(quit) => {}
            }
        }
        #[cfg(not(unix))]
        pending::<()>().await;
    }
}
