//! Times as text and back.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};

const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

fn format(format: &str, at: &ZonedDateTime) -> Option<String> {
    jiff::fmt::strtime::format(format.replace("%T", "%H:%M:%S"), at).ok()
}

/// `strftime [FORMAT]`, or `strftime SECONDS|FORMAT`: the real one then cuts the first letter off
/// the format.
pub(in crate::sim) fn strftime(world: &mut World, asked: &ApiCall) -> Outcome {
    let (at, text) = match asked.args.split_once('|') {
        Some((seconds, text)) => {
            match seconds.parse().ok().and_then(|s| Timestamp::from_second(s).ok()) {
                Some(at) => (at, text.get(1..).unwrap_or_default()),
                None => (world.time(), text),
            }
        }
        None => (world.time(), asked.args.as_str()),
    };
    let text = if text.is_empty() { FORMAT } else { text };
    format(text, &at.to_zoned_datetime(TimeZone::UTC)).unwrap_or_default().into()
}

/// `strftime_tz ZONE [SECONDS|]FORMAT`.
pub(in crate::sim) fn strftime_tz(world: &mut World, asked: &ApiCall) -> Outcome {
    const INVALID: &str = "-ERR Invalid timezone/format\n";
    let (zone, text) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    let zone = match zone {
        "" | "UTC" | "GMT" => Some(TimeZone::UTC),
        zone => TimeZone::get(zone).ok(),
    };
    let Some(zone) = zone else { return INVALID.into() };
    let (seconds, text) = text.split_once('|').unwrap_or(("", text));
    let given = seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let at = given.unwrap_or_else(|| world.time()).to_zoned_datetime(zone);
    let text = if text.is_empty() { FORMAT } else { text };
    match format(text, &at) {
        Some(text) => text.into(),
        None => INVALID.into(),
    }
}

/// Microseconds of a date in UTC, or of now; 0 for what is no date.
fn micros(world: &World, text: &str) -> i64 {
    if text.is_empty() {
        return world.time().as_microsecond();
    }
    let date: Option<DateTime> = text.parse().ok();
    let zoned = date.and_then(|date| date.to_zoned_datetime(TimeZone::UTC).ok());
    zoned.map_or(0, |zoned| zoned.timestamp().as_microsecond())
}

pub(in crate::sim) fn strepoch(world: &mut World, asked: &ApiCall) -> Outcome {
    (micros(world, &asked.args) / 1_000_000).to_string().into()
}

pub(in crate::sim) fn strmicroepoch(world: &mut World, asked: &ApiCall) -> Outcome {
    micros(world, &asked.args).to_string().into()
}
