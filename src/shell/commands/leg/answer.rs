use crate::model::{Direction, Phase};
use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::commands::leg_command::{On, Outcome};
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;

/// Answer a call that came in and is not answered yet
///
/// A call's name stands for its first leg that can be answered. Confirmed by CHANNEL_ANSWER.
///
/// Examples:
///   answer last
///   answer 6c1d2a5e
///   answer 1001 --timeout 10
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
    let named = cx.named(&args.on.target).await?;
    let leg = leg_command::pick(cx, &named, |leg| {
        leg.direction == Direction::Inbound && leg.phase < Phase::Answered
    })?;
    // Of a call whose legs are all answered, the one that came in.
    let leg = if leg.info().direction == Direction::Outbound {
        leg_command::pick(cx, &named, |leg| leg.direction == Direction::Inbound)?
    } else {
        leg
    };
    if leg.info().phase >= Phase::Answered {
        return leg_command::say(cx, leg.id(), "is answered", &Outcome::Already);
    }
    if leg.info().direction == Direction::Outbound {
        let message =
            format!("{} was made by the switch: only its far end can answer it", leg.id());
        return Err(CommandError::new(crate::shell::text::error::Kind::Refused, message)
            .hint("\"call ID\" shows the legs; \"answer\" is for those that came in"));
    }
    let event = leg.expect(&["CHANNEL_ANSWER"]).await?;
    leg.answer().await?;
    let (_, outcome) = leg_command::confirmed(event, args.on.within()).await?;
    leg_command::say(cx, leg.id(), "answered", &outcome)
}
