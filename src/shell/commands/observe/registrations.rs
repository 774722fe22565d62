use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::commands::server_tables;
use crate::shell::text::error::CommandError;
use crate::shell::view::select::Select;

/// List who is registered
///
/// FreeSWITCH's "show registrations" in another form; "sofia status profile NAME reg" has more.
///
/// Examples:
///   registrations
///   registrations where user=1000
///   registrations where expires<1m --count
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
    let table = server_tables::registrations(cx).await;
    cx.selected("registrations", table, &args.select)
}
