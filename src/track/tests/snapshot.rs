//! Legs that only the table of channels lists.

use super::*;

/// A row as `uuid name created_epoch call_uuid`; `-` for an empty call_uuid.
fn leg(text: &str) -> ChannelRow {
    let words: Vec<&str> = text.split(' ').collect();
    ChannelRow {
        name: words[1].to_owned(),
        created_epoch: words[2].to_owned(),
        call_uuid: words[3].trim_matches('-').to_owned(),
        ..row(words[0])
    }
}

#[limited::test]
fn legs_known_from_a_snapshot_only_are_in_one_call_whatever_the_order_of_the_rows() {
    // As a FreeSWITCH 1.10.12 lists a loopback leg that is bridged to another loopback, beside a
    // bridged call and a lone leg.
    let rows = [
        "f7 loopback/9196-a 100 f7",
        "78 loopback/9196-b 100 -",
        "29 loopback/9197-a 100 f7",
        "ed loopback/9197-b 100 -",
        "0f sofia/external/1 100 0f",
        "46 sofia/external/2 100 0f",
        "9b sofia/external/3 100 -",
    ]
    .map(leg);
    let mut orders = vec![rows.to_vec(), rows.iter().rev().cloned().collect()];
    orders.push([&rows[3..], &rows[..3]].concat());
    for rows in orders {
        let mut tracker = Tracker::new();
        tracker.resync(&rows, false);
        let mut calls: Vec<_> = tracker
            .calls()
            .map(|call| {
                let mut legs: Vec<_> =
                    call.sessions.iter().map(|leg| leg.id.as_str().to_owned()).collect();
                legs.sort();
                format!("{} {}", call.id, legs.join(","))
            })
            .collect();
        calls.sort();
        assert_eq!(calls, ["0f 0f,46", "9b 9b", "f7 29,78,ed,f7"]);
        let why = |id: &str| tracker.session(id).unwrap().association;
        assert_eq!((why("46"), why("78")), (Association::CallUuid, Association::Loopback));
        assert_eq!(why("9b"), Association::OwnUuid);
        // Towards its end a leg says that it stands for itself (transcripts/call_bridge).
        tracker.apply(&line("CHANNEL_HANGUP 46 Channel-Call-UUID=46 variable_x=1"));
        assert_eq!(tracker.session("46").unwrap().call.as_str(), "0f");
    }
}

#[limited::test]
fn legs_that_uuid_bridge_joined_are_bridged() {
    // As a FreeSWITCH 1.10.12 lists them, and a parked leg.
    let of = |uuid: &str, state: &str, application: &str| ChannelRow {
        state: state.to_owned(),
        application: application.to_owned(),
        callstate: "ACTIVE".to_owned(),
        ..row(uuid)
    };
    let mut tracker = Tracker::new();
    let first = of("a", "CS_SOFT_EXECUTE", "uuid_bridge");
    let other = of("b", "CS_EXCHANGE_MEDIA", "uuid_bridge");
    tracker.resync(&[first, other, of("c", "CS_EXECUTE", "park")], false);
    let is_bridged = |id: &str| tracker.session(id).unwrap().is_bridged;
    assert_eq!([is_bridged("a"), is_bridged("b"), is_bridged("c")], [true, true, false]);
}

#[limited::test]
fn loopback_halves_that_the_table_cannot_tell_apart_are_told_apart_by_their_variables() {
    let rows = [
        "a1 loopback/9-a 100 a1",
        "b1 loopback/9-b 100 -",
        "a2 loopback/9-a 100 a2",
        "b2 loopback/9-b 100 -",
    ];
    let mut tracker = Tracker::new();
    tracker.resync(&rows.map(leg), false);
    assert_eq!(tracker.call_count(), 4);
    let rows = rows.map(leg);
    assert_eq!(tracker.undescribed(&rows).len(), 4);
    for (half, other) in [("b2", "a2"), ("b1", "a1"), ("a1", "b1"), ("a2", "b2")] {
        let dump = format!(
            "CHANNEL_DATA {half} Event-Date-Timestamp=9 Answer-State=answered \
             variable_other_loopback_leg_uuid={other} variable_switchy_app=x"
        );
        tracker.describe(line(&dump).data());
    }
    let legs = |id: &str| tracker.call(id).unwrap().sessions.len();
    assert_eq!((tracker.call_count(), legs("a1"), legs("b2")), (2, 2, 2));
    assert!(tracker.undescribed(&rows).is_empty());
    assert_eq!(tracker.sessions_of_app(&Id::new("x")).count(), 4);
    // A dump is no event: what is not in the second table either is a ghost.
    assert_eq!(tracker.confirm(&rows[..2]), 2);
}

#[limited::test]
fn calls_that_begin_while_the_snapshot_is_read_stand_behind_the_older_ones() {
    let of = |id: &str, second: u64| leg(&format!("{id} sofia/external/{id} {second} -"));
    let order = |tracker: &Tracker| {
        tracker.calls().map(|call| call.id.as_str().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let micros = |second: u64| second * 1_000_000;
    for (heard, rows, exact, expected) in [
        // The event of the newest call comes first; the server lists its channels in any order.
        (&[("new", 105)][..], &[("old", 100), ("mid", 103)][..], &[][..], "old mid new"),
        (&[("new", 105)], &[("mid", 103), ("old", 100)], &[], "old mid new"),
        (&[("n1", 105), ("n2", 106)], &[("n2", 106), ("n1", 105), ("old", 9)], &[], "old n1 n2"),
        // Its event has no time: it began now.
        (&[("new", 0)], &[("old", 100)], &[], "old new"),
        // Within one second the description of a leg decides.
        (&[], &[("b", 100), ("a", 100)], &[("a", 1), ("b", 2)], "a b"),
        (&[("c", 101)], &[("b", 100), ("a", 100)], &[("a", 2), ("b", 1)], "b a c"),
    ] {
        let mut tracker = Tracker::new();
        for (id, second) in heard {
            let at = micros(*second);
            tracker.apply(&line(&format!("CHANNEL_CREATE {id} Caller-Channel-Created-Time={at}")));
        }
        let rows: Vec<_> = rows.iter().map(|(id, second)| of(id, *second)).collect();
        tracker.resync(&rows, false);
        for (id, after) in exact {
            let at = micros(100) + after;
            let dump = format!(
                "CHANNEL_DATA {id} Caller-Channel-Created-Time={at} variable_direction=inbound"
            );
            tracker.describe(line(&dump).data());
        }
        tracker.sort_calls();
        assert_eq!(order(&tracker), expected, "{heard:?} {rows:?}");
        // What begins later is last, and an end takes out the right one.
        tracker
            .apply(&line(&format!("CHANNEL_CREATE z Caller-Channel-Created-Time={}", micros(200))));
        assert_eq!(order(&tracker), format!("{expected} z"));
        let first = expected.split(' ').next().unwrap();
        tracker.apply(&line(&format!("CHANNEL_DESTROY {first}")));
        assert_eq!(order(&tracker), format!("{expected} z").split_once(' ').unwrap().1);
    }
}
