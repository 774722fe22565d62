use crate::model::Id;
use crate::model::Phase;
use bytes::Bytes;

use crate::model::{Association, ChannelRow, Event, JobState, Origin};
use crate::track::*;
use crate::wire::{EventData, Format};

mod many;
mod snapshot;

fn event(headers: &[(&str, &str)]) -> Event {
    let mut text = Vec::new();
    for (name, value) in headers {
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b": ");
        crate::wire::percent::encode_into(&mut text, value.as_bytes());
        text.push(b'\n');
    }
    text.push(b'\n');
    Event::new(EventData::new(Format::Plain, Bytes::from(text)))
}

/// `NAME UUID [Header=value ..]`
fn line(text: &str) -> Event {
    let mut words = text.split(' ');
    let mut headers = vec![("Event-Name", words.next().unwrap())];
    if let Some(id) = words.next() {
        headers.push(("Unique-ID", id));
    }
    headers.extend(words.map(|word| word.split_once('=').unwrap()));
    event(&headers)
}

fn fold(lines: &[&str]) -> Tracker {
    let mut tracker = Tracker::new();
    for text in lines {
        tracker.apply(&line(text));
    }
    tracker
}

/// Each call as `id[leg:phase leg:phase]`, in order.
fn shape(tracker: &Tracker) -> String {
    let calls = tracker.calls().map(|call| {
        let legs: Vec<_> =
            call.sessions.iter().map(|leg| format!("{}:{}", leg.id, leg.phase.word())).collect();
        format!("{}[{}]", call.id, legs.join(" "))
    });
    calls.collect::<Vec<_>>().join(" ")
}

fn check(lines: &[&str], expected: &str) {
    assert_eq!(shape(&fold(lines)), expected, "{lines:#?}");
}

#[limited::test]
fn a_session_begins_with_any_event_and_ends_with_destroy() {
    check(&["CHANNEL_STATE a Answer-State=ringing"], "a[a:new]");
    check(&["CHANNEL_ANSWER a Answer-State=answered"], "a[a:answered]");
    check(&["CHANNEL_HANGUP a Answer-State=hangup"], "a[a:hangup]");
    check(&["CHANNEL_DESTROY a"], "");
    check(&["CHANNEL_CREATE a", "CHANNEL_DESTROY a", "CHANNEL_STATE a Answer-State=hangup"], "");
}

#[limited::test]
fn phases_only_go_on_but_for_hold() {
    let held = ["CHANNEL_ANSWER a Answer-State=answered", "CHANNEL_HOLD a Answer-State=answered"];
    check(&held, "a[a:held]");
    check(
        &[held[0], held[1], "CHANNEL_UNHOLD a Answer-State=answered Channel-Call-State=HELD"],
        "a[a:answered]",
    );
    check(&[held[0], "CHANNEL_PROGRESS a Answer-State=ringing"], "a[a:answered]");
    check(
        &["CHANNEL_HANGUP a Answer-State=hangup", "CHANNEL_UNPARK a Answer-State=answered"],
        "a[a:hangup]",
    );
    check(&["CHANNEL_STATE a Answer-State=ringing Channel-Call-State=DOWN"], "a[a:new]");
    check(&["CHANNEL_CALLSTATE a Answer-State=ringing Channel-Call-State=RINGING"], "a[a:ringing]");
}

