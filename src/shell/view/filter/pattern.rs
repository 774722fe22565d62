//! A text to look for: as it is, or as a regular expression.

use regex_lite::{Regex, RegexBuilder};

use crate::shell::text::error::CommandError;

/// What `~` and `grep` look for, without regard to case.
#[derive(Debug, Clone)]
pub(in crate::shell) enum Pattern {
    /// This text, in lower case.
    Text(String),
    /// A regular expression.
    Regex(Regex),
}

impl Pattern {
    /// Reads `TEXT` or `/EXPRESSION/`.
    pub(in crate::shell) fn parse(text: &str) -> Result<Self, CommandError> {
        let inner = text.strip_prefix('/').and_then(|text| text.strip_suffix('/'));
        let Some(inner) = inner.filter(|inner| !inner.is_empty()) else {
            return Ok(Self::Text(text.to_lowercase()));
        };
        let regex = RegexBuilder::new(inner).case_insensitive(true).build();
        regex.map(Self::Regex).map_err(|err| {
            CommandError::usage(format!("/{inner}/ is not a regular expression: {err}"))
                .hint("without the slashes it is looked for as it is")
        })
    }

    /// Whether the text holds it.
    pub(in crate::shell) fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Text(wanted) => text.contains(wanted) || text.to_lowercase().contains(wanted),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}
