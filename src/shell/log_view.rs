//! Which log lines are shown, and what stands in front of them.

use super::sanitise;
use crate::wire::LogLine;

/// A choice among log lines. Lines that belong to no call are always shown, as in fs_cli.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogView {
    /// Only lines of this call.
    pub uuid: Option<String>,
    /// Only lines with this text in them.
    pub text: Option<String>,
    /// How the call's uuid is shown.
    pub prefix: Prefix,
}

/// How much of the call's uuid stands in front of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prefix {
    /// Nothing.
    #[default]
    Off,
    /// Its first eight characters.
    Short,
    /// All of it.
    Full,
}

impl LogView {
    /// Whether a line is shown.
    pub(super) fn shows(&self, line: &LogLine) -> bool {
        let owner = line.user_data();
        let is_callers = owner.is_empty() || self.uuid.as_ref().is_none_or(|uuid| *uuid == owner);
        is_callers && self.text.as_ref().is_none_or(|text| line.text().contains(text))
    }

    /// What stands in front of a line.
    pub(super) fn prefix_of(&self, line: &LogLine) -> String {
        let owner = line.user_data();
        let shown = match self.prefix {
            Prefix::Off => "",
            Prefix::Short => owner.get(..8).unwrap_or(&owner),
            Prefix::Full => &owner,
        };
        if shown.is_empty() { String::new() } else { format!("{} ", sanitise::line(shown)) }
    }
}
