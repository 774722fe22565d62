use crate::shell::commands::meta::{Describe, Group, Meta};
use tokio::sync::oneshot;

use crate::client::{Expect, Session, is_dial_string};
use crate::model::{Event, HangupCause, Id};
use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::commands::leg_command::Outcome;
use crate::shell::commands::server::api::clear_effect;
use crate::shell::text::duration::whole_seconds;
use crate::shell::text::error::{CommandError, Kind};

/// Connect two legs, or a leg with a party that is called now
///
/// The second one is a leg, named as everywhere, or a dial string, which goes to the server word
/// for word. Confirmed by CHANNEL_BRIDGE. When no party can be reached the leg continues as before.
/// Options stand before the leg.
///
/// Examples:
///   bridge 6c1d2a5e 8f00b204
///   bridge 1000 1001
///   bridge --timeout 60 last loopback/9197
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) target: CallArg,
    /// With which leg, or a dial string
    #[arg(value_name = "CALL|DIALSTRING")]
    with: String,
    /// How long to wait for it: 5 for a leg, 60 for a dial string
    #[arg(long, value_name = "SECS", value_parser = whole_seconds::<u64>)]
    timeout: Option<u64>,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Leg).with_verbatim_tail(1);

    fn target(&self) -> Option<&CallArg> {
        Some(&self.target)
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = leg_command::leg(cx, &args.target, |_| true).await?;
    let with = args.with.trim();
    let within = |stock| std::time::Duration::from_secs(args.timeout.unwrap_or(stock));
    if is_dial_string(with) {
        let sends_it = format!("execute --yes {} bridge {with}", leg.id());
        clear_effect(cx, &format!("originate {with}"), &sends_it).await?;
        return dial(cx, &leg, with, within(60)).await;
    }
    let other = leg_command::leg(cx, args.target.also(with), |_| true).await?;
    if other.id() == leg.id() {
        return Err(CommandError::usage(format!("both names stand for {}", leg.id()))
            .hint("\"call ID\" shows the uuids of the legs"));
    }
    let event = leg.expect(&["CHANNEL_BRIDGE"]).await?.or(other.id());
    leg.bridge_to(other.id()).await?;
    let (_, outcome) = leg_command::confirmed(event, within(5)).await?;
    leg_command::say(cx, leg.id(), &format!("bridged with {}", other.id()), &outcome)
}

/// Runs it and waits until it has begun or failed.
async fn bridged(
    leg: &Session,
    dial_string: &str,
    event: Expect,
    within: std::time::Duration,
    mark: &str,
) -> Result<(Event, Outcome), CommandError> {
    leg.execute_as("bridge", dial_string, mark).await?;
    leg_command::confirmed(event, within).await
}

/// Lets a leg live on when its bridge fails.
const KEEP: &str = "continue_on_fail";

/// Runs the bridge application; its end says why no party could be reached.
async fn dial(
    cx: &mut Context<'_>,
    leg: &Session,
    dial_string: &str,
    within: std::time::Duration,
) -> Result<(), CommandError> {
    let mark = Id::<Event>::random();
    let event = leg.expect(&["CHANNEL_BRIDGE", "CHANNEL_EXECUTE_COMPLETE"]).await?;
    // FreeSWITCH hangs up a leg whose bridge fails, unless this is set: the operator did not ask for that.
    let is_kept = matches!(leg.getvar(KEEP).await, Ok(None));
    let (done, confirmed) = oneshot::channel();
    let shell = cx.shell.clone();
    let (leg_of, dial_string) = (leg.clone(), dial_string.to_owned());
    // In the shell's care: after Ctrl-C, too, it is taken back once the bridge has failed or begun.
    cx.shell.finish(async move {
        let is_kept = is_kept && leg_of.setvar(KEEP, "true").await.is_ok();
        let outcome = tokio::select! {
            outcome = bridged(&leg_of, &dial_string, event, within, mark.as_str()) => Some(outcome),
            () = shell.closing() => None,
        };
        if is_kept {
            // A leg that has ended meanwhile has no variables.
            let _left = leg_of.unsetvar(KEEP).await;
        }
        if let Some(outcome) = outcome {
            // After Ctrl-C the result is not waited for.
            let _told = done.send(outcome).is_ok();
        }
    });
    let interrupted = || CommandError::new(Kind::Interrupted, "the shell is closing");
    let (event, outcome) = confirmed.await.map_err(|_closed| interrupted())??;
    if event.kind() == "CHANNEL_EXECUTE_COMPLETE"
        && event.get("Application").as_deref() == Some("bridge")
    {
        // The cause; DIALSTATUS has other words for it (BUSY, NOANSWER).
        let why = event.variable("originate_disposition");
        let why = why.or_else(|| event.get("Application-Response"));
        let why = why.unwrap_or_default().into_owned();
        let message = format!("{} was not bridged: {why}", leg.id());
        let err = CommandError::new(Kind::Refused, message);
        return Err(match HangupCause::parse(&why).meaning() {
            Some(meaning) if is_kept => err.hint(format!("{meaning}; the leg continues as before")),
            Some(meaning) => err.hint(meaning),
            None => err,
        });
    }
    let other = event.get("Other-Leg-Unique-ID").unwrap_or_default().into_owned();
    leg_command::say(cx, leg.id(), &format!("bridged with {other}"), &outcome)
}
