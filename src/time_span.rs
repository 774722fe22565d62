//! How long something takes, as people type it: `500ms`, `10s`, `1.5 h`, `1h30m`.

use std::time::Duration;

/// What a number alone counts in most places.
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Reads a number of `unit`s, or a span with units.
pub(crate) fn parse_in(text: &str, unit: Duration) -> Option<Duration> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return times(text, unit.as_secs_f64());
    }
    parse(text)
}

/// Reads a span whose every number has a unit: `500ms`, `90s`, `2 min`, `1h 30m`, `3d`.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let (mut sum, mut rest) = (Duration::ZERO, text.trim());
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let end = after.find(|letter: char| !letter.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let seconds = match unit.to_ascii_lowercase().as_str() {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            _ => return None,
        };
        sum = sum.checked_add(times(number, seconds)?)?;
        rest = after.trim_start();
    }
    Some(sum)
}

fn times(number: &str, seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn spans_of_every_unit() {
        for (text, milliseconds) in [
            ("500ms", Some(500)),
            ("35ms", Some(35)),
            ("500 ms", Some(500)),
            ("90s", Some(90_000)),
            ("1.5 s", Some(1500)),
            ("10sec", Some(10_000)),
            ("2m", Some(120_000)),
            ("2 min", Some(120_000)),
            ("1m30s", Some(90_000)),
            ("1h30m", Some(5_400_000)),
            ("1h 30m", Some(5_400_000)),
            ("1.5H", Some(5_400_000)),
            (" 3d ", Some(259_200_000)),
            ("0s", Some(0)),
            ("s", None),
            ("1x", None),
            ("1s5", None),
            ("-1s", None),
            ("+1s", None),
            ("1e3s", None),
            ("1.2.3s", None),
            ("99999999999999999999999d", None),
            ("soon", None),
            ("", None),
            (" ", None),
        ] {
            let span = milliseconds.map(Duration::from_millis);
            assert_eq!(parse(text), span, "{text:?}");
            assert_eq!(parse_in(text, SECOND), span, "{text:?}");
        }
    }

    #[limited::test]
    fn a_number_alone_counts_the_unit() {
        for (number, unit, milliseconds) in [
            ("90", SECOND, Some(90_000)),
            (" 0.5 ", SECOND, Some(500)),
            ("500", Duration::from_millis(1), Some(500)),
            ("0", SECOND, Some(0)),
            (".", SECOND, None),
            ("-1", SECOND, None),
            ("1e3", SECOND, None),
            ("inf", SECOND, None),
            ("NaN", SECOND, None),
        ] {
            assert_eq!(parse_in(number, unit), milliseconds.map(Duration::from_millis), "{number}");
            assert_eq!(parse(number), None, "{number}");
        }
    }
}
