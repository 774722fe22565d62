use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::commands::server_tables;
use crate::shell::text::error::CommandError;
use crate::shell::view::select::Select;

/// List the SIP profiles
///
/// What "sofia status" says of profiles and their aliases; "sofia status profile NAME" has more.
///
/// Examples:
///   profiles
///   profiles where state!=RUNNING
///   profiles -o json
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
    let table = server_tables::profiles(cx).await;
    cx.selected("profiles", table, &args.select)
}
