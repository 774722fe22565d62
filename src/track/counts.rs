//! Counting: what is there, what came and went, what failed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::tracker::{Totals, Tracker};
use crate::model::{App, HangupCause, Id, JobState, Origin, Outcome, SessionInfo};

impl Tracker {
    /// The time of the first event, in microseconds since 1970 by the switch's clock; 0 while
    /// there was none.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// From the first event to the latest one, by the switch's clock.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        Duration::from_micros(self.latest.saturating_sub(self.epoch))
    }

    /// How many jobs wait for their result.
    #[must_use]
    pub fn pending_job_count(&self) -> usize {
        self.jobs().filter(|job| job.state == JobState::Pending).count()
    }

    /// How many sessions ended otherwise than by NORMAL_CLEARING.
    #[must_use]
    pub fn failed_count(&self) -> u64 {
        let failed = self.totals.causes.iter().filter(|(cause, _)| !cause.is_normal());
        failed.map(|(_, count)| count).sum()
    }

    /// The sessions that were never answered or ended otherwise than by NORMAL_CLEARING, by their
    /// cause, oldest first. They are remembered as long as their calls are ([`super::Limits`]).
    #[must_use]
    pub fn failed_sessions(&self) -> BTreeMap<HangupCause, Vec<&SessionInfo>> {
        let running = self.calls.values().flat_map(|legs| legs.gone.iter().map(|(_, leg)| leg));
        let ended = self.ended.iter().flat_map(|call| &call.sessions);
        let mut failed: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for session in ended.chain(running).filter(|session| is_failed(session)) {
            let cause = session.cause.clone().unwrap_or_else(|| HangupCause::parse("NONE"));
            failed.entry(cause).or_default().push(session);
        }
        failed
    }

    /// How often jobs failed, by the server's text, among those that are remembered.
    #[must_use]
    pub fn failed_jobs(&self) -> BTreeMap<&str, u64> {
        let mut failed = BTreeMap::new();
        for job in self.jobs() {
            if let JobState::Done(Outcome::Failed(text)) = &job.state {
                *failed.entry(text.as_str()).or_insert(0) += 1;
            }
        }
        failed
    }

    /// How many living sessions carry each app id.
    #[must_use]
    pub fn sessions_per_app(&self) -> BTreeMap<Id<App>, usize> {
        let mut counts = BTreeMap::new();
        for app in self.sessions().filter_map(|session| session.app.clone()) {
            *counts.entry(app).or_insert(0) += 1;
        }
        counts
    }

    /// Forgets what is over: totals, ended calls, finished jobs. What lives stays.
    pub fn reset(&mut self) {
        self.totals = Totals::default();
        for call in std::mem::take(&mut self.ended) {
            self.forget_call(&call);
        }
        self.jobs.forget_finished();
    }
}

fn is_failed(session: &SessionInfo) -> bool {
    // When a call that we joined was answered is not always known.
    let was_not_answered = session.origin == Origin::Seen && session.times.answered == 0;
    was_not_answered || session.cause.as_ref().is_some_and(|cause| !cause.is_normal())
}
