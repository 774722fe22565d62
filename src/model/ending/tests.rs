use super::*;

/// A leg: `id dir hangup cause disposition [key=value ..]`, times in ms.
fn leg(text: &str) -> SessionInfo {
    let mut words = text.split(' ');
    let mut next = || words.next().unwrap();
    let mut leg = SessionInfo::new(Id::new(next()));
    leg.direction = if next() == "in" { Direction::Inbound } else { Direction::Outbound };
    leg.phase = Phase::Hangup;
    leg.times.created = 1_000_000;
    leg.times.hangup = 1_000_000 + next().parse::<u64>().unwrap() * 1000;
    leg.end.order = leg.times.hangup;
    leg.cause = Some(HangupCause::parse(next()));
    leg.disposition = next().into();
    leg.dialled = leg.id.as_str().into();
    let ms = |value: &str| 1_000_000 + value.parse::<u64>().unwrap() * 1000;
    for word in words {
        let (key, value) = word.split_once('=').unwrap();
        match key {
            "answered" => leg.times.answered = ms(value),
            "bridged" => {
                leg.other_leg = Some(Id::new(value));
                leg.times.bridged = 1_100_000;
            }
            "tries" => leg.other_leg = Some(Id::new(value)),
            "unbridged" => leg.times.unbridged = ms(value),
            "dialog" => leg.end.dialog = value.into(),
            "far" => leg.end.has_far_end = Some(value == "yes"),
            "sip" => leg.sip_status = value.parse().ok(),
            "failed" => leg.end.dial_failure = Some(HangupCause::parse(value)),
            "app" => match value.split_once('(') {
                Some((name, data)) => {
                    leg.application = name.into();
                    leg.application_data = data.trim_end_matches(')').replace('_', " ").into();
                }
                None => leg.application = value.into(),
            },
            "order" => leg.end.order = value.parse().unwrap(),
            "killed" => leg.end.command = Some(HangupCommand::new("uuid_kill", value == "us")),
            "due" => leg.end.scheduled = ms(value),
            _ => panic!("{key}"),
        }
    }
    leg
}

/// `cause by leg sip talked tries`, what is none as `-`.
fn described(legs: &[&str]) -> String {
    let legs: Vec<_> = legs.iter().map(|text| leg(text)).collect();
    let call = CallInfo::new(legs[0].id.cast(), legs);
    let ending = call.ending().unwrap();
    let talked = ending.talked.map_or_else(|| "-".to_owned(), |talk| (talk / 1000).to_string());
    let sip = ending.sip.map_or_else(|| "-".to_owned(), |code| code.to_string());
    let tries = ending.tries.iter().map(|tried| {
        let end = if tried.answered { "answered" } else { tried.cause.as_ref().unwrap().name() };
        let code = tried.sip.map_or_else(String::new, |code| format!("({code})"));
        format!("{}:{end}{code}", tried.to)
    });
    let by = ending.by.map_or("-", EndedBy::word);
    let tries: Vec<_> = tries.collect();
    format!("{} {by} {} {sip} {talked} [{}]", ending.cause, ending.leg, tries.join(" "))
}

