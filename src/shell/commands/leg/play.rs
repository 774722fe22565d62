use super::transfer::WhichLeg;
use crate::client::Leg;
use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::commands::leg_command::{On, Outcome};
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::commands::server::api::clear_effect;
use crate::shell::text::error::{CommandError, Kind};

/// Play a file or a tone into a call, or stop what plays
///
/// The path is the server's, or a stream such as tone_stream://%(1000,0,440), or APP::ARGS. It goes
/// to the server word for word: options stand before it. Confirmed by PLAYBACK_START.
///
/// Examples:
///   play last ivr/ivr-welcome.wav
///   play --timeout 10 1000 tone_stream://%(1000,0,440)
///   play last --stop
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) on: On,
    /// What to play
    #[arg(value_name = "PATH", required_unless_present = "stop")]
    path: Option<String>,
    /// Who hears it: the named leg, the one that it is bridged to, or both
    #[arg(long, value_name = "LEG", default_value = "a")]
    leg: WhichLeg,
    /// Stop what plays
    #[arg(long, conflicts_with = "path")]
    stop: bool,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Leg).with_verbatim_tail(1);

    fn target(&self) -> Option<&CallArg> {
        Some(&self.on.target)
    }
}

impl Args {
    #[cfg(test)]
    pub(crate) fn tail(&self) -> &str {
        self.path.as_deref().unwrap_or_default()
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let named = leg_command::leg(cx, &args.on.target, |_| true).await?;
    let legs = args.leg.of(cx, &named)?;
    let Some(first) = legs.first() else { return Ok(()) };
    let within = args.on.within();
    let Some(path) = args.path.as_deref().map(str::trim) else {
        let event = first.expect(&["PLAYBACK_STOP", "CHANNEL_EXECUTE_COMPLETE"]).await?;
        for leg in &legs {
            leg.break_media().await?;
        }
        let why = "was playing nothing: nothing changed";
        let outcome = leg_command::confirmed_or_nothing(event, within, why).await?;
        return leg_command::say(cx, first.id(), "stopped playing", &outcome);
    };
    let leg = match args.leg {
        WhichLeg::A => Leg::A,
        WhichLeg::B => Leg::B,
        WhichLeg::Both => Leg::Both,
    };
    let line = format!("uuid_broadcast {} {path}", named.id());
    clear_effect(cx, &line, &format!("api --yes {line}")).await?;
    let is_app = path.contains("::") && !path.contains("://");
    let kinds: &[&str] =
        if is_app { &["CHANNEL_EXECUTE"] } else { &["PLAYBACK_START", "CHANNEL_EXECUTE_COMPLETE"] };
    let event = first.expect(kinds).await?;
    named.broadcast(path, leg).await?;
    let (event, outcome) = leg_command::confirmed(event, within).await?;
    let response = event.get("Application-Response").unwrap_or_default();
    if event.kind() == "CHANNEL_EXECUTE_COMPLETE"
        && event.get("Application").as_deref() == Some("playback")
        && response.contains("NOT FOUND")
    {
        let message = format!("{path} was not played: {response}");
        return Err(CommandError::new(Kind::Refused, message).hint(
            "the path is one of the server's; a relative one begins in its sounds directory",
        ));
    }
    // The end of what played before says nothing about this one.
    let outcome = if event.kind() == "CHANNEL_EXECUTE_COMPLETE" {
        Outcome::Queued("what played before has just ended; nothing says yet that this plays")
    } else {
        outcome
    };
    leg_command::say(cx, first.id(), &format!("plays {path}"), &outcome)
}
