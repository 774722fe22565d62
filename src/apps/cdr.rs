//! One record for each call that ended.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

use crate::apps::kind::{Kind, Param, Takes};
use crate::client::app::Handling;
use crate::client::{App, AppContext, Client, Error};
use crate::model::{Direction, HangupCause, Id};
use crate::{model, private, spreadsheet};

/// Writes a record of each call to a file when its last leg is gone. It touches no call, so it is
/// loaded together with another app (`load-app TonePlay+Cdr`) or as `default`.
///
/// Times are FreeSWITCH's own, in seconds since 1970; one that never was is empty.
#[derive(Debug)]
pub struct Cdr {
    path: PathBuf,
    form: Form,
    file: Mutex<Option<File>>,
    /// The calls written last: when both legs end together, each event finds the call over.
    latest: Mutex<VecDeque<Id<model::CallInfo>>>,
    written: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Jsonl,
}

/// A call that ended.
#[derive(Debug, Serialize)]
struct Record {
    app: String,
    call: String,
    hangup_cause: String,
    caller_create: Option<f64>,
    caller_answer: Option<f64>,
    caller_hangup: Option<f64>,
    callee_create: Option<f64>,
    callee_answer: Option<f64>,
    callee_hangup: Option<f64>,
    /// Legs of the switch that failed so far, and that live now.
    failed_sessions: u64,
    active_sessions: usize,
    active_calls: usize,
}

pub(super) const KIND: Kind = Kind {
    name: "Cdr",
    about: "writes a record of each call; load it with another app: load-app TonePlay+Cdr",
    params: &[
        Param::new("file", Takes::Text, "cdr.csv", "where they are appended, on this machine"),
        Param::new("format", Takes::OneOf(&["csv", "jsonl"]), "csv", "how they are written"),
    ],
    make: |values| {
        let cdr = Cdr::new(Path::new(values.needs("file")?));
        Ok(Arc::new(match values.text("format") {
            "jsonl" => cdr.as_jsonl(),
            _ => cdr,
        }))
    },
};

impl Cdr {
    /// Appends to a CSV file; a new one gets a header.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        let (file, latest) = (Mutex::new(None), Mutex::new(VecDeque::new()));
        let written = AtomicU64::new(0);
        Self { path: path.to_owned(), form: Form::Csv, file, latest, written }
    }

    /// Writes a JSON object a line instead.
    #[must_use]
    pub fn as_jsonl(mut self) -> Self {
        self.form = Form::Jsonl;
        self
    }

    fn open(&self) -> io::Result<()> {
        let mut file = private::append(&self.path)?;
        if self.form == Form::Csv && file.metadata()?.len() == 0 {
            writeln!(file, "{HEADER}")?;
        }
        *self.file.lock() = Some(file);
        Ok(())
    }

    fn write(&self, record: &Record) -> io::Result<()> {
        let json = serde_json::to_value(record)?;
        let line = match (self.form, &json) {
            (Form::Csv, Value::Object(fields)) => spreadsheet::lines([fields.values().map(cell)]),
            _ => format!("{json}\n"),
        };
        let mut file = self.file.lock();
        let Some(file) = file.as_mut() else { return Err(io::ErrorKind::NotConnected.into()) };
        // One write, so that records of several processes do not mix.
        file.write_all(line.as_bytes())?;
        self.written.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn is_new(&self, call: &Id<model::CallInfo>) -> bool {
        let mut latest = self.latest.lock();
        if latest.contains(call) {
            return false;
        }
        latest.push_back(call.clone());
        if latest.len() > REMEMBERED {
            latest.pop_front();
        }
        true
    }

    fn failed(&self, err: &io::Error) -> Error {
        Error::App { text: format!("cannot write {}: {err}", self.path.display()) }
    }
}

fn cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "".into(),
        Value::String(text) => spreadsheet::safe(text.into()),
        other => other.to_string().into(),
    }
}

impl App for Cdr {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_DESTROY"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let session = on.session;
        Box::pin(async move {
            let listener = session.client().listener()?;
            let record = listener.with(|tracker| {
                // The call is over with its last leg only.
                let is_over = !tracker.is_running(&session.info().call);
                let ended = tracker.ended().rev().find(|ended| ended.id == session.info().call);
                let app = session
                    .info()
                    .app
                    .clone()
                    .and_then(|id| session.client().app(id.as_str()).ok());
                let app = app.map(|app| app.name().to_owned()).unwrap_or_default();
                let sessions = tracker.sessions().len();
                let counts = (tracker.failed_count(), sessions, tracker.call_count());
                ended.filter(|_| is_over).map(|ended| Record::of(ended, app, counts))
            });
            match record {
                Some(record) if self.is_new(&session.info().call) => {
                    self.write(&record).map_err(|err| self.failed(&err))
                }
                _ => Ok(()),
            }
        })
    }

    fn set_up<'a>(&'a self, _: &'a Client) -> Handling<'a> {
        Box::pin(async move { self.open().map_err(|err| self.failed(&err)) })
    }

    fn tear_down<'a>(&'a self, _: &'a Client) -> Handling<'a> {
        Box::pin(async move {
            *self.file.lock() = None;
            Ok(())
        })
    }

    fn notes(&self) -> Vec<(&'static str, String)> {
        let file = self.path.display().to_string();
        vec![("file", file), ("records", self.written.load(Ordering::Relaxed).to_string())]
    }
}

impl Record {
    fn of(call: &model::CallInfo, app: String, counts: (u64, usize, usize)) -> Self {
        let caller = call.sessions.first();
        let callee = call.sessions.iter().find(|leg| leg.direction == Direction::Inbound);
        let callee = callee.filter(|leg| caller.is_none_or(|caller| caller.id != leg.id));
        let callee = callee.or_else(|| call.sessions.get(1));
        let time = |leg: Option<&model::SessionInfo>, of: fn(&model::Times) -> u64| {
            leg.map(|leg| of(&leg.times)).filter(|time| *time > 0).map(seconds)
        };
        Self {
            app,
            call: call.id.to_string(),
            hangup_cause: call.cause().as_ref().map(HangupCause::to_string).unwrap_or_default(),
            caller_create: time(caller, |times| times.created),
            caller_answer: time(caller, |times| times.answered),
            caller_hangup: time(caller, |times| times.hangup),
            callee_create: time(callee, |times| times.created),
            callee_answer: time(callee, |times| times.answered),
            callee_hangup: time(callee, |times| times.hangup),
            failed_sessions: counts.0,
            active_sessions: counts.1,
            active_calls: counts.2,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 have less than 52 bits")]
fn seconds(time: u64) -> f64 {
    time as f64 / 1e6
}

const REMEMBERED: usize = 1000;

const HEADER: &str = "app,call,hangup_cause,caller_create,caller_answer,caller_hangup,callee_create,\
                      callee_answer,callee_hangup,failed_sessions,active_sessions,active_calls";
