//! A time that was typed.

use std::time::Duration;

use super::error::CommandError;
use crate::time_span::{SECOND, parse_in};

/// How a time is typed.
pub(in crate::shell) const FORMS: &str = "like this: 500ms, 90s, 2m, 1h30m";

/// Reads a time; a number alone counts seconds.
pub(in crate::shell) fn duration(text: &str) -> Result<Duration, CommandError> {
    parse_in(text, SECOND).ok_or_else(|| {
        CommandError::usage(format!("{text:?} is not a time span"))
            .hint(format!("{FORMS}; a number alone counts seconds"))
    })
}

/// As [`duration`], for what FreeSWITCH counts in whole seconds.
pub(in crate::shell) fn whole_seconds<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let span = parse_in(text, SECOND).filter(|span| span.subsec_nanos() == 0);
    span.and_then(|span| T::try_from(span.as_secs()).ok())
        .ok_or_else(|| "a number of whole seconds, or with a unit: 10s, 2m, 1h30m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn whole_seconds_of_every_spelling() {
        for (text, seconds) in
            [("5", Some(5)), ("10s", Some(10)), ("2m", Some(120)), ("1h30m", Some(5400))]
        {
            assert_eq!(whole_seconds::<u32>(text).ok(), seconds, "{text}");
        }
        for text in ["", "soon", "-1", "0.5", "500ms", "99999999999", "5x"] {
            assert!(whole_seconds::<u32>(text).is_err_and(|err| err.contains("1h30m")), "{text}");
            assert_eq!(duration(text).is_err(), !matches!(text, "0.5" | "500ms" | "99999999999"));
        }
    }
}
