//! What the reader's task does with events: folds them, ends jobs, calls taps.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;
use tokio::time::{Duration, Instant};

use super::delay::Delay;
use super::event_waiters::Waiters;
use super::job::{Job, Made, Waiting};
use super::subscribers::{Feed, Seen};
use crate::conn::{CloseReason, Sink};
use crate::model::{Association, Direction, Event, Id, JobRecord, JobState, SessionInfo};
use crate::track::{Change, Tracker};
use crate::wire::{EventData, LogLine};

/// Sees every event, in the reader's task.
pub(super) struct Tap {
    /// Returns `false` when it wants no more.
    see: Box<dyn FnMut(&Seen<'_>) -> bool + Send>,
    /// Whether a handle of the listener is left.
    is_open: Box<dyn Fn() -> bool + Send>,
}

impl Tap {
    pub(super) fn new(
        is_open: impl Fn() -> bool + Send + 'static,
        see: impl FnMut(&Seen<'_>) -> bool + Send + 'static,
    ) -> Self {
        Self { see: Box::new(see), is_open: Box::new(is_open) }
    }
}

/// What the reader's task and the handles share.
///
/// The tracker is behind a lock, not behind a channel, so that a prompt or a completion can look
/// at the calls at once; the reader takes it once for each read, not once for each event.
pub(super) struct Shared {
    tracker: Mutex<Tracker>,
    /// How many calls have ended, for those who wait for the end of one.
    ends: watch::Sender<u64>,
    waiting: Mutex<HashMap<Id<JobRecord>, Waiting>>,
    taps: Mutex<Vec<Tap>>,
    waiters: Mutex<Waiters>,
    logs: Mutex<Vec<Feed<LogLine>>>,
    lost: Arc<AtomicU64>,
    /// When the last event came in.
    heard: Mutex<Option<Instant>>,
    delay: Mutex<Delay>,
    lost_jobs: AtomicUsize,
}

impl Shared {
    pub(super) fn new(tracker: Tracker) -> Self {
        Self {
            ends: watch::Sender::new(tracker.totals().ended_calls),
            tracker: Mutex::new(tracker),
            waiting: Mutex::new(HashMap::new()),
            taps: Mutex::new(Vec::new()),
            waiters: Mutex::default(),
            logs: Mutex::new(Vec::new()),
            lost: Arc::default(),
            heard: Mutex::new(None),
            delay: Mutex::default(),
            lost_jobs: AtomicUsize::new(0),
        }
    }

    pub(super) fn tracker(&self) -> Tracked<'_> {
        Tracked { tracker: self.tracker.lock(), ends: &self.ends }
    }

    /// Changes when calls end, whether their ends were seen or found out by a snapshot.
    pub(super) fn ends(&self) -> watch::Receiver<u64> {
        self.ends.subscribe()
    }

    /// How long ago the last event came in.
    pub(super) fn silence(&self) -> Option<Duration> {
        self.heard.lock().map(|at| at.elapsed())
    }

    /// An answer came, though no event did.
    pub(super) fn note_life(&self) {
        *self.heard.lock() = Some(Instant::now());
    }

    /// How much later than it could the latest event came.
    pub(super) fn delay(&self) -> Duration {
        self.delay.lock().now()
    }

    /// Takes how many jobs the last end of the connection made unknown.
    pub(super) fn take_lost_jobs(&self) -> usize {
        self.lost_jobs.swap(0, Ordering::Relaxed)
    }

    pub(super) fn add_tap(&self, tap: Tap) {
        let mut taps = self.taps.lock();
        // A switch that is quiet, or gone, would let those without a reader pile up.
        taps.retain(|tap| (tap.is_open)());
        taps.push(tap);
    }

    pub(super) fn waiters(&self) -> MutexGuard<'_, Waiters> {
        self.waiters.lock()
    }

    pub(super) fn add_log(&self, feed: Feed<LogLine>) {
        let mut logs = self.logs.lock();
        logs.retain(Feed::is_open);
        logs.push(feed);
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
        session: Option<Id<SessionInfo>>,
    ) -> Job {
        let (waited, job) = Waiting::new(id.clone(), command, session);
        let mut waiting = self.waiting.lock();
        // Results that never came and are not waited for: dropped when the table is about to grow.
        if waiting.len() == waiting.capacity() {
            waiting.retain(|_, waiting| waiting.is_wanted());
        }
        waiting.insert(id, waited);
        job
    }

    pub(super) fn stop_waiting(&self, id: &Id<JobRecord>) {
        self.waiting.lock().remove(id);
    }

    /// Resolves the waits. Returns the session that was asked for and the one that an originate
    /// made, where they differ.
    fn job_is_over(&self, id: &Id<JobRecord>, state: JobState) -> Option<Made> {
        self.waiting.lock().remove(id)?.over(state)
    }

