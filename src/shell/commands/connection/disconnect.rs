use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;

/// Close the connections of a switch
///
/// Its calls go on. Jobs that run are lost sight of.
///
/// Examples:
///   disconnect
///   disconnect pbx1
///   hosts
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which switch; the current one when left out
    #[arg(value_name = "SWITCH")]
    name: Option<String>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Connection).without_events().waited_for();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let switch = match &args.name {
        Some(name) => cx.shell.switch(name)?,
        None => cx.switch()?,
    };
    let name = switch.name().to_owned();
    cx.shell.remove(&name).await;
    cx.line(&format!("disconnected from {name}"))
}
