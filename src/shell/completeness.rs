//! Whether a list is whole: what is not known is an error, never an empty list.

use serde_json::Value;

use super::render::{View, counted};
use super::{CommandError, Context, Format, Kind, Switch};
use crate::listener::Snapshot;

/// Why a list may lack something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gap {
    /// The list could not be had; only what events told since then is known.
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
pub(super) fn of_calls(switch: &Switch) -> Option<Gap> {
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
pub(super) fn lost_rows(count: usize) -> CommandError {
    let message = format!("{} of the server's reply could not be read", counted(count, "row"));
    CommandError::new(Kind::Partial, message).hint("the other rows are complete")
}

impl Gap {
    /// As the error that a command ends with.
    pub(super) fn error(self, things: &str) -> CommandError {
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

impl Context<'_> {
    /// That all calls of the switch are known.
    ///
    /// # Errors
    /// Why they are not. Rows that could not be read are no error here: what they hold is unknown,
    /// the calls of the others are not.
    pub(super) fn all_calls_known(&self) -> Result<(), CommandError> {
        match of_calls(&*self.switch()?) {
            Some(gap @ Gap::Unknown { .. }) => Err(gap.error("calls")),
            Some(Gap::Rows(_)) | None => Ok(()),
        }
    }

    /// That no row of the switch's table was lost: for what acted on all that are known.
    ///
    /// # Errors
    /// How many were.
    pub(super) fn no_rows_lost(&self) -> Result<(), CommandError> {
        match of_calls(&*self.switch()?) {
            Some(gap @ Gap::Rows(_)) => {
                Err(gap.error("calls").hint("calls may be left that this shell does not know"))
            }
            _ => Ok(()),
        }
    }

    /// Writes a list of what events tell, and ends with an error when it may lack something.
    /// `is_sum` says that the view only counts.
    pub(super) fn followed(
        &mut self,
        view: &View,
        is_sum: bool,
        things: &str,
    ) -> Result<(), CommandError> {
        let gap = of_calls(&*self.switch()?);
        match gap {
            None => self.view(view),
            Some(gap @ Gap::Rows(_)) => {
                self.view(view)?;
                Err(gap.error(things))
            }
            Some(gap) if is_sum || view.is_empty() => {
                self.nothing_known()?;
                Err(gap.error(things))
            }
            Some(gap) => {
                self.view(view)?;
                if self.format() == Format::Table {
                    self.line(&format!("these {things} are known from events, there may be more"))?;
                }
                Err(gap.error(things))
            }
        }
    }

    /// Writes a table of the server; ends with an error when rows of it could not be read.
    pub(super) fn table(&mut self, view: &View) -> Result<(), CommandError> {
        self.view(view)?;
        match view.unreadable() {
            0 => Ok(()),
            count => Err(lost_rows(count)),
        }
    }

    /// Passes a table of the server on. Where there is none, JSON says so, too.
    pub(super) fn known(
        &mut self,
        table: Result<View, CommandError>,
    ) -> Result<View, CommandError> {
        if table.is_err() {
            self.nothing_known()?;
        }
        table
    }

    /// Writes `null` where JSON is wanted: an error says why.
    pub(super) fn nothing_known(&mut self) -> Result<(), CommandError> {
        if self.format() == Format::Json {
            return self.line(&Value::Null.to_string());
        }
        Ok(())
    }
}
