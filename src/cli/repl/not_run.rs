//! Why lines did not run.

use super::running::brief;
use crate::shell::{CommandError, Kind};

/// A defect of ours, in words that help to report it.
pub(super) fn panicked(line: &str, text: &str) -> CommandError {
    let line = brief(line);
    CommandError::new(Kind::Refused, format!("\"{line}\" failed inside the shell: {text}"))
        .hint("this is a defect of the shell; the connections and everything else go on")
}

pub(in crate::cli) const NOT_RUN: &str = "nothing was run";
