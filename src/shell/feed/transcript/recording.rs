//! A transcript read back, a line at a time.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::model::Event;
use crate::shell::text::error::CommandError;
use crate::shell::text::sanitise;
use crate::track::Leg;
use crate::wire::{Decoder, EventData, Format, Frame, LogLine, encode};

/// What a line holds that matters for a replay.
pub(in crate::shell) enum Entry {
    /// An event; its call when that was the shell's own, the command of its job likewise.
    Event {
        switch: String,
        event: Event,
        own: Option<String>,
        command: Option<String>,
    },
    Log {
        switch: String,
        log: LogLine,
    },
    /// The legs of the calls that ran, and the time by the server.
    State {
        switch: String,
        legs: Vec<Leg>,
        server_time: u64,
    },
    /// The names of loaded apps by their ids.
    Apps {
        switch: String,
        apps: Vec<(String, String)>,
    },
    /// The connection was lost, or is there again.
    Link {
        switch: String,
        is_up: bool,
        why: String,
    },
    /// What was typed.
    Command {
        switch: String,
        line: String,
    },
    /// How it failed.
    Failure(String),
    /// Entries that the disk was too slow for.
    Lost(u64),
}

/// A file that is read.
pub(in crate::shell) struct Recording {
    shown: String,
    lines: BufReader<File>,
    number: usize,
    /// What is read and not taken yet.
    ready: VecDeque<(Timestamp, Entry)>,
    sockets: Sockets,
    began: Option<Timestamp>,
}

impl Recording {
    /// Opens a transcript, or what `switchy sim --record` wrote.
    ///
    /// # Errors
    /// A usage error when the file cannot be read, or its first line is of neither form.
    pub(in crate::shell) fn open(path: &Path) -> Result<Self, CommandError> {
        let shown = path.display().to_string();
        let shown = sanitise::line(&shown).into_owned();
        let unread = |err: std::io::Error| {
            CommandError::usage(format!("cannot read {shown}: {err}"))
                .hint("\"transcript start FILE\" writes what can be replayed")
        };
        let file = File::open(path).map_err(unread)?;
        if file.metadata().map_err(unread)?.is_dir() {
            return Err(CommandError::usage(format!("{shown} is a folder")));
        }
        let mut recording = Self {
            shown,
            lines: BufReader::new(file),
            number: 0,
            ready: VecDeque::new(),
            sockets: Sockets::default(),
            began: None,
        };
        let is_there = recording
            .line()
            .map_err(|err| err.hint("\"transcript start FILE\" writes what can be replayed"))?;
        if !is_there {
            return Err(CommandError::usage(format!("{} is empty", recording.shown)));
        }
        Ok(recording)
    }

    /// The next entry and when it was written, by the clock of the machine that wrote it.
    ///
    /// # Errors
    /// A usage error with file and line where it cannot be read any further.
    pub(in crate::shell) fn next(&mut self) -> Result<Option<(Timestamp, Entry)>, CommandError> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            if !self.line()? {
                return Ok(None);
            }
        }
    }

    /// Reads a line; `false` at the end.
    fn line(&mut self) -> Result<bool, CommandError> {
        let mut line = Vec::new();
        let read = (&mut self.lines).take(LONGEST).read_until(b'\n', &mut line);
        self.number += 1;
        let read = read.map_err(|err| self.broken(&err.to_string()))?;
        if read == 0 {
            return Ok(false);
        }
        if line.trim_ascii().is_empty() {
            return Ok(true);
        }
        let is_cut = line.last() != Some(&b'\n');
        let value: Value = serde_json::from_slice(&line).map_err(|err| {
            let why = err.to_string();
            let why = why.rsplit_once(" at line").map_or(why.as_str(), |(why, _)| why);
            match is_cut {
                true if u64::try_from(read).unwrap_or(LONGEST) >= LONGEST => {
                    self.broken("the line is too long")
                }
                true => self.broken("the last line is cut off"),
                false => self.broken(&format!("no JSON: {why}")),
            }
        })?;
        self.take(&value).map_err(|why| self.broken(&why))?;
        Ok(true)
    }

    fn broken(&self, why: &str) -> CommandError {
        CommandError::usage(format!("{}:{}: {}", self.shown, self.number, sanitise::line(why)))
    }

    fn take(&mut self, line: &Value) -> Result<(), String> {
        let kind = line.get("kind").and_then(Value::as_str);
        if kind.is_none() {
            return self.sockets.take(line, &mut self.ready);
        }
        let time = line.get("time").and_then(Value::as_str).unwrap_or_default();
        let at: Timestamp = time
            .parse()
            .map_err(|_none| format!("{time:?} is not a time, as 2026-11-22T19:15:39Z"))?;
        self.began.get_or_insert(at);
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        let switch = text("switch").to_owned();
        let some = |name: &str| line.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| line.get(name).and_then(Value::as_u64).unwrap_or(0);
        let object = |name: &str| {
            let object = line.get(name).and_then(Value::as_object);
            object.ok_or_else(|| format!("{} without {name}", kind.unwrap_or_default()))
        };
        let entry = match kind.unwrap_or_default() {
            "start" if number("form") > FORM => {
                let by = text("switchy");
                return Err(format!("written by a later version of this program: {by}"));
            }
            "start" if number("form") == 0 => return Err("a start without a form".to_owned()),
            "event" => {
                let event = event(object("headers")?, line.get("body").and_then(Value::as_str));
                Entry::Event { switch, event, own: some("own"), command: some("command") }
            }
            "log" => Entry::Log { switch, log: log(object("headers")?, text("text")) },
            "state" => {
                let legs = line.get("legs").cloned().unwrap_or_default();
                let legs = serde_json::from_value(legs).map_err(|err| err.to_string())?;
                Entry::State { switch, legs, server_time: number("server_time") }
            }
            "apps" => {
                let apps = object("apps")?.iter();
                let apps = apps
                    .map(|(id, name)| (name.as_str().unwrap_or_default().to_owned(), id.clone()));
                Entry::Apps { switch, apps: apps.collect() }
            }
            "link" => {
                Entry::Link { switch, is_up: text("state") == "up", why: text("why").to_owned() }
            }
            "command" => Entry::Command { switch, line: text("line").to_owned() },
            "reply" => match line.get("error").and_then(Value::as_str) {
                Some(error) if !error.is_empty() => Entry::Failure(error.to_owned()),
                _ => return Ok(()),
            },
            "lost" => Entry::Lost(number("count")),
            // A later version may write more.
            _ => return Ok(()),
        };
        self.ready.push_back((at, entry));
        Ok(())
    }

    /// A moment: with date and zone, or a time of the recording's first day in the zone of this
    /// machine.
    ///
    /// # Errors
    /// A usage error.
    pub(in crate::shell) fn moment(&self, text: &str) -> Result<Timestamp, CommandError> {
        let first = self.began.or_else(|| self.ready.front().map(|(at, _)| *at));
        let of_day = || {
            let time: jiff::civil::Time = text.parse().ok()?;
            let day = first?.to_zoned_datetime(TimeZone::system()).date();
            Some(day.to_datetime(time).to_zoned_datetime(TimeZone::system()).ok()?.timestamp())
        };
        text.parse().ok().or_else(of_day).ok_or_else(|| {
            CommandError::usage(format!("{text:?} is not a time"))
                .hint("a time of day, 19:15:39, or one with date and zone: 2026-11-22T19:15:39Z")
        })
    }
}