#[limited::test]
fn how_long_it_was_on_hold_and_through_which_gateway_is_known() {
    let mut tracker = fold(&[
        "CHANNEL_CREATE a Event-Date-Timestamp=1000 variable_sip_gateway_name=carrier-a",
        "CHANNEL_ANSWER a Answer-State=answered Event-Date-Timestamp=2000",
        "CHANNEL_HOLD a Answer-State=answered Event-Date-Timestamp=3000",
    ]);
    let leg = |tracker: &Tracker| tracker.session("a").unwrap().clone();
    assert_eq!(&*leg(&tracker).gateway, "carrier-a");
    assert_eq!(leg(&tracker).hold_time(3500), Some(500));
    tracker.apply(&line("CHANNEL_UNHOLD a Answer-State=answered Event-Date-Timestamp=4000"));
    assert_eq!(leg(&tracker).hold_time(9000), Some(1000));
    tracker.apply(&line("CHANNEL_HOLD a Answer-State=answered Event-Date-Timestamp=5000"));
    tracker.apply(&line("CHANNEL_HANGUP a Answer-State=hangup Event-Date-Timestamp=5500"));
    assert_eq!(leg(&tracker).hold_time(9000), Some(1500));
    let tracker = fold(&["CHANNEL_CREATE b variable_sip_gateway=carrier-b"]);
    assert_eq!(&*tracker.session("b").unwrap().gateway, "carrier-b");
    assert_eq!(tracker.session("b").unwrap().hold_time(9000), None);
}

#[limited::test]
fn legs_are_bound_by_the_first_rule_that_matches() {
    for (tie, association) in [
        ("variable_sip_h_X-switchy_originating_session=a", Association::Header),
        ("variable_switchy_originating_session=a", Association::Variable),
        ("variable_other_loopback_leg_uuid=a", Association::Loopback),
        ("Channel-Call-UUID=a variable_x=1", Association::CallUuid),
    ] {
        let tracker = fold(&["CHANNEL_CREATE a variable_x=1", &format!("CHANNEL_CREATE b {tie}")]);
        assert_eq!(shape(&tracker), "a[a:new b:new]", "{tie}");
        assert_eq!(tracker.session("b").unwrap().association, association);
    }
    let lone = fold(&[
        "CHANNEL_CREATE a variable_x=1",
        "CHANNEL_CREATE b Channel-Call-UUID=zz variable_x=1",
    ]);
    assert_eq!(shape(&lone), "a[a:new] zz[b:new]");
    let over = fold(&[
        "CHANNEL_CREATE zz variable_x=1",
        "CHANNEL_DESTROY zz",
        "CHANNEL_CREATE b Channel-Call-UUID=zz variable_x=1",
    ]);
    assert_eq!(shape(&over), "b[b:new]");
    assert_eq!(over.session("b").unwrap().association, Association::OwnUuid);
}

#[limited::test]
fn legs_that_come_before_the_one_that_they_belong_to_are_with_it_in_the_end() {
    let a = "CHANNEL_ANSWER a Channel-Call-UUID=a variable_x=1";
    let other_half = "CHANNEL_ANSWER a Channel-Call-UUID=a variable_other_loopback_leg_uuid=b";
    for (b, a, expected) in [
        ("CHANNEL_ANSWER b Channel-Call-UUID=a variable_x=1", a, "a[b:new a:new]"),
        ("CHANNEL_ANSWER b variable_switchy_originating_session=a", a, "a[b:new a:new]"),
        ("CHANNEL_ANSWER b variable_other_loopback_leg_uuid=a", other_half, "b[b:new a:new]"),
    ] {
        check(&[b, a], expected);
        // The one that they belong to was seen, but is not bound yet.
        check(&["CHANNEL_STATE a", b, a], "a[a:new b:new]");
    }
    // It belongs elsewhere itself, and takes them along.
    check(
        &[
            "CHANNEL_ANSWER c Channel-Call-UUID=b variable_x=1",
            "CHANNEL_ANSWER b variable_switchy_originating_session=a",
            "CHANNEL_ANSWER a variable_x=1",
        ],
        "a[c:new b:new a:new]",
    );
}

#[limited::test]
fn a_leg_is_bound_by_its_first_variables_and_never_again() {
    let tracker = fold(&[
        "CHANNEL_CREATE a variable_x=1",
        "CHANNEL_STATE b Channel-Call-UUID=b",
        "CHANNEL_CREATE b Channel-Call-UUID=a variable_x=1",
        "CHANNEL_STATE b Channel-Call-UUID=b",
        "CHANNEL_EXECUTE b Channel-Call-UUID=b variable_x=1 Application=park",
    ]);
    assert_eq!(shape(&tracker), "a[a:new b:new]");
    assert_eq!(&*tracker.session("b").unwrap().application, "park");
}

