use serde_json::json;

use super::{CommandError, Context};
use crate::model::{JobState, Outcome};
use crate::shell::render::{Cell, View};
use crate::shell::sanitise;
use crate::track::Rules;

/// List background jobs and their results
///
/// Jobs that other clients started are listed too, marked as foreign, once their result came.
///
/// Examples:
///   jobs
///   jobs -o json
///   wait 7f3e9b02
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Leave out what others started
    #[arg(long)]
    own: bool,
}

pub(crate) fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let mut view = View::new(&["id", "state", "command", "result", "foreign"], "no jobs");
    for job in cx.listener()?.jobs().into_iter().filter(|job| !(args.own && job.is_foreign)) {
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
            Cell::shown(brief(&job.command), json!(job.command)),
            result,
            Cell::shown(if job.is_foreign { "foreign" } else { "" }, json!(job.is_foreign)),
        ]);
    }
    cx.view(&view)
}

/// A command for people: our own variables left out, and not too long.
pub(in crate::shell) fn brief(command: &str) -> String {
    let is_ours = |braces: &str| braces.contains(&format!("{}=", Rules::CALL_VARIABLE));
    let split = command.strip_prefix("originate {").and_then(|rest| rest.split_once('}'));
    let text = match split {
        Some((braces, tail)) if is_ours(braces) => format!("originate {tail}"),
        _ => command.to_owned(),
    };
    let text = sanitise::line(&text);
    match text.char_indices().nth(LONG) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or(&text)),
        None => text.into_owned(),
    }
}

const LONG: usize = 60;
