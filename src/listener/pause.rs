//! A process that is about to stand still closes its event connection first.
//!
//! A stopped process reads nothing. What the server sends it fills the buffers of both kernels, and
//! then the server waits: FreeSWITCH with a lock held that its other clients need.

use std::time::Duration;

use super::event_listener::{EventListener, Inner};
use crate::conn::{CloseReason, Connection};

impl EventListener {
    /// Closes the event connection at once and keeps it closed until [`EventListener::unpause`]. Call
    /// it before this process stands still. Returns when the socket is closed; `false` when there
    /// was no connection.
    ///
    /// Jobs in flight become unknown: their results would go to a closed socket.
    ///
    /// # Cancel safety
    /// The listener is paused from the first poll on; dropping the future may leave the socket open.
    pub async fn pause(&self) -> bool {
        self.inner.paused.send_replace(true);
        // An attempt to connect that is under way gives up, and lets go of this.
        let opening = tokio::time::timeout(SOON, self.inner.opening.lock()).await;
        let connection = self.connection().ok();
        if let Some(connection) = &connection {
            connection.abort(CloseReason::Paused);
            let _in_time = tokio::time::timeout(SOON, connection.closed()).await;
        }
        drop(opening);
        connection.is_some()
    }

    /// As [`EventListener::pause`], after this process was stopped for the given time. FreeSWITCH may
    /// have dropped events meanwhile and does not report it; the gap of the next connection includes
    /// that time.
    ///
    /// # Cancel safety
    /// As [`EventListener::pause`].
    pub async fn pause_after(&self, stood_still: Duration) -> bool {
        self.state().stood_still = stood_still;
        self.pause().await
    }

    /// Ends [`EventListener::pause`]: a connection that is kept up is opened again, and what it had
    /// is restored. [`EventListener::link`] says when, and what became of the calls.
    pub fn unpause(&self) {
        self.inner.paused.send_replace(false);
    }
}

/// Waits while the listener is paused. `false` when it is gone.
pub(super) async fn is_over(inner: &std::sync::Weak<Inner>) -> bool {
    let Some(mut paused) = inner.upgrade().map(|inner| inner.paused.subscribe()) else {
        return false;
    };
    paused.wait_for(|is_paused| !is_paused).await.is_ok()
}

/// Runs `attempt` while the listener is not paused; begins anew after a pause.
pub(super) async fn unless_paused<T, F: Future<Output = T>>(
    listener: &EventListener,
    attempt: impl Fn() -> F,
) -> T {
    let mut paused = listener.inner.paused.subscribe();
    loop {
        // The listener holds the sender.
        let _is_over = paused.wait_for(|is_paused| !is_paused).await.is_ok();
        let opening = async {
            let _alone = listener.inner.opening.lock().await;
            attempt().await
        };
        tokio::select! {
            outcome = opening => return outcome,
            _ = paused.wait_for(|is_paused| *is_paused) => {}
        }
        let half_open = listener.state().connection.take_if(|connection| connection.is_open());
        if let Some(connection) = half_open {
            Connection::abort(&connection, CloseReason::Paused);
        }
    }
}

/// A socket is closed at once; nothing else is worth waiting for while a stop is due.
const SOON: Duration = Duration::from_millis(500);
