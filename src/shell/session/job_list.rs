//! The jobs that a script has started and not waited for.

use super::switch::Switch;
use crate::listener::Job;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many are remembered; a script that starts more does not look at them.
pub(in crate::shell) const MOST: usize = 10_000;

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
pub(in crate::shell) struct Left(pub(in crate::shell) VecDeque<Entry>);
