use serde_json::json;

use super::{CommandError, Context, Format};
use crate::model::HangupCause;
use crate::shell::render::{Cell, View, counted};

/// Hang up the calls that this shell started, and no others
///
/// FreeSWITCH's own hupall, which can end every call of the server, is "api hupall".
///
/// Examples:
///   hupall
///   hupall --app TonePlay
///   hupall --dry-run
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Why, as a FreeSWITCH hangup cause
    #[arg(value_name = "CAUSE", default_value = "NORMAL_CLEARING")]
    cause: String,
    /// Only the calls of this loaded app, by name or id
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Say what would be hung up, and hang up nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let client = cx.client()?;
    let app = args.app.as_deref();
    let done = if args.dry_run {
        client.hupall_preview(app)?
    } else {
        client.hupall(app, &HangupCause::parse(&args.cause)).await?
    };
    let (own, sum) =
        (client.id().clone(), done.iter().map(|hung_up| hung_up.sessions).sum::<usize>());
    let mut view = View::new(&["app", "id", "sessions"], "this shell started no calls");
    for hung_up in done {
        view.push(vec![
            match hung_up.name.as_deref() {
                Some(name) => Cell::text(name),
                None if hung_up.id == own => Cell::shown("(no app)", json!(null)),
                None => Cell::shown("(unloaded app)", json!(null)),
            },
            Cell::text(hung_up.id.as_str()),
            Cell::number(hung_up.sessions as u64),
        ]);
    }
    cx.view(&view)?;
    if cx.format() != Format::Table {
        return Ok(());
    }
    let did = if args.dry_run { "would be hung up" } else { "told to hang up" };
    cx.line(&format!("{} {did}", counted(sum, "session")))
}
