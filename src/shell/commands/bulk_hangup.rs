//! Ending calls in number: what would end is shown, the operator confirms, each call has its result.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::confirm;
use super::context::Context;
use crate::client::{Client, LegEnd};
use crate::model::{CallInfo, HangupCause, Id, Phase, SessionInfo};
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::short_id::Starts;
use crate::shell::view::column::Column;
use crate::shell::view::{Cell, Format, View, call_rows, counted, span};

/// How calls are ended. The options of all commands that end calls of others.
#[derive(Debug, clap::Args)]
pub(super) struct HangupOptions {
    /// Do it without asking; a script has to say so
    #[arg(long)]
    pub(super) yes: bool,
    /// Show what would end, and end nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Largest number of calls hung up a second: 20/s, 100/m, or max
    #[arg(long, value_name = "RATE", default_value = "20/s", value_parser = pause)]
    rate: Duration,
}

/// Shows calls, asks, and hangs them up. `line` is how the line reads that needs no asking; a call
/// for which the filter holds no more when its turn comes is left alone.
pub(super) async fn end(
    cx: &mut Context<'_>,
    calls: Vec<CallInfo>,
    cause: &HangupCause,
    manner: &HangupOptions,
    line: &str,
    filter: Option<&str>,
) -> Result<(), CommandError> {
    if !cause.is_known() {
        return Err(crate::client::Error::UnknownCause { cause: cause.name().to_owned() }.into());
    }
    if calls.is_empty() {
        if cx.format() == Format::Table {
            return cx.line("no calls match: nothing to hang up");
        }
        return cx.view(&results());
    }
    let summary_text = summary(cx, &calls)?;
    if manner.dry_run || (!manner.yes && cx.operator().is_some()) {
        show(cx, &calls)?;
    }
    if manner.dry_run {
        return if cx.format() == Format::Table {
            cx.line(&format!("{summary_text} would be hung up"))
        } else {
            Ok(())
        };
    }
    if !manner.yes {
        let hint = format!("\"{line} --yes\" does it; \"{line} --dry-run\" lists them");
        confirm::by_name(cx, &format!("it hangs up {summary_text} with {cause}"), &hint).await?;
    }
    hang_up(cx, &calls, cause, manner, filter).await
}

/// `12 calls (24 legs; oldest 3 h 12 m; 10 answered, 2 ringing; 4 not of this shell)`
fn summary(cx: &Context<'_>, calls: &[CallInfo]) -> Result<String, CommandError> {
    let listener = cx.listener()?;
    let now = listener.server_time();
    let legs: usize = calls.iter().map(|call| call.sessions.len()).sum();
    let created = calls.iter().filter_map(|call| Some(call.lead()?.times.created));
    let mut notes = vec![counted(legs, "leg")];
    if let Some(oldest) = created.filter(|created| *created > 0).min() {
        notes.push(format!("oldest {}", span(now.saturating_sub(oldest))));
    }
    let phases =
        [Phase::New, Phase::Ringing, Phase::Early, Phase::Answered, Phase::Held, Phase::Hangup];
    let counts = phases.into_iter().filter_map(|phase| {
        let is_it = |call: &&CallInfo| call.lead().is_some_and(|lead| lead.phase == phase);
        let count = calls.iter().filter(is_it).count();
        (count > 0).then(|| format!("{count} {}", phase.word()))
    });
    notes.push(counts.collect::<Vec<_>>().join(", "));
    let foreign =
        listener.with(|tracker| calls.iter().filter(|call| !tracker.is_own_call(&call.id)).count());
    if foreign > 0 {
        notes.push(format!("{foreign} not of this shell"));
    }
    Ok(format!("{} ({})", counted(calls.len(), "call"), notes.join("; ")))
}

/// The calls, for people the first ones only.
fn show(cx: &mut Context<'_>, calls: &[CallInfo]) -> Result<(), CommandError> {
    let listener = cx.listener()?;
    let now = listener.server_time();
    let names = cx.app_names()?;
    let is_table = cx.format() == Format::Table;
    let shown = calls.iter().take(if is_table { SHOWN } else { usize::MAX });
    let view = listener.with(|tracker| call_rows::calls(shown, tracker, Some(now), &names));
    let view = if is_table && calls.len() > SHOWN {
        view.with_foot(format!("{SHOWN} of {} calls", calls.len()))
    } else {
        view
    };
    cx.view(&view)
}

/// How many calls a preview shows to people.
const SHOWN: usize = 20;

fn results() -> View {
    let columns = [
        Column::text("id", "uuid of the call"),
        Column::text("from", "number of the caller"),
        Column::text("to", "number that was called"),
        Column::text("result", "hung up, was gone, left alone, still there, or why not"),
    ];
    View::of(columns, "no calls")
}

