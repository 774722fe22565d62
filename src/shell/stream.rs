//! Events and log lines as JSON, one a line, until they are stopped.
//!
//! # Invariants
//! A reader that does not keep up loses events and is told how many, in a line of its own:
//! `{"Event-Name":"SWITCHY_LOST","count":N}`. The server is never held up.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::filter::Filter;
use super::narrate;
use super::{CommandError, Context};

/// When it ends by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    /// After so many lines.
    pub(super) count: Option<u64>,
    /// After so long.
    pub(super) lasting: Option<Duration>,
}

/// Writes events: of these names, all that are subscribed to when there are none, and of those the
/// ones for which the filter holds.
pub(super) async fn events(
    cx: &mut Context<'_>,
    names: &[String],
    filter: Option<&Filter>,
    limits: &Limits,
) -> Result<(), CommandError> {
    let listener = cx.listener()?;
    let mut events = listener.events::<&str>(&[]);
    let end = end(limits);
    let mut written = 0;
    while limits.count.is_none_or(|count| written < count) {
        let event = tokio::select! {
            biased;
            () = end_of(end) => return Ok(()),
            event = events.next() => event,
        };
        let Some(event) = event else { break };
        tell_lost(cx, events.take_lost())?;
        let (name, kind) = (event.name(), event.kind());
        let is_named = names.is_empty() || names.iter().any(|x| *x == name || *x == kind);
        let holds = filter.is_none_or(|x| x.holds(&|name| narrate::header(&event, name)));
        if is_named && holds {
            cx.line(&narrate::document(&event).to_string())?;
            written += 1;
            cx.keep_pace().await;
        }
    }
    Ok(())
}

/// Writes log lines, those that the shell shows.
pub(super) async fn log(cx: &mut Context<'_>, limits: &Limits) -> Result<(), CommandError> {
    let mut lines = cx.listener()?.logs();
    let end = end(limits);
    let mut written = 0;
    while limits.count.is_none_or(|count| written < count) {
        let line = tokio::select! {
            biased;
            () = end_of(end) => return Ok(()),
            line = lines.next() => line,
        };
        let Some(line) = line else { break };
        tell_lost(cx, lines.take_lost())?;
        if cx.shell.narration().wants_log(&line) {
            let of = |name: &str| line.get(name).unwrap_or_default().into_owned();
            let document = json!({
                "level": line.level(),
                "uuid": line.user_data(),
                "file": of("Log-File"),
                "func": of("Log-Func"),
                "line": of("Log-Line"),
                "text": line.text(),
            });
            cx.line(&document.to_string())?;
            written += 1;
            cx.keep_pace().await;
        }
    }
    Ok(())
}

fn tell_lost(cx: &mut Context<'_>, lost: u64) -> Result<(), CommandError> {
    if lost == 0 {
        return Ok(());
    }
    cx.line(&json!({"Event-Name": "SWITCHY_LOST", "count": lost}).to_string())
}

fn end(limits: &Limits) -> Option<Instant> {
    limits.lasting.map(|lasting| Instant::now() + lasting)
}

/// Waits for a time, or for ever.
pub(super) async fn end_of(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}
