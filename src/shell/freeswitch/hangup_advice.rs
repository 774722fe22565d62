//! What to look at next, for each hangup cause; and what SIP status codes say.

use crate::model::HangupCause;

/// What to check or type next after a call that ended so.
pub(in crate::shell) fn next_step(cause: &HangupCause) -> &'static str {
    let found = NEXT.iter().find(|(names, _)| names.contains(&cause.name()));
    found.map_or("the log of the call shows more: \"trace\" the next one", |(_, step)| step)
}

/// Whether the switch gives that cause to a call which it refuses to begin: it is paused, shutting
/// down, or at a limit (`switch_core_session_request_uuid` in `src/switch_core_session.c`).
pub(in crate::shell) fn is_refusal(cause: &HangupCause) -> bool {
    matches!(cause.name(), "DESTINATION_OUT_OF_ORDER" | "SWITCH_CONGESTION")
}

/// What to check or type next after an originate that made no channel.
pub(in crate::shell) fn next_step_without_channel(cause: &HangupCause) -> &'static str {
    if !is_refusal(cause) {
        return next_step(cause);
    }
    "FreeSWITCH began no call: it is paused (\"api fsctl pause_check\" says so, \"api fsctl resume\" \
     ends it), shutting down, or at its limit of sessions or calls a second (\"status\" shows both); \
     \"doctor\" checks all of it"
}

/// What a final SIP status says, in words.
pub(in crate::shell) fn sip_status(code: u16) -> &'static str {
    match code {
        200..=299 => "done",
        300..=399 => "sent elsewhere",
        401 | 407 => "the other side wants a password",
        403 => "forbidden",
        404 => "no such user or number there",
        408 => "no answer in time",
        410 => "the number is no more",
        413 | 513 => "the message is too large",
        415 | 488 | 606 => "the media offer was not accepted",
        420 => "an extension that is asked for is not supported",
        423 => "the interval is too short",
        480 => "not available now",
        481 => "the other side does not know this call (any more)",
        482 | 483 => "the call loops",
        484 => "the number is incomplete",
        486 | 600 => "busy",
        487 => "cancelled before the answer",
        491 => "two requests crossed",
        500 => "the other side has an internal error",
        501 => "the other side does not implement that",
        502 | 504 => "a server behind the other side does not answer",
        503 => "the other side is overloaded or down",
        603 => "declined",
        604 => "exists nowhere",
        607 | 608 => "unwanted",
        400..=499 => "the request was refused",
        _ => "the call failed there",
    }
}

/// What to check after a final SIP status of the far end, where the code says more than the cause.
pub(in crate::shell) fn next_step_of_sip(code: u16) -> Option<&'static str> {
    Some(match code {
        401 | 407 => {
            "the far end wants a password: user and password of the gateway, or sip_auth_username and \
             sip_auth_password of the call"
        }
        403 => {
            "the far end forbids the call: caller number, rights and IP address of the account; an ACL \
             of the profile when the far end is this switch"
        }
        404 | 410 | 604 => {
            "the far end has no such number: check the number and the prefix that it expects"
        }
        408 => {
            "the far end, or a proxy on the way, got no answer in time: \"trace --sip\" shows who \
             answered"
        }
        480 => {
            "the far end answered, the device is not available now: not registered there, do not \
             disturb, or no answer in time; try again, or ask the far end"
        }
        486 | 600 => {
            "the called side is in another call: \"calls where to=NUMBER\"; at a carrier it can mean a \
             limit of channels"
        }
        415 | 488 | 606 => {
            "the far end accepts none of the codecs or the encryption offered: compare the SDP of both \
             sides with \"trace --sip\""
        }
        484 => "the number is incomplete: check how many digits the far end expects",
        500..=599 => {
            "the far end itself, or a server that it asks, failed or is overloaded: try another \
             gateway; \"trace --sip\" the next call shows who answered"
        }
        603 | 607 | 608 => {
            "the called side declined: do not disturb, a blocked caller, or the person refused"
        }
        _ => return None,
    })
}

