use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::commands::server_tables;
use crate::shell::text::error::CommandError;
use crate::shell::view::select::Select;

/// List the conferences that run
///
/// "conference NAME list" has the members of one.
///
/// Examples:
///   conferences
///   conferences where members>1
///   conferences -o vertical
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Observe).without_events();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let table = server_tables::conferences(cx).await;
    cx.selected("conferences", table, &args.select)
}
