//! How recorded calls ended: one account of each, the same from every side.

use switchy::model::{CallInfo, EndedBy, Event};
use switchy::track::Tracker;

use crate::replay;

fn fold(name: &str) -> (Tracker, Vec<Event>) {
    let events = replay::events(&format!("ends/{name}"));
    let mut tracker = Tracker::new();
    for event in &events {
        tracker.apply(event);
    }
    (tracker, events)
}

/// `LEGS FROM -> TO: CAUSE by PARTY [SIP] [talked N.N s] [tries ..]`
pub(crate) fn account(call: &CallInfo) -> String {
    let (lead, ending) = (call.lead().unwrap(), call.ending().unwrap());
    let mut text = format!(
        "{} {} -> {}: {} by {}",
        call.sessions.len(),
        lead.caller_number,
        lead.destination,
        ending.cause,
        ending.by.map_or("?", EndedBy::word),
    );
    text.extend(ending.sip.map(|code| format!(" sip {code}")));
    let tenths = |span: u64| format!("{}.{}", span / 1_000_000, span / 100_000 % 10);
    text.extend(ending.talked.map(|talked| format!(" talked {}", tenths(talked))));
    text.extend(call.joins.iter().map(|join| format!(" joined by {}", join.how)));
    for tried in &ending.tries {
        let end = if tried.answered {
            "answered".to_owned()
        } else {
            tried.cause.as_ref().unwrap().to_string()
        };
        let code = tried.sip.map_or_else(String::new, |code| format!(" ({code})"));
        text.extend(["; ", &tried.to, " ", &end, &code]);
    }
    text
}