#[limited::test]
fn a_bridged_leg_joins_the_call_of_the_leg_that_dialled_it() {
    check(
        &[
            "CHANNEL_CREATE a variable_x=1",
            "CHANNEL_CREATE b variable_sip_h_X-switchy_originating_session=a",
            "CHANNEL_CREATE c Channel-Call-UUID=b variable_x=1",
        ],
        "a[a:new b:new c:new]",
    );
}

#[limited::test]
fn both_ends_of_a_bridge_know_it_though_one_is_told() {
    let mut tracker = fold(&[
        "CHANNEL_CREATE a variable_x=1",
        "CHANNEL_CREATE b Channel-Call-UUID=a variable_x=1",
        "CHANNEL_PARK a",
        "CHANNEL_BRIDGE a Bridge-A-Unique-ID=a Bridge-B-Unique-ID=b",
    ]);
    let bridged = |tracker: &Tracker| {
        ["a", "b"].map(|id| tracker.session(id).is_some_and(|leg| leg.is_bridged))
    };
    assert_eq!(bridged(&tracker), [true, true]);
    assert_eq!(tracker.session("b").unwrap().other_leg.as_ref().unwrap().as_str(), "a");
    tracker.apply(&line("CHANNEL_UNBRIDGE a Bridge-A-Unique-ID=a Bridge-B-Unique-ID=b"));
    assert_eq!(bridged(&tracker), [false, false]);
    assert!(tracker.session("a").unwrap().is_parked);
}

#[limited::test]
fn a_call_ends_with_its_last_session_and_is_remembered_whole() {
    let mut tracker = fold(&[
        "CHANNEL_CREATE a variable_x=1 Caller-Channel-Created-Time=1",
        "CHANNEL_CREATE b variable_switchy_originating_session=a Caller-Channel-Created-Time=2",
        "CHANNEL_DESTROY a Hangup-Cause=USER_BUSY",
    ]);
    assert_eq!(shape(&tracker), "a[b:new]");
    let change = tracker.apply(&line("CHANNEL_DESTROY b Hangup-Cause=NORMAL_CLEARING"));
    let gone = What::Gone { is_last: true };
    assert_eq!(change, Change::Session { session: Id::new("b"), call: Id::new("a"), what: gone });
    assert_eq!(tracker.call_count(), 0);
    let ended = tracker.ended().next().unwrap();
    assert_eq!(ended.sessions.len(), 2);
    assert_eq!(ended.cause().unwrap().name(), "USER_BUSY");
    assert_eq!(tracker.totals().causes.len(), 2);
}

#[limited::test]
fn channel_uuid_renames() {
    check(
        &["CODEC old", "CHANNEL_UUID new Old-Unique-ID=old variable_x=1", "CODEC old"],
        "new[new:new]",
    );
    check(
        &[
            "CHANNEL_CREATE a variable_x=1",
            "CHANNEL_CREATE old variable_switchy_originating_session=a",
            "CHANNEL_UUID new Old-Unique-ID=old",
        ],
        "a[a:new new:new]",
    );
    // A leg came before the one that is renamed was bound: they stay together.
    check(
        &[
            "CODEC old",
            "CHANNEL_CREATE b Channel-Call-UUID=old variable_x=1",
            "CHANNEL_UUID new Old-Unique-ID=old variable_x=1",
        ],
        "new[new:new b:new]",
    );
    // The new name was heard first: it is one channel all the same.
    let tracker = fold(&[
        "CODEC old",
        "CHANNEL_CREATE b Channel-Call-UUID=old variable_x=1",
        "CHANNEL_CREATE new variable_x=1",
        "CHANNEL_UUID new Old-Unique-ID=old variable_x=1",
        "CODEC old",
    ]);
    assert_eq!(shape(&tracker), "new[new:new b:new]");
    assert_eq!(tracker.totals().sessions, 2);
}

