//! Jobs that a script started and has not asked about: their results are waited for at its end, so
//! that its exit code is the truth. At the prompt they are told above it instead.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Shell;
use super::switch::Switch;
use crate::listener::Job;

/// So many are remembered; a script that starts more has long stopped to look.
const MOST: usize = 10_000;

/// A job, and where it runs.
#[derive(Debug)]
pub(in crate::shell) struct Entry {
    pub(in crate::shell) job: Job,
    pub(in crate::shell) switch: Arc<Switch>,
    /// An originate: what it made is looked after with the verbs for calls.
    pub(in crate::shell) is_call: bool,
}

/// The jobs, in the order in which they were started.
#[derive(Debug, Default)]
pub(in crate::shell) struct Left(VecDeque<Entry>);

impl Shell {
    /// A line started a job and does not wait for it.
    pub(in crate::shell) fn leave(&self, job: &Job, switch: &Arc<Switch>, is_call: bool) {
        if self.narration().is_told() {
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

    /// A line waited for a job, or told its result.
    pub(in crate::shell) fn has_told(&self, id: &str) {
        self.state().left.0.retain(|entry| entry.job.id().as_str() != id);
    }

    /// A line looked after calls: what became of those made so far is the script's own matter.
    pub(in crate::shell) fn has_seen_calls(&self) {
        self.state().left.0.retain(|entry| !entry.is_call);
    }
}
