use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::commands::server::api::clear_effect;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::view::{Cell, Format, View};

/// Set a channel variable of a leg, or take it away
///
/// The value is the rest of the line, quotes and backslashes included, and arrives as it is; without
/// one the variable is removed. The answer shows what the channel has then.
///
/// Examples:
///   setvar last hangup_after_bridge true
///   setvar 1000 effective_caller_id_name Joe Smith
///   setvar last hangup_after_bridge
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) target: CallArg,
    /// The variable
    #[arg(value_name = "NAME")]
    name: String,
    /// Its new value
    #[arg(value_name = "VALUE")]
    value: Option<String>,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Leg).with_verbatim_tail(2);

    fn target(&self) -> Option<&CallArg> {
        Some(&self.target)
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = leg_command::leg(cx, &args.target, |_| true).await?;
    let name = &args.name;
    let wanted = args.value.as_deref().map(str::trim).filter(|value| !value.is_empty());
    if let Some(value) = wanted {
        let line = format!("uuid_setvar {} {name} {value}", leg.id());
        clear_effect(cx, &line, &format!("api --yes {line}")).await?;
    }
    let before = leg.getvar(name).await?;
    match wanted {
        Some(value) => leg.setvar(name, value).await?,
        None => leg.unsetvar(name).await?,
    }
    let now = leg.getvar(name).await?;
    if now.as_deref() != wanted {
        let has = now.unwrap_or_else(|| "(not set)".to_owned());
        let message = format!("{name} is {has:?} on {}, not what was asked for", leg.id());
        return Err(
            CommandError::new(Kind::Refused, message).hint("FreeSWITCH protects some variables")
        );
    }
    if cx.format() != Format::Table {
        let or_null = |value: &Option<String>| value.as_deref().map_or_else(Cell::none, Cell::text);
        return cx.view(&View::single(vec![
            ("uuid", Cell::text(leg.id().as_str())),
            ("name", Cell::text(name)),
            ("value", or_null(&now)),
            ("before", or_null(&before)),
        ]));
    }
    let show = |value: Option<String>| value.unwrap_or_else(|| "(not set)".to_owned());
    let text = format!("{} {name} is {}, was {}", leg.id(), show(now), show(before));
    cx.line(&sanitise::line(&text))
}
