//! What the end that hangs up first sends to the other one: the SIP status of a cause, the cause of a SIP status.

use super::{Answer, Channel, Kind};
use crate::model::HangupCause;

/// What the end that hangs up first sends to the other one.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Farewell {
    pub(in crate::sim) cause: String,
    is_sip: bool,
    /// Whether the call was answered: then it is a BYE.
    pub(in crate::sim) answered: bool,
    /// The final reply to an INVITE that was not answered.
    pub(in crate::sim) status: u16,
    pub(in crate::sim) phrase: String,
    /// The `Reason` header.
    pub(in crate::sim) reason: String,
}

impl Farewell {
    /// The BYE of a phone.
    pub(in crate::sim) fn bye(cause: &str) -> Self {
        Self {
            cause: cause.to_owned(),
            is_sip: true,
            answered: true,
            status: 200,
            phrase: "OK".to_owned(),
            reason: reason(cause),
        }
    }

    /// What a leg that is being hung up sends.
    pub(in crate::sim) fn of(channel: &Channel, cause: &HangupCause) -> Self {
        let given = channel.refusal.clone();
        // A leg passes on the refusal of the leg that it dialled.
        let passed = channel.vars.get("last_bridge_proto_specific_hangup_cause");
        let passed = passed.and_then(|text| text.strip_prefix("sip:")?.parse::<u16>().ok());
        let status =
            passed.filter(|status| *status != 0).unwrap_or_else(|| status_of(cause.name()));
        let (status, phrase) = given.unwrap_or_else(|| (status, phrase_of(status).to_owned()));
        let own = channel.vars.get("sip_reason").map(str::to_owned);
        Self {
            cause: cause.name().to_owned(),
            is_sip: channel.kind == Kind::Sofia,
            answered: channel.answer == Answer::Answered,
            status,
            phrase,
            reason: own.unwrap_or_else(|| reason(cause.name())),
        }
    }

    /// Whether it is a CANCEL, which reaches the other end later than a refusal does.
    pub(in crate::sim) fn is_cancel(&self, inbound: bool) -> bool {
        self.is_sip && !self.answered && !inbound
    }

    /// The cause of a Q.850 reason, which the other end takes over.
    pub(in crate::sim) fn named_cause(&self) -> Option<HangupCause> {
        let number = self.reason.strip_prefix("Q.850;cause=")?.split(';').next()?.parse().ok()?;
        HangupCause::names().map(HangupCause::parse).find(|cause| cause.number() == Some(number))
    }
}

/// The `Reason` of a BYE, a CANCEL or a refusal (mod_sofia.c).
pub(in crate::sim) fn reason(cause: &str) -> String {
    let number = HangupCause::parse(cause).number().unwrap_or(16);
    match cause {
        "LOSE_RACE" | "PICKED_OFF" => "SIP;cause=200;text=\"Call completed elsewhere\"".to_owned(),
        _ if (1..128).contains(&number) => format!("Q.850;cause={number};text=\"{cause}\""),
        _ => format!("SIP;cause={number};text=\"{cause}\""),
    }
}

/// The SIP status that refuses a call for this cause (`hangup_cause_to_sip` in mod_sofia.c).
pub(in crate::sim) fn status_of(cause: &str) -> u16 {
    match cause {
        "UNALLOCATED_NUMBER" | "NO_ROUTE_TRANSIT_NET" | "NO_ROUTE_DESTINATION" => 404,
        "USER_BUSY" => 486,
        "NO_USER_RESPONSE" => 408,
        "CALL_REJECTED" | "DECLINE" | "REJECT_ALL" => 603,
        "NUMBER_CHANGED" | "REDIRECTION_TO_NEW_DESTINATION" => 410,
        "DESTINATION_OUT_OF_ORDER" | "INVALID_PROFILE" => 502,
        "INVALID_NUMBER_FORMAT" | "INVALID_URL" | "INVALID_GATEWAY" => 484,
        "FACILITY_REJECTED" | "FACILITY_NOT_IMPLEMENTED" | "SERVICE_NOT_IMPLEMENTED" => 501,
        "REQUESTED_CHAN_UNAVAIL"
        | "NORMAL_CIRCUIT_CONGESTION"
        | "NETWORK_OUT_OF_ORDER"
        | "NORMAL_TEMPORARY_FAILURE"
        | "SWITCH_CONGESTION"
        | "GATEWAY_DOWN"
        | "BEARERCAPABILITY_NOTAVAIL" => 503,
        "OUTGOING_CALL_BARRED" | "INCOMING_CALL_BARRED" | "BEARERCAPABILITY_NOTAUTH" => 403,
        "BEARERCAPABILITY_NOTIMPL" | "INCOMPATIBLE_DESTINATION" => 488,
        "RECOVERY_ON_TIMER_EXPIRE" => 504,
        "ORIGINATOR_CANCEL" => 487,
        "EXCHANGE_ROUTING_ERROR" => 483,
        "BUSY_EVERYWHERE" => 600,
        "DOES_NOT_EXIST_ANYWHERE" => 604,
        "NOT_ACCEPTABLE" => 606,
        "UNWANTED" => 607,
        _ => 480,
    }
}