#[limited::test]
fn two_bridged_legs_end_with_the_side_that_hung_up() {
    for (legs, expected) in [
        (
            [
                "a in 2000 NORMAL_CLEARING recv_bye answered=0 bridged=c",
                "c out 2000 NORMAL_CLEARING send_bye answered=0 bridged=a order=1",
            ],
            "NORMAL_CLEARING caller a - 2000 []",
        ),
        (
            [
                "a in 2000 NORMAL_CLEARING send_bye answered=0 bridged=c order=1",
                "c out 2000 NORMAL_CLEARING recv_bye answered=0 bridged=a",
            ],
            "NORMAL_CLEARING called c - 2000 []",
        ),
        // The clock has passed a step in between.
        (
            [
                "a in 2020 NORMAL_CLEARING send_bye answered=0 bridged=c",
                "c out 2000 NORMAL_CLEARING recv_bye answered=0 bridged=a",
            ],
            "NORMAL_CLEARING called c - 2020 []",
        ),
        (
            [
                "a in 2000 NORMAL_CLEARING send_bye answered=0 bridged=c order=1",
                "c out 2000 MEDIA_TIMEOUT send_bye answered=0 bridged=a",
            ],
            "MEDIA_TIMEOUT media c - 2000 []",
        ),
        (
            [
                "a in 2000 MEDIA_TIMEOUT send_bye answered=0 bridged=c",
                "c out 2000 NORMAL_CLEARING send_bye answered=0 bridged=a order=1",
            ],
            "MEDIA_TIMEOUT media a - 2000 []",
        ),
        (
            [
                "a in 2000 NORMAL_CLEARING send_bye answered=0 bridged=c",
                "c out 2000 NORMAL_CLEARING send_bye answered=0 bridged=a killed=them",
            ],
            "NORMAL_CLEARING operator c - 2000 []",
        ),
        (
            [
                "a in 2000 NORMAL_CLEARING send_bye answered=0 bridged=c due=2100",
                "c out 2000 NORMAL_CLEARING send_bye answered=0 bridged=a order=1",
            ],
            "NORMAL_CLEARING schedule a - 2000 []",
        ),
        (
            [
                "a in 2000 SYSTEM_SHUTDOWN send_bye answered=0 bridged=c",
                "c out 2000 SYSTEM_SHUTDOWN send_bye answered=0 bridged=a order=1",
            ],
            "SYSTEM_SHUTDOWN switch a - 2000 []",
        ),
    ] {
        assert_eq!(described(&legs), expected, "{legs:#?}");
    }
}

#[limited::test]
fn one_dialog_inside_the_switch_ends_at_the_leg_that_sent() {
    for (legs, expected) in [
        (
            [
                "a out 2000 NORMAL_CLEARING recv_bye answered=0 dialog=x",
                "b in 2000 ALLOTTED_TIMEOUT send_bye answered=0 dialog=x",
            ],
            "ALLOTTED_TIMEOUT schedule b - 2000 []",
        ),
        (
            [
                "a out 2000 USER_BUSY send_bye answered=0 dialog=x killed=us",
                "b in 2020 USER_BUSY recv_bye answered=0 dialog=x",
            ],
            "USER_BUSY operator a - 2000 []",
        ),
        (
            [
                "a out 20 USER_BUSY recv_refuse dialog=x sip=486 far=yes",
                "b in 20 USER_BUSY send_refuse dialog=x app=hangup(USER_BUSY)",
            ],
            "USER_BUSY switch b - - []",
        ),
        (
            [
                "a out 20 USER_BUSY recv_refuse dialog=x sip=486 far=yes",
                "b in 20 USER_BUSY send_refuse dialog=x app=respond(486_Busy_Here)",
            ],
            "USER_BUSY called b 486 - []",
        ),
        (
            [
                "a out 20 NO_USER_RESPONSE recv_refuse dialog=x sip=480 far=yes",
                "b in 20 USER_NOT_REGISTERED send_refuse dialog=x app=bridge failed=USER_NOT_REGISTERED",
            ],
            "USER_NOT_REGISTERED none b - - []",
        ),
    ] {
        assert_eq!(described(&legs), expected, "{legs:#?}");
    }
}