#[limited::test]
fn changes_are_told_once() {
    let mut tracker = Tracker::new();
    let seen: Vec<_> = [
        "CHANNEL_STATE a Answer-State=ringing",
        "CHANNEL_CREATE a Answer-State=ringing variable_x=1",
        "CHANNEL_PROGRESS a Answer-State=ringing",
        "CHANNEL_CALLSTATE a Answer-State=ringing Channel-Call-State=RINGING",
        "CHANNEL_ANSWER a Answer-State=answered",
        "CHANNEL_CALLSTATE a Answer-State=answered Channel-Call-State=ACTIVE",
        "CHANNEL_PARK a Answer-State=answered",
        "CHANNEL_HANGUP a Answer-State=hangup Hangup-Cause=NORMAL_CLEARING",
        "CHANNEL_UNPARK a Answer-State=hangup",
        "CHANNEL_HANGUP_COMPLETE a Answer-State=hangup variable_sip_term_status=200 \
         variable_sip_hangup_disposition=recv_bye",
        "CHANNEL_DESTROY a",
        "CHANNEL_STATE a",
    ]
    .into_iter()
    .filter_map(|text| match tracker.apply(&line(text)) {
        Change::Session { what, .. } => Some(what),
        _ => None,
    })
    .collect();
    let gone = What::Gone { is_last: true };
    assert_eq!(
        seen,
        [What::New, What::Ringing, What::Answered, What::Parked, What::Hangup, What::Ended, gone]
    );
    let ended = tracker.ended().next().unwrap().sessions[0].clone();
    assert_eq!((ended.sip_status, ended.ended_by_far_end()), (Some(200), Some(true)));
}

#[limited::test]
fn jobs_of_ours_and_of_others() {
    let mut tracker = Tracker::new();
    tracker.register_job(Id::new("j1"), "status");
    tracker.register_job(Id::new("j2"), "version");
    let done = |id: &str| {
        event(&[("Event-Name", "BACKGROUND_JOB"), ("Job-UUID", id), ("Job-Command", "echo")])
    };
    assert_eq!(tracker.apply(&done("j1")), Change::Job(Id::new("j1")));
    assert_eq!(tracker.apply(&done("x")), Change::Job(Id::new("x")));
    assert!(!tracker.job("j1").unwrap().is_foreign);
    assert!(tracker.job("x").unwrap().is_foreign);
    assert_eq!(tracker.mark_jobs_unknown(), [Id::new("j2")]);
    assert_eq!(tracker.job("j2").unwrap().state, JobState::Unknown);
}

#[limited::test]
fn what_is_over_is_bounded() {
    let limits = Limits { ended_calls: 2, tombstones: 2, jobs: 2, ..Limits::default() };
    let mut tracker = Tracker::new().with_limits(limits);
    for id in ["a", "b", "c", "d"] {
        tracker.apply(&line(&format!("CHANNEL_CREATE {id}")));
        tracker.apply(&line(&format!("CHANNEL_DESTROY {id}")));
        tracker.apply(&event(&[("Event-Name", "BACKGROUND_JOB"), ("Job-UUID", id)]));
    }
    assert_eq!((tracker.ended().count(), tracker.jobs().count()), (2, 2));
    assert_eq!(tracker.tombstones.ids.len(), 2);
}

fn row(uuid: &str) -> ChannelRow {
    ChannelRow { uuid: uuid.to_owned(), callstate: "ACTIVE".to_owned(), ..ChannelRow::default() }
}

#[limited::test]
fn a_snapshot_adds_what_was_never_seen_and_nothing_that_is_over() {
    let mut tracker = fold(&["CHANNEL_CREATE a", "CHANNEL_CREATE b", "CHANNEL_DESTROY b"]);
    let difference = tracker.resync(&[row("a"), row("b"), row("c")], false);
    assert_eq!(difference, ResyncSummary { ended: 0, new: 1, kept: 1 });
    let joined = tracker.session("c").unwrap();
    assert_eq!((joined.origin, joined.phase), (Origin::Joined, Phase::Answered));
}

