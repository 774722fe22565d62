use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::commands::leg_command::On;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;

/// Send the far end of a leg to another SIP address
///
/// A leg that is not answered gets a 302, an answered one a REFER: its far end calls the address
/// itself, if it can. Confirmed by the end of the leg.
///
/// Examples:
///   deflect last sip:1001@10.0.0.9
///   deflect 1000 tel:+18005551212
///   deflect 6c1d2a5e sip:1001@10.0.0.9 --timeout 10
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) on: On,
    /// Where to
    #[arg(value_name = "URI")]
    uri: String,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Leg);

    fn target(&self) -> Option<&CallArg> {
        Some(&self.on.target)
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    if !args.uri.starts_with("sip:")
        && !args.uri.starts_with("sips:")
        && !args.uri.starts_with("tel:")
    {
        return Err(CommandError::usage(format!("{:?} is not a SIP address", args.uri))
            .hint(format!("type \"deflect {} sip:USER@HOST\"", args.on.target.call)));
    }
    let leg =
        leg_command::leg(cx, &args.on.target, |leg| leg.channel_name.starts_with("sofia/")).await?;
    let event = leg.expect(&["CHANNEL_HANGUP_COMPLETE"]).await?;
    leg.deflect_to(&args.uri).await?;
    let why = "the far end has not followed yet, and may not";
    let outcome = leg_command::confirmed_or(event, args.on.within(), why).await?;
    leg_command::say(cx, leg.id(), &format!("deflected to {}", args.uri), &outcome)
}
