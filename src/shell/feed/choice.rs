//! Which events and log lines are shown, and in which form.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use super::mode::Mode;
use crate::model::{EVENT_NAMES, Event, SessionInfo};
use crate::shell::text::error::CommandError;
use crate::shell::view::filter::pattern::Pattern;
use crate::shell::view::filter::{Filter, Names};
use crate::shell::view::{View, call_rows, filter};
use crate::track::Tracker;
use crate::wire::LogLine;

/// What was chosen.
#[derive(Debug, Default)]
pub(in crate::shell) struct Choice {
    pub(in crate::shell) mode: Mode,
    /// Events that are shown one by one: in the raw mode all when empty.
    pub(in crate::shell) names: Vec<String>,
    pub(in crate::shell) form: Form,
    /// Kinds of lines that are left out.
    pub(in crate::shell) muted: BTreeSet<String>,
    pub(in crate::shell) only: Option<Only>,
    pub(in crate::shell) condition: Option<Condition>,
    pub(in crate::shell) log_level: Option<String>,
    /// The levels of the streams of the log that are under way, with their numbers.
    pub(in crate::shell) log_streams: Vec<(u64, String)>,
    pub(in crate::shell) log_only: Option<Only>,
    pub(in crate::shell) log_grep: Option<(String, Pattern)>,
}

/// How an event that is shown by itself looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::shell) enum Form {
    /// Time, id, name, channel.
    #[default]
    Line,
    /// All headers as JSON.
    Json,
    /// These headers.
    Headers(Vec<String>),
}

/// One call, or the calls of one number.
#[derive(Debug, Clone)]
pub(in crate::shell) struct Only {
    /// As it was typed.
    word: String,
    call: Option<String>,
    /// Legs that belong to it.
    ids: HashSet<String>,
}

/// A filter: over the columns of `channels` for lines of calls, over headers for events.
#[derive(Debug, Clone)]
pub(in crate::shell) struct Condition {
    pub(in crate::shell) text: String,
    rows: Option<Filter>,
    headers: Filter,
}

impl Choice {
    /// Whether any event is shown by itself.
    pub(super) fn shows_events(&self) -> bool {
        match self.mode {
            Mode::Off => false,
            Mode::Calls => !self.names.is_empty(),
            Mode::Raw => true,
        }
    }

    pub(super) fn wants_event(&mut self, event: &Event) -> bool {
        let (name, kind) = (event.name(), event.kind());
        let is_named = self.names.iter().any(|wanted| *wanted == kind || *wanted == name);
        let is_shown = match self.mode {
            Mode::Off => false,
            Mode::Calls => is_named,
            Mode::Raw => is_named || self.names.is_empty(),
        };
        is_shown
            && !self.is_muted(&kind)
            && self.only.as_ref().is_none_or(|only| only.is_about(event))
            && self
                .condition
                .as_ref()
                .is_none_or(|it| it.headers.holds(&|name| header(event, name)))
    }

    /// Whether an event that was not chosen by its name belongs to the account of a call.
    pub(super) fn tells_of(&self, event: &Event) -> bool {
        let kind = event.name();
        self.mode == Mode::Calls
            && MEDIA.contains(&&*kind)
            && !self.is_muted(&kind)
            // A filter by the columns of calls says nothing of events.
            && self.condition.is_none()
            && self.only.as_ref().is_none_or(|only| only.is_about(event))
    }

    pub(super) fn wants_change(&mut self, session: &SessionInfo, kind: &str, is_own: bool) -> bool {
        let belongs = self.only.as_mut().is_none_or(|only| only.takes(session));
        if let Some(only) = &mut self.log_only {
            only.takes(session);
        }
        let holds = |filter: &Filter| {
            let row = call_rows::channel_row(
                session,
                session.call.short(),
                is_own,
                session.last_event,
                &|_| None,
            );
            let mut view = View::of(call_rows::channel_columns(), "");
            view.push(row);
            !view.matches(filter).is_empty()
        };
        let condition = self.condition.as_ref().and_then(|condition| condition.rows.as_ref());
        belongs && !self.is_muted(kind) && condition.is_none_or(holds)
    }