#[limited::test]
fn a_call_of_ours_is_awaited_until_its_second_leg_comes() {
    let mut tracker = Tracker::new();
    for id in ["a", "b"] {
        tracker.expect_session(Id::new(id));
        tracker.apply(&line(&format!(
            "CHANNEL_CREATE {id} Caller-Destination-Number=9196 variable_x=1"
        )));
    }
    let stray = |number: &str| {
        let create = format!("CHANNEL_CREATE x Caller-Destination-Number={number} variable_x=1");
        fold(&[&create]).session("x").unwrap().clone()
    };
    let (awaited, other) = (stray("9196"), stray("9197"));
    assert!(tracker.is_awaited(&awaited) && !tracker.is_awaited(&other));
    tracker.apply(&line("CHANNEL_CREATE c variable_switchy_originating_session=a"));
    assert!(tracker.is_awaited(&awaited), "b still waits");
    tracker.apply(&line("CHANNEL_DESTROY b"));
    assert!(!tracker.is_awaited(&awaited));
    // The second leg leaves: the first waits for no other.
    tracker.apply(&line("CHANNEL_DESTROY c"));
    tracker.apply(&line("CHANNEL_DESTROY a"));
    assert!(!tracker.is_awaited(&awaited) && tracker.awaited.is_empty());
    // A stranger's call is not awaited.
    tracker.apply(&line("CHANNEL_CREATE y Caller-Destination-Number=9196 variable_x=1"));
    assert!(!tracker.is_awaited(&awaited));
}

#[limited::test]
fn after_a_gap_what_is_not_in_the_snapshot_is_over_unless_it_was_heard_of_since() {
    let mut tracker = fold(&["CHANNEL_CREATE a", "CHANNEL_CREATE b", "CHANNEL_CREATE c"]);
    tracker.begin();
    tracker.apply(&line("CHANNEL_CREATE d"));
    tracker.apply(&line("CHANNEL_ANSWER c Answer-State=answered"));
    let difference = tracker.resync(&[row("a"), row("e")], false);
    assert_eq!(difference, ResyncSummary { ended: 1, new: 2, kept: 2 });
    assert_eq!(shape(&tracker), "a[a:new] c[c:answered] d[d:new] e[e:answered]");
    let ended = tracker.ended().next().unwrap();
    assert_eq!((ended.id.as_str(), ended.cause()), ("b", None));
    assert_eq!(tracker.confirm(&[row("a")]), 1);
    assert_eq!(shape(&tracker), "a[a:new] c[c:answered] d[d:new]");
}

#[limited::test]
fn a_session_that_ended_in_the_gap_and_that_the_table_still_had_is_over_at_the_second_look() {
    let mut tracker = fold(&["CHANNEL_CREATE a", "CHANNEL_CREATE b"]);
    tracker.begin();
    tracker.apply(&line("CHANNEL_ANSWER b Answer-State=answered"));
    tracker.resync(&[row("a")], false);
    assert_eq!(shape(&tracker), "a[a:new] b[b:answered]");
    assert_eq!(tracker.confirm(&[]), 1);
    assert_eq!(shape(&tracker), "b[b:answered]");
}

#[limited::test]
fn a_restarted_switch_has_none_of_the_old_calls() {
    let mut tracker = fold(&["CHANNEL_CREATE a", "CHANNEL_CREATE b"]);
    tracker.begin();
    let difference = tracker.resync(&[row("a")], true);
    assert_eq!((difference.ended, tracker.call_count()), (2, 0));
}

#[limited::test]
fn what_ended_and_began_between_the_connection_and_its_snapshot_is_in_the_difference() {
    let mut tracker = fold(&["CHANNEL_CREATE a", "CHANNEL_CREATE b"]);
    tracker.begin();
    tracker.apply(&line("CHANNEL_DESTROY b"));
    tracker.apply(&line("CHANNEL_CREATE c"));
    let difference = tracker.resync(&[row("a"), row("c")], false);
    assert_eq!(difference, ResyncSummary { ended: 1, new: 1, kept: 1 });
}