#[limited::test]
fn an_unanswered_call_ends_with_what_its_last_try_says() {
    for (legs, expected) in [
        (
            &[
                "a in 3000 NORMAL_CLEARING send_refuse app=bridge failed=NO_ANSWER",
                "c out 2980 NO_ANSWER send_cancel tries=a sip=487 far=yes",
            ][..],
            "NO_ANSWER switch c - - [c:NO_ANSWER]",
        ),
        (
            &[
                "a in 20 NORMAL_TEMPORARY_FAILURE send_refuse app=bridge failed=NORMAL_TEMPORARY_FAILURE",
                "c out 20 NORMAL_TEMPORARY_FAILURE recv_refuse tries=a sip=503 far=no",
            ],
            "NORMAL_TEMPORARY_FAILURE none c 503 - [c:NORMAL_TEMPORARY_FAILURE(503)]",
        ),
        (
            &[
                "a in 40 CALL_REJECTED send_refuse app=bridge failed=CALL_REJECTED",
                "c out 20 USER_BUSY recv_refuse tries=a sip=486 far=yes",
                "d out 40 CALL_REJECTED recv_refuse tries=a sip=603 far=yes",
            ],
            "CALL_REJECTED called d 603 - [c:USER_BUSY(486) d:CALL_REJECTED(603)]",
        ),
        (
            &[
                "a in 900 ORIGINATOR_CANCEL recv_cancel sip=487 far=yes app=bridge",
                "c out 900 ORIGINATOR_CANCEL send_cancel tries=a sip=487 far=yes order=9",
            ],
            "ORIGINATOR_CANCEL caller a 487 - [c:ORIGINATOR_CANCEL]",
        ),
        (&["a in 20 NO_ROUTE_DESTINATION send_refuse"], "NO_ROUTE_DESTINATION none a - - []"),
        (
            &["a out 20 NO_USER_RESPONSE recv_refuse sip=480 far=yes"],
            "NO_USER_RESPONSE called a 480 - []",
        ),
        (&["a out 9000 NO_ANSWER send_cancel sip=487 far=yes"], "NO_ANSWER switch a - - []"),
    ] {
        assert_eq!(described(legs), expected, "{legs:#?}");
    }
}

#[limited::test]
fn legs_that_ended_before_are_tries() {
    for (legs, expected) in [
        // Failover.
        (
            &[
                "a in 5000 NORMAL_CLEARING recv_bye answered=60 bridged=e app=bridge failed=USER_BUSY",
                "c out 20 USER_BUSY recv_refuse tries=a sip=486 far=yes",
                "e out 5000 NORMAL_CLEARING send_bye answered=40 bridged=a order=1",
            ][..],
            "NORMAL_CLEARING caller a - 4940 [c:USER_BUSY(486) e:answered]",
        ),
        // A ring group.
        (
            &[
                "a in 5000 NORMAL_CLEARING recv_bye answered=60 bridged=e",
                // Whichever of the two was heard of first.
                "e out 5000 NORMAL_CLEARING send_bye answered=980 bridged=a order=1",
                "c out 1000 LOSE_RACE send_cancel tries=a sip=487 far=yes",
            ],
            "NORMAL_CLEARING caller a - 4940 [c:LOSE_RACE e:answered]",
        ),
        // Transferred away from c, then the caller hung up.
        (
            &[
                "a in 5000 NORMAL_CLEARING recv_bye answered=60 bridged=c unbridged=1000",
                "c out 1000 NORMAL_CLEARING send_bye answered=40 bridged=a unbridged=1020",
            ],
            "NORMAL_CLEARING caller a - 4940 [c:answered]",
        ),
        // The first leg left; c and e talked on until e hung up.
        (
            &[
                "a in 1000 NORMAL_CLEARING send_bye answered=60 bridged=c unbridged=1000",
                "c out 5000 NORMAL_CLEARING send_bye answered=40 bridged=e order=2",
                "e out 5000 NORMAL_CLEARING recv_bye answered=40 bridged=c",
            ],
            "NORMAL_CLEARING called e - 4940 []",
        ),
    ] {
        assert_eq!(described(legs), expected, "{legs:#?}");
    }
}

#[limited::test]
fn a_call_that_lives_has_no_ending() {
    let mut alive = leg("a in 0 NORMAL_CLEARING recv_bye");
    alive.phase = Phase::Answered;
    assert_eq!(CallInfo::new(Id::new("a"), vec![alive]).ending(), None);
}
