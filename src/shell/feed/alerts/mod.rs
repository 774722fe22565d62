//! Lines that the operator gets whatever else is shown: `[alerts]` of the configuration.
//!
//! # Invariants
//! - An alert is shown at most once in its time; what came in between is counted and shown with the
//!   next one.
//! - A program gets text of the server on its standard input, never in its command.

use std::fmt::Write as _;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::task::AbortHandle;

use super::Narration;
#[cfg(any(feature = "cli", test))]
use super::choice::event_named;
use super::choice::{document, header};
use crate::listener::EventListener;
use crate::model::{Event, HangupCause};
use crate::shell::settings::alert::Alert;
use crate::shell::text::error::CommandError;
use crate::shell::text::process::{describe_status, shell as shell_of_system};
use crate::shell::text::sanitise;
use crate::shell::view::filter::{Filter, Names, Value};

/// The event that a text of the configuration names; none when it is `off`.
#[cfg(any(feature = "cli", test))]
pub(crate) fn alert_event(text: &str) -> Result<Option<String>, CommandError> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let subclass = text.get(..7).filter(|first| first.eq_ignore_ascii_case("custom "));
    let name = subclass.and_then(|_| text.get(7..)).map_or(text, str::trim);
    let name = event_named(name)?;
    match name.as_str() {
        "CUSTOM" => Err(CommandError::usage("CUSTOM needs a subclass")
            .hint("like this: \"CUSTOM sofia::gateway_state\"")),
        "ALL" => Err(CommandError::usage("an alert is about one event, not about all")),
        _ if name.contains(char::is_whitespace) => {
            Err(CommandError::usage(format!("{name:?} is more than one event"))
                .hint("write one alert for each"))
        }
        _ => Ok(Some(name)),
    }
}

/// Whether a text is a filter over headers of events.
#[cfg(feature = "cli")]
pub(crate) fn alert_filter(text: &str) -> Result<(), CommandError> {
    Filter::parse(text, Names::Any).map(drop)
}

/// Reports what matches, until the listener is gone or the task is aborted.
pub(in crate::shell) fn follow(
    host: &str,
    listener: &EventListener,
    narration: Arc<Narration>,
    alerts: &[Alert],
) -> Option<AbortHandle> {
    if alerts.is_empty() || !narration.has_sink() {
        return None;
    }
    let host = host.to_owned();
    let mut watches: Vec<Watch> = alerts.iter().filter_map(Watch::new).collect();
    let names: Vec<&str> = alerts.iter().map(|alert| alert.on.as_str()).collect();
    let mut events = listener.events(&names);
    let task = tokio::spawn(async move {
        while let Some(event) = events.next().await {
            for watch in &mut watches {
                if let Some(missed) = watch.takes(&event, Instant::now()) {
                    watch.report(&host, &event, missed, &narration);
                }
            }
        }
    });
    Some(task.abort_handle())
}

/// Subscribes to what alerts need; a refusal is reported, and the others continue.
pub(in crate::shell) async fn subscribe(
    host: &str,
    listener: &EventListener,
    narration: &Narration,
    alerts: &[Alert],
) {
    if !narration.has_sink() {
        return;
    }
    for alert in alerts {
        if listener.subscriptions().contains(&alert.on) {
            continue;
        }
        if let Err(err) = listener.subscribe(&[alert.on.as_str()]).await {
            let err = CommandError::from(err);
            let text = format!("alert {}: no {} will come: {}", alert.name, alert.on, err.message);
            narration.report(host, &text);
        }
    }
}

/// An alert and what it has reported.
struct Watch {
    alert: Alert,
    filter: Option<Filter>,
    reported: Option<Instant>,
    missed: u64,
    /// Whether its program runs.
    is_busy: Arc<AtomicBool>,
}

impl Watch {
    fn new(alert: &Alert) -> Option<Self> {
        // A filter that cannot be read is a fault of the file, reported before.
        let filter = alert.filter.as_deref().map(|text| Filter::parse(text, Names::Any));
        let filter = filter.transpose().ok()?;
        Some(Self {
            alert: alert.clone(),
            filter,
            reported: None,
            missed: 0,
            is_busy: Arc::default(),
        })
    }

    /// Whether an event is to be reported now; and how many were not since the last one.
    fn takes(&mut self, event: &Event, now: Instant) -> Option<u64> {
        let is_meant = event.kind() == self.alert.on.as_str()
            && self.filter.as_ref().is_none_or(|filter| filter.holds(&|name| field(event, name)));
        if !is_meant {
            return None;
        }
        if self.reported.is_some_and(|at| now.duration_since(at) < self.alert.every) {
            self.missed += 1;
            return None;
        }
        self.reported = Some(now);
        Some(std::mem::take(&mut self.missed))
    }

