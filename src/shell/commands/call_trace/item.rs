//! What happened, as one line and in full.

use crate::shell::view::span;
use serde_json::json;
use std::borrow::Cow;

use crate::model::Event;
use crate::shell::view::Cell;
use crate::wire::EventData;

/// Something that happened to the call.
#[derive(Debug)]
pub(in crate::shell) struct Item {
    /// When, in microseconds since 1970, by the server's clock.
    pub(super) at: u64,
    pub(super) leg: Option<usize>,
    /// `event`, `log` or `sip`.
    pub(super) kind: &'static str,
    /// In one line.
    pub(super) text: String,
    /// All of it.
    pub(super) full: String,
}

impl Item {
    /// As people read it, with the time since the beginning. A SIP message is several lines.
    pub(super) fn lines(&self, began: u64) -> Vec<String> {
        let delta = self.delta(began);
        let leg = self.leg.map_or_else(|| " ".to_owned(), letter);
        let mark = if self.kind == "event" { "" } else { self.kind };
        let first = format!(
            "{delta:>9} {leg} {mark:<4}{}{}",
            if mark.is_empty() { "" } else { " " },
            self.text
        );
        let mut lines = vec![first];
        if self.kind == "sip" {
            lines.extend(self.full.lines().map(|line| format!("{:>17}{line}", "")));
        }
        lines
    }

    fn delta(&self, began: u64) -> String {
        if self.at < began { "before".to_owned() } else { format!("+{}", span(self.at - began)) }
    }

    pub(super) fn row(&self, began: u64) -> Vec<Cell> {
        let delta = self.at.saturating_sub(began) / 1000;
        vec![
            Cell::shown(self.at.to_string(), json!(self.at)),
            Cell::number(delta),
            self.leg.map_or_else(Cell::none, |leg| Cell::text(&letter(leg))),
            Cell::text(self.kind),
            Cell::text(&self.text),
        ]
    }
}

/// Describes an event of a leg; `None` for those that say what another one says. `name_of` gives
/// the letter of a leg.
pub(super) fn describe(event: &Event, name_of: impl Fn(&str) -> String) -> Option<String> {
    let get = |name: &str| event.get(name).unwrap_or_default();
    Some(match &*event.kind() {
        "CHANNEL_CREATE" => format!(
            "new, {} {} -> {}, {}",
            get("Call-Direction"),
            get("Caller-Caller-ID-Number"),
            get("Caller-Destination-Number"),
            get("Channel-Name")
        ),
        "CHANNEL_PROGRESS" => "rings".to_owned(),
        "CHANNEL_PROGRESS_MEDIA" => "early media".to_owned(),
        "CHANNEL_ANSWER" => "answered".to_owned(),
        "CHANNEL_EXECUTE" => {
            format!("runs {} {}", get("Application"), get("Application-Data")).trim_end().to_owned()
        }
        "CHANNEL_EXECUTE_COMPLETE" => match &*get("Application-Response") {
            "" | "_none_" => format!("{} is over", get("Application")),
            response => format!("{} is over: {response}", get("Application")),
        },
        "CHANNEL_BRIDGE" => format!("bridged with {}", name_of(&get("Other-Leg-Unique-ID"))),
        "CHANNEL_UNBRIDGE" => "no longer bridged".to_owned(),
        "CHANNEL_HOLD" => "held".to_owned(),
        "CHANNEL_UNHOLD" => "off hold".to_owned(),
        "CHANNEL_PARK" => "parked".to_owned(),
        "CHANNEL_UNPARK" => "no longer parked".to_owned(),
        "CHANNEL_UUID" => format!("was {} before", get("Old-Unique-ID")),
        "DTMF" => format!("pressed {}", get("DTMF-Digit")),
        "PLAYBACK_START" => format!("plays {}", get("Playback-File-Path")),
        "PLAYBACK_STOP" => format!("stopped playing ({})", get("Playback-Status")),
        "RECORD_START" => format!("recorded to {}", get("Record-File-Path")),
        "RECORD_STOP" => "no longer recorded".to_owned(),
        "CHANNEL_HANGUP" => format!("hangup {}", get("Hangup-Cause")),
        "CHANNEL_HANGUP_COMPLETE" => {
            let part = |name: &str| event.variable(name).filter(|text| !text.is_empty());
            let status = part("sip_term_status").or_else(|| part("sip_invite_failure_status"));
            let parts: Vec<Cow<'_, str>> = [
                status.map(|status| Cow::Owned(format!("SIP {status}"))),
                part("sip_hangup_disposition"),
                part("billsec").map(|seconds| Cow::Owned(format!("{seconds} s billed"))),
            ]
            .into_iter()
            .flatten()
            .collect();
            format!("over: {} ({})", get("Hangup-Cause"), parts.join(", "))
        }
        "CHANNEL_DESTROY" => "gone".to_owned(),
        "CHANNEL_CALLSTATE" | "CHANNEL_STATE" | "CALL_UPDATE" | "CHANNEL_ORIGINATE"
        | "HEARTBEAT" => {
            return None;
        }
        other => other.to_owned(),
    })
}

/// All headers, one a line.
pub(super) fn headers(event: &EventData) -> String {
    let mut text = String::new();
    event.scan(|field| {
        text.push_str(&String::from_utf8_lossy(field.name));
        text.push_str(": ");
        text.push_str(&field.value());
        text.push('\n');
        true
    });
    text
}

/// The time that a log line begins with; it is the server's local one, so only its seconds within
/// the day are taken, near a time that is known.
pub(super) fn time_of(text: &str, near: u64) -> u64 {
    let clock = text.split(' ').nth(1).unwrap_or_default();
    micros_of_day(clock).map_or(near, |at| on_day(at, near))
}

/// `03:46:37.444208` in microseconds.
pub(super) fn micros_of_day(clock: &str) -> Option<u64> {
    let (time, micros) = clock.split_once('.')?;
    let mut parts = time.split(':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let micros: u64 = micros.get(..6)?.parse().ok()?;
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros)
}

/// The time next to `near` that has this place within a quarter of an hour: time zones differ by
/// whole quarters.
pub(super) fn on_day(at: u64, near: u64) -> u64 {
    const QUARTER: u64 = 900_000_000;
    let (at, base) = (at % QUARTER, near - near % QUARTER);
    let found = base + at;
    if found > near + QUARTER / 2 {
        found.saturating_sub(QUARTER)
    } else if found + QUARTER / 2 < near {
        found + QUARTER
    } else {
        found
    }
}

/// A log line without date, time and load.
pub(super) fn without_stamp(text: &str) -> String {
    let level = text.find(" [").and_then(|at| text.get(at + 1..));
    level
        .filter(|_| text.starts_with(|first: char| first.is_ascii_digit()))
        .unwrap_or(text)
        .to_owned()
}

/// A, B, ... for the legs.
pub(super) fn letter(at: usize) -> String {
    let letter = u8::try_from(at).ok().filter(|at| *at < 26).map(|at| char::from(b'A' + at));
    letter.map_or_else(|| format!("#{at}"), |letter| letter.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn log_lines_find_their_time_in_any_zone() {
        let near = 1_795_374_480_000_000;
        let line = "2026-11-22 21:08:01.250000 97.17% [INFO] a.c:1 text";
        assert_eq!(time_of(line, near), near + 1_250_000);
        assert_eq!(time_of("no stamp", near), near);
        assert_eq!(without_stamp(line), "[INFO] a.c:1 text");
        assert_eq!(
            on_day(micros_of_day("00:00:00.000000").unwrap(), near - near % 900_000_000),
            near - near % 900_000_000
        );
    }
}
