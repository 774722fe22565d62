use crate::client::Session;
use crate::model::dial::encode;
use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command::On;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::commands::server::api::clear_effect;
use crate::shell::commands::{leg_command, plan_start};
use crate::shell::text::error::{CommandError, Kind};

/// Send a leg to an extension of the dial plan, or to applications
///
/// Without --leg it is the leg that is named; the leg that it was bridged to is hung up unless its
/// variables say otherwise. -both and -bleg after the leg, as uuid_transfer takes them, are --leg both
/// and --leg b. Confirmed by CHANNEL_EXECUTE: the application of the extension that the leg stays in.
/// Where no extension matches, FreeSWITCH hangs the leg up, at once or after those with
/// continue="true": that is an error.
///
/// Examples:
///   transfer last 9196
///   transfer 6c1d2a5e 9197 XML default
///   transfer 1000 9197 --timeout 10
///   transfer last 'set:foo=1,park:' inline
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) on: On,
    /// The extension, or applications for the dial plan inline
    #[arg(value_name = "EXTEN")]
    exten: String,
    /// The kind of dial plan
    #[arg(value_name = "DIALPLAN", default_value = "XML")]
    dialplan: String,
    /// Its context
    #[arg(value_name = "CONTEXT", default_value = "default")]
    context: String,
    /// Which leg: the named one, the one that it is bridged to, or both
    #[arg(long, value_name = "LEG", default_value = "a")]
    leg: WhichLeg,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Leg);

    fn target(&self) -> Option<&CallArg> {
        Some(&self.on.target)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum WhichLeg {
    A,
    B,
    Both,
}

impl WhichLeg {
    /// The legs that it means, the named one first.
    pub(super) fn of(
        self,
        cx: &Context<'_>,
        named: &Session,
    ) -> Result<Vec<Session>, CommandError> {
        let client = cx.client()?;
        let other = named.info().other_leg.as_ref().and_then(|id| client.session(id));
        match (self, other) {
            (Self::A, _) => Ok(vec![named.clone()]),
            (Self::B, Some(other)) => Ok(vec![other]),
            (Self::Both, Some(other)) => Ok(vec![named.clone(), other]),
            (Self::B | Self::Both, None) => {
                let message = format!("{} is bridged to no other leg", named.id());
                Err(CommandError::new(Kind::Refused, message).hint("leave --leg out"))
            }
        }
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let named = leg_command::leg(cx, &args.on.target, |_| true).await?;
    let legs = args.leg.of(cx, &named)?;
    // As it is sent.
    let exten = encode::word(&args.exten);
    let line = format!("uuid_transfer {} {exten} {} {}", named.id(), args.dialplan, args.context);
    clear_effect(cx, &line, &format!("api --yes {line}")).await?;
    let mut waits = Vec::new();
    for leg in &legs {
        waits.push((leg.id().clone(), leg.expect(plan_start::EVENTS).await?));
    }
    // One after the other would hang up the second: it is no longer bridged then.
    match args.leg {
        WhichLeg::Both => named.transfer_both(&args.exten, &args.dialplan, &args.context).await?,
        WhichLeg::A | WhichLeg::B => {
            for leg in &legs {
                leg.transfer(&args.exten, &args.dialplan, &args.context).await?;
            }
        }
    }
    for (id, wait) in waits {
        let target = format!("{} in context {}", args.exten, args.context);
        let (app, outcome) =
            plan_start::wait_for_application(wait, &target, args.on.within()).await?;
        let done = format!("transferred to {} {}, runs {app}", args.exten, args.context);
        leg_command::say(cx, &id, &done, &outcome)?;
    }
    Ok(())
}