/// What is true of each recording, a line for each call in the order of their ends.
const ENDED: &[(&str, &[&str])] = &[
    (
        "end_bridge_callee",
        &[
            "1 2100 -> 7003: NORMAL_CLEARING by operator talked 1.1",
            "2 2100 -> 7020: NORMAL_CLEARING by called talked 1.1",
            "1 2100 -> 7020: NORMAL_CLEARING by called talked 1.1",
        ],
    ),
    (
        "end_bridge_caller",
        &[
            "1 2101 -> 7020: NORMAL_CLEARING by operator talked 1.0",
            "2 2101 -> 7020: NORMAL_CLEARING by caller talked 1.1",
            "1 2101 -> 7003: NORMAL_CLEARING by caller talked 1.0",
        ],
    ),
    (
        "end_failover",
        &[
            "1 2103 -> 7012: USER_BUSY by switch sip 486",
            "1 2103 -> 7023: NORMAL_CLEARING by operator talked 3.4",
            "3 2103 -> 7023: NORMAL_CLEARING by caller talked 3.4; 7012 USER_BUSY (486); \
                 7004 answered",
            "1 2103 -> 7004: NORMAL_CLEARING by caller talked 3.5",
        ],
    ),
    (
        "end_bridge_timeout",
        &[
            "2 2111 -> 7022: NO_ANSWER by switch; 7001 NO_ANSWER",
            "1 2111 -> 7022: NORMAL_CLEARING by called sip 480",
            "1 2111 -> 7001: ORIGINATOR_CANCEL by caller sip 487",
        ],
    ),
    (
        "end_closed_port",
        &[
            "2 2113 -> 7040: NORMAL_TEMPORARY_FAILURE by none sip 503; \
                 x NORMAL_TEMPORARY_FAILURE (503)",
            "1 2113 -> 7040: NORMAL_TEMPORARY_FAILURE by called sip 503",
        ],
    ),
    (
        "end_not_registered",
        &[
            "1 2112 -> 7042: USER_NOT_REGISTERED by none",
            "1 2112 -> 7042: NO_USER_RESPONSE by called sip 480",
        ],
    ),
    (
        "end_blind_transfer",
        &[
            "1 2105 -> 7003: NORMAL_CLEARING by caller talked 1.2",
            "1 2105 -> 7020: NORMAL_CLEARING by operator talked 3.2",
            "2 2105 -> 7004: NORMAL_CLEARING by caller talked 3.2; 7003 answered",
        ],
    ),
    (
        "end_both_transfer",
        &[
            "1 2108 -> 7020: NORMAL_CLEARING by operator talked 2.7",
            "1 2108 -> 7004: NORMAL_CLEARING by caller talked 2.7",
            "1 2108 -> 7004: MANAGER_REQUEST by operator talked 3.7",
            "1 2108 -> 7003: MANAGER_REQUEST by operator talked 3.7",
        ],
    ),
    (
        "end_killed",
        &[
            "1 2123 -> 7003: USER_BUSY by operator talked 1.4",
            "1 2123 -> 7003: USER_BUSY by caller talked 1.5",
        ],
    ),
    (
        "end_media_timeout",
        &[
            "1 2109 -> 7036: MEDIA_TIMEOUT by media talked 4.0",
            "1 2109 -> 7036: NORMAL_CLEARING by called talked 4.0",
        ],
    ),
    (
        "end_sched_hangup",
        &[
            "1 2110 -> 7035: ALLOTTED_TIMEOUT by schedule talked 3.5",
            "1 2110 -> 7035: NORMAL_CLEARING by called talked 3.5",
        ],
    ),
    (
        "end_plan_user_busy",
        &["1 2119 -> 7010: USER_BUSY by switch", "1 2119 -> 7010: USER_BUSY by called sip 486"],
    ),
    (
        "end_plan_call_rejected",
        &[
            "1 2121 -> 7015: CALL_REJECTED by switch",
            "1 2121 -> 7015: CALL_REJECTED by called sip 603",
        ],
    ),
    (
        "end_plan_normal_temporary_failure",
        &["1 2122 -> 7017: NORMAL_TEMPORARY_FAILURE by switch talked 2.0"],
    ),
    (
        "end_respond_404",
        &[
            "1 2114 -> 7011: UNALLOCATED_NUMBER by switch sip 404",
            "1 2114 -> 7011: UNALLOCATED_NUMBER by called sip 404",
        ],
    ),
    (
        "end_respond_480",
        &[
            "1 2118 -> 7019: NO_USER_RESPONSE by switch sip 480",
            "1 2118 -> 7019: NO_USER_RESPONSE by called sip 480",
        ],
    ),
    (
        "end_respond_486",
        &[
            "1 2115 -> 7012: USER_BUSY by switch sip 486",
            "1 2115 -> 7012: USER_BUSY by called sip 486",
        ],
    ),
    (
        "end_respond_503",
        &[
            "1 2116 -> 7013: NORMAL_TEMPORARY_FAILURE by switch sip 503",
            "1 2116 -> 7013: NORMAL_TEMPORARY_FAILURE by called sip 503",
        ],
    ),
    (
        "join_valet",
        &[
            "1 2125 -> 7030: NORMAL_CLEARING by operator talked 4.0",
            "2 2125 -> 7030: NORMAL_CLEARING by caller talked 4.0 joined by valet_park",
        ],
    ),
    (
        "join_callcenter",
        &[
            "1 2129 -> 7032: NORMAL_CLEARING by operator talked 5.9",
            "1 2129 -> 7003: NORMAL_CLEARING by caller talked 5.9",
            "2 2129 -> 7032: NORMAL_CLEARING by caller talked 6.0 joined by callcenter",
        ],
    ),
];

#[limited::test]
fn recorded_calls_ended_as_they_did() {
    for (name, expected) in ENDED {
        let (tracker, _) = fold(name);
        let ended: Vec<_> = tracker.ended().map(account).collect();
        assert_eq!(ended, *expected, "{name}");
    }
}

/// Only the events are known, in whatever order the threads of the server sent them: the last ends
/// of two legs that are swapped change nothing.
#[limited::test]
fn the_account_does_not_depend_on_the_order_of_events_of_different_legs() {
    for name in ["end_bridge_callee", "end_bridge_caller", "end_failover", "end_media_timeout"] {
        let (tracker, events) = fold(name);
        let mut expected: Vec<_> = tracker.ended().map(account).collect();
        expected.sort();
        for at in 1..events.len() {
            let mut swapped = events.clone();
            let (one, other) = (&events[at - 1], &events[at]);
            let is_end = |event: &Event| {
                matches!(
                    &*event.name(),
                    "CHANNEL_HANGUP" | "CHANNEL_HANGUP_COMPLETE" | "CHANNEL_UNBRIDGE" | "API"
                )
            };
            if one.unique_id() == other.unique_id() || !is_end(one) || !is_end(other) {
                continue;
            }
            swapped.swap(at - 1, at);
            let mut tracker = Tracker::new();
            for event in &swapped {
                tracker.apply(event);
            }
            let mut seen: Vec<_> = tracker.ended().map(account).collect();
            seen.sort();
            assert_eq!(seen, expected, "{name}: {at} swapped");
        }
    }
}
