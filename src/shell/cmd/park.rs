use super::{CommandError, Context};
use crate::shell::control::{self, On, Outcome};

/// Park a leg: it waits, without media, for what comes next
///
/// A leg that it was bridged to is hung up, unless its variables say otherwise. Confirmed by
/// CHANNEL_PARK. A parked leg stays until somebody ends it: "sched-hangup" sets a limit.
///
/// Examples:
///   park last
///   park 6c1d2a5e
///   park 1000 --timeout 10
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) on: On,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = control::leg(cx, &args.on.target, |_| true).await?;
    // One that runs a bridge out of its park is both.
    if leg.is_parked && !leg.is_bridged {
        return control::say(cx, &leg.id, "is parked", &Outcome::Already);
    }
    let event = leg.expect(&["CHANNEL_PARK"]).await?;
    leg.park().await?;
    let (_, outcome) = control::confirmed(event, args.on.within()).await?;
    control::say(cx, &leg.id, "parked", &outcome)
}
