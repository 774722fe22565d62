//! Watching a listener through bounded channels.

#[cfg(feature = "stream")]
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "stream")]
use std::task::{Context, Poll};

use tokio::sync::mpsc;

use super::intake::{Shared, Tap};
use crate::model::{CallInfo, Event, Id, JobRecord, Phase, SessionInfo};
use crate::track::{Change, Tracker, What};
use crate::wire::LogLine;

/// One event as a tap sees it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Seen<'a> {
    /// The event. Use [`Event::detached`] to keep it.
    pub event: &'a Event,
    /// What it changed.
    pub change: &'a Change,
    /// The tracker after the change.
    pub tracker: &'a Tracker,
}

/// A change, with the state right after it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Update {
    /// What changed.
    pub change: Change,
    /// The session, if the change is about one. A session that is gone is shown as it was last.
    pub session: Option<Box<SessionInfo>>,
    /// The other leg of its call, if there is just one.
    pub peer: Option<Box<SessionInfo>>,
    /// The call with all its legs, when this change ends its last one: [`CallInfo::ending`] says how.
    pub ended: Option<Box<CallInfo>>,
    /// Whether a leg of the call lives.
    pub is_alive: bool,
    /// Whether we originated the call.
    pub is_own: bool,
    /// The job, if the change is about one.
    pub job: Option<Box<JobRecord>>,
    /// When the switch made the event, in microseconds since 1970.
    pub at: u64,
}

/// What a listener reports, through a bounded channel. With feature `stream` it is a
/// `futures_core::Stream`.
///
/// # Examples
/// ```no_run
/// # async fn run(listener: switchy::EventListener) {
/// let mut changes = listener.changes();
/// while let Some(update) = changes.next().await {
///     println!("{:?}", update.change);
///     if let lost @ 1.. = changes.take_lost() {
///         println!("{lost} changes were lost: read faster");
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Updates<T> {
    pub(super) receiver: mpsc::Receiver<T>,
    lost: Arc<AtomicU64>,
}

/// The changes of a listener. Made by [`super::EventListener::changes`].
pub type Changes = Updates<Update>;

/// The events of a listener. Made by [`super::EventListener::events`].
pub type Events = Updates<Event>;

/// The log lines of a listener. Made by [`super::EventListener::logs`].
pub type Logs = Updates<LogLine>;

impl<T> Updates<T> {
    /// Waits for the next one. `None` when the listener is gone.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<T> {
        self.receiver.recv().await
    }

    /// The next one, if it is there already.
    pub fn try_next(&mut self) -> Option<T> {
        self.receiver.try_recv().ok()
    }

    /// Takes how many were lost since the last call, because they were not read in time.
    pub fn take_lost(&mut self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

#[cfg(feature = "stream")]
impl<T> futures_core::Stream for Updates<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.get_mut().receiver.poll_recv(cx)
    }
}

/// How many updates may wait for a watcher. At 20,000 events/s it is 0.4 s.
const ROOM: usize = 8192;

pub(super) fn changes(shared: &Shared) -> Changes {
    let (feed, watch) = feed(shared);
    let open = feed.clone();
    shared.add_tap(Tap::new(
        move || open.is_open(),
        move |seen| {
            if *seen.change == Change::Nothing {
                return feed.is_open();
            }
            feed.offer(|| update(seen))
        },
    ));
    watch
}

pub(super) fn events<S: AsRef<str>>(shared: &Shared, names: &[S]) -> Events {
    let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
    events_for(shared, move |event| {
        let kind = event.kind();
        names.is_empty() || names.iter().any(|name| *name == kind)
    })
}

/// The events for which `is_wanted` holds as they arrive; others are not copied.
pub(super) fn events_for(
    shared: &Shared,
    is_wanted: impl Fn(&Event) -> bool + Send + Sync + 'static,
) -> Events {
    let (feed, watch) = feed(shared);
    let open = feed.clone();
    shared.add_tap(Tap::new(
        move || open.is_open(),
        move |seen| {
            if is_wanted(seen.event) {
                feed.offer(|| seen.event.detached())
            } else {
                feed.is_open()
            }
        },
    ));
    watch
}

