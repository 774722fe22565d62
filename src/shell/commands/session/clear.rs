use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;

/// Clear the screen
///
/// Ctrl-L does the same in the middle of a line. Without a screen nothing happens.
///
/// Examples:
///   clear
///   events off
///   history 5
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

pub(crate) async fn run(cx: &mut Context<'_>, _args: &Args) -> Result<(), CommandError> {
    if let Some(operator) = cx.operator() {
        operator.clear().await;
    }
    Ok(())
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Session);
}