#[limited::test]
fn another_core_uuid_ends_what_the_old_process_had() {
    let mut tracker = fold(&["CHANNEL_CREATE a Core-UUID=one", "CHANNEL_CREATE b Core-UUID=one"]);
    tracker.begin();
    tracker.apply(&line("CHANNEL_CREATE c Core-UUID=two"));
    assert_eq!(shape(&tracker), "c[c:new]");
    let difference = tracker.resync(&[row("c")], true);
    assert_eq!(difference, ResyncSummary { ended: 2, new: 1, kept: 0 });
}

#[limited::test]
fn what_is_kept_of_texts_and_of_results_is_bounded() {
    let long = "ä".repeat(5000);
    let tracker = fold(&[&format!("CHANNEL_CREATE a Caller-Destination-Number={long}")]);
    assert_eq!(tracker.session("a").unwrap().destination.len(), 4096);
    let limits = Limits { job_bytes: 2500, ..Limits::default() };
    let mut tracker = Tracker::new().with_limits(limits);
    tracker.register_job(Id::new("ours"), "status");
    let finish = |tracker: &mut Tracker, id: &str, size: usize| {
        let body = "x".repeat(size);
        let text =
            format!("Event-Name: BACKGROUND_JOB\nJob-UUID: {id}\nContent-Length: {size}\n\n{body}");
        tracker.apply(&Event::new(EventData::new(Format::Plain, Bytes::from(text))))
    };
    for id in ["j1", "j2", "j3"] {
        assert_eq!(finish(&mut tracker, id, 1000), Change::Job(Id::new(id)));
    }
    // Reported twice, it is news once.
    assert_eq!(finish(&mut tracker, "j3", 1000), Change::Nothing);
    let ids = |tracker: &Tracker| {
        tracker.jobs().map(|job| job.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&tracker), ["ours", "j2", "j3"]);
    finish(&mut tracker, "large", 1_000_000);
    assert_eq!(ids(&tracker), ["ours", "large"]);
    finish(&mut tracker, "ours", 10);
    assert_eq!(ids(&tracker), ["ours"]);
    // One whose command was not acknowledged is unknown, and ours when its result comes.
    tracker.register_job(Id::new("doubted"), "status");
    tracker.mark_job_unknown(&Id::new("doubted"));
    assert_eq!(tracker.job("doubted").unwrap().state, JobState::Unknown);
    assert_eq!(finish(&mut tracker, "doubted", 10), Change::Job(Id::new("doubted")));
    assert!(!tracker.job("doubted").unwrap().is_foreign);
}

#[limited::test]
fn gaps_in_the_sequence_are_counted_whatever_the_order() {
    let mut tracker = Tracker::new();
    for sequence in [5, 7, 6, 10] {
        let number = sequence.to_string();
        tracker.apply(&event(&[
            ("Event-Name", "X"),
            ("Core-UUID", "c"),
            ("Event-Sequence", &number),
        ]));
    }
    assert_eq!(tracker.sequence_gaps(), 2);
    tracker.apply(&event(&[("Event-Name", "X"), ("Core-UUID", "d"), ("Event-Sequence", "1")]));
    assert_eq!((tracker.sequence_gaps(), tracker.core_uuid()), (0, Some("d")));
}

#[limited::test]
fn a_call_whose_last_living_leg_belongs_elsewhere_is_over() {
    let mut tracker = fold(&[
        "CHANNEL_STATE c",
        "CHANNEL_CREATE b variable_switchy_originating_session=c",
        "CHANNEL_DESTROY b",
        "CHANNEL_CREATE c variable_switchy_originating_session=a",
    ]);
    assert_eq!(shape(&tracker), "a[c:new]");
    tracker.apply(&line("CHANNEL_DESTROY c"));
    // What is gone was with it.
    assert_eq!((tracker.call_count(), tracker.ended().count()), (0, 1));
    assert_eq!(tracker.ended().next().unwrap().sessions.len(), 2);
}

#[limited::test]
fn an_empty_id_is_no_session() {
    check(&["CHANNEL_CREATE _undef_", "CHANNEL_CREATE "], "");
}