pub(super) fn logs(shared: &Shared) -> Logs {
    let (feed, watch) = feed(shared);
    shared.add_log(feed);
    watch
}

pub(super) fn feed<T>(shared: &Shared) -> (Feed<T>, Updates<T>) {
    let (sender, receiver) = mpsc::channel(ROOM);
    let lost = Arc::new(AtomicU64::new(0));
    let feed = Feed { sender, lost: Arc::clone(&lost), total: shared.lost_counter() };
    (feed, Updates { receiver, lost })
}

/// The listener's end of a watch.
pub(super) struct Feed<T> {
    sender: mpsc::Sender<T>,
    lost: Arc<AtomicU64>,
    total: Arc<AtomicU64>,
}

impl<T> Clone for Feed<T> {
    fn clone(&self) -> Self {
        let (lost, total) = (Arc::clone(&self.lost), Arc::clone(&self.total));
        Self { sender: self.sender.clone(), lost, total }
    }
}

impl<T> Feed<T> {
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Hands an item over if there is room, else counts it as lost. `false` without a receiver.
    pub(super) fn offer(&self, item: impl FnOnce() -> T) -> bool {
        match self.sender.try_reserve() {
            Ok(permit) => permit.send(item()),
            Err(mpsc::error::TrySendError::Full(())) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                self.total.fetch_add(1, Ordering::Relaxed);
            }
            Err(mpsc::error::TrySendError::Closed(())) => return false,
        }
        true
    }
}

fn update(seen: &Seen<'_>) -> Update {
    let mut update = Update {
        change: seen.change.clone(),
        session: None,
        peer: None,
        ended: None,
        is_alive: false,
        is_own: false,
        job: None,
        at: seen.event.timestamp(),
    };
    match seen.change {
        Change::Session { session, call, what } => {
            // Of each event: a call of many legs costs no more than another.
            update.is_own = seen.tracker.is_own_call(call);
            let peer = seen.tracker.peer(call, session);
            update.peer = peer.map(|peer| Box::new(peer.clone()));
            let session = seen.tracker.leg(call, session);
            update.session = session.map(|session| Box::new(session.clone()));
            let is_up = update.session.as_ref().is_some_and(|leg| leg.phase < Phase::Hangup);
            update.is_alive = is_up || seen.tracker.has_living_leg(call);
            update.ended = ended(seen.tracker, call, *what, update.session.as_deref());
        }
        Change::Job(id) => {
            update.job = seen.tracker.job(id.as_str()).map(|job| Box::new(job.clone()));
        }
        Change::Nothing | Change::Heartbeat => {}
    }
    update
}

/// The call, where this change of a leg is what ends it.
fn ended(
    tracker: &Tracker,
    call: &Id<CallInfo>,
    what: What,
    session: Option<&SessionInfo>,
) -> Option<Box<CallInfo>> {
    let call = match what {
        What::Ended => tracker.ending_call(call),
        // Its HANGUP_COMPLETE was not among the events that we get.
        What::Gone { is_last: true } if !session?.end.is_complete => {
            tracker.ended().next_back().filter(|ended| ended.id == *call).cloned()
        }
        _ => None,
    };
    call.map(Box::new)
}

#[cfg(all(test, feature = "stream"))]
mod stream_tests {
    use std::future::poll_fn;

    use futures_core::Stream as _;

    use super::*;

    #[limited::test(paused)]
    async fn updates_are_a_stream_that_ends_with_the_listener() {
        let shared = Shared::new(Tracker::new());
        let (feed, mut updates) = feed::<u8>(&shared);
        assert!(feed.offer(|| 1) && feed.offer(|| 2));
        drop(feed);
        for expected in [Some(1), Some(2), None] {
            let next = poll_fn(|cx| Pin::new(&mut updates).poll_next(cx)).await;
            assert_eq!(next, expected);
        }
    }
}
