//! Points in time as operators type them: `14:00`, `14:00:05`, `2026-11-30`, `2026-11-30T14:00:00Z`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

/// The microseconds since 1970 that a text covers, from the first up to and without the second:
/// `14:00` is a minute. A time of day is the latest one that is not after `now`; without a zone it
/// is in `zone`. `None` for what is not a point in time.
pub(super) fn span(text: &str, now: Timestamp, zone: &TimeZone) -> Option<(i64, i64)> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(covered(at, precision(text)));
    }
    if let Some((time, length)) = time_of_day(text) {
        let today = now.to_zoned_datetime(zone.clone());
        let at = |day: Date| day.to_datetime(time).to_zoned_datetime(zone.clone()).ok();
        let at = match at(today.date())? {
            later if later.timestamp() > now => at(today.date().yesterday().ok()?)?,
            earlier => earlier,
        };
        return Some(covered(at.timestamp(), length));
    }
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time_of_day(time)?)),
        None => (text, None),
    };
    // Ten letters: `2026-1-2` is a slip more often than a date.
    let date: Date = Some(date).filter(|date| date.len() == 10)?.parse().ok()?;
    let local = |at: DateTime| {
        at.to_zoned_datetime(zone.clone()).ok().map(|at: ZonedDateTime| at.timestamp())
    };
    match time {
        Some((time, length)) => Some(covered(local(date.to_datetime(time))?, length)),
        None => {
            let end = local(date.tomorrow().ok()?.to_datetime(Time::midnight()))?;
            let begin = local(date.to_datetime(Time::midnight()))?;
            Some((begin.as_microsecond(), end.as_microsecond()))
        }
    }
}

fn covered(at: Timestamp, length: SignedDuration) -> (i64, i64) {
    let begin = at.as_microsecond();
    let length = i64::try_from(length.as_micros()).unwrap_or(0);
    (begin, begin.saturating_add(length.max(1)))
}

/// `14:00` or `14:00:05`, and how long it lasts.
fn time_of_day(text: &str) -> Option<(Time, SignedDuration)> {
    let is_one = |letter: char| letter.is_ascii_digit() || matches!(letter, ':' | '.');
    if !text.contains(':') || !text.chars().all(is_one) {
        return None;
    }
    // `9:05` is a time of day, too.
    let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text.to_owned() };
    Some((padded.parse().ok()?, precision(&padded)))
}

/// What the last part that was typed stands for.
fn precision(text: &str) -> SignedDuration {
    let clock = text.split_once(['T', ' ']).map_or(text, |(_, clock)| clock);
    let clock = clock.split(['Z', 'z', '+', '-']).next().unwrap_or(clock);
    match clock.matches(':').count() {
        _ if clock.contains('.') => SignedDuration::from_micros(1),
        0 | 1 => SignedDuration::from_mins(1),
        _ => SignedDuration::from_secs(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn points_in_time_and_what_they_cover() {
        let now: Timestamp = "2026-11-30T15:30:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        for (text, begin, seconds) in [
            ("14:00", "2026-11-30T13:00:00Z", 60),
            ("9:05", "2026-11-30T08:05:00Z", 60),
            ("14:00:05", "2026-11-30T13:00:05Z", 1),
            // Later than now: that of yesterday.
            ("23:00", "2026-11-29T22:00:00Z", 60),
            ("2026-11-30T14:00:00Z", "2026-11-30T14:00:00Z", 1),
            ("2026-11-30T14:00:00+02:00", "2026-11-30T12:00:00Z", 1),
            ("2026-11-30T14:00", "2026-11-30T13:00:00Z", 60),
            ("2026-11-30 14:00:07", "2026-11-30T13:00:07Z", 1),
            ("2026-11-30", "2026-11-29T23:00:00Z", 86_400),
        ] {
            let begin = begin.parse::<Timestamp>().unwrap().as_microsecond();
            let wanted = Some((begin, begin + seconds * 1_000_000));
            assert_eq!(span(text, now, &zone), wanted, "{text}");
        }
        for text in
            ["", "x", "14", "14:", "25:00", "14:61", "2026-13-01", "2026-1-2", "1:2:3:4", "-1"]
        {
            assert_eq!(span(text, now, &zone), None, "{text}");
        }
    }
}
