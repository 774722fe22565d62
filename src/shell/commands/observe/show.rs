use crate::shell::commands::context::Context;
use crate::shell::commands::error_hints::advise_table;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::commands::server::api::{Via, send};
use crate::shell::commands::server_tables;
use crate::shell::text::error::CommandError;
use crate::shell::view::Format;
use crate::shell::view::select::Select;

/// Show a table of the server, fitted to the terminal
///
/// These are FreeSWITCH's own tables: channels, calls, bridged_calls, registrations, modules, api,
/// application, codec, endpoint, tasks, aliases, limits, nat_map .. "-o raw", "api show .." and
/// whatever has "as" or "count" in it give its own text.
///
/// Examples:
///   show channels
///   show channels like 1000
///   show modules where type=codec --columns name,ikey
///   show registrations -o csv
///   show calls count
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which table, and what else FreeSWITCH's own command takes
    #[arg(value_name = "TABLE")]
    what: Vec<String>,
    #[command(flatten)]
    select: Select,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Observe).without_events();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let what = args.what.join(" ");
    // Where the operator chose the form, and where the answer is no table: with a name behind it, as
    // in `show modules mod_sofia`, FreeSWITCH answers in text whatever it is asked for.
    let is_own_text = args.what.iter().skip(1).any(|word| matches!(word.as_str(), "as" | "count"))
        || args.what.get(1).is_some_and(|second| second != "like")
        || args.what.first().is_none_or(|first| matches!(first.as_str(), "help" | "status"));
    if cx.format() == Format::Raw || is_own_text {
        return send(cx, format!("show {what}").trim_end(), None, Via::Api).await;
    }
    let rows = args.what.first().map_or("rows", String::as_str);
    let table = server_tables::show(cx, &what).await;
    let table = table.map_err(|err| advise_table(&format!("show {what}"), err));
    cx.selected(rows, table, &args.select)
}
