use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::meta::{Describe, Group, Meta};
use serde_json::json;

use crate::model::{HangupCause, SessionInfo};
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command::On;
use crate::shell::commands::{bulk_hangup, leg_command};
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::view::{Cell, Format, View, counted};

/// Hang up a call, or one leg of it
///
/// The call is named by its uuid, the start of it, "last" (the call that this shell started last), or
/// a number. A number that names another party's call has to be confirmed, without a terminal by
/// --yes. A leg's own uuid ends the leg, and with it usually the call. A misspelt cause is refused:
/// FreeSWITCH would take it for NORMAL_CLEARING. The end is reported when it has come.
///
/// Examples:
///   hangup last
///   hangup 6c1d2a5e USER_BUSY
///   hangup 1000
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) on: On,
    /// Why, as a FreeSWITCH hangup cause
    #[arg(value_name = "CAUSE", default_value = "NORMAL_CLEARING")]
    cause: String,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Calls).handling_call_results();

    fn target(&self) -> Option<&CallArg> {
        Some(&self.on.target)
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let cause = HangupCause::parse(&args.cause);
    let named = cx.named(&args.on.target).await?;
    let (client, found) = (cx.client()?, named.leg);
    // The first leg stands for the call; another leg for itself.
    let legs = match client.call(&named.call.id) {
        Some(call) if !named.is_leg => call.sessions(),
        _ => client.session(&found.id).into_iter().collect(),
    };
    if legs.is_empty() {
        return Err(leg_command::just_ended(&found.id));
    }
    let mut failure = None;
    for leg in &legs {
        if let Err(err) = leg.hangup_with(&cause).await {
            // The other legs end all the same.
            failure = failure.or(Some(err));
        }
    }
    if let Some(err) = failure {
        return Err(err.into());
    }
    let ids: Vec<_> = legs.iter().map(|leg| leg.id().clone()).collect();
    let left = bulk_hangup::wait_for_legs(&client, &ids, args.on.within()).await;
    let what = if named.is_leg { "leg" } else { "call" };
    if left > 0 {
        let message = format!(
            "{what} {}: {} still there after {} s",
            found.id,
            counted(left, "leg"),
            args.on.within().as_secs()
        );
        return Err(CommandError::new(Kind::TimedOut, message)
            .hint("the server took the order; \"ghosts\" finds rows without a call behind them"));
    }
    say(cx, what, &found, legs.len())
}

/// Says how it ended, which may be another cause than the one that was asked for.
fn say(
    cx: &mut Context<'_>,
    what: &str,
    found: &SessionInfo,
    legs: usize,
) -> Result<(), CommandError> {
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
