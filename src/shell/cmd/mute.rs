use super::{CommandError, Context};
use crate::client::MuteSide;
use crate::shell::control::{self, On};

/// Silence a party, or let it be heard again
///
/// "read" is what this party says, "write" what it hears: FreeSWITCH's words. Confirmed by
/// MEDIA_BUG_START and MEDIA_BUG_STOP.
///
/// Examples:
///   mute last
///   mute 1000 off
///   mute 1000 on --side write
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) on: On,
    /// Which way; off ends both sides
    #[arg(value_name = "WAY", default_value = "on")]
    way: Way,
    /// What is silenced
    #[arg(long, value_name = "SIDE", default_value = "read")]
    side: Side,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Way {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Side {
    Read,
    Write,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = control::leg(cx, &args.on.target, |_| true).await?;
    let within = args.on.within();
    if args.way == Way::Off {
        let event = leg.expect(&["MEDIA_BUG_STOP"]).await?;
        leg.unmute().await?;
        let why = "no event came: it was not muted";
        let outcome = control::confirmed_or(event, within, why).await?;
        return control::say(cx, &leg.id, "is heard again", &outcome);
    }
    let event = leg.expect(&["MEDIA_BUG_START"]).await?;
    let (side, done) = match args.side {
        Side::Read => (MuteSide::Read, "is no longer heard"),
        Side::Write => (MuteSide::Write, "hears nothing"),
    };
    leg.mute(side, 1).await?;
    let why = "no event came: it was muted before, or has no media";
    let outcome = control::confirmed_or(event, within, why).await?;
    control::say(cx, &leg.id, done, &outcome)
}
