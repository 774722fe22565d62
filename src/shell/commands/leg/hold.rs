use crate::model::Phase;
use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::commands::leg_command::{On, Outcome};
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::{CommandError, Kind};

/// Put a leg on hold, or take it off
///
/// Confirmed by CHANNEL_HOLD or CHANNEL_UNHOLD: FreeSWITCH's reply says +OK even where nothing can
/// be held.
///
/// Examples:
///   hold last
///   hold 6c1d2a5e off
///   hold 1000 toggle
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) on: On,
    /// Which way
    #[arg(value_name = "WAY", default_value = "on")]
    way: Way,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Leg);

    fn target(&self) -> Option<&CallArg> {
        Some(&self.on.target)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Way {
    On,
    Off,
    Toggle,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = leg_command::leg(cx, &args.on.target, |leg| match args.way {
        Way::Off => leg.phase == Phase::Held,
        Way::On | Way::Toggle => leg.phase >= Phase::Answered,
    })
    .await?;
    let is_held = leg.info().phase == Phase::Held;
    let hold = match args.way {
        Way::On => true,
        Way::Off => false,
        Way::Toggle => !is_held,
    };
    if hold == is_held {
        let what = if hold { "is on hold" } else { "is off hold" };
        return leg_command::say(cx, leg.id(), what, &Outcome::Already);
    }
    if leg.info().phase < Phase::Answered {
        let message = format!(
            "{} is {}: only what is answered can be held",
            leg.id(),
            leg.info().phase.word()
        );
        return Err(CommandError::new(Kind::Refused, message)
            .hint("\"answer\" it, or wait until the far end does"));
    }
    let (kind, done) =
        if hold { ("CHANNEL_HOLD", "put on hold") } else { ("CHANNEL_UNHOLD", "taken off hold") };
    let event = leg.expect(&[kind]).await?;
    if hold {
        leg.hold().await?;
    } else {
        leg.unhold().await?;
    }
    let confirmed = leg_command::confirmed(event, args.on.within()).await;
    let (_, outcome) = confirmed.map_err(|err| match err.kind {
        Kind::TimedOut => {
            err.hint("the far end may refuse to be held; \"log debug\" shows the SIP answer")
        }
        _ => err,
    })?;
    leg_command::say(cx, leg.id(), done, &outcome)
}
