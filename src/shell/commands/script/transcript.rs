use crate::shell::commands::meta::{Describe, Group, Meta};
use std::path::PathBuf;

use crate::shell::commands::context::Context;
use crate::shell::text::error::CommandError;

/// Write this session down, to look at it later
///
/// Every line and its answer, and every event of all switches, also those that are not shown, go to
/// a file as JSON lines. Secrets are masked; only you may read the file. It ends with "transcript
/// stop" or with the shell; "replay FILE" opens it. Without a word it shows its state.
///
/// Examples:
///   transcript start incident.jsonl
///   transcript start --append incident.jsonl
///   transcript
///   transcript stop
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// start or stop
    #[command(subcommand)]
    action: Option<Action>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Script).without_events();
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Begin to write
    Start {
        /// Write behind what the file holds
        #[arg(long)]
        append: bool,
        /// Which file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// End it
    Stop,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    match &args.action {
        Some(Action::Start { append, file }) => {
            cx.shell.start_transcript(file, *append).await?;
            cx.line(&format!("transcript to {}", file.display()))
        }
        Some(Action::Stop) => match cx.shell.stop_transcript().await {
            Some(status) => cx.line(&status?),
            None => Err(CommandError::usage("there is no transcript")
                .hint("\"transcript start FILE\" begins one")),
        },
        None => match cx.shell.transcript() {
            Some(transcript) => {
                let status = transcript.status()?;
                cx.line(&format!("transcript to {status}"))
            }
            None => cx.line("no transcript; \"transcript start FILE\" begins one"),
        },
    }
}
