use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::after_interrupt::AfterInterrupt;
use std::time::Duration;

use serde_json::json;

use crate::client::{Client, HungUp};
use crate::model::HangupCause;
use crate::shell::commands::bulk_hangup;
use crate::shell::commands::bulk_hangup::HangupOptions;
use crate::shell::commands::context::Context;
use crate::shell::feed;
use crate::shell::freeswitch::danger;
use crate::shell::freeswitch::danger::Guard;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::view::call_rows::direction;
use crate::shell::view::{Cell, Format, View, counted};

/// Hang up the calls that this shell started, and no others
///
/// With --all it is every running call, also those of other clients: they are shown, and the name of the host
/// has to be typed. FreeSWITCH's own hupall is "api hupall".
///
/// Examples:
///   hupall
///   hupall --app TonePlay
///   hupall --dry-run
///   hupall --all --dry-run
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Why, as a FreeSWITCH hangup cause
    #[arg(value_name = "CAUSE", default_value = "NORMAL_CLEARING")]
    cause: String,
    /// What FreeSWITCH's own hupall takes here
    #[arg(hide = true)]
    pairs: Vec<String>,
    /// Only the calls of this loaded app, by name or id
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Every call, also those of other clients
    #[arg(long, conflicts_with = "app")]
    all: bool,
    #[command(flatten)]
    manner: HangupOptions,
}

impl Describe for Args {
    const META: Meta =
        Meta::depends(Group::Calls).handling_call_results().interrupted(AfterInterrupt::CALLS_LEFT);

    fn only_reads(&self) -> bool {
        self.is_dry_run()
    }

    fn confirms_itself(&self) -> bool {
        self.asks_itself()
    }
}

impl Args {
    /// Whether it asks before it hangs up, or shall not ask.
    pub(in crate::shell) fn asks_itself(&self) -> bool {
        self.all || self.manner.yes
    }

    /// Whether nothing is sent.
    pub(in crate::shell) fn is_dry_run(&self) -> bool {
        self.manner.dry_run
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let client = cx.client()?;
    let app = args.app.as_deref();
    let cause = HangupCause::parse(&args.cause);
    if !args.pairs.is_empty() {
        return Err(not_ours(args));
    }
    if client.loaded_apps().iter().any(|(name, _)| *name == args.cause) {
        let message = format!("{} is an app, and no hangup cause", args.cause);
        return Err(CommandError::usage(message)
            .hint(format!("\"hupall --app {}\" ends the calls of that app", args.cause)));
    }
    if args.all {
        cx.all_calls_known()?;
        let calls = cx.listener()?.calls();
        bulk_hangup::end(cx, calls, &cause, &args.manner, "hupall --all", None).await?;
        return cx.no_rows_lost();
    }
    if args.manner.dry_run {
        let tagged = client.hupall_dry_run(app, &cause)?;
        cx.view(&victims(&client, &tagged))?;
        return say(cx, &tagged, "would be hung up");
    }
    let done = client.hupall(app, &cause).await?;
    let mut view = View::new(&["app", "id", "sessions"], NO_CALLS);
    // Where calls without an app have ended before, nothing was done.
    for hung_up in done.iter().filter(|hung_up| hung_up.sessions > 0 || hung_up.name.is_some()) {
        view.push(vec![
            app_name(hung_up),
            Cell::text(hung_up.id.as_str()),
            Cell::number(hung_up.sessions as u64),
        ]);
    }
    cx.view(&view)?;
    let legs: Vec<_> = done.iter().flat_map(|hung_up| hung_up.victims.iter().cloned()).collect();
    let left = bulk_hangup::wait_for_legs(&client, &legs, ENDING).await;
    // An app that writes what became of its calls has done so when this returns.
    let _is_idle = client.apps_idle(ENDING).await;
    if left > 0 {
        let message = format!("{left} of {} still there", counted(legs.len(), "session"));
        let kind = if left < legs.len() { Kind::Partial } else { Kind::TimedOut };
        return Err(CommandError::new(kind, message)
            .hint("\"ghosts\" finds rows without a call behind them"));
    }
    say(cx, &done, "hung up")
}

/// How long the calls may take to end.
const ENDING: Duration = Duration::from_secs(5);

/// FreeSWITCH's own hupall was meant: says what it would do.
fn not_ours(args: &Args) -> CommandError {
    let line = format!("hupall {} {}", args.cause, args.pairs.join(" "));
    let why = danger::danger(&line, Guard::Normal).unwrap_or_default();
    let message =
        format!("not sent: this hupall takes a cause and no more; as for FreeSWITCH's: {why}");
    CommandError::usage(message)
        .hint("\"hupall\" ends your own calls; \"kill where FILTER\" those that a filter names")
        .hint(format!("\"api {line}\" sends it, after a question"))
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
        for leg in hung_up.victims.iter().filter_map(|id| client.session(id)) {
            view.push(vec![
                app_name(hung_up),
                Cell::text(leg.id().as_str()),
                direction(leg.info()),
                Cell::shown(feed::caller(leg.info()), json!(leg.info().caller_number)),
                Cell::text(&leg.info().destination),
                Cell::text(leg.info().phase.word()),
            ]);
        }
    }
    view
}

fn app_name(hung_up: &HungUp) -> Cell {
    hung_up.name.as_deref().map_or_else(|| Cell::shown("(no app)", json!(null)), Cell::text)
}

const NO_CALLS: &str = "this shell started no calls";
