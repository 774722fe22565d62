use crate::client::{MuteSide, Session};
use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::commands::leg_command::{On, Outcome};
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;

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
    pub(in crate::shell) on: On,
    /// Which way; off ends both sides
    #[arg(value_name = "WAY", default_value = "on")]
    way: Way,
    /// What is silenced
    #[arg(long, value_name = "SIDE", default_value = "read")]
    side: Side,
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Side {
    Read,
    Write,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = leg_command::leg(cx, &args.on.target, |_| true).await?;
    let within = args.on.within();
    if args.way == Way::Off {
        let is_muted = is_muted(&leg).await;
        let event = leg.expect(&["MEDIA_BUG_STOP"]).await?.with(FUNCTION, AUDIO);
        leg.unmute().await?;
        let why = "was not muted: nothing changed";
        let outcome = match is_muted {
            Some(false) => Outcome::Nothing(why),
            _ => leg_command::confirmed_or_nothing(event, within, why).await?,
        };
        return leg_command::say(cx, leg.id(), "is not muted any more", &outcome);
    }
    let was_muted = is_muted(&leg).await == Some(true);
    let event = leg.expect(&["MEDIA_BUG_START"]).await?.with(FUNCTION, AUDIO);
    let (side, done) = match args.side {
        Side::Read => (MuteSide::Read, "is no longer heard"),
        Side::Write => (MuteSide::Write, "hears nothing"),
    };
    leg.mute(side, 1).await?;
    // A second direction is muted by what mutes the first, without an event.
    let outcome = if was_muted {
        Outcome::Replied
    } else {
        let confirmed = leg_command::confirmed(event, within).await;
        confirmed.map_err(|err| err.hint("it is not muted; has the leg media?"))?.1
    };
    leg_command::say(cx, leg.id(), done, &outcome)
}

/// Whether FreeSWITCH silences a direction of the leg; nothing where it may not be asked.
async fn is_muted(leg: &Session) -> Option<bool> {
    let list = leg.client().cmd(&format!("uuid_buglist {}", leg.id())).await.ok()?;
    Some(list.contains("<function>audio</function>"))
}

/// Which media bug an event is about.
const FUNCTION: &str = "Media-Bug-Function";

/// The one that mutes (`switch_ivr_session_audio`).
const AUDIO: &str = "audio";
