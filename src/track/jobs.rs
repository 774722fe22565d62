//! Background jobs: ours, announced before they are sent, and those of others.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use crate::model::{Event, Id, JobRecord, JobState, Outcome};

#[derive(Debug, Default)]
pub(super) struct Jobs {
    records: HashMap<Id<JobRecord>, JobRecord, RandomState>,
    order: VecDeque<Id<JobRecord>>,
}

impl Jobs {
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &JobRecord> {
        self.order.iter().filter_map(|id| self.records.get(id))
    }

    pub(super) fn get(&self, id: &str) -> Option<&JobRecord> {
        self.records.get(id)
    }

    pub(super) fn expect(&mut self, id: Id<JobRecord>, command: &str, limit: usize) {
        let command = command.to_owned();
        self.add(JobRecord { id, command, is_foreign: false, state: JobState::Pending }, limit);
    }

    pub(super) fn forget(&mut self, id: &Id<JobRecord>) {
        self.records.remove(id);
        self.order.retain(|other| other != id);
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

    /// Folds a BACKGROUND_JOB in.
    pub(super) fn finish(&mut self, event: &Event, limit: usize) -> Option<Id<JobRecord>> {
        let id = Id::new(&event.get("Job-UUID")?);
        let state = JobState::Done(Outcome::of(event.body().as_deref().unwrap_or_default()));
        if let Some(job) = self.records.get_mut(&id) {
            job.state = state;
        } else {
            let mut command = event.get("Job-Command").unwrap_or_default().into_owned();
            if let Some(arg) = event.get("Job-Command-Arg") {
                command.push(' ');
                command.push_str(&arg);
            }
            let job = JobRecord { id: id.clone(), command, is_foreign: true, state };
            self.add(job, limit);
        }
        Some(id)
    }

    fn add(&mut self, job: JobRecord, limit: usize) {
        self.order.push_back(job.id.clone());
        self.records.insert(job.id.clone(), job);
        // The oldest finished ones go; a pending one is somebody's to wait for.
        while self.order.len() > limit {
            let is_done = |id: &Id<JobRecord>| {
                self.records.get(id).is_none_or(|job| job.state != JobState::Pending)
            };
            let Some(at) = self.order.iter().position(is_done) else { return };
            if let Some(id) = self.order.remove(at) {
                self.records.remove(&id);
            }
        }
    }
}
