//! A handle that does not keep its connection open.

use std::fmt;
use std::sync::{Arc, Weak};

use tokio::sync::watch;

use super::command_queue::CommandQueue;
use super::error::CloseReason;
use crate::conn::Connection;
use crate::wire::ReplyShape;

/// A handle to a connection for those who only look after it: the socket closes when the last
/// [`Connection`] is gone, also while one of these is held.
#[derive(Clone)]
pub struct WeakConnection {
    pub(super) closed: watch::Receiver<Option<CloseReason>>,
    pub(super) cut: Weak<watch::Sender<Option<CloseReason>>>,
    pub(super) line: Arc<CommandQueue>,
}

impl WeakConnection {
    /// Whether it is a handle to the same session as the other.
    #[must_use]
    pub fn is_same(&self, other: &Connection) -> bool {
        self.cut.as_ptr() == Arc::as_ptr(&other.cut)
    }

    /// As [`Connection::is_open`].
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.cut.strong_count() > 0 && self.closed.borrow().is_none()
    }

    /// As [`Connection::closed`].
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn closed(&self) -> CloseReason {
        closed(self.closed.clone()).await
    }

    /// As [`Connection::abort`].
    pub fn abort(&self, reason: CloseReason) {
        if let Some(cut) = self.cut.upgrade() {
            cut.send_replace(Some(reason));
        }
    }

    /// How many replies came, and what the oldest command without one waits for.
    pub(super) fn progress(&self) -> (u64, Option<ReplyShape>) {
        self.line.progress()
    }
}

/// Waits until the driver is gone: it lets go of its end last, when its sink was notified.
pub(super) async fn closed(mut closed: watch::Receiver<Option<CloseReason>>) -> CloseReason {
    while closed.changed().await.is_ok() {}
    let reason = closed.borrow().clone();
    reason.unwrap_or(CloseReason::Dropped)
}

impl fmt::Debug for WeakConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_open = self.closed.borrow().is_none();
        f.debug_struct("WeakConnection").field("open", &is_open).finish_non_exhaustive()
    }
}
