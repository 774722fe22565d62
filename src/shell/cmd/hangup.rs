use std::time::Duration;

use serde_json::json;

use super::{CommandError, Context, Format, Kind};
use crate::model::{HangupCause, Session};
use crate::shell::render::{Cell, View, counted};
use crate::shell::{ending, sanitise};

/// Hang up a call, or one leg of it
///
/// The call is named by its uuid, the start of it, "last", or a number. A leg's own uuid ends the
/// leg, and with it usually the call. A misspelt cause is refused: FreeSWITCH would take it for
/// NORMAL_CLEARING. The end is told when it has come.
///
/// Examples:
///   hangup last
///   hangup 6c1d2a5e USER_BUSY
///   hangup 1000
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which call or leg
    #[arg(value_name = "CALL")]
    call: String,
    /// Why, as a FreeSWITCH hangup cause
    #[arg(value_name = "CAUSE", default_value = "NORMAL_CLEARING")]
    cause: String,
    /// How long to wait for the end
    #[arg(long, value_name = "SECS", default_value_t = 5)]
    timeout: u64,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let found = cx.session(&args.call)?;
    let client = cx.client()?;
    let cause = HangupCause::parse(&args.cause);
    // The first leg stands for the call; another leg for itself.
    let is_call =
        found.id.as_str() == found.call.as_str() || !found.id.as_str().starts_with(&args.call);
    let legs = match client.call(found.call.as_str()) {
        Some(call) if is_call => call.sessions(),
        _ => client.session(found.id.as_str()).into_iter().collect(),
    };
    for leg in &legs {
        leg.hangup_with(&cause).await?;
    }
    let ids: Vec<_> = legs.iter().map(|leg| leg.id.clone()).collect();
    let left = ending::wait_for_legs(&client, &ids, Duration::from_secs(args.timeout)).await;
    let what = if is_call { "call" } else { "leg" };
    if left > 0 {
        let message = format!(
            "{what} {}: {} still there after {} s",
            found.id,
            counted(left, "leg"),
            args.timeout
        );
        return Err(CommandError::new(Kind::TimedOut, message)
            .hint("the server took the order; \"ghosts\" finds rows without a call behind them"));
    }
    say(cx, what, &found, legs.len())
}

/// Says how it ended, which may be another cause than the one that was asked for.
fn say(cx: &mut Context<'_>, what: &str, found: &Session, legs: usize) -> Result<(), CommandError> {
    let ended = cx.listener()?.with(|tracker| {
        let legs = tracker.legs(&found.call);
        legs.into_iter().find(|leg| leg.id == found.id).and_then(|leg| leg.cause.clone())
    });
    let cause = ended.as_ref().map_or("unknown cause", HangupCause::name);
    if cx.format() != Format::Table {
        return cx.view(&View::single(vec![
            ("uuid", Cell::text(found.id.as_str())),
            ("what", Cell::text(what)),
            ("legs", Cell::number(legs as u64)),
            ("cause", Cell::shown(cause, json!(ended))),
        ]));
    }
    let cause = sanitise::line(cause);
    cx.line(&format!("{what} {} hung up: {cause} ({})", found.id, counted(legs, "leg")))
}
