use serde_json::json;

use super::{CommandError, Context, Format};
use crate::client::{Client, HungUp};
use crate::model::HangupCause;
use crate::shell::narrate;
use crate::shell::render::{Cell, View, counted};
use crate::shell::rows::direction;

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
    /// List the legs that would be hung up, and hang up nothing
    #[arg(long)]
    dry_run: bool,
}

impl Args {
    /// Whether nothing is sent.
    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let client = cx.client()?;
    let app = args.app.as_deref();
    let cause = HangupCause::parse(&args.cause);
    if args.dry_run {
        let tagged = client.hupall_dry_run(app, &cause)?;
        cx.view(&victims(&client, &tagged))?;
        return say(cx, &tagged, "would be hung up");
    }
    let done = client.hupall(app, &cause).await?;
    let mut view = View::new(&["app", "id", "sessions"], NO_CALLS);
    for hung_up in &done {
        view.push(vec![
            app_name(hung_up),
            Cell::text(hung_up.id.as_str()),
            Cell::number(hung_up.sessions as u64),
        ]);
    }
    cx.view(&view)?;
    say(cx, &done, "told to hang up")
}

/// Says to people how many.
fn say(cx: &mut Context<'_>, tagged: &[HungUp], what: &str) -> Result<(), CommandError> {
    if cx.format() != Format::Table {
        return Ok(());
    }
    let sum = tagged.iter().map(|hung_up| hung_up.sessions).sum::<usize>();
    cx.line(&format!("{} {what}", counted(sum, "session")))
}

/// The legs that would be hung up.
fn victims(client: &Client, tagged: &[HungUp]) -> View {
    let columns = ["app", "uuid", "dir", "from", "to", "state"];
    let mut view = View::new(&columns, if tagged.is_empty() { NO_CALLS } else { "none lives" });
    for hung_up in tagged {
        for leg in hung_up.victims.iter().filter_map(|id| client.session(id.as_str())) {
            view.push(vec![
                app_name(hung_up),
                Cell::text(leg.id.as_str()),
                direction(&leg),
                Cell::shown(narrate::caller(&leg), json!(leg.caller_number)),
                Cell::text(&leg.destination),
                Cell::text(leg.phase.word()),
            ]);
        }
    }
    view
}

fn app_name(hung_up: &HungUp) -> Cell {
    hung_up.name.as_deref().map_or_else(|| Cell::shown("(no app)", json!(null)), Cell::text)
}

const NO_CALLS: &str = "this shell started no calls";
