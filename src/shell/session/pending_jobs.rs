//! Jobs that a script started and has not asked about: their results are waited for at its end, so
//! that its exit code is the truth. At the prompt they are shown above it instead.

pub(in crate::shell) use super::job_list::{Entry, Left, MOST};
use std::sync::Arc;

use super::Shell;
use super::switch::Switch;
use crate::listener::Job;

impl Shell {
    /// A line started a job and does not wait for it.
    pub(in crate::shell) fn leave(&self, job: &Job, switch: &Arc<Switch>, is_call: bool) {
        if self.narration().has_sink() {
            return;
        }
        let left = &mut self.state().left.0;
        left.push_back(Entry { job: job.clone(), switch: Arc::clone(switch), is_call });
        if left.len() > MOST {
            left.pop_front();
        }
    }

    /// Takes the oldest job that no line has asked about.
    pub(in crate::shell) fn next_left(&self) -> Option<Entry> {
        self.state().left.0.pop_front()
    }

    /// A line waited for a job, or showed its result.
    pub(in crate::shell) fn mark_reported(&self, id: &str) {
        self.state().left.0.retain(|entry| entry.job.id().as_str() != id);
    }

    /// A line looked after calls: what became of those made so far is the script's own matter.
    pub(in crate::shell) fn has_seen_calls(&self) {
        self.state().left.0.retain(|entry| !entry.is_call);
    }
}