    /// Whether calls were chosen: by name, or by a filter.
    pub(super) fn is_narrowed(&self) -> bool {
        self.only.is_some() || self.condition.is_some()
    }

    pub(super) fn wants_log(&self, log: &LogLine) -> bool {
        // Who streams it sees it there.
        self.log_level.is_some() && self.log_streams.is_empty() && self.chooses_log(log)
    }

    /// Whether a line of the log is among those that were chosen, at any level.
    pub(super) fn chooses_log(&self, log: &LogLine) -> bool {
        let text = || log.text();
        self.log_only.as_ref().is_none_or(|only| only.ids.contains(&*log.user_data()))
            && self.log_grep.as_ref().is_none_or(|(_, pattern)| pattern.is_in(&text()))
    }

    /// The level that the server must log at: the most talkative that is wanted.
    pub(in crate::shell) fn wanted_level(&self) -> Option<String> {
        let streamed = self.log_streams.iter().map(|(_, level)| level);
        let talkative = |level: &&String| level_number(level).unwrap_or(u8::MAX);
        self.log_level.iter().chain(streamed).max_by_key(talkative).cloned()
    }

    fn is_muted(&self, kind: &str) -> bool {
        !self.muted.is_empty() && self.muted.contains(short_kind(kind))
    }

    /// What is shown, in words.
    pub(in crate::shell) fn describe(&self) -> String {
        let names = self.names.join(" ");
        let mut text = match self.mode {
            Mode::Off => return "events: off".to_owned(),
            Mode::Calls if names.is_empty() => "events: one line a change of a call".to_owned(),
            Mode::Calls => format!("events: one line a change of a call, and {names}"),
            Mode::Raw if names.is_empty() => "events: all".to_owned(),
            Mode::Raw => format!("events: {names}"),
        };
        let muted: Vec<_> = self.muted.iter().map(String::as_str).collect();
        let form = match &self.form {
            Form::Line => String::new(),
            Form::Json => "json".to_owned(),
            Form::Headers(names) => names.join(","),
        };
        for (word, value) in [
            ("only", self.only.as_ref().map_or("", |only| &only.word)),
            ("where", self.condition.as_ref().map_or("", |condition| &condition.text)),
            ("muted", &muted.join(" ")),
            ("format", &form),
        ] {
            if !value.is_empty() {
                text = format!("{text}; {word} {value}");
            }
        }
        text
    }

    /// What of the log is shown, in words.
    pub(in crate::shell) fn told_log(&self) -> String {
        let Some(level) = &self.log_level else { return "log: off".to_owned() };
        let only = self.log_only.as_ref().map(|only| format!("; only {}", only.word));
        let grep = self.log_grep.as_ref().map(|(text, _)| format!("; grep {text}"));
        format!("log: {level}{}{}", only.unwrap_or_default(), grep.unwrap_or_default())
    }
}

impl Only {
    /// The call of this leg and its other legs, or, when there is none, the calls of a number.
    pub(in crate::shell) fn new(
        word: &str,
        session: Option<&SessionInfo>,
        tracker: &Tracker,
    ) -> Self {
        let call = session.map(|session| session.call.clone());
        let legs = call.iter().flat_map(|call| tracker.legs(call));
        let mut only = Self {
            word: call.as_ref().map_or(word, |call| call.short()).to_owned(),
            call: call.as_ref().map(ToString::to_string),
            ids: legs.map(|leg| leg.id.to_string()).collect(),
        };
        if only.call.is_none() {
            for leg in tracker.sessions() {
                only.takes(leg);
            }
        }
        only
    }

    /// Whether a leg belongs to it; it is remembered then.
    fn takes(&mut self, session: &SessionInfo) -> bool {
        let belongs = match &self.call {
            Some(call) => *call == session.call.as_str(),
            None => {
                *session.caller_number == self.word
                    || *session.destination == self.word
                    || session.id.as_str().starts_with(&self.word)
            }
        };
        if belongs {
            self.ids.insert(session.id.to_string());
        }
        belongs
    }

    fn is_about(&self, event: &Event) -> bool {
        let is = |name: &str| event.get(name).is_some_and(|id| self.ids.contains(&*id));
        is("Unique-ID") || is("Other-Leg-Unique-ID") || is("Channel-Call-UUID")
    }
}

