//! Streams that no well-behaved switch sends, folded: recordings that begin anywhere, events twice,
//! in another order or missing, and events made of anything. The tracker never panics, agrees with
//! itself after every event, and is right again after a snapshot.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt::Write as _;

use bytes::Bytes;
use proptest::prelude::*;
use switchy::model::{CallInfo, ChannelRow, Event, Id, Rows};
use switchy::track::{Limits, Tracker};
use switchy::wire::{EventData, Format};

use crate::replay;

/// Recordings with calls whose ends were recorded too, in both formats.
const RECORDINGS: &[&str] = &[
    "call_toneplay",
    "call_park_park",
    "call_echo_plain",
    "call_bridge",
    "call_noroute",
    "call_refused",
    "call_control",
    "call_loopback",
    "call_answered_json",
    "call_loopback_json",
];

/// Small, so that forgetting is exercised too; more tombstones than any recording has legs.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.ended_calls = 3;
    limits.tombstones = 40;
    limits.jobs = 5;
    limits.job_bytes = 1000;
    limits.pending_jobs = 5;
    limits.gone_legs = 3;
    limits
}

fn tracker() -> Tracker {
    Tracker::new().with_limits(limits())
}

/// Folds, and looks at the tracker after every event.
struct Fold {
    tracker: Tracker,
    order: Vec<Id<CallInfo>>,
}

impl Fold {
    fn new() -> Self {
        Self { tracker: tracker(), order: Vec::new() }
    }

    fn all<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut fold = Self::new();
        for event in events {
            fold.apply(event);
        }
        fold
    }

    fn apply(&mut self, event: &Event) {
        self.tracker.apply(event);
        self.check();
    }

    /// Sessions and calls name each other, nothing is empty, what is over is bounded, and calls
    /// keep their order.
    fn check(&mut self) {
        let tracker = &self.tracker;
        let calls: Vec<CallInfo> = tracker.calls().collect();
        assert_eq!(calls.len(), tracker.call_count());
        let mut seen = HashSet::new();
        for call in &calls {
            assert!(!call.sessions.is_empty(), "{call} has no legs");
            assert_eq!(tracker.call(call.id.as_str()).as_ref(), Some(call));
            assert!(tracker.legs(&call.id).len() >= call.sessions.len());
            for leg in &call.sessions {
                assert_eq!(leg.call, call.id, "{} is listed by {call}", leg.id);
                assert!(seen.insert(leg.id.clone()), "{} is listed twice", leg.id);
            }
        }
        assert_eq!(seen.len(), tracker.sessions().len());
        for session in tracker.sessions() {
            assert!(seen.contains(&session.id), "{} is in no call", session.id);
            assert_eq!(tracker.session(session.id.as_str()), Some(session));
        }
        assert!(tracker.ended().len() <= limits().ended_calls);
        assert!(tracker.ended().all(|call| !call.sessions.is_empty()));
        assert!(tracker.jobs().count() <= limits().jobs.max(limits().pending_jobs));
        let order: Vec<Id<CallInfo>> = calls.into_iter().map(|call| call.id).collect();
        let both = |one: &[Id<CallInfo>], other: &[Id<CallInfo>]| -> Vec<Id<CallInfo>> {
            one.iter().filter(|id| other.contains(id)).cloned().collect()
        };
        assert_eq!(both(&order, &self.order), both(&self.order, &order), "calls changed places");
        self.order = order;
    }

    /// A new connection and its snapshot.
    fn resync(&mut self, rows: &[ChannelRow]) {
        self.tracker.begin();
        self.tracker.resync(rows, false);
        // A snapshot puts the calls in the order in which they began.
        self.order.clear();
        self.check();
    }

    fn assert_empty(&self) {
        let left: Vec<_> = self.tracker.calls().collect();
        assert!(left.is_empty(), "ghosts: {left:?}");
        assert_eq!(self.tracker.sessions().len(), 0);
    }

    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = self.tracker.sessions().map(|leg| leg.id.to_string()).collect();
        ids.sort();
        ids
    }
}