#[limited::test]
fn our_own_sessions_are_remembered_as_long_as_their_calls() {
    let limits = Limits { ended_calls: 1, tombstones: 2, ..Limits::default() };
    let mut tracker = Tracker::new().with_limits(limits);
    for id in ["a", "b", "c", "d"] {
        tracker.expect_session(Id::new(id));
        let is_failure = id != "d";
        if !is_failure {
            tracker.apply(&line("CHANNEL_CREATE d"));
        }
    }
    // Those that never became a session are forgotten, one that lives is not.
    for id in ["e", "f", "g"] {
        tracker.expect_session(Id::new(id));
    }
    let own = |tracker: &Tracker, id: &str| tracker.is_own_call(&Id::new(id));
    assert!(!own(&tracker, "a") && own(&tracker, "d") && own(&tracker, "g"));
    assert_eq!(tracker.expected.ids.len(), 2);
    tracker.apply(&line("CHANNEL_UUID h Old-Unique-ID=d"));
    tracker.apply(&line("CHANNEL_DESTROY h"));
    assert!(own(&tracker, "h"), "it ended and is remembered");
    tracker.apply(&line("CHANNEL_CREATE x"));
    tracker.apply(&line("CHANNEL_DESTROY x"));
    assert!(tracker.own.is_empty());
}

#[limited::test]
fn a_call_that_dials_on_and_on_and_jobs_without_results_are_bounded_and_counted() {
    let limits = Limits { gone_legs: 3, jobs: 1, pending_jobs: 2, ..Limits::default() };
    let mut tracker = Tracker::new().with_limits(limits);
    tracker.apply(&line("CHANNEL_CREATE a variable_x=1"));
    for leg in 0..10 {
        let tie = "variable_switchy_originating_session=a";
        tracker.apply(&line(&format!("CHANNEL_CREATE b{leg} {tie}")));
        tracker.apply(&line(&format!("CHANNEL_DESTROY b{leg}")));
    }
    let legs: Vec<_> =
        tracker.legs(&Id::new("a")).iter().map(|leg| leg.id.as_str().to_owned()).collect();
    assert_eq!(legs, ["b0", "b8", "b9", "a"]);
    assert_eq!(tracker.totals().forgotten, 7);
    for id in ["1", "2", "3", "4"] {
        tracker.register_job(Id::new(id), "status");
    }
    assert_eq!((tracker.jobs().count(), tracker.totals().forgotten), (2, 9));
}

#[limited::test]
fn causes_that_a_stranger_makes_up_are_bounded() {
    let mut tracker = Tracker::new();
    for number in 0..1000 {
        let end = format!("CHANNEL_HANGUP {number} Hangup-Cause=X{number}");
        tracker.apply(&line(&end));
        tracker.apply(&line(&format!("CHANNEL_DESTROY {number}")));
    }
    let causes = &tracker.totals().causes;
    assert!(causes.len() <= 257, "{}", causes.len());
    assert_eq!(causes.values().sum::<u64>(), 1000);
}

#[limited::test]
fn a_session_made_under_another_uuid_takes_its_legs_along() {
    let leg = |id: &str| format!("CHANNEL_CREATE {id} variable_{}=asked", Rules::CALL_VARIABLE);
    let (asked, made) = (Id::new("asked"), Id::new("made"));
    // A leg came before the result, another one comes after it.
    let mut tracker = fold(&[&leg("made"), &leg("b")]);
    assert_eq!(shape(&tracker), "asked[made:new b:new]");
    tracker.rebind(&asked, &made);
    tracker.apply(&line(&leg("c")));
    assert_eq!(shape(&tracker), "made[made:new b:new c:new]");
    assert!(tracker.is_own_call(&made.cast()));
    for id in ["b", "c", "made"] {
        tracker.apply(&line(&format!("CHANNEL_DESTROY {id}")));
    }
    assert_eq!((shape(&tracker), tracker.ended().len()), (String::new(), 1));
    // Where the one asked for lives, it is a stranger's: only the one that was made moves.
    let mut tracker = fold(&[&leg("asked"), &leg("b"), &leg("made")]);
    tracker.rebind(&asked, &made);
    assert_eq!(shape(&tracker), "asked[asked:new b:new] made[made:new]");
}
