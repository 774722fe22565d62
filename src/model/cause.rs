//! Why a call ended: FreeSWITCH's hangup causes, with their Q.850 numbers and what they mean.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A hangup cause by FreeSWITCH's name. A name that we do not know is kept as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HangupCause(Cow<'static, str>);

impl HangupCause {
    /// What a normal end is called.
    pub const NORMAL_CLEARING: Self = Self(Cow::Borrowed("NORMAL_CLEARING"));

    /// Takes a name as events and replies carry it.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match known(name) {
            Some((name, ..)) => Self(Cow::Borrowed(name)),
            None => Self(Cow::Owned(name.to_owned())),
        }
    }

    /// The name, for example `USER_BUSY`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Whether FreeSWITCH 1.10 knows the name. It takes an unknown one for NORMAL_CLEARING
    /// without a word (`switch_channel_str2cause`, `src/switch_channel.c`).
    #[must_use]
    pub fn is_known(&self) -> bool {
        known(&self.0).is_some()
    }

    /// The number: Q.850 below 128, FreeSWITCH's own above.
    #[must_use]
    pub fn number(&self) -> Option<u16> {
        known(&self.0).map(|(_, number, _)| *number)
    }

    /// What it means, in a few words.
    #[must_use]
    pub fn meaning(&self) -> Option<&'static str> {
        known(&self.0).map(|(.., meaning)| *meaning)
    }

    /// Whether it is the ordinary end of a call rather than a failure.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        matches!(self.number(), Some(16))
    }

    /// All known names, in the order of their numbers.
    pub fn names() -> impl Iterator<Item = &'static str> {
        CAUSES.iter().map(|(name, ..)| *name)
    }
}

impl fmt::Display for HangupCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn known(name: &str) -> Option<&'static (&'static str, u16, &'static str)> {
    CAUSES.iter().find(|(known, ..)| *known == name)
}