/// What `show channels as json` would say of these sessions.
fn table(fold: &Fold) -> Vec<ChannelRow> {
    let rows: Vec<_> = fold
        .tracker
        .sessions()
        .map(|leg| {
            serde_json::json!({
                "uuid": leg.id, "call_uuid": leg.call, "callstate": "ACTIVE",
                "created_epoch": "99999999999999999999",
            })
        })
        .collect();
    let text = serde_json::json!({ "row_count": rows.len(), "rows": rows }).to_string();
    Rows::parse_as::<ChannelRow>(&text, "uuid").unwrap().rows
}

/// Merges the legs anew: the order of the events of one leg is kept, as FreeSWITCH keeps it, that
/// between legs is not.
fn interleave(events: &[Event], seed: u64) -> Vec<Event> {
    // A leg that is renamed is one leg.
    let mut names: HashMap<String, String> = HashMap::new();
    for event in events {
        if let (Some(old), Some(new)) = (event.get("Old-Unique-ID"), event.unique_id()) {
            names.insert(old.into_owned(), new.into_owned());
        }
    }
    let mut legs: BTreeMap<String, VecDeque<Event>> = BTreeMap::new();
    for event in events {
        let id = event.unique_id().unwrap_or_default().into_owned();
        let leg = names.get(&id).cloned().unwrap_or(id);
        legs.entry(leg).or_default().push_back(event.clone());
    }
    let mut legs: Vec<_> = legs.into_values().collect();
    let (mut random, mut merged) = (fastrand::Rng::with_seed(seed), Vec::new());
    while !legs.is_empty() {
        let at = random.usize(..legs.len());
        // A few of one leg at once, or every stream would be much the same.
        for _event in 0..random.usize(1..8) {
            merged.extend(legs[at].pop_front());
        }
        if legs[at].is_empty() {
            legs.swap_remove(at);
        }
    }
    merged
}

fn recording() -> impl Strategy<Value = Vec<Event>> {
    prop::sample::select(RECORDINGS).prop_map(replay::events)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[limited::test]
    fn a_recording_that_begins_anywhere_leaves_no_ghost(
        events in recording(), start in any::<prop::sample::Index>(),
    ) {
        Fold::all(&events[start.index(events.len())..]).assert_empty();
    }

    #[limited::test]
    fn events_that_come_twice_change_nothing(events in recording(), seed in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        // Each again at once, or a while later.
        let mut twice: Vec<(usize, &Event)> = Vec::new();
        for (at, event) in events.iter().enumerate() {
            twice.push((at, event));
            if random.bool() {
                twice.push((at + random.usize(0..20), event));
            }
        }
        twice.sort_by_key(|(at, _)| *at);
        let fold = Fold::all(twice.into_iter().map(|(_, event)| event));
        fold.assert_empty();
        let once = Fold::all(&events);
        prop_assert_eq!(fold.tracker.totals().sessions, once.tracker.totals().sessions);
        prop_assert_eq!(&fold.tracker.totals().causes, &once.tracker.totals().causes);
    }

    #[limited::test]
    fn legs_that_interleave_otherwise_end_all_the_same(
        events in recording(), seed in any::<u64>(), start in any::<prop::sample::Index>(),
    ) {
        let merged = interleave(&events, seed);
        let fold = Fold::all(&merged);
        fold.assert_empty();
        let once = Fold::all(&events);
        prop_assert_eq!(&fold.tracker.totals().causes, &once.tracker.totals().causes);
        // The order between legs and the start both.
        Fold::all(&merged[start.index(merged.len())..]).assert_empty();
    }

    #[limited::test]
    fn what_is_missing_is_made_good_by_a_snapshot(
        events in recording(), seed in any::<u64>(), share in 0.05_f64..0.95,
        end in any::<prop::sample::Index>(),
    ) {
        let events = interleave(&events, seed);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut is_kept = |_: &&Event| random.f64() > share;
        // All of it: the true table is empty.
        let mut fold = Fold::all(events.iter().filter(&mut is_kept));
        fold.resync(&table(&Fold::new()));
        fold.assert_empty();
        // Up to some moment: the true table is what somebody knows who missed nothing.
        let so_far = &events[..=end.index(events.len())];
        let truth = Fold::all(so_far);
        let mut fold = Fold::all(so_far.iter().filter(&mut is_kept));
        fold.resync(&table(&truth));
        prop_assert_eq!(fold.ids(), truth.ids());
        // What comes then ends it.
        for event in &events[so_far.len()..] {
            fold.apply(event);
        }
        fold.assert_empty();
    }

    #[limited::test]
    fn any_bytes_as_events_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        format in prop::sample::select(&[Format::Plain, Format::Json, Format::Xml][..]),
    ) {
        let event = Event::new(EventData::new(format, Bytes::from(bytes)));
        Fold::all([&event]);
        let _all = (event.kind(), event.body(), event.get("Unique-ID"), format!("{event:?}"));
    }

    #[limited::test]
    fn recorded_bytes_with_some_spoiled_never_panic(
        events in recording(), seed in any::<u64>(),
    ) {
        let (mut random, mut fold) = (fastrand::Rng::with_seed(seed), Fold::new());
        for event in &events {
            let mut bytes = event.data().bytes().to_vec();
            for _spoiled in 0..random.usize(0..20) {
                let at = random.usize(..bytes.len());
                bytes[at] = random.u8(..);
            }
            bytes.truncate(random.usize(..=bytes.len() * 4));
            let format = event.data().format();
            fold.apply(&Event::new(EventData::new(format, Bytes::from(bytes))));
        }
        fold.resync(&[]);
        fold.assert_empty();
    }
}

