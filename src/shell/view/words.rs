//! What happened to a leg, in words.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{counted, span};
use crate::listener::Gap;
use crate::model::{HangupCause, SessionInfo};
use crate::shell::text::sanitise;
use crate::track::What;

/// What happened, in words; `None` for what goes without saying.
pub(in crate::shell) fn step(session: &SessionInfo, what: What) -> Option<String> {
    let now = session.last_event;
    Some(match what {
        What::New => "new".to_owned(),
        What::Ringing => later("ringing", session),
        What::Early => later("early media", session),
        What::Answered => match session.ring_time(now).or_else(|| age(session)) {
            Some(rang) => format!("answered after {}", span(rang)),
            None => "answered".to_owned(),
        },
        What::Bridged => match &session.other_leg {
            Some(other) => later(&format!("bridged to {}", sanitise::line(other.short())), session),
            None => later("bridged", session),
        },
        What::Unbridged => later("unbridged", session),
        What::Held => later("held", session),
        What::Unheld => later("off hold", session),
        What::Parked => later("parked", session),
        What::Ended => ended(session),
        What::Unparked | What::Executes | What::Hangup | What::Gone { .. } | What::Renamed => {
            return None;
        }
    })
}

/// What happened, and how long after the beginning of the leg.
pub(in crate::shell) fn later(what: &str, session: &SessionInfo) -> String {
    age(session).map_or_else(|| what.to_owned(), |age| format!("{what} +{}", span(age)))
}

/// From the creation of a leg to its last event, in microseconds.
fn age(session: &SessionInfo) -> Option<u64> {
    let created = session.times.created;
    (created > 0).then(|| session.last_event.saturating_sub(created))
}

/// `reconnected after 17.0 s; 38 calls ended, 12 new; events may be missing`
pub(in crate::shell) fn came_back(gap: &Gap) -> String {
    let lasted = span(u64::try_from(gap.lasted.as_micros()).unwrap_or(u64::MAX));
    let calls = match &gap.calls {
        Some(calls) => format!("{} ended, {} new", counted(calls.ended, "call"), calls.new),
        None => "what became of the calls is not known".to_owned(),
    };
    let mut text = format!("reconnected after {lasted}; {calls}; events may be missing");
    if gap.is_restarted {
        text.push_str("; FreeSWITCH was restarted");
    }
    if gap.jobs > 0 {
        text = format!("{text}; the outcome of {} is unknown", counted(gap.jobs, "job"));
    }
    text
}

/// The end of a leg, which says nothing of who ended the call.
pub(in crate::shell) fn ended(session: &SessionInfo) -> String {
    let cause = session.cause.clone().unwrap_or_else(|| HangupCause::parse("NONE"));
    let mut notes = Vec::new();
    if session.times.answered == 0 {
        notes.extend(
            session.sip_status.filter(|code| *code >= 300).map(|code| format!("SIP {code}")),
        );
    }
    let now = session.last_event;
    notes.extend(session.ring_time(now).map(|rang| format!("rang {}", span(rang))));
    match session.talk_time(now) {
        Some(talk) => notes.push(format!("talked {}", span(talk))),
        None => notes.push("never answered".to_owned()),
    }
    format!("hangup {} ({})", sanitise::line(cause.name()), notes.join(", "))
}

/// The caller's number, with the name where it says more.
pub(in crate::shell) fn caller(session: &SessionInfo) -> String {
    let (name, number) =
        (sanitise::line(&session.caller_name), sanitise::line(&session.caller_number));
    if name.is_empty() || name == number {
        number.into_owned()
    } else if number.is_empty() {
        name.into_owned()
    } else {
        format!("{name} <{number}>")
    }
}

pub(in crate::shell) fn kind_of(what: What) -> &'static str {
    match what {
        What::New => "CREATE",
        What::Ringing => "RINGING",
        What::Early => "EARLY",
        What::Answered => "ANSWER",
        What::Bridged => "BRIDGE",
        What::Unbridged => "UNBRIDGE",
        What::Held => "HOLD",
        What::Unheld => "UNHOLD",
        What::Parked => "PARK",
        What::Unparked => "UNPARK",
        What::Executes => "EXECUTE",
        What::Hangup | What::Ended => "HANGUP",
        What::Gone { .. } => "DESTROY",
        What::Renamed => "UUID",
    }
}

/// `02:13`, or `1:02:13` from an hour on.
pub(in crate::shell) fn minutes(microseconds: u64) -> String {
    let seconds = microseconds / 1_000_000;
    match seconds / 3600 {
        0 => format!("{:02}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// `19:15:39`, in the time zone of this machine.
pub(in crate::shell) fn clock(at: u64) -> String {
    let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_microsecond(at).ok());
    at.map_or_else(
        || "--:--:--".to_owned(),
        |at| at.to_zoned_datetime(TimeZone::system()).strftime("%H:%M:%S").to_string(),
    )
}
