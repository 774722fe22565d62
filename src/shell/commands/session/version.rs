use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;
use crate::shell::view::{Cell, View};

/// Show the version of this shell and of the server
///
/// Examples:
///   version
///   version -o json
///   api version
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

pub(crate) async fn run(cx: &mut Context<'_>, _args: &Args) -> Result<(), CommandError> {
    let server = match cx.client() {
        Ok(client) if client.is_connected() => Cell::text(&client.cmd("version").await?),
        _ => Cell::none(),
    };
    cx.view(&View::single(vec![
        ("switchy", Cell::text(env!("CARGO_PKG_VERSION"))),
        ("server", server),
    ]))
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Session).without_events();
}
