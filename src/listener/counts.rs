//! What a listener counts, as its tracker has it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::event_listener::EventListener;
use crate::model::{App, HangupCause, Id, SessionInfo};

impl EventListener {
    /// How many sessions live.
    #[must_use]
    pub fn count_sessions(&self) -> usize {
        self.tracker().sessions().len()
    }

    /// How many calls run.
    #[must_use]
    pub fn count_calls(&self) -> usize {
        self.tracker().call_count()
    }

    /// How many jobs wait for their result.
    #[must_use]
    pub fn count_jobs(&self) -> usize {
        self.tracker().pending_job_count()
    }

    /// How many sessions ended otherwise than by NORMAL_CLEARING.
    #[must_use]
    pub fn count_failed(&self) -> u64 {
        self.tracker().failed_count()
    }

    /// How often each cause ended a session.
    #[must_use]
    pub fn hangup_causes(&self) -> BTreeMap<HangupCause, u64> {
        self.tracker().totals().causes.clone()
    }

    /// The sessions that were never answered or ended otherwise than by NORMAL_CLEARING, by their
    /// cause, oldest first; as long as their calls are remembered.
    #[must_use]
    pub fn failed_sessions(&self) -> BTreeMap<HangupCause, Vec<SessionInfo>> {
        let tracker = self.tracker();
        let failed = tracker.failed_sessions().into_iter();
        failed.map(|(cause, legs)| (cause, legs.into_iter().cloned().collect())).collect()
    }

    /// How often jobs failed, by the server's text, among those that are remembered.
    #[must_use]
    pub fn failed_jobs(&self) -> BTreeMap<String, u64> {
        let tracker = self.tracker();
        let failed = tracker.failed_jobs().into_iter();
        failed.map(|(text, count)| (text.to_owned(), count)).collect()
    }

    /// How many living sessions carry each app id.
    #[must_use]
    pub fn sessions_per_app(&self) -> BTreeMap<Id<App>, usize> {
        self.tracker().sessions_per_app()
    }

    /// The time of the first event, in microseconds since 1970 by the server's clock; 0 while
    /// there was none.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.tracker().epoch()
    }

    /// How long it has been watching, by the times of the server's events.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.tracker().uptime()
    }

    /// How many events the switch made and this connection did not bring, because a queue of the
    /// switch was full. Known only under a subscription to `ALL` without filters; 0 otherwise.
    #[must_use]
    pub fn missing_events(&self) -> u64 {
        let sees_all = {
            let state = self.state();
            state.filters.is_empty() && state.events.iter().any(|name| name == "ALL")
        };
        if sees_all { self.tracker().sequence_gaps() } else { 0 }
    }

    /// Forgets what is over: totals, ended calls, finished jobs. What lives stays.
    pub fn reset(&self) {
        self.tracker().reset();
    }
}
