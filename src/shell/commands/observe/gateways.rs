use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::commands::server_tables;
use crate::shell::text::error::CommandError;
use crate::shell::view::select::Select;

/// List the SIP gateways: registered or not, up or down, calls
///
/// States and counters are the server's own. "sofia status gateway NAME" has more of one gateway.
///
/// Examples:
///   gateways
///   gateways where state!=REGED
///   gateways --sort calls_out:desc -o csv
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
    let table = server_tables::gateways(cx).await;
    cx.selected("gateways", table, &args.select)
}
