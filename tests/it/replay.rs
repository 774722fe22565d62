//! Recorded calls, folded: the expected legs, causes and reasons, and nothing left at the end.

use std::collections::BTreeMap;
use std::path::Path;

use switchy::model::{Association, CallInfo, Event};
use switchy::track::{Change, Tracker, What};
use switchy::wire::Frame;

use crate::transcripts;

pub(crate) fn events(name: &str) -> Vec<Event> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/transcripts/{name}.jsonl"));
    let stream = transcripts::server_chunks(&path).concat();
    let frames = transcripts::decode([&stream[..]]).into_iter();
    frames
        .filter_map(
            |frame| if let Frame::Event(data) = frame { Some(Event::new(data)) } else { None },
        )
        .collect()
}

fn fold(events: &[Event]) -> Tracker {
    let mut tracker = Tracker::new();
    for event in events {
        tracker.apply(event);
    }
    tracker
}

/// The leading leg's cause, and each leg as `direction:association`.
fn shape(call: &CallInfo) -> String {
    let legs: Vec<_> = call
        .sessions
        .iter()
        .map(|leg| format!("{:?}:{:?}", leg.direction, leg.association).to_lowercase())
        .collect();
    format!(
        "{} {}",
        call.cause().map_or_else(|| "?".to_owned(), |cause| cause.to_string()),
        legs.join(" ")
    )
}

#[limited::test]
fn every_recorded_call_ends_with_the_right_legs_and_cause() {
    for (name, expected) in [
        ("call_toneplay", &["NORMAL_CLEARING outbound:header inbound:header"][..]),
        ("call_park_park", &["NORMAL_CLEARING outbound:header inbound:header"]),
        ("call_echo_plain", &["NORMAL_CLEARING outbound:header inbound:header"]),
        ("call_answered_json", &["NORMAL_CLEARING outbound:header inbound:header"]),
        ("call_loopback", &["NORMAL_CLEARING outbound:header inbound:header"]),
        ("call_loopback_json", &["NORMAL_CLEARING outbound:header inbound:header"]),
        ("call_noroute", &["NORMAL_CLEARING outbound:header inbound:header"]),
        (
            "call_bridge",
            &["NORMAL_CLEARING outbound:header inbound:header outbound:header inbound:header"],
        ),
        ("call_busy", &[]),
    ] {
        let tracker = fold(&events(name));
        assert_eq!(tracker.call_count(), 0, "{name}: {:?}", tracker.calls().collect::<Vec<_>>());
        assert_eq!(tracker.sessions().len(), 0, "{name}");
        let ended: Vec<_> = tracker.ended().map(shape).collect();
        assert_eq!(ended, expected, "{name}");
    }
}

#[limited::test]
fn a_refused_call_tells_its_sip_status() {
    let tracker = fold(&events("call_refused"));
    let refused = tracker
        .ended()
        .find(|call| call.cause().is_some_and(|x| x.name() == "NORMAL_TEMPORARY_FAILURE"));
    let leg = &refused.unwrap().sessions[0];
    assert_eq!(leg.sip_status, Some(503), "{leg:?}");
    assert_eq!(leg.talk_time(leg.last_event), None);
}

#[limited::test]
fn a_recording_that_is_joined_in_the_middle_leaves_no_ghost() {
    for name in ["call_toneplay", "call_bridge", "call_loopback_json", "call_control"] {
        let events = events(name);
        for start in (0..events.len()).step_by(7) {
            let tracker = fold(&events[start..]);
            let left: Vec<_> = tracker.calls().collect();
            assert!(left.is_empty(), "{name} from event {start}: {left:?}");
        }
    }
}

#[limited::test]
fn a_recording_that_is_joined_in_the_middle_has_the_same_legs_in_the_same_call() {
    for name in ["call_toneplay", "call_bridge", "call_loopback", "call_loopback_json"] {
        let events = events(name);
        // Each leg and the one that its call began with.
        let legs = |tracker: &Tracker| {
            let calls = tracker.ended().flat_map(|call| {
                let ids: Vec<_> = call.sessions.iter().map(|leg| leg.id.to_string()).collect();
                ids.clone().into_iter().map(move |leg| (leg, ids.clone()))
            });
            calls.collect::<BTreeMap<_, _>>()
        };
        let whole = legs(&fold(&events));
        let mut joined = 0;
        for start in 0..events.len() {
            let seen = legs(&fold(&events[start..]));
            for (leg, others) in &seen {
                let expected = &whole[leg];
                // What binds a leg comes with its next variables; who is gone by then is history.
                let bound = |leg: &str| {
                    let is_it = |event: &Event| {
                        let has_variables = event.get("variable_direction").is_some();
                        has_variables && event.unique_id().is_some_and(|id| id.as_ref() == leg)
                    };
                    start + events[start..].iter().position(is_it).unwrap()
                };
                let gone = |leg: &str| {
                    let is_it = |event: &Event| {
                        event.name() == "CHANNEL_DESTROY"
                            && event.unique_id().is_some_and(|id| id.as_ref() == leg)
                    };
                    events.iter().position(is_it).unwrap()
                };
                let meets = |other: &&String| {
                    bound(leg) < gone(other)
                        && bound(other) < gone(leg)
                        && seen.contains_key(*other)
                };
                for other in expected.iter().filter(meets) {
                    assert!(
                        others.contains(other),
                        "{name} from event {start}: {leg} lost {other}"
                    );
                    joined += 1;
                }
                assert!(others.iter().all(|other| expected.contains(other)), "{name} {start}");
            }
        }
        assert!(joined > 0);
    }
}

#[limited::test]
fn the_tutorials_call_is_told_as_it_happened() {
    let mut tracker = Tracker::new();
    let mut told = Vec::new();
    for event in &events("call_toneplay") {
        if let Change::Session { session, what, .. } = tracker.apply(event) {
            if !matches!(what, What::Executes) {
                told.push(format!(
                    "{} {what:?}",
                    if session.as_str().starts_with("c5d1") { "a" } else { "b" }
                ));
            }
            if what == What::Answered {
                let leg = tracker.session(session.as_str()).unwrap();
                assert_eq!((leg.association, leg.call.short()), (Association::Header, "c5d162c1"));
                assert_eq!(&*leg.destination, "anything");
                assert_eq!(&*leg.caller_number, "0000000000");
            }
        }
    }
    assert_eq!(
        told,
        [
            "a New",
            "b New",
            "b Ringing",
            "b Parked",
            "b Early",
            "b Answered",
            "a Answered",
            "a Parked",
            "a Hangup",
            "a Ended",
            "a Gone { is_last: false }",
            "b Hangup",
            "b Ended",
            "b Gone { is_last: true }",
        ]
    );
}
