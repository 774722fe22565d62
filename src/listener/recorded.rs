//! Recordings: a listener that is written down, and one that is fed from a file.

use std::sync::Arc;

use super::event_listener::EventListener;
use super::intake::{Intake, Tap};
use super::subscribers::Seen;
use crate::conn::Sink as _;
use crate::model::{CallInfo, Id, JobRecord};
use crate::track::{Leg, Tracker};
use crate::wire::{EventData, LogLine};

impl EventListener {
    /// As [`EventListener::tap`], from a state that `begin` looks at: no event falls between.
    ///
    /// The reader waits while `begin` runs: be quick, and do not call the listener from inside.
    pub fn tap_from(
        &self,
        begin: impl FnOnce(&Tracker),
        tap: impl FnMut(&Seen<'_>) -> bool + Send + 'static,
    ) {
        let tracker = self.tracker();
        begin(&tracker);
        self.inner.shared.add_tap(Tap::new(|| true, tap));
    }

    /// Takes an event in as if the connection had brought it. Returns once it is tracked and
    /// watchers have it.
    pub fn feed(&self, event: EventData) {
        let mut intake = Intake::new(Arc::clone(&self.inner.shared));
        intake.take(event);
        intake.fold();
    }

    /// Takes a line of the log in as if the connection had brought it.
    pub fn feed_log(&self, line: LogLine) {
        Intake::new(Arc::clone(&self.inner.shared)).log(line);
    }

    /// Takes in what ran at a time, in microseconds since 1970; see [`Tracker::restore`].
    pub fn restore(&self, legs: Vec<Leg>, now: u64) {
        self.tracker().restore(legs, now);
    }

    /// The call of this name, known or not yet, is one of ours.
    pub fn claim_call(&self, call: &Id<CallInfo>) {
        let mut tracker = self.tracker();
        if !tracker.is_own_call(call) {
            tracker.expect_session(call.cast());
        }
    }

    /// The job of this name is one of ours; it is not waited for.
    pub fn claim_job(&self, job: Id<JobRecord>, command: &str) {
        self.tracker().register_job(job, command);
    }

    /// The connection was lost: the jobs that run have no result.
    pub fn mark_jobs_unknown(&self) {
        self.tracker().mark_jobs_unknown();
    }
}
