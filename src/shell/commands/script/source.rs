use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::after_interrupt::AfterInterrupt;
use std::path::Path;

use crate::shell::commands::context::Context;
use crate::shell::session::script::{script_lines, script_place};
use crate::shell::text::error::CommandError;
use crate::shell::text::next::Next;

/// Run the lines of a file
///
/// As if they were typed: empty lines and those that start with # are skipped. A line that ends
/// in a backslash continues in the next one. The first line that fails ends it, but with
/// --keep-going; "exit" ends the file, not the shell.
///
/// Examples:
///   source checks.switchy
///   source --keep-going checks.switchy
///   source --echo checks.switchy
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Continue after lines that fail
    #[arg(long)]
    keep_going: bool,
    /// Show each line before its answer
    #[arg(long)]
    echo: bool,
    /// Which file
    #[arg(value_name = "FILE")]
    file: String,
}

impl Describe for Args {
    const META: Meta =
        Meta::reads(Group::Script).without_events().waited_for().interrupted(AfterInterrupt {
            continues: Some("the rest of the file is not run"),
            hint: None,
        });
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let path = Path::new(&args.file);
    let bytes = std::fs::read(path)
        .map_err(|err| CommandError::usage(format!("cannot read {}: {err}", args.file)))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut failed = None;
    for (number, line) in script_lines(&text) {
        if args.echo {
            let shown = if cx.shell.is_private(&line) { "(a line with a secret)" } else { &line };
            cx.line(&format!("> {shown}"))?;
        }
        match cx.nested(&line).await {
            Ok(Next::Go) => {}
            Ok(Next::Exit) => break,
            Err(err) => {
                let err = err.hint(script_place(&cx.shell, &args.file, number, &line));
                if !args.keep_going {
                    return Err(err);
                }
                cx.failure(&err)?;
                failed.get_or_insert(err);
            }
        }
    }
    match failed {
        None => Ok(()),
        Some(err) => Err(CommandError::new(err.kind, "a line of the file failed")
            .hint(format!("the first: {}", err.hints.last().cloned().unwrap_or_default()))),
    }
}
