use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::meta::{Describe, Group, Meta};
use std::time::Duration;

use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::commands::leg_command::{On, Outcome};
use crate::shell::text::error::CommandError;

/// Send digits to the far end of a leg, or as if it had sent them
///
/// Digits are 0-9 * # A-D; w is a pause of half a second, W one of a second. Nothing says that the
/// far end heard them. With --received, the switch takes them as pressed by the far end: confirmed
/// by DTMF.
///
/// Examples:
///   dtmf last 1234#
///   dtmf 1000 5 --hold 200
///   dtmf last 1 --received
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) on: On,
    /// The digits
    #[arg(value_name = "DIGITS")]
    digits: String,
    /// How long each is held
    #[arg(long, value_name = "MS", default_value_t = 0)]
    hold: u64,
    /// As if the far end had pressed them
    #[arg(long)]
    received: bool,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Leg);

    fn target(&self) -> Option<&CallArg> {
        Some(&self.on.target)
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = leg_command::leg(cx, &args.on.target, |_| true).await?;
    let hold = Duration::from_millis(args.hold);
    if !args.received {
        leg.send_dtmf(&args.digits, hold).await?;
        let outcome = Outcome::Queued("nothing says whether the far end heard them");
        return leg_command::say(cx, leg.id(), &format!("sends {}", args.digits), &outcome);
    }
    let event = leg.expect(&["DTMF"]).await?;
    leg.recv_dtmf(&args.digits, hold).await?;
    let why = "nothing that runs on this leg reads digits now";
    let outcome = leg_command::confirmed_or(event, args.on.within(), why).await?;
    leg_command::say(cx, leg.id(), &format!("received {}", args.digits), &outcome)
}