/// Name, number, meaning (`src/include/switch_types.h`, `src/switch_channel.c`).
const CAUSES: &[(&str, u16, &str)] = &[
    ("NONE", 0, "no cause given"),
    ("UNALLOCATED_NUMBER", 1, "the number does not exist"),
    ("NO_ROUTE_TRANSIT_NET", 2, "no route to the transit network"),
    ("NO_ROUTE_DESTINATION", 3, "no route to the destination"),
    ("CHANNEL_UNACCEPTABLE", 6, "channel unacceptable"),
    ("CALL_AWARDED_DELIVERED", 7, "call delivered in an established channel"),
    ("NORMAL_CLEARING", 16, "hung up normally"),
    ("USER_BUSY", 17, "the called party is busy"),
    ("NO_USER_RESPONSE", 18, "the called device does not respond"),
    ("NO_ANSWER", 19, "no answer in time"),
    ("SUBSCRIBER_ABSENT", 20, "the called party is not registered"),
    ("CALL_REJECTED", 21, "the called party rejected the call"),
    ("NUMBER_CHANGED", 22, "the number has changed"),
    ("REDIRECTION_TO_NEW_DESTINATION", 23, "redirected to a new destination"),
    ("EXCHANGE_ROUTING_ERROR", 25, "routing error in the network"),
    ("DESTINATION_OUT_OF_ORDER", 27, "the destination is out of order"),
    ("INVALID_NUMBER_FORMAT", 28, "the number is incomplete or malformed"),
    ("FACILITY_REJECTED", 29, "facility rejected"),
    ("RESPONSE_TO_STATUS_ENQUIRY", 30, "response to status enquiry"),
    ("NORMAL_UNSPECIFIED", 31, "ended without a specific reason"),
    ("NORMAL_CIRCUIT_CONGESTION", 34, "no circuit available"),
    ("NETWORK_OUT_OF_ORDER", 38, "the network is out of order"),
    ("NORMAL_TEMPORARY_FAILURE", 41, "temporary failure, perhaps nothing listens there"),
    ("SWITCH_CONGESTION", 42, "the switch is congested"),
    ("ACCESS_INFO_DISCARDED", 43, "access information discarded"),
    ("REQUESTED_CHAN_UNAVAIL", 44, "the requested channel is not available"),
    ("PRE_EMPTED", 45, "pre-empted by another call"),
    ("FACILITY_NOT_SUBSCRIBED", 50, "facility not subscribed"),
    ("OUTGOING_CALL_BARRED", 52, "outgoing calls are barred"),
    ("INCOMING_CALL_BARRED", 54, "incoming calls are barred"),
    ("BEARERCAPABILITY_NOTAUTH", 57, "bearer capability not authorised"),
    ("BEARERCAPABILITY_NOTAVAIL", 58, "bearer capability not available"),
    ("SERVICE_UNAVAILABLE", 63, "the service is not available"),
    ("BEARERCAPABILITY_NOTIMPL", 65, "bearer capability not implemented"),
    ("CHAN_NOT_IMPLEMENTED", 66, "channel type not implemented, is the module loaded?"),
    ("FACILITY_NOT_IMPLEMENTED", 69, "facility not implemented"),
    ("SERVICE_NOT_IMPLEMENTED", 79, "service not implemented"),
    ("INVALID_CALL_REFERENCE", 81, "invalid call reference"),
    ("INCOMPATIBLE_DESTINATION", 88, "no common codec or an incompatible destination"),
    ("INVALID_MSG_UNSPECIFIED", 95, "invalid message"),
    ("MANDATORY_IE_MISSING", 96, "a mandatory element is missing"),
    ("MESSAGE_TYPE_NONEXIST", 97, "message type does not exist"),
    ("WRONG_MESSAGE", 98, "message not compatible with the call state"),
    ("IE_NONEXIST", 99, "information element does not exist"),
    ("INVALID_IE_CONTENTS", 100, "invalid element contents"),
    ("WRONG_CALL_STATE", 101, "message in the wrong call state"),
    ("RECOVERY_ON_TIMER_EXPIRE", 102, "no answer to a request in time"),
    ("MANDATORY_IE_LENGTH_ERROR", 103, "a mandatory element has the wrong length"),
    ("PROTOCOL_ERROR", 111, "protocol error"),
    ("INTERWORKING", 127, "interworking, the cause is not known"),
    ("SUCCESS", 142, "success"),
    ("ORIGINATOR_CANCEL", 487, "the caller hung up before the answer"),
    ("CRASH", 700, "the module crashed"),
    ("SYSTEM_SHUTDOWN", 701, "the switch shuts down"),
    ("LOSE_RACE", 702, "another device answered first"),
    ("MANAGER_REQUEST", 703, "hung up from the console"),
    ("BLIND_TRANSFER", 800, "transferred blindly"),
    ("ATTENDED_TRANSFER", 801, "transferred after a talk"),
    ("ALLOTTED_TIMEOUT", 802, "the allotted time is over"),
    ("USER_CHALLENGE", 803, "asked for a password"),
    ("MEDIA_TIMEOUT", 804, "no media arrived any more"),
    ("PICKED_OFF", 805, "picked up elsewhere"),
    ("USER_NOT_REGISTERED", 806, "the user is not registered"),
    ("PROGRESS_TIMEOUT", 807, "no ringing in time"),
    ("INVALID_GATEWAY", 808, "the gateway does not exist"),
    ("GATEWAY_DOWN", 809, "the gateway is down"),
    ("INVALID_URL", 810, "the dial string is not valid"),
    ("INVALID_PROFILE", 811, "the sofia profile does not exist"),
    ("NO_PICKUP", 812, "nothing to pick up"),
    ("SRTP_READ_ERROR", 813, "SRTP read error"),
    ("BOWOUT", 814, "a loopback leg bowed out"),
    ("BUSY_EVERYWHERE", 815, "busy everywhere"),
    ("DECLINE", 816, "declined"),
    ("DOES_NOT_EXIST_ANYWHERE", 817, "does not exist anywhere"),
    ("NOT_ACCEPTABLE", 818, "not acceptable"),
    ("UNWANTED", 819, "the call is unwanted"),
    ("NO_IDENTITY", 820, "no identity header"),
    ("BAD_IDENTITY_INFO", 821, "bad identity info"),
    ("UNSUPPORTED_CERTIFICATE", 822, "unsupported certificate"),
    ("INVALID_IDENTITY", 823, "invalid identity"),
    ("STALE_DATE", 824, "stale date"),
    ("REJECT_ALL", 825, "all calls are rejected"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn known_and_unknown() {
        let busy = HangupCause::parse("USER_BUSY");
        assert_eq!((busy.name(), busy.number(), busy.is_normal()), ("USER_BUSY", Some(17), false));
        let new = HangupCause::parse("CAUSE_OF_TOMORROW");
        assert_eq!((new.name(), new.number(), new.is_known()), ("CAUSE_OF_TOMORROW", None, false));
        assert!(HangupCause::NORMAL_CLEARING.is_normal());
        assert_eq!(HangupCause::parse("NORMAL_CLEARING"), HangupCause::NORMAL_CLEARING);
    }

    #[limited::test]
    fn the_table_is_in_order_and_without_doubles() {
        assert!(CAUSES.is_sorted_by(|a, b| a.1 < b.1));
    }
}
