//! What is to be written, put into words by the thread that writes.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};

use crate::model::Event;
use crate::shell::feed;
use crate::shell::freeswitch::secret_names::STARS;
use crate::shell::freeswitch::secrets::Secrets;
use crate::track::Leg;
use crate::wire::LogLine;

/// An entry as it came.
pub(super) enum Entry {
    Event {
        at: Timestamp,
        switch: Arc<str>,
        event: Event,
        /// Its call, when it is ours.
        own: Option<String>,
        /// The command of its job, when that is ours.
        command: Option<String>,
    },
    Log {
        at: Timestamp,
        switch: Arc<str>,
        log: LogLine,
    },
    State {
        at: Timestamp,
        switch: Arc<str>,
        server_time: u64,
        legs: Vec<Leg>,
    },
    Line {
        at: Timestamp,
        value: Value,
    },
}

/// What became of the entries.
#[derive(Default)]
pub(super) struct Counts {
    written: AtomicU64,
    /// Entries without room since the file last said so, and all of them.
    lost: AtomicU64,
    all_lost: AtomicU64,
    failed: Mutex<Option<String>>,
}

impl Counts {
    /// There was no room for one.
    pub(super) fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        self.all_lost.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were written and lost, or why it broke off.
    pub(super) fn status(&self) -> Result<(u64, u64), String> {
        if let Some(why) = self.failed.lock().as_ref() {
            return Err(why.clone());
        }
        Ok((self.written.load(Ordering::Relaxed), self.all_lost.load(Ordering::Relaxed)))
    }
}

/// Writes what is queued until the queue ends. Each line is one write.
pub(super) fn write(mut file: File, entries: &Receiver<Entry>, counts: &Counts, secrets: &Secrets) {
    let mut put = |at: Timestamp, kind: Value| {
        let mut entry = Map::new();
        entry.insert("time".to_owned(), format!("{at:.6}").into());
        if let Value::Object(rest) = kind {
            entry.extend(rest);
        }
        counts.written.fetch_add(1, Ordering::Relaxed);
        file.write_all(format!("{}\n", Value::Object(entry)).as_bytes())
    };
    for entry in entries {
        let written = match counts.lost.swap(0, Ordering::Relaxed) {
            0 => Ok(()),
            lost => put(now(), json!({ "kind": "lost", "count": lost })),
        };
        let (at, value) = as_json(entry, secrets);
        if let Err(err) = written.and_then(|()| put(at, value)) {
            tracing::warn!(%err, "the transcript ends here");
            let mut failed = counts.failed.lock();
            *failed = Some(err.to_string());
            return;
        }
    }
    if let Err(err) = file.sync_all() {
        // A pipe or a device has nothing to wait for.
        tracing::debug!(%err, "the transcript was not waited for");
    }
}

fn as_json(entry: Entry, secrets: &Secrets) -> (Timestamp, Value) {
    match entry {
        Entry::Line { at, value } => (at, value),
        Entry::Event { at, switch, event, own, command } => {
            let mut headers = feed::document(&event);
            let mut body = headers.as_object_mut().and_then(|headers| headers.remove("_body"));
            mask(&mut headers, secrets);
            mask_arguments(&mut headers, secrets);
            if let Some(body) = &mut body {
                let asked = COMMANDS.iter().any(|(verb, args)| {
                    let verb = event.get(verb).unwrap_or_default();
                    let args = event.get(args).unwrap_or_default();
                    secrets.names().asks_for_secret(&format!("{verb} {args}"))
                });
                if asked { *body = STARS.into() } else { mask(body, secrets) }
            }
            let mut value =
                json!({ "kind": "event", "switch": &*switch, "headers": headers, "body": body });
            if let Some(value) = value.as_object_mut() {
                if let Some(own) = own {
                    value.insert("own".to_owned(), own.into());
                }
                if let Some(command) = command {
                    let command = secrets.mask_line(&command);
                    value.insert("command".to_owned(), command.into());
                }
            }
            (at, value)
        }
        Entry::Log { at, switch, log } => {
            let headers = LOG_HEADERS.iter().filter_map(|name| {
                Some(((*name).to_owned(), Value::from(log.get(name)?.into_owned())))
            });
            let headers: Map<String, Value> = headers.collect();
            let text = secrets.mask_text(&log.text());
            (at, json!({ "kind": "log", "switch": &*switch, "headers": headers, "text": text }))
        }
        Entry::State { at, switch, server_time, legs } => {
            // What a leg is made of has no map that could fail.
            let mut legs = serde_json::to_value(&legs).unwrap_or_default();
            mask(&mut legs, secrets);
            let value = json!({
                "kind": "state", "switch": &*switch, "server_time": server_time, "legs": legs,
            });
            (at, value)
        }
    }
}

/// The headers of a log line that are kept.
const LOG_HEADERS: [&str; 6] =
    ["Log-Level", "Text-Channel", "Log-File", "Log-Func", "Log-Line", "User-Data"];

/// The headers with a command, and with its arguments.
const COMMANDS: [(&str, &str); 2] =
    [("API-Command", "API-Command-Argument"), ("Job-Command", "Job-Command-Arg")];

/// Takes the secrets out of the arguments of a command, which its name gives a meaning.
fn mask_arguments(headers: &mut Value, secrets: &Secrets) {
    for (verb, args) in COMMANDS {
        let verb = headers.get(verb).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(Value::String(args)) = headers.get_mut(args) {
            let masked = secrets.mask_line(&format!("{verb} {args}"));
            *args = masked.strip_prefix(&format!("{verb} ")).unwrap_or(STARS).to_owned();
        }
    }
}

/// Takes the secrets out of all texts of a value.
fn mask(value: &mut Value, secrets: &Secrets) {
    match value {
        Value::String(text) => *text = secrets.mask_text(text),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, secrets)),
        Value::Object(entries) => {
            for (name, entry) in entries {
                if secrets.names().is_secret(name) {
                    *entry = STARS.into();
                } else {
                    mask(entry, secrets);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