/// The form of the file that this version writes, and the latest that it reads.
pub(super) const FORM: u64 = 1;

/// The longest line, in bytes: the state of some ten thousand legs.
const LONGEST: u64 = 64 << 20;

fn event(headers: &Map<String, Value>, body: Option<&str>) -> Event {
    let text = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Array(items) => {
                let items = items.iter().map(|item| item.as_str().unwrap_or_default());
                format!("ARRAY::{}", items.collect::<Vec<_>>().join("|:"))
            }
            other => other.to_string(),
        };
        (name.clone(), value)
    };
    let is_own = |(name, _): &(&String, &Value)| *name != "Content-Length" && *name != "_body";
    let headers: Vec<_> = headers.iter().filter(is_own).map(text).collect();
    // JSON takes every value as it is; percent signs would be read twice in plain.
    let bytes = encode::event_body(Format::Json, &headers, body.map(str::as_bytes));
    Event::new(EventData::new(Format::Json, Bytes::from(bytes)))
}

fn log(headers: &Map<String, Value>, text: &str) -> LogLine {
    let plain = |text: &str| text.replace(['\r', '\n'], " ");
    let lines = headers.iter().map(|(name, value)| {
        format!("{}: {}\n", plain(name), plain(value.as_str().unwrap_or_default()))
    });
    let headers: String = lines.collect();
    LogLine::new(Bytes::from(headers), Bytes::copy_from_slice(text.as_bytes()))
}

/// The connections of a recorded simulated switch.
#[derive(Default)]
struct Sockets {
    streams: HashMap<u64, (Decoder, BytesMut)>,
    /// An event that several connections got is one.
    seen: HashSet<u64>,
}

impl Sockets {
    fn take(
        &mut self,
        line: &Value,
        ready: &mut VecDeque<(Timestamp, Entry)>,
    ) -> Result<(), String> {
        let from = line.get("from").and_then(Value::as_str);
        let data = line.get("data").and_then(Value::as_str);
        let (Some(from), Some(data)) = (from, data) else {
            return Err("neither a line of a transcript nor of a recorded switch".to_owned());
        };
        if from != "server" {
            return Ok(());
        }
        let conn = line.get("conn").and_then(Value::as_u64).unwrap_or(0);
        let (decoder, buffer) =
            self.streams.entry(conn).or_insert_with(|| (Decoder::new(), BytesMut::new()));
        buffer.extend(data.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')));
        while let Some(frame) = decoder.decode(buffer).map_err(|err| err.to_string())? {
            if let Frame::Event(event) = frame {
                let event = Event::new(event).detached();
                let number = event.sequence();
                if number == 0 || self.seen.insert(number) {
                    let at = i64::try_from(event.timestamp()).unwrap_or_default();
                    let at = Timestamp::from_microsecond(at).unwrap_or_default();
                    let switch = String::new();
                    ready.push_back((at, Entry::Event { switch, event, own: None, command: None }));
                }
            }
        }
        Ok(())
    }
}
