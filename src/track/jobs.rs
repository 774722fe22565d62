//! Background jobs: ours, announced before they are sent, and those of others.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::limits::Limits;
use crate::model::{Event, Id, JobRecord, JobState, Outcome};

#[derive(Debug, Default)]
pub(super) struct Jobs {
    records: HashMap<Id<JobRecord>, JobRecord, RandomState>,
    order: VecDeque<Id<JobRecord>>,
    /// Of all results.
    bytes: usize,
}

impl Jobs {
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &JobRecord> {
        self.order.iter().filter_map(|id| self.records.get(id))
    }

    pub(super) fn get(&self, id: &str) -> Option<&JobRecord> {
        self.records.get(id)
    }

    /// Adds a job of our own; returns how many pending ones are forgotten for it.
    pub(super) fn expect(
        &mut self,
        id: Id<JobRecord>,
        command: &str,
        started: u64,
        limits: &Limits,
    ) -> u64 {
        let command = command.to_owned();
        let state = JobState::Pending;
        self.add(JobRecord { id, command, is_foreign: false, state, started, finished: 0 }, limits)
    }

    pub(super) fn forget(&mut self, id: &Id<JobRecord>) {
        self.drop_record(id);
        self.order.retain(|other| other != id);
    }

    pub(super) fn doubt(&mut self, id: &Id<JobRecord>) {
        if let Some(job) = self.records.get_mut(id).filter(|job| job.state == JobState::Pending) {
            job.state = JobState::Unknown;
        }
    }

    fn drop_record(&mut self, id: &Id<JobRecord>) {
        if let Some(job) = self.records.remove(id) {
            self.bytes -= size(&job.state);
        }
    }

    pub(super) fn lose(&mut self) -> Vec<Id<JobRecord>> {
        let pending = self.records.values_mut().filter(|job| job.state == JobState::Pending);
        pending
            .map(|job| {
                job.state = JobState::Unknown;
                job.id.clone()
            })
            .collect()
    }

    /// Forgets those that are over.
    pub(super) fn forget_finished(&mut self) {
        self.records.retain(|_, job| job.state == JobState::Pending);
        self.order.retain(|id| self.records.contains_key(id));
        self.bytes = 0;
    }

    /// Folds a BACKGROUND_JOB in. One that comes twice is reported once.
    pub(super) fn finish(&mut self, event: &Event, limits: &Limits) -> Option<Id<JobRecord>> {
        let id = Id::new(&event.get("Job-UUID")?);
        let state = JobState::Done(Outcome::of(event.body().as_deref().unwrap_or_default()));
        let (bytes, finished) = (size(&state), event.timestamp());
        if let Some(job) = self.records.get_mut(&id) {
            if matches!(job.state, JobState::Done(_)) {
                return None;
            }
            (job.state, job.finished) = (state, finished);
        } else {
            let mut command = event.get("Job-Command").unwrap_or_default().into_owned();
            if let Some(arg) = event.get("Job-Command-Arg") {
                command.push(' ');
                command.push_str(&arg);
            }
            let (id, started) = (id.clone(), 0);
            let job = JobRecord { id, command, is_foreign: true, state, started, finished };
            self.add(job, limits);
        }
        self.bytes += bytes;
        while self.bytes > limits.job_bytes {
            let is_large =
                |old: &&Id<JobRecord>| **old != id && self.records.get(*old).is_some_and(has_text);
            let Some(oldest) = self.order.iter().find(is_large).cloned() else { break };
            self.forget(&oldest);
        }
        Some(id)
    }

    fn add(&mut self, job: JobRecord, limits: &Limits) -> u64 {
        self.order.push_back(job.id.clone());
        self.records.insert(job.id.clone(), job);
        // The oldest finished ones go first; a pending one may be waited for.
        let mut forgotten = 0;
        while self.order.len() > limits.jobs {
            let is_done = |id: &Id<JobRecord>| {
                self.records.get(id).is_none_or(|job| job.state != JobState::Pending)
            };
            let oldest = match self.order.iter().position(is_done) {
                Some(at) => self.order.remove(at),
                None if self.order.len() > limits.pending_jobs => {
                    forgotten += 1;
                    self.order.pop_front()
                }
                None => break,
            };
            if let Some(id) = oldest {
                self.drop_record(&id);
            }
        }
        forgotten
    }
}

fn has_text(job: &JobRecord) -> bool {
    size(&job.state) > 0
}

fn size(state: &JobState) -> usize {
    match state {
        JobState::Done(outcome) => outcome.text().len(),
        JobState::Pending | JobState::Unknown => 0,
    }
}
