//! Waiting for the end of a call.

use super::event_listener::EventListener;
use super::state::Link;
use crate::model::{CallInfo, Ending, Id, SessionInfo};
use crate::track::Whereabouts;

impl EventListener {
    /// Waits until a call has ended, across lost connections that come back. Safe to cancel. `None`
    /// when the end cannot be seen: the connection is gone for good, or the call ended too long ago.
    pub(crate) async fn call_ended(&self, call: &CallInfo) -> Option<Ending> {
        let legs: Vec<Id<SessionInfo>> = call.sessions.iter().map(|leg| leg.id.clone()).collect();
        let mut id = call.id.clone();
        // Before the first look, so that no end falls between the two.
        let mut ends = self.inner.shared.ends();
        let mut gone = std::pin::pin!(self.gone_for_good());
        let mut is_gone = false;
        loop {
            ends.mark_unchanged();
            let found = self.tracker().whereabouts(&id, &legs);
            match found {
                Whereabouts::Ended(ending) => return Some(*ending),
                Whereabouts::Runs(now) if !is_gone => id = now,
                Whereabouts::Runs(_) | Whereabouts::Unknown => return None,
            }
            tokio::select! {
                changed = ends.changed() => is_gone = changed.is_err(),
                // The last events may have come just before.
                () = &mut gone => is_gone = true,
            }
        }
    }

    /// Waits until the connection is down and nothing opens it again.
    async fn gone_for_good(&self) {
        let mut link = self.link();
        loop {
            let is_given_up =
                matches!(&*link.borrow_and_update(), Link::Down | Link::GaveUp { .. });
            if self.is_connected() {
                self.closed().await;
                continue;
            }
            // What keeps the connection listens for a `disconnect`.
            let is_kept = self.inner.leaving.receiver_count() > 0;
            if is_given_up || !is_kept || link.changed().await.is_err() {
                return;
            }
        }
    }
}
