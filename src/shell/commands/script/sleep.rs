use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::duration::duration;
use crate::shell::text::error::CommandError;

/// Do nothing for a while; events go on
///
/// Examples:
///   sleep 2
///   sleep 500ms
///   sleep 1 ;; calls
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// How long: seconds, or with a unit (10s, 5m)
    #[arg(value_name = "SECS")]
    span: String,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Script).without_events();
}

pub(crate) async fn run(_cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    tokio::time::sleep(duration(&args.span)?).await;
    Ok(())
}
