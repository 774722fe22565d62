//! How a call ended, in words: `why`, tables, narration and `trace` all say the same.

use super::span;
use crate::model::{CallInfo, EndedBy, Ending, HangupCause, SessionInfo, Try};
use crate::shell::freeswitch::hangup_advice;
use crate::shell::text::sanitise;

/// Who ended the call: `the caller`, `the called party`, `the switch` ..
pub(super) fn party(ending: &Ending) -> &'static str {
    match (ending.by, ending.cause.name()) {
        (Some(EndedBy::Caller), _) => "the caller",
        (Some(EndedBy::Called), _) => "the called party",
        (Some(EndedBy::Switch), "SYSTEM_SHUTDOWN") => "the switch: FreeSWITCH was shut down",
        (Some(EndedBy::Switch), "NO_ANSWER" | "PROGRESS_TIMEOUT") => {
            "the switch: a limit of time on ringing"
        }
        (Some(EndedBy::Switch), _) => "the switch",
        (Some(EndedBy::Operator), _) => "an operator",
        (Some(EndedBy::Media), _) => "the switch: media time-out",
        (Some(EndedBy::Schedule), _) => "the switch: a scheduled hangup",
        (Some(EndedBy::None), _) => "no far end",
        _ => "not known: the end was not seen",
    }
}

/// Who ended the call, how, and at which leg.
pub(in crate::shell) fn by(call: &CallInfo, ending: &Ending) -> String {
    let party = party(ending);
    let Some(leg) = call.sessions.iter().find(|leg| leg.id == ending.leg) else {
        return party.to_owned();
    };
    if ending.by.is_none() {
        return party.to_owned();
    }
    let how = match (&ending.command, ending.by, &*leg.application) {
        (Some(command), ..) => {
            let whose = if command.is_own { "from this shell" } else { "from another client" };
            format!(" ({} {whose})", sanitise::line(&command.command))
        }
        _ if leg.disposition.is_empty() => String::new(),
        (None, Some(EndedBy::Switch | EndedBy::Called), "hangup" | "respond") => {
            let application = sanitise::line(&ending.application);
            format!(" ({}, application {application})", sanitise::line(&leg.disposition))
        }
        _ => format!(" ({})", sanitise::line(&leg.disposition)),
    };
    let (id, name) = (sanitise::line(leg.id.short()), sanitise::line(&leg.channel_name));
    format!("{party}{how}, on leg {id} {name}").trim_end().to_owned()
}

/// What the cause means, of a call that ended so; `None` where the cause speaks of a call that was
/// not answered, and this one was.
pub(in crate::shell) fn meaning(ending: &Ending) -> Option<&'static str> {
    match ending.cause.name() {
        "USER_BUSY" | "NO_ANSWER" | "CALL_REJECTED" | "NO_USER_RESPONSE" if ending.answered => None,
        "NORMAL_CLEARING" if !ending.answered => Some("ended before it was answered"),
        _ => ending.cause.meaning(),
    }
}

/// `7012 USER_BUSY (486), 7004 answered`
pub(in crate::shell) fn tries(tries: &[Try]) -> String {
    let one = |tried: &Try| {
        let to = sanitise::line(&tried.to);
        if tried.answered {
            return format!("{to} answered");
        }
        let cause = tried.cause.as_ref().map_or("no cause", HangupCause::name);
        let code = tried.sip.map_or_else(String::new, |code| format!(" ({code})"));
        format!("{to} {}{code}", sanitise::line(cause))
    };
    tries.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// `NORMAL_CLEARING by the caller (rang 20 ms, talked 4.0 s)`, for the line that ends a call.
pub(in crate::shell) fn summary(lead: &SessionInfo, ending: &Ending) -> String {
    let mut notes = Vec::new();
    if !ending.is_normal() {
        notes.extend(meaning(ending).map(str::to_owned));
        notes.extend(ending.sip.map(|code| format!("SIP {code}")));
    }
    // The times stand last: of a line that is too long the middle is left out.
    if !ending.tries.is_empty() {
        notes.push(format!("tries: {}", tries(&ending.tries)));
    }
    notes.extend(lead.ring_time(ending.at).map(|rang| format!("rang {}", span(rang))));
    match ending.talked {
        Some(talked) => notes.push(format!("talked {}", span(talked))),
        None if ending.answered => {}
        None => notes.push("never answered".to_owned()),
    }
    let by = match ending.by {
        Some(EndedBy::None) => ", no far end".to_owned(),
        Some(_) => format!(" by {}", party(ending)),
        None => String::new(),
    };
    format!("{}{by} ({})", sanitise::line(ending.cause.name()), notes.join(", "))
}

/// What to check or type next.
pub(in crate::shell) fn advice(ending: &Ending) -> &'static str {
    let cause = &ending.cause;
    match ending.by {
        Some(EndedBy::Operator)
            if ending.command.as_ref().is_some_and(|command| command.is_own) =>
        {
            "nothing: a command of this shell hung it up; \"audit\" lists the commands"
        }
        Some(EndedBy::Operator) => {
            "a command of another client hung it up; \"audit\" lists commands while they run"
        }
        Some(EndedBy::Schedule) => {
            "a scheduled hangup was due: sched_hangup in the dial plan, or \"sched-hangup\"; \"why\" of \
             a running call lists what is scheduled"
        }
        Some(EndedBy::None) if cause.name() == "NORMAL_TEMPORARY_FAILURE" => NOT_REACHED,
        Some(EndedBy::Called | EndedBy::Caller) if !ending.answered => {
            let by_code = ending.sip.and_then(hangup_advice::next_step_of_sip);
            by_code.unwrap_or_else(|| hangup_advice::next_step(cause))
        }
        Some(EndedBy::Switch) if cause.is_normal() && !ending.answered => UNANSWERED,
        None if ending.at == 0 => "its end was not seen: the connection was lost meanwhile",
        Some(EndedBy::Switch) if is_chosen(ending) => CHOSEN,
        _ if cause.is_normal() && !ending.answered => {
            ending.sip.and_then(hangup_advice::next_step_of_sip).unwrap_or(UNANSWERED)
        }
        _ => hangup_advice::next_step(cause),
    }
}

/// Whether the switch gave an answered call a cause that says nothing about its far end.
fn is_chosen(ending: &Ending) -> bool {
    ending.answered && !ending.cause.is_normal() && ending.cause.name() != "SYSTEM_SHUTDOWN"
}

const CHOSEN: &str = "the dial plan or an application ended the answered call with that cause: \
                      \"trace\" shows what a call runs";

const UNANSWERED: &str = "the dial plan came to its end before the call was answered: \"trace\" the \
                          next one shows what it runs";

const NOT_REACHED: &str = "nothing listens at that address, or it cannot be reached: address and port, \
                           firewall; \"trace --sip\" the next call; \"doctor originate DIALSTRING\"";
