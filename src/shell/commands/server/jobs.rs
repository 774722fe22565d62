use crate::shell::commands::meta::{Describe, Group, Meta};
use serde_json::json;

use crate::model::{JobState, Outcome};
use crate::shell::commands::context::Context;
use crate::shell::text::brief::brief;
use crate::shell::text::error::CommandError;
use crate::shell::view::column::Column;
use crate::shell::view::{Cell, Format, View, counted};

/// List the background jobs of this shell and their results
///
/// With --all the jobs of other clients are listed too, once their result came; when they were
/// started is not known.
///
/// Examples:
///   jobs
///   jobs --all
///   jobs -o json
///   wait 7f3e9b02
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Leave out the jobs of other clients: that is so without --all, too
    #[arg(long, hide = true, conflicts_with = "all")]
    own: bool,
    /// List the jobs of other clients, too
    #[arg(long)]
    all: bool,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Server);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let columns = [
        Column::text("id", "of the job"),
        Column::text("state", "pending, done, failed or unknown"),
        Column::time("started", "when this shell started it").rank(2),
        Column::time("finished", "when its result came").rank(3),
        Column::text("command", "what was sent").rank(1),
        Column::text("result", "the first line of its result").rank(1),
        Column::text("foreign", "whether another client started it").rank(1),
    ];
    let mut view = View::of(columns, "no jobs");
    let mut hidden = 0;
    for job in cx.listener()?.jobs() {
        if job.is_foreign && !args.all {
            hidden += 1;
            continue;
        }
        let result = match &job.state {
            JobState::Done(Outcome::Ok(text) | Outcome::Failed(text)) => Cell::shown(
                Cell::text(text.lines().next().unwrap_or_default()).into_shown(),
                json!(text),
            ),
            _ => Cell::none(),
        };
        view.push(vec![
            Cell::shown(job.id.short(), json!(job.id)),
            Cell::text(job.state.word()),
            Cell::time(job.started),
            Cell::time(job.finished),
            Cell::shown(brief(&job.command), json!(job.command)),
            result,
            Cell::shown(if job.is_foreign { "foreign" } else { "" }, json!(job.is_foreign)),
        ]);
    }
    cx.view(&view)?;
    if hidden > 0 && !args.own && cx.format() == Format::Table {
        let jobs = counted(hidden, "job");
        cx.line(&format!("{jobs} of other clients not shown: \"jobs --all\" lists them"))?;
    }
    Ok(())
}
