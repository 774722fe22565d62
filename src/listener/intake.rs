//! What the reader's task does with events: folds them, ends jobs, calls taps.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, Instant};

use super::watching::Seen;
use super::{Job, Waiting};
use crate::conn::{CloseReason, Sink};
use crate::model::{Event, Id, JobRecord, JobState, Session};
use crate::track::{Change, Tracker};
use crate::wire::{EventData, LogLine};

pub(super) type Tap = Box<dyn FnMut(&Seen<'_>) -> bool + Send>;

/// What the reader's task and the handles share.
///
/// The tracker is behind a lock, not behind a channel, so that a prompt or a completion can look
/// at the calls at once; the reader takes it once for each read, not once for each event.
pub(super) struct Shared {
    tracker: Mutex<Tracker>,
    waiting: Mutex<Waiting>,
    taps: Mutex<Vec<Tap>>,
    logs: Mutex<Vec<mpsc::Sender<LogLine>>>,
    lost: Arc<AtomicU64>,
    /// When the last event came in.
    heard: Mutex<Option<Instant>>,
    lost_jobs: AtomicUsize,
}

impl Shared {
    pub(super) fn new(tracker: Tracker) -> Self {
        Self {
            tracker: Mutex::new(tracker),
            waiting: Mutex::new(HashMap::new()),
            taps: Mutex::new(Vec::new()),
            logs: Mutex::new(Vec::new()),
            lost: Arc::default(),
            heard: Mutex::new(None),
            lost_jobs: AtomicUsize::new(0),
        }
    }

    pub(super) fn tracker(&self) -> MutexGuard<'_, Tracker> {
        lock(&self.tracker)
    }

    /// How long ago the last event came in.
    pub(super) fn silence(&self) -> Option<Duration> {
        lock(&self.heard).map(|at| at.elapsed())
    }

    /// An answer came, though no event did.
    pub(super) fn note_life(&self) {
        *lock(&self.heard) = Some(Instant::now());
    }

    /// Takes how many jobs the last end of the connection made unknown.
    pub(super) fn take_lost_jobs(&self) -> usize {
        self.lost_jobs.swap(0, Ordering::Relaxed)
    }

    pub(super) fn add_tap(&self, tap: Tap) {
        lock(&self.taps).push(tap);
    }

    pub(super) fn add_log(&self, sender: mpsc::Sender<LogLine>) {
        lock(&self.logs).push(sender);
    }

    /// The counter of updates that a watcher had no room for.
    pub(super) fn lost_counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.lost)
    }

    pub(super) fn lost_updates(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn waiting(
        &self,
        id: Id<JobRecord>,
        command: &str,
        session: Option<Id<Session>>,
    ) -> Job {
        let (sender, state) = watch::channel(JobState::Pending);
        lock(&self.waiting).insert(id.clone(), sender);
        Job::new(id, command, session, state)
    }

    pub(super) fn stop_waiting(&self, id: &Id<JobRecord>) {
        lock(&self.waiting).remove(id);
    }

    fn job_is_over(&self, id: &Id<JobRecord>, state: JobState) {
        if let Some(waiting) = lock(&self.waiting).remove(id) {
            waiting.send_replace(state);
        }
    }
}

/// The listener's end of its connection. Events are collected until the whole read is there.
pub(super) struct Intake {
    shared: Arc<Shared>,
    batch: Vec<Event>,
}

impl Intake {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, batch: Vec::new() }
    }

    fn fold(&mut self) {
        let mut tracker = self.shared.tracker();
        let mut taps = lock(&self.shared.taps);
        for event in self.batch.drain(..) {
            let change = tracker.apply(&event);
            if let Change::Job(id) = &change
                && let Some(job) = tracker.job(id.as_str())
            {
                self.shared.job_is_over(id, job.state.clone());
            }
            if !taps.is_empty() {
                let seen = Seen { event: &event, change: &change, tracker: &tracker };
                taps.retain_mut(|tap| tap(&seen));
            }
        }
        self.shared.note_life();
    }
}

impl Sink for Intake {
    fn event(&mut self, event: EventData) {
        self.batch.push(Event::new(event));
    }

    fn log(&mut self, line: LogLine) {
        lock(&self.shared.logs).retain(|sender| match sender.try_send(line.clone()) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.shared.lost.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        });
    }

    fn flush(&mut self) {
        if !self.batch.is_empty() {
            self.fold();
        }
    }

    fn closed(&mut self, _reason: &CloseReason) {
        let lost = self.shared.tracker().lose_jobs();
        self.shared.lost_jobs.store(lost.len(), Ordering::Relaxed);
        for id in lost {
            self.shared.job_is_over(&id, JobState::Unknown);
        }
    }
}

/// A lock that a panic elsewhere has not made useless: what it guards is valid at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