const NAMES: &[&str] = &[
    "CHANNEL_CREATE",
    "CHANNEL_STATE",
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_UUID",
    "CHANNEL_UUID",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_DESTROY",
    "BACKGROUND_JOB",
];
const IDS: &[&str] = &["a", "b", "c", "d", "e", "_undef_", ""];
const HEADERS: &[&str] = &[
    "Unique-ID",
    "Old-Unique-ID",
    "Channel-Call-UUID",
    "Other-Leg-Unique-ID",
    "Bridge-A-Unique-ID",
    "Job-UUID",
    "Hangup-Cause",
    "variable_switchy_originating_session",
    "variable_other_loopback_leg_uuid",
    "variable_switchy_app",
];
const NUMBERS: &[&str] = &["0", "1", "18446744073709551615", "99999999999999999999", "-1", "x"];

/// An event of a world with five channels where everything points anywhere.
fn anything() -> impl Strategy<Value = Event> {
    let select = |from: &'static [&'static str]| prop::sample::select(from);
    let headers = prop::collection::vec((select(HEADERS), select(IDS)), 1..6);
    let states = select(&["ringing", "early", "answered", "hangup", "?"]);
    (select(NAMES), select(IDS), headers, states, select(NUMBERS)).prop_map(
        |(name, id, headers, state, number)| {
            let mut text = format!("Event-Name: {name}\nUnique-ID: {id}\nAnswer-State: {state}\n");
            for name in ["Event-Date-Timestamp", "Event-Sequence", "Caller-Channel-Created-Time"] {
                _ = writeln!(text, "{name}: {number}");
            }
            for (name, value) in headers {
                _ = writeln!(text, "{name}: {value}");
            }
            text.push('\n');
            Event::new(EventData::new(Format::Plain, Bytes::from(text)))
        },
    )
}

proptest! {
    #[limited::test]
    fn events_that_make_no_sense_leave_the_tracker_consistent(
        events in prop::collection::vec(anything(), 1..60),
    ) {
        let mut fold = Fold::all(&events);
        let rows = table(&fold);
        let before = fold.ids();
        fold.resync(&rows);
        prop_assert_eq!(fold.ids(), before);
        fold.resync(&[]);
        fold.assert_empty();
    }
}
