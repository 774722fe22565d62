//! Answers that are longer than the terminal, at the prompt.

use std::fmt;

use super::program::{Place, Program, Stdin};
use super::typed::TypedLine;
use crate::shell::session::Shell;
use crate::shell::settings::paging::Paging;
use crate::shell::text::error::CommandError;
use crate::shell::text::next::Next;
use crate::shell::view::output::Output;

/// Runs a command; a part of its answer that does not fit goes through the pager at its end.
pub(super) async fn run(
    shell: &Shell,
    line: &TypedLine<'_>,
    mut output: Output<'_>,
) -> Result<Next, CommandError> {
    let rows = match (shell.settings().pager, output.rows) {
        (Paging::Off, _) | (_, None) => None,
        (Paging::On, Some(_)) => Some(0),
        (Paging::Auto, Some(rows)) => Some(usize::from(rows).saturating_sub(1)),
    };
    let Some((rows, command)) = rows.zip(command()) else {
        return shell.run_command(line, output).await;
    };
    let mut pages = Pages { text: &mut *output.text, rows, kept: String::new() };
    let asked = Output {
        text: &mut pages,
        format: output.format,
        with_forced_format: output.with_forced_format,
        width: output.width,
        rows: output.rows,
        operator: output.operator.clone(),
        owns_stdout: output.owns_stdout,
        pace: output.pace.clone(),
        depth: output.depth,
        notes: output.notes.clone(),
    };
    let ran = shell.run_command(line, asked).await;
    let kept = std::mem::take(&mut pages.kept);
    if kept.is_empty() {
        return ran;
    }
    match Program::start(&command, Place::of(&output), Stdin::Answer).await {
        Ok(program) => {
            let mut feed = program.feed_pages();
            // A pager that was left early takes no more.
            let _written = fmt::Write::write_str(&mut feed, &kept);
            drop(feed);
            if let Err(err) = program.ended(&mut output).await {
                output.text.write_str(&kept)?;
                let err = err.hint("\"set pager off\" does without");
                ran?;
                return Err(err);
            }
        }
        Err(_none) => output.text.write_str(&kept)?,
    }
    ran
}

/// `$PAGER`, or `less` so that short answers stay on the screen; none when it is set to nothing.
fn command() -> Option<String> {
    match std::env::var("PAGER") {
        Ok(pager) => Some(pager).filter(|pager| !pager.trim().is_empty()),
        // What the server says is shown; less starts no programs and writes no files.
        Err(_unset) => Some("LESSSECURE=1 LESS=${LESS-FRX} less".to_owned()),
    }
}

/// Passes short parts on, and keeps back everything from the first long one.
struct Pages<'a> {
    text: &'a mut (dyn fmt::Write + Send),
    rows: usize,
    kept: String,
}

impl fmt::Write for Pages<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.kept.is_empty() && text.lines().count() <= self.rows {
            return self.text.write_str(text);
        }
        self.kept.push_str(text);
        Ok(())
    }
}