    fn report(&self, host: &str, event: &Event, missed: u64, narration: &Arc<Narration>) {
        let name = &self.alert.name;
        let mut text = format!("alert {name}: {}", describe(event, self.filter.as_ref()));
        if missed > 0 {
            // Writing to a String cannot fail.
            let _written = write!(text, " (and {missed} more since the last)");
        }
        let line = narration.alarm(host, event.timestamp(), &text, self.alert.rings);
        let Some(command) = self.alert.run.clone() else { return };
        let head = format!("alert {name}: {command:?}");
        if self.is_busy.swap(true, Ordering::AcqRel) {
            narration.report(host, &format!("{head} still runs, and was not run again"));
            return;
        }
        let event = json!({
            "alert": name, "switch": host, "missed": missed, "event": document(event),
        });
        let input = format!("{line}\n{event}\n");
        let (is_busy, narration) = (Arc::clone(&self.is_busy), Arc::clone(narration));
        let host = host.to_owned();
        let _task = tokio::spawn(async move {
            if let Err(why) = run(&command, &input).await {
                narration.report(&host, &format!("{head} {why}"));
            }
            is_busy.store(false, Ordering::Release);
        });
    }
}

/// Runs a command of the system; the error says how it failed.
async fn run(command: &str, input: &str) -> Result<(), String> {
    let mut program = shell_of_system(command);
    program.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    // A Ctrl-C at the prompt is not meant for it.
    #[cfg(unix)]
    program.process_group(0);
    let mut child = program.spawn().map_err(|err| format!("cannot be run: {err}"))?;
    let stdin = child.stdin.take();
    let work = async {
        if let Some(mut stdin) = stdin {
            // What does not read is no failure.
            let _written = stdin.write_all(input.as_bytes()).await;
        }
        child.wait().await
    };
    match tokio::time::timeout(LONGEST, work).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(describe_status(status)),
        Ok(Err(err)) => Err(format!("ended, and how is not known: {err}")),
        // It is killed with its handle.
        Err(_late) => Err(format!("was ended after {} s", LONGEST.as_secs())),
    }
}

/// How long a program may run.
const LONGEST: Duration = Duration::from_secs(30);

/// A header, in the words of the views where they have another one, or a variable.
fn field<'a>(event: &'a Event, name: &str) -> Value<'a> {
    let known = SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(name));
    match header(event, name) {
        Value::Unknown => {}
        value => return value,
    }
    match known.map(|(_, long)| header(event, long)) {
        None | Some(Value::Unknown) => event.variable(name).map_or(Value::Unknown, Value::Text),
        Some(value) => value,
    }
}

/// What events of calls call the columns of `channels`.
const SHORT: &[(&str, &str)] = &[
    ("uuid", "Unique-ID"),
    ("cause", "Hangup-Cause"),
    ("caller", "Caller-Caller-ID-Number"),
    ("destination", "Caller-Destination-Number"),
    ("context", "Caller-Context"),
    ("direction", "Call-Direction"),
    ("gateway", "variable_sip_gateway_name"),
    ("profile", "variable_sofia_profile_name"),
];

/// What happened, in words: sanitised, on one line.
fn describe(event: &Event, filter: Option<&Filter>) -> String {
    let get = |name: &str| event.get(name).filter(|value| !value.is_empty());
    let kind = event.kind();
    let text = match (&*kind, get("Unique-ID")) {
        ("sofia::gateway_state", _) => {
            let (gateway, state) = (get("Gateway"), get("State"));
            let why = get("Phrase").map_or_else(String::new, |phrase| format!(" ({phrase})"));
            let (gateway, state) = (gateway.unwrap_or_default(), state.unwrap_or_default());
            format!("gateway {gateway} is {state}{why}")
        }
        (_, Some(id)) => {
            let what = match get("Hangup-Cause").filter(|_| kind.starts_with("CHANNEL_HANGUP")) {
                Some(cause) => match HangupCause::parse(&cause).meaning() {
                    Some(meaning) => format!("hangup {cause} ({meaning})"),
                    None => format!("hangup {cause}"),
                },
                None => kind.to_string(),
            };
            let caller = get("Caller-Caller-ID-Number").unwrap_or_default();
            let destination = get("Caller-Destination-Number").unwrap_or_default();
            let short: String = id.chars().take(8).collect();
            format!("call {short} {caller} -> {destination}: {what}")
        }
        _ => {
            // What the operator looks at says most.
            let names = filter.map(Filter::fields).unwrap_or_default();
            let values = names.iter().filter_map(|name| match field(event, name) {
                Value::Text(value) => Some(format!(" {name}={value}")),
                _ => None,
            });
            format!("{kind}{}", values.collect::<String>())
        }
    };
    let text = sanitise::line(&text);
    let end = text.floor_char_boundary(MOST);
    match text.get(..end) {
        Some(cut) if cut.len() < text.len() => format!("{cut}…"),
        _ => text.into_owned(),
    }
}

/// Largest description of one event, in bytes.
const MOST: usize = 400;

#[cfg(test)]
mod tests;
