//! Events and log lines as an answer, as JSON or as text, until they are stopped.
//!
//! # Invariants
//! - The server is never held up: a task drains the socket and waits for no reader. Between them
//!   stand two bounded buffers, 8192 events and 1 MiB of text.
//! - A reader that does not keep up loses events and gets their number, in a separate line:
//!   `{"Event-Name":"SWITCHY_LOST","count":N}`. Where the connection was closed for a while, how
//!   many is not known: `"count":null`, and `"seconds"` says for how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::context::Context;
use crate::listener::{EventListener, Link, Logs};
use crate::shell::commands::observe::log::refused;
use crate::shell::feed;
use crate::shell::feed::Narration;
use crate::shell::text::error::CommandError;
use crate::shell::view::Format;
use crate::shell::view::filter::Filter;

/// When it ends by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    /// After this many lines.
    pub(super) count: Option<u64>,
    /// After this time.
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
    let mut link = listener.link();
    let end = end(limits);
    let mut written = 0;
    while limits.count.is_none_or(|count| written < count) {
        let event = tokio::select! {
            biased;
            () = end_of(end) => break,
            changed = link.changed() => match changed {
                Ok(()) => {
                    tell_gap(cx, &mut link)?;
                    continue;
                }
                Err(_gone) => break,
            },
            event = events.next() => event,
        };
        let Some(event) = event else { break };
        tell_lost(cx, events.take_lost())?;
        let (name, kind) = (event.name(), event.kind());
        let is_named = names.is_empty() || names.iter().any(|x| *x == name || *x == kind);
        let holds = filter.is_none_or(|x| x.holds(&|name| feed::header(&event, name)));
        if is_named && holds {
            let text = match cx.format() {
                Format::Jsonl => feed::document(&event).to_string(),
                _ => cx.shell.narration().event_text(&event),
            };
            cx.feed_line(&text)?;
            written += 1;
            keep_pace(cx, end).await;
        }
    }
    tell_lost(cx, events.take_lost())
}

/// Writes the lines of the log of this level, of those that the shell shows. Above the prompt none
/// are shown meanwhile; afterwards the level is as it was.
pub(super) async fn log(
    cx: &mut Context<'_>,
    level: &str,
    limits: &Limits,
) -> Result<(), CommandError> {
    let listener = cx.listener()?;
    let mut lines = listener.logs();
    let asked = Asked::new(cx.shell.narration(), &listener, level);
    let written = match listener.log(asked.wanted().as_deref()).await {
        Ok(_said) => {
            let mut link = listener.link();
            write_log(cx, &mut lines, &mut link, limits).await
        }
        Err(err) => Err(refused(err)),
    };
    let left = asked.end();
    // A connection that is gone logs nothing.
    drop(listener.log(left.as_deref()).await);
    written
}

async fn write_log(
    cx: &mut Context<'_>,
    lines: &mut Logs,
    link: &mut watch::Receiver<Link>,
    limits: &Limits,
) -> Result<(), CommandError> {
    let end = end(limits);
    let mut written = 0;
    while limits.count.is_none_or(|count| written < count) {
        let line = tokio::select! {
            biased;
            () = end_of(end) => break,
            changed = link.changed() => match changed {
                Ok(()) => {
                    tell_gap(cx, link)?;
                    continue;
                }
                Err(_gone) => break,
            },
            line = lines.next() => line,
        };
        let Some(line) = line else { break };
        tell_lost(cx, lines.take_lost())?;
        if cx.shell.narration().streams_log(&line) {
            let of = |name: &str| line.get(name).unwrap_or_default().into_owned();
            let text = match cx.format() {
                Format::Jsonl => json!({
                    "level": line.level(),
                    "uuid": line.user_data(),
                    "file": of("Log-File"),
                    "func": of("Log-Func"),
                    "line": of("Log-Line"),
                    "text": line.text(),
                })
                .to_string(),
                _ if feed::is_blank(&line) => continue,
                _ => cx.shell.narration().log_text(&line),
            };
            cx.feed_line(&text)?;
            written += 1;
            keep_pace(cx, end).await;
        }
    }
    tell_lost(cx, lines.take_lost())
}

/// Waits for a reader that does not keep up, but not beyond the end.
async fn keep_pace(cx: &mut Context<'_>, end: Option<Instant>) {
    tokio::select! {
        () = cx.keep_pace() => {}
        () = end_of(end) => {}
    }
}

/// Says for how long the connection was closed, once it is back.
fn tell_gap(cx: &mut Context<'_>, link: &mut watch::Receiver<Link>) -> Result<(), CommandError> {
    let Link::Up { gap: Some(gap) } = link.borrow_and_update().clone() else { return Ok(()) };
    let seconds = gap.lasted.as_secs_f64();
    let lost = json!({"Event-Name": "SWITCHY_LOST", "count": null, "seconds": seconds});
    cx.line(&lost.to_string())
}

/// A level of the log that a stream asked for, until it ends or is stopped.
struct Asked {
    narration: Arc<Narration>,
    listener: EventListener,
    id: u64,
    is_over: bool,
}

impl Asked {
    fn new(narration: &Arc<Narration>, listener: &EventListener, level: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        narration.choose(|choice| choice.log_streams.push((id, level.to_owned())));
        let (narration, listener) = (Arc::clone(narration), listener.clone());
        Self { narration, listener, id, is_over: false }
    }

    /// The level that the server must log at.
    fn wanted(&self) -> Option<String> {
        self.narration.choose(|choice| choice.wanted_level())
    }

    /// The level that is wanted without this stream.
    fn end(mut self) -> Option<String> {
        self.is_over = true;
        self.forget();
        self.wanted()
    }

    fn forget(&self) {
        self.narration.choose(|choice| choice.log_streams.retain(|(id, _)| *id != self.id));
    }
}

impl Drop for Asked {
    /// Stopped by the operator: the server must not log on for a stream that is gone.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        self.forget();
        let (listener, level) = (self.listener.clone(), self.wanted());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let _task = runtime.spawn(async move { drop(listener.log(level.as_deref()).await) });
        }
    }
}

fn tell_lost(cx: &mut Context<'_>, lost: u64) -> Result<(), CommandError> {
    if lost == 0 {
        return Ok(());
    }
    let text = match cx.format() {
        Format::Jsonl => json!({"Event-Name": "SWITCHY_LOST", "count": lost}).to_string(),
        _ => format!("... {lost} lines lost: they were not read as fast as they came"),
    };
    cx.line(&text)
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
