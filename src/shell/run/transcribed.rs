//! Runs a line and writes the line and its answer into the transcript.

use std::fmt;

use tokio::time::Instant;

use super::pipe;
use super::typed::TypedLine;
use crate::shell::freeswitch::secret_names::STARS;
use crate::shell::session::Shell;
use crate::shell::text::error::CommandError;
use crate::shell::text::next::Next;
use crate::shell::view::output::Output;

/// So much of an answer is kept, in bytes.
const ANSWER: usize = 1 << 20;

/// An answer on its way, and a copy of it.
struct Tee<'a> {
    text: &'a mut (dyn fmt::Write + Send),
    copy: String,
}

impl fmt::Write for Tee<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.copy.len() < ANSWER {
            self.copy.push_str(text);
        }
        self.text.write_str(text)
    }
}

/// Runs a line, and writes down the line and what came of it.
pub(super) async fn run_line(
    shell: &Shell,
    line: &TypedLine<'_>,
    output: Output<'_>,
) -> Result<Next, CommandError> {
    let Some(transcript) = shell.transcript() else {
        return pipe::run(shell, line, output).await;
    };
    let shown = shell.masked(line.text());
    let switch = shell.current().map(|switch| switch.name().to_owned());
    transcript.command(switch.as_deref(), &shown);
    let start = Instant::now();
    let mut tee = Tee { text: &mut *output.text, copy: String::new() };
    let ran = pipe::run(shell, line, Output { text: &mut tee, ..output }).await;
    let is_secret = shell.learn_answer(line.text(), &tee.copy) && !tee.copy.is_empty();
    let answer = if is_secret { STARS } else { &tee.copy };
    transcript.reply(&shown, answer, ran.as_ref().err(), start.elapsed());
    for switch in shell.switches() {
        transcript.apps(switch.as_source());
    }
    ran
}
