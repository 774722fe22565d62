use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;

/// Choose the switch that lines go to
///
/// Examples:
///   use pbx2
///   use -
///   @pbx2 status
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which switch; "-" is the one before
    #[arg(value_name = "SWITCH", allow_hyphen_values = true)]
    name: String,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Connection).without_events().waited_for();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let name = if args.name == "-" {
        cx.shell.previous().ok_or_else(|| CommandError::usage("there was no switch before"))?
    } else {
        args.name.clone()
    };
    let switch = cx.shell.switch(&name)?;
    cx.shell.select(switch.name());
    cx.line(&format!("{name} is the current switch"))
}
