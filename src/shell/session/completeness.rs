//! Whether a list is whole: what is not known is an error, never an empty list.

use super::switch::Switch;
use crate::listener::Snapshot;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::view::counted;

/// Why a list may lack something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::shell) enum Gap {
    /// The list could not be had; only what events reported since then is known.
    Unknown {
        /// Which failure it is.
        kind: Kind,
        /// Why.
        reason: String,
    },
    /// Some rows could not be read.
    Rows(usize),
}

/// Why the calls that this shell follows may not be all of the switch.
pub(in crate::shell) fn of_calls(switch: &Switch) -> Option<Gap> {
    // A recording holds what it holds.
    if switch.is_recording() {
        return None;
    }
    let listener = switch.listener();
    let unknown = |kind, reason: &str| Some(Gap::Unknown { kind, reason: reason.to_owned() });
    if !listener.is_connected() {
        return unknown(Kind::Connection, "the connection for events is lost");
    }
    match listener.snapshot_state() {
        Snapshot::Complete => None,
        Snapshot::NotTaken => unknown(Kind::Refused, "the switch was not asked yet"),
        Snapshot::Missing { reason } => unknown(Kind::Refused, &reason),
        Snapshot::Partial { unreadable } => Some(Gap::Rows(unreadable)),
    }
}

/// That some rows of a reply are left out.
pub(in crate::shell) fn lost_rows(count: usize) -> CommandError {
    let message = format!("{} of the server's reply could not be read", counted(count, "row"));
    CommandError::new(Kind::Partial, message).hint("the other rows are complete")
}

impl Gap {
    /// As the error that a command ends with.
    pub(in crate::shell) fn error(self, things: &str) -> CommandError {
        match self {
            Self::Unknown { kind, reason } => {
                let hint = match kind {
                    Kind::Connection => "\"connect\" connects again",
                    _ => {
                        "calls are known from their next event on; \"doctor\" checks the rights \
                          of this login"
                    }
                };
                CommandError::new(kind, format!("not all {things} are known: {reason}")).hint(hint)
            }
            Self::Rows(count) => lost_rows(count),
        }
    }
}