    /// The results of all that run are lost.
    fn fail_pending_jobs(&self) {
        let lost = self.tracker().mark_jobs_unknown();
        self.lost_jobs.store(lost.len(), Ordering::Relaxed);
        // The tracker may have forgotten some that are waited for.
        for (_, waiting) in self.waiting.lock().drain() {
            let _none = waiting.over(JobState::Unknown);
        }
    }
}

/// The tracker while it is locked. Whatever ends calls meanwhile, those who wait for an end wake.
pub(super) struct Tracked<'a> {
    tracker: MutexGuard<'a, Tracker>,
    ends: &'a watch::Sender<u64>,
}

impl Deref for Tracked<'_> {
    type Target = Tracker;

    fn deref(&self) -> &Tracker {
        &self.tracker
    }
}

impl DerefMut for Tracked<'_> {
    fn deref_mut(&mut self) -> &mut Tracker {
        &mut self.tracker
    }
}

impl Drop for Tracked<'_> {
    fn drop(&mut self) {
        let now = self.tracker.totals().ended_calls;
        self.ends.send_if_modified(|ends| std::mem::replace(ends, now) != now);
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

    /// Collects an event.
    pub(super) fn take(&mut self, event: EventData) {
        self.batch.push(Event::new(event));
    }

    /// Folds what was collected in; the time of arrival is not noted.
    pub(super) fn fold(&mut self) {
        let mut tracker = self.shared.tracker();
        let mut taps = self.shared.taps.lock();
        let waiters = self.shared.waiters();
        let tracker = &mut *tracker;
        for event in self.batch.drain(..) {
            let change = tracker.apply(&event);
            if let Change::Job(id) = &change
                && let Some(job) = tracker.job(id.as_str())
            {
                let state = job.state.clone();
                if let Some((asked, made)) = self.shared.job_is_over(id, state) {
                    tracker.rebind(&asked, &made);
                }
            }
            warn_unassociated(&event, tracker);
            if !taps.is_empty() {
                let seen = Seen { event: &event, change: &change, tracker };
                taps.retain_mut(|tap| (tap.see)(&seen));
            }
            waiters.notify(&event);
        }
    }
}

impl Sink for Intake {
    fn event(&mut self, event: EventData) {
        self.take(event);
    }

    fn log(&mut self, line: LogLine) {
        self.shared.logs.lock().retain(|feed| feed.offer(|| line.clone()));
    }

    fn flush(&mut self) {
        if let Some(latest) = self.batch.last().map(Event::timestamp) {
            self.shared.delay.lock().note(latest, Instant::now());
            self.fold();
            self.shared.note_life();
        }
    }

    fn closed(&mut self, _reason: &CloseReason) {
        self.shared.fail_pending_jobs();
        // Another connection has another way, and may lead to another clock.
        *self.shared.delay.lock() = Delay::default();
    }
}

/// Says that a new leg carries nothing that binds it to a call. A leg that comes in where a call of
/// ours waits for its second one is probably that one; any other is a stranger's call.
fn warn_unassociated(event: &Event, tracker: &Tracker) {
    if event.name() != "CHANNEL_CREATE" {
        return;
    }
    let session = event.unique_id().and_then(|id| tracker.session(&id));
    let is_stray = |session: &&SessionInfo| {
        session.association == Association::OwnUuid && !tracker.is_own_call(&session.call)
    };
    let Some(session) = session.filter(is_stray) else { return };
    let (id, direction) = (&session.id, session.direction.word());
    let variable = tracker.rules().call.first().map_or("", |(header, _)| header.as_str());
    let text = format_args!(
        "Unable to associate {direction} session '{id}' with a call using variable '{variable}'"
    );
    if session.direction == Direction::Inbound && tracker.is_awaited(session) {
        tracing::warn!("{text}");
    } else {
        tracing::debug!("{text}");
    }
}

/// A lock that a panic elsewhere has not made useless: what it guards is valid at every step.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::listener::subscribers;

    #[limited::test]
    fn watches_that_nobody_reads_are_let_go_of_without_an_event() {
        let shared = Shared::new(Tracker::new());
        for _watch in 0..10 {
            drop((subscribers::changes(&shared), subscribers::events(&shared, &["X"])));
            drop(subscribers::logs(&shared));
        }
        let kept = subscribers::changes(&shared);
        assert_eq!((shared.taps.lock().len(), shared.logs.lock().len()), (1, 1));
        drop(kept);
    }

    #[limited::test]
    fn jobs_that_nobody_waits_for_are_let_go_of_and_the_others_end_with_the_connection() {
        let shared = Arc::new(Shared::new(Tracker::new()));
        let waited_for: Vec<_> =
            (0..5).map(|_| shared.waiting(Id::random(), "status", None)).collect();
        for _job in 0..10_000 {
            drop(shared.waiting(Id::random(), "status", None));
        }
        assert!(shared.waiting.lock().len() < 100);
        // The tracker never got them.
        Intake::new(Arc::clone(&shared)).closed(&CloseReason::EndOfStream);
        assert!(waited_for.iter().all(|job| job.state() == JobState::Unknown));
    }
}
