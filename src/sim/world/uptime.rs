//! The time since the start, in words.

pub(in crate::sim) struct Up {
    pub(in crate::sim) years: u64,
    pub(in crate::sim) days: u64,
    pub(in crate::sim) hours: u64,
    pub(in crate::sim) minutes: u64,
    pub(in crate::sim) seconds: u64,
    pub(in crate::sim) milliseconds: u64,
    pub(in crate::sim) microseconds: u64,
}

pub(in crate::sim) fn split(micros: u64) -> Up {
    let seconds = micros / 1_000_000;
    let days = seconds / 86_400;
    Up {
        years: days / 365,
        days: days % 365,
        hours: seconds / 3600 % 24,
        minutes: seconds / 60 % 60,
        seconds: seconds % 60,
        milliseconds: micros / 1000 % 1000,
        microseconds: micros % 1000,
    }
}

/// Time since the start, in words.
pub(in crate::sim) fn up_time(micros: u64) -> String {
    let up = split(micros);
    [
        (up.years, "year"),
        (up.days, "day"),
        (up.hours, "hour"),
        (up.minutes, "minute"),
        (up.seconds, "second"),
        (up.milliseconds, "millisecond"),
        (up.microseconds, "microsecond"),
    ]
    .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
    .join(", ")
}