/// The cause of a SIP status (`sofia_glue_sip_cause_to_freeswitch` in sofia_glue.c).
pub(in crate::sim) fn cause_of(status: u16) -> &'static str {
    match status {
        200 => "NORMAL_CLEARING",
        401 | 402 | 403 | 407 | 603 | 608 => "CALL_REJECTED",
        607 => "UNWANTED",
        404 => "UNALLOCATED_NUMBER",
        485 | 604 => "NO_ROUTE_DESTINATION",
        408 | 504 => "RECOVERY_ON_TIMER_EXPIRE",
        410 => "NUMBER_CHANGED",
        413 | 414 | 416 | 420 | 421 | 423 | 505 | 513 => "INTERWORKING",
        480 => "NO_USER_RESPONSE",
        400 | 481 | 500 | 503 => "NORMAL_TEMPORARY_FAILURE",
        486 | 600 => "USER_BUSY",
        484 => "INVALID_NUMBER_FORMAT",
        488 | 606 => "INCOMPATIBLE_DESTINATION",
        502 => "NETWORK_OUT_OF_ORDER",
        405 => "SERVICE_UNAVAILABLE",
        406 | 415 | 501 => "SERVICE_NOT_IMPLEMENTED",
        482 | 483 => "EXCHANGE_ROUTING_ERROR",
        487 => "ORIGINATOR_CANCEL",
        _ => "NORMAL_UNSPECIFIED",
    }
}

/// The words of a status.
pub(in crate::sim) fn phrase_of(status: u16) -> &'static str {
    match status {
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        410 => "Gone",
        480 => "Temporarily Unavailable",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn causes_and_statuses() {
        for (cause, status, back) in [
            ("USER_BUSY", 486, "USER_BUSY"),
            ("NO_ROUTE_DESTINATION", 404, "UNALLOCATED_NUMBER"),
            ("NO_ANSWER", 480, "NO_USER_RESPONSE"),
            ("CALL_REJECTED", 603, "CALL_REJECTED"),
            ("NORMAL_TEMPORARY_FAILURE", 503, "NORMAL_TEMPORARY_FAILURE"),
            ("USER_NOT_REGISTERED", 480, "NO_USER_RESPONSE"),
            ("DESTINATION_OUT_OF_ORDER", 502, "NETWORK_OUT_OF_ORDER"),
            ("INCOMPATIBLE_DESTINATION", 488, "INCOMPATIBLE_DESTINATION"),
        ] {
            assert_eq!((status_of(cause), cause_of(status)), (status, back), "{cause}");
            assert_ne!(phrase_of(status), "Unknown", "{status}");
        }
        for (cause, text) in [
            ("NORMAL_CLEARING", "Q.850;cause=16;text=\"NORMAL_CLEARING\""),
            ("ALLOTTED_TIMEOUT", "SIP;cause=802;text=\"ALLOTTED_TIMEOUT\""),
            ("LOSE_RACE", "SIP;cause=200;text=\"Call completed elsewhere\""),
        ] {
            assert_eq!(reason(cause), text);
            let named = Farewell::bye(cause).named_cause();
            assert_eq!(named.is_some(), text.starts_with("Q.850"), "{cause}");
        }
    }
}