/// Hangs up, at the wanted pace, and reports the result of each.
async fn hang_up(
    cx: &mut Context<'_>,
    calls: &[CallInfo],
    cause: &HangupCause,
    manner: &HangupOptions,
    filter: Option<&str>,
) -> Result<(), CommandError> {
    let client = cx.client()?;
    let mut pace = interval(manner.rate.max(Duration::from_micros(1)));
    // A slow server is not caught up with: the rate is a limit.
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut outcomes = Vec::new();
    let mut progress = Instant::now();
    for (at, call) in calls.iter().enumerate() {
        if !manner.rate.is_zero() {
            pace.tick().await;
        }
        let now = cx.listener()?.call(&call.id);
        let is_spared = match (now, filter) {
            (Some(now), Some(filter)) => cx.matching(vec![now], filter)?.is_empty(),
            _ => false,
        };
        outcomes.push(if is_spared { None } else { Some(one(&client, call, cause).await) });
        if progress.elapsed() >= PROGRESS && at + 1 < calls.len() && cx.format() == Format::Table {
            progress = Instant::now();
            cx.line(&format!("{} of {} asked to hang up", at + 1, calls.len()))?;
        }
    }
    let sent = calls.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_some());
    wait_for_ends(&client, sent.map(|(call, _)| call).cloned().collect()).await;
    let mut view = results();
    let (mut ended, mut failed, mut spared) = (0, 0, 0);
    let starts = Starts::new(calls.iter().map(|call| call.id.as_str()));
    for (call, outcome) in calls.iter().zip(outcomes) {
        let is_there = client.call(&call.id).is_some();
        let result = match outcome {
            None => "left alone: it does not match any more".to_owned(),
            Some(Ok(LegEnd::HungUp)) if is_there => "still there".to_owned(),
            Some(Ok(LegEnd::HungUp)) => "hung up".to_owned(),
            Some(Ok(LegEnd::WasGone)) => "was gone".to_owned(),
            Some(Err(err)) => err.message,
        };
        match result.as_str() {
            "hung up" | "was gone" => ended += 1,
            left if left.starts_with("left alone") => spared += 1,
            _ => failed += 1,
        }
        let lead = call.lead();
        let text = |text: Option<&str>| text.map_or_else(Cell::none, Cell::text);
        view.push(vec![
            Cell::shown(starts.of(call.id.as_str()), json!(call.id)),
            text(lead.map(|lead| &*lead.caller_number)),
            text(lead.map(|lead| &*lead.destination)),
            Cell::text(&result),
        ]);
    }
    cx.view(&view)?;
    if failed > 0 {
        let message = format!("{} hung up, {failed} not", counted(ended, "call"));
        let kind = if ended > 0 { Kind::Partial } else { Kind::Refused };
        return Err(CommandError::new(kind, message)
            .hint("\"ghosts\" finds rows without a call behind them"));
    }
    if cx.format() == Format::Table {
        let left = if spared > 0 { format!(", {spared} left alone") } else { String::new() };
        cx.line(&format!("{} hung up with {cause}{left}", counted(ended, "call")))?;
    }
    Ok(())
}

/// Hangs up all legs of a call. A leg that cannot be hung up does not keep the others alive.
async fn one(
    client: &Client,
    call: &CallInfo,
    cause: &HangupCause,
) -> Result<LegEnd, CommandError> {
    let Some(call) = client.call(&call.id) else { return Ok(LegEnd::WasGone) };
    let ends = call.hangup_with(cause).await?;
    let is_hung_up = ends.iter().any(|(_, end)| *end == LegEnd::HungUp);
    Ok(if is_hung_up { LegEnd::HungUp } else { LegEnd::WasGone })
}

/// Waits until the calls are over, or a while.
async fn wait_for_ends(client: &Client, calls: Vec<CallInfo>) {
    let end = Instant::now() + ENDING;
    while Instant::now() < end && calls.iter().any(|call| client.call(&call.id).is_some()) {
        sleep(LOOK).await;
    }
}

/// Waits until these legs are over, or for `time`; returns how many are left.
pub(super) async fn wait_for_legs(
    client: &Client,
    legs: &[Id<SessionInfo>],
    within: Duration,
) -> usize {
    let end = Instant::now() + within;
    loop {
        let left = legs.iter().filter(|leg| client.session(leg).is_some()).count();
        if left == 0 || Instant::now() >= end {
            return left;
        }
        sleep(LOOK).await;
    }
}

/// How often the tracker is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How long calls that were asked to hang up may take to end.
const ENDING: Duration = Duration::from_secs(5);

/// How often progress is reported.
const PROGRESS: Duration = Duration::from_secs(1);

/// Reads a rate as the time between two.
fn pause(text: &str) -> Result<Duration, String> {
    if text.eq_ignore_ascii_case("max") {
        return Ok(Duration::ZERO);
    }
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let wrong = || format!("{text:?} is not a rate such as 20/s, 100/m or max");
    let per = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_err| wrong())?;
    if !number.is_finite() || number <= 0.0 || number > 10_000.0 {
        return Err(wrong());
    }
    Ok(Duration::from_secs_f64(per / number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn rates_are_read() {
        for (text, milliseconds) in [("20/s", 50), ("20", 50), ("60/m", 1000), ("max", 0)] {
            assert_eq!(pause(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "0/s", "-1", "x", "1/d", "inf"] {
            assert!(pause(text).is_err(), "{text}");
        }
    }
}