/// By cause; those with the same cure stand together.
const NEXT: &[(&[&str], &str)] = &[
    (
        &["NORMAL_CLEARING", "SUCCESS", "CALL_AWARDED_DELIVERED"],
        "nothing: this is how calls end; if it came too early, \"trace\" shows which side and which \
         application ended it",
    ),
    (
        &["UNALLOCATED_NUMBER", "DOES_NOT_EXIST_ANYWHERE", "NUMBER_CHANGED"],
        "check the number and the prefix that the gateway expects; the other side says that it \
         does not exist",
    ),
    (
        &["NO_ROUTE_DESTINATION", "NO_ROUTE_TRANSIT_NET", "EXCHANGE_ROUTING_ERROR"],
        "no extension matched, or the host of the dial string has no address: \"doctor originate \
         DIALSTRING\", and \"api xml_locate dialplan\" for the context",
    ),
    (
        &["USER_BUSY", "BUSY_EVERYWHERE"],
        "the called side is in another call: \"calls where to=NUMBER\"; at a carrier it can mean a \
         limit of channels",
    ),
    (
        &["NO_USER_RESPONSE", "RECOVERY_ON_TIMER_EXPIRE"],
        "requests got no answer at all: address and port of the other side, firewall, NAT; \
         \"trace --sip\" shows what was sent",
    ),
    (
        &["NO_ANSWER", "PROGRESS_TIMEOUT", "ALLOTTED_TIMEOUT"],
        "a limit of time was reached: originate_timeout, call_timeout, progress_timeout, or a \
         scheduled hangup (\"why\" of a running call lists them)",
    ),
    (
        &["SUBSCRIBER_ABSENT", "USER_NOT_REGISTERED"],
        "the phone is not registered: \"api sofia status profile internal reg\" lists who is; \
         \"api sofia_contact USER\" shows where",
    ),
    (
        &["CALL_REJECTED", "DECLINE", "REJECT_ALL", "UNWANTED", "FACILITY_REJECTED"],
        "the called side refused: do not disturb, a blacklist, a missing right at the carrier, or \
         an ACL of the profile",
    ),
    (
        &["REDIRECTION_TO_NEW_DESTINATION"],
        "the other side sent a 302: the Contact in it says where to; \"trace --sip\" shows it",
    ),
    (
        &["DESTINATION_OUT_OF_ORDER", "NETWORK_OUT_OF_ORDER", "GATEWAY_DOWN"],
        "the other side cannot be reached: \"api sofia status gateway NAME\", route and firewall; \
         also the cause of an unknown application: \"execute\" would have said so",
    ),
    (
        &["INVALID_NUMBER_FORMAT"],
        "the number is incomplete or in a format that the other side does not take: +, 00, prefix?",
    ),
    (
        &["NORMAL_TEMPORARY_FAILURE", "NORMAL_UNSPECIFIED", "INTERWORKING", "SERVICE_UNAVAILABLE"],
        "nothing listens at that address, or the other side failed: the SIP code says more; \
         \"trace --sip\" the next call; \"doctor originate DIALSTRING\"",
    ),
    (
        &["NORMAL_CIRCUIT_CONGESTION", "SWITCH_CONGESTION", "PRE_EMPTED"],
        "too many calls: \"status\" shows sessions and rate against their limits; a carrier has \
         limits of its own; \"api fsctl pause_check\"",
    ),
    (
        &["REQUESTED_CHAN_UNAVAIL", "CHANNEL_UNACCEPTABLE", "CHAN_NOT_IMPLEMENTED"],
        "the endpoint cannot make a channel: is its module loaded (\"api module_exists mod_sofia\"), \
         does the profile run (\"api sofia status\")?",
    ),
    (
        &["INVALID_GATEWAY"],
        "no gateway has that name: \"api sofia status\" lists them; after a change of the \
         configuration \"api sofia profile external rescan\"",
    ),
    (&["INVALID_PROFILE"], "no profile has that name: \"api sofia status\" lists them"),
    (
        &["INVALID_URL", "INVALID_MSG_UNSPECIFIED"],
        "the dial string is not one: \"originate --dry-run\" shows what is sent; \"doctor originate \
         DIALSTRING\" checks it",
    ),
    (
        &[
            "BEARERCAPABILITY_NOTAUTH",
            "BEARERCAPABILITY_NOTAVAIL",
            "BEARERCAPABILITY_NOTIMPL",
            "INCOMPATIBLE_DESTINATION",
            "NOT_ACCEPTABLE",
        ],
        "no codec in common, or encryption that one side lacks: compare the SDP of both sides with \
         \"trace --sip\"; codec-prefs of the profile, absolute_codec_string of the call",
    ),
    (
        &[
            "OUTGOING_CALL_BARRED",
            "INCOMING_CALL_BARRED",
            "FACILITY_NOT_SUBSCRIBED",
            "FACILITY_NOT_IMPLEMENTED",
            "SERVICE_NOT_IMPLEMENTED",
        ],
        "the account or the dial plan does not allow it: toll_allow of the user, rights at the \
         carrier",
    ),
    (
        &["USER_CHALLENGE"],
        "the other side wants a password: user and password of the gateway, or sip_auth_username \
         and sip_auth_password of the call",
    ),
    (
        &["MEDIA_TIMEOUT", "SRTP_READ_ERROR"],
        "signalling worked, media did not: RTP ports in the firewall, ext-rtp-ip behind NAT, keys; \
         \"call ID\" of a running call shows its media",
    ),
    (&["ORIGINATOR_CANCEL"], "the caller gave up before the answer: how long it rang is above"),
    (&["LOSE_RACE", "PICKED_OFF", "NO_PICKUP"], "another phone took the call: nothing to do"),
    (
        &["MANAGER_REQUEST"],
        "an operator or a program ended it with a command, such as hupall or uuid_kill: \"audit\" shows who runs \
         what from now on",
    ),
    (
        &["SYSTEM_SHUTDOWN", "CRASH"],
        "the server or a module went down: \"status\" shows since when it runs",
    ),
    (
        &["BLIND_TRANSFER", "ATTENDED_TRANSFER", "BOWOUT"],
        "the leg was replaced by another one: nothing to do; \"calls\" shows what is running",
    ),
    (
        &[
            "NO_IDENTITY",
            "BAD_IDENTITY_INFO",
            "UNSUPPORTED_CERTIFICATE",
            "INVALID_IDENTITY",
            "STALE_DATE",
        ],
        "the other side checks signed caller identities (STIR/SHAKEN): certificate, clock and \
         Identity header of the caller",
    ),
    (
        &[
            "ACCESS_INFO_DISCARDED",
            "RESPONSE_TO_STATUS_ENQUIRY",
            "INVALID_CALL_REFERENCE",
            "MANDATORY_IE_MISSING",
            "MESSAGE_TYPE_NONEXIST",
            "WRONG_MESSAGE",
            "IE_NONEXIST",
            "INVALID_IE_CONTENTS",
            "WRONG_CALL_STATE",
            "MANDATORY_IE_LENGTH_ERROR",
            "PROTOCOL_ERROR",
        ],
        "the two sides do not understand each other: \"trace --sip\" shows the message that one of \
         them refused",
    ),
    (
        &["NONE"],
        "the end was not seen, for example because the connection was lost meanwhile: the log of \
         the server has it",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn every_cause_has_a_next_step_and_only_one() {
        for name in HangupCause::names() {
            let rows = NEXT.iter().filter(|(names, _)| names.contains(&name)).count();
            assert_eq!(rows, 1, "{name}");
        }
        let listed = NEXT.iter().flat_map(|(names, _)| *names);
        for name in listed {
            assert!(HangupCause::parse(name).is_known(), "{name}");
        }
    }
}
