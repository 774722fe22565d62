use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::commands::leg_command::{On, Outcome};
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;

/// Park a leg: it waits, without media, for what comes next
///
/// A leg that it was bridged to is hung up, unless its variables say otherwise. Confirmed by
/// CHANNEL_PARK. A parked leg stays until it is hung up: "sched-hangup" sets a limit.
///
/// Examples:
///   park last
///   park 6c1d2a5e
///   park 1000 --timeout 10
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) on: On,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Leg);

    fn target(&self) -> Option<&CallArg> {
        Some(&self.on.target)
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = leg_command::leg(cx, &args.on.target, |_| true).await?;
    // One that runs a bridge out of its park is both.
    if leg.info().is_parked && !leg.info().is_bridged {
        return leg_command::say(cx, leg.id(), "is parked", &Outcome::Already);
    }
    let event = leg.expect(&["CHANNEL_PARK"]).await?;
    leg.park().await?;
    let (_, outcome) = leg_command::confirmed(event, args.on.within()).await?;
    leg_command::say(cx, leg.id(), "parked", &outcome)
}
