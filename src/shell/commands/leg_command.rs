//! Verbs on one leg of a call: which leg is meant, and what is said of the outcome.
//!
//! # Invariants
//! - "done" is said only when an event or a second question confirmed it; what FreeSWITCH has
//!   merely queued is called queued.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::call_name::{CallArg, Named, Word};
use super::context::Context;
use crate::client::{Error, Expect, Session};
use crate::model;
use crate::model::{Event, Id};
use crate::shell::text::duration::whole_seconds;
use crate::shell::text::error::CommandError;
use crate::shell::view::{Cell, Format, View, span};

/// What a verb is for, and how long it waits for the event that confirms it.
#[derive(Debug, clap::Args)]
pub(in crate::shell) struct On {
    #[command(flatten)]
    pub(super) target: CallArg,
    /// How long to wait for the event that confirms it
    #[arg(long, value_name = "SECS", default_value_t = 5, value_parser = whole_seconds::<u64>)]
    timeout: u64,
}

impl On {
    pub(super) fn within(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// What became of a verb.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is so, and this says it: an event and how long it took.
    Done(String, Duration),
    /// It was so before.
    Already,
    /// The switch did it before it replied.
    Replied,
    /// There was nothing to do, for this reason.
    Nothing(&'static str),
    /// The switch took it; nothing says that it was done, for this reason.
    Queued(&'static str),
}

/// The leg that a verb is for. A call's name stands for its first leg that `fits`; the uuid of
/// another leg for itself.
pub(super) async fn leg(
    cx: &mut Context<'_>,
    word: impl Into<Word<'_>> + Send,
    fits: impl Fn(&model::SessionInfo) -> bool,
) -> Result<Session, CommandError> {
    let named = cx.named(word).await?;
    pick(cx, &named, fits)
}

/// The leg of what was named that a verb is for.
pub(super) fn pick(
    cx: &Context<'_>,
    named: &Named,
    fits: impl Fn(&model::SessionInfo) -> bool,
) -> Result<Session, CommandError> {
    let client = cx.client()?;
    let mut found = named.leg.id.clone();
    if !named.is_leg
        && !fits(&named.leg)
        && let Some(call) = client.call(&named.call.id)
        && let Some(other) = call.sessions().into_iter().find(|leg| fits(leg.info()))
    {
        found = other.id().clone();
    }
    client.session(&found).ok_or_else(|| just_ended(&found))
}

/// A leg that was there a moment ago.
pub(super) fn just_ended(leg: &Id<model::SessionInfo>) -> CommandError {
    CommandError::new(crate::shell::text::error::Kind::Refused, format!("{leg} has just ended"))
        .hint(format!("\"why {}\" explains it", leg.short()))
}

/// Waits for the event that confirms a verb that was sent, and says so.
pub(super) async fn confirmed(
    event: Expect,
    within: Duration,
) -> Result<(Event, Outcome), CommandError> {
    let start = Instant::now();
    let event = event.within(within).await?;
    let outcome = Outcome::Done(event.kind().into_owned(), start.elapsed());
    Ok((event, outcome))
}

/// As [`confirmed`], where it is no failure when the event does not come.
pub(super) async fn confirmed_or(
    event: Expect,
    within: Duration,
    why: &'static str,
) -> Result<Outcome, CommandError> {
    let start = Instant::now();
    match event.within(within).await {
        Ok(event) => Ok(Outcome::Done(event.kind().into_owned(), start.elapsed())),
        Err(Error::NotConfirmed { .. }) => Ok(Outcome::Queued(why)),
        Err(err) => Err(err.into()),
    }
}

/// As [`confirmed`], where an event that does not come means that there was nothing to do.
pub(super) async fn confirmed_or_nothing(
    event: Expect,
    within: Duration,
    why: &'static str,
) -> Result<Outcome, CommandError> {
    match confirmed_or(event, within, why).await? {
        Outcome::Queued(why) => Ok(Outcome::Nothing(why)),
        outcome => Ok(outcome),
    }
}

/// Says what became of a verb: `done` as in `UUID parked`.
pub(super) fn say(
    cx: &mut Context<'_>,
    leg: &Id<model::SessionInfo>,
    done: &str,
    outcome: &Outcome,
) -> Result<(), CommandError> {
    let micros = |after: &Duration| u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
    if cx.format() == Format::Table {
        let text = match outcome {
            Outcome::Done(event, after) => {
                format!("{leg} {done} ({event} after {})", span(micros(after)))
            }
            Outcome::Already => format!("{leg} {done} already"),
            Outcome::Replied => format!("{leg} {done} (+OK)"),
            Outcome::Nothing(why) => format!("{leg} {why}"),
            Outcome::Queued(why) => format!("{leg} {done}: queued; {why}"),
        };
        return cx.line(&crate::shell::text::sanitise::line(&text));
    }
    let (word, event, after) = match outcome {
        Outcome::Done(event, after) => ("done", json!(event), json!(micros(after) / 1000)),
        Outcome::Already => ("already", json!(null), json!(null)),
        Outcome::Replied => ("done", json!(null), json!(null)),
        Outcome::Nothing(_) => ("nothing", json!(null), json!(null)),
        Outcome::Queued(_) => ("queued", json!(null), json!(null)),
    };
    let done = if let Outcome::Nothing(why) = outcome { why } else { done };
    cx.view(&View::single(vec![
        ("uuid", Cell::text(leg.as_str())),
        ("what", Cell::text(done)),
        ("outcome", Cell::text(word)),
        ("event", Cell::shown(event.as_str().unwrap_or_default(), event.clone())),
        ("after_ms", Cell::shown(after.to_string(), after)),
    ]))
}