impl Condition {
    /// Reads a filter for what is shown now.
    pub(in crate::shell) fn parse(text: &str, mode: Mode) -> Result<Self, CommandError> {
        let rows = View::of(call_rows::channel_columns(), "").filter("channels", text);
        let rows = match (rows, mode) {
            (Err(err), Mode::Calls) => {
                return Err(err.hint(
                    "where events are shown one by one (\"events all\"), fields are their headers",
                ));
            }
            (rows, _) => rows.ok(),
        };
        let headers = Filter::parse(text, Names::Any)?;
        Ok(Self { text: text.to_owned(), rows, headers })
    }

    /// Whether it can choose among lines of calls.
    pub(in crate::shell) fn knows_calls(&self) -> bool {
        self.rows.is_some()
    }
}

/// A header as a filter compares it.
pub(in crate::shell) fn header<'a>(event: &'a Event, name: &str) -> filter::Value<'a> {
    event.get(name).map_or(filter::Value::Unknown, filter::Value::Text)
}

/// All headers of an event, its body as `_body`. The last of two of one name wins.
pub(in crate::shell) fn document(event: &Event) -> Value {
    let mut object = Map::new();
    for field in event.data().fields() {
        let name = String::from_utf8_lossy(field.name).into_owned();
        let values = event.data().array(&name);
        let is_list = field.raw.starts_with(b"ARRAY::") || values.len() > 1;
        let value = if is_list { json!(values) } else { json!(field.value()) };
        object.insert(name, value);
    }
    if let Some(body) = event.body().filter(|body| !body.is_empty()) {
        object.insert("_body".to_owned(), json!(body));
    }
    Value::Object(object)
}

/// An event by its name, or by the subclass of a CUSTOM event: those are as they are, names are
/// upper case. FreeSWITCH ignores unknown names among known ones, so they are refused here.
pub(in crate::shell) fn event_named(word: &str) -> Result<String, CommandError> {
    if word.contains("::") {
        return Ok(word.to_owned());
    }
    let name = word.to_ascii_uppercase();
    if EVENT_NAMES.contains(&name.as_str()) {
        return Ok(name);
    }
    let otherwise = "Tab lists the names; a CUSTOM subclass has :: in it";
    let err = CommandError::usage(format!("there is no event {name}"));
    Err(err.meant(&name, EVENT_NAMES.iter().copied(), otherwise))
}

/// Events that are part of the account of a call, where they are subscribed to.
const MEDIA: &[&str] = &["DTMF", "PLAYBACK_START", "PLAYBACK_STOP", "RECORD_START", "RECORD_STOP"];

/// The number of a level of the log.
fn level_number(level: &str) -> Option<u8> {
    let names = ["console", "alert", "crit", "err", "warning", "notice", "info", "debug"];
    let named = (0..).zip(names).find(|(_, name)| name.eq_ignore_ascii_case(level));
    named.map(|(number, _)| number).or_else(|| level.parse().ok())
}

/// A kind of line as it is muted: `ANSWER` for CHANNEL_ANSWER, `sofia::register`.
pub(in crate::shell) fn short_kind(kind: &str) -> &str {
    kind.strip_prefix("CHANNEL_").unwrap_or(kind)
}

/// The words of call lines and the kinds that they stand for.
pub(in crate::shell) const KIND_WORDS: &[(&str, &str)] = &[
    ("new", "CREATE"),
    ("ringing", "RINGING"),
    ("early", "EARLY"),
    ("answered", "ANSWER"),
    ("bridged", "BRIDGE"),
    ("unbridged", "UNBRIDGE"),
    ("held", "HOLD"),
    ("unheld", "UNHOLD"),
    ("parked", "PARK"),
    ("ended", "HANGUP"),
    ("jobs", "JOB"),
];

/// The kind of line that a word stands for.
pub(in crate::shell) fn kind_of_word(word: &str) -> Cow<'_, str> {
    let found = KIND_WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
    match found {
        Some((_, kind)) => Cow::Borrowed(kind),
        None if word.contains("::") => Cow::Borrowed(word),
        None => Cow::Owned(short_kind(&word.to_ascii_uppercase()).to_owned()),
    }
}
