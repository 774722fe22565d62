use super::{CommandError, Context};
use crate::model::{Direction, Phase};
use crate::shell::control::{self, On, Outcome};

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
    pub(super) on: On,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let named = cx.named(&args.on.target).await?;
    let leg = control::pick(cx, &named, |leg| {
        leg.direction == Direction::Inbound && leg.phase < Phase::Answered
    })?;
    // Of a call whose legs are all answered, the one that came in.
    let leg = if leg.direction == Direction::Outbound {
        control::pick(cx, &named, |leg| leg.direction == Direction::Inbound)?
    } else {
        leg
    };
    if leg.phase >= Phase::Answered {
        return control::say(cx, &leg.id, "is answered", &Outcome::Already);
    }
    if leg.direction == Direction::Outbound {
        let message = format!("{} was made by the switch: only its far end can answer it", leg.id);
        return Err(CommandError::new(super::Kind::Refused, message)
            .hint("\"call ID\" shows the legs; \"answer\" is for those that came in"));
    }
    let event = leg.expect(&["CHANNEL_ANSWER"]).await?;
    leg.answer().await?;
    let (_, outcome) = control::confirmed(event, args.on.within()).await?;
    control::say(cx, &leg.id, "answered", &outcome)
}
