//! From a typed line to its answer.

pub(crate) mod interrupted;
pub(crate) mod line;
pub(crate) mod pager;
pub(crate) mod pipe;
pub(crate) mod program;
pub(crate) mod redirect;
pub(crate) mod settle;
pub(crate) mod slash;
pub(crate) mod transcribed;
pub(crate) mod typed;

use typed::TypedLine;

use crate::shell::commands::context::{Context, RunLine, Running};
use crate::shell::commands::meta::Meta;
use crate::shell::commands::{grammar, table};
use crate::shell::session::Shell;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::next::Next;
use crate::shell::view::Format;
use crate::shell::view::output::Output;

/// What commands run their lines with.
#[derive(Debug)]
pub(super) struct Runner;

impl RunLine for Runner {
    fn whole<'a>(&self, shell: &'a Shell, line: &'a str, output: Output<'a>) -> Running<'a> {
        Box::pin(shell.run_line(line, output))
    }

    fn grammar(&self) -> &'static clap::Command {
        grammar::grammar()
    }

    fn commands(&self) -> Vec<(String, &'static Meta)> {
        table::all().collect()
    }

    fn command<'a>(&self, cx: &'a mut Context<'_>, line: &'a str) -> Running<'a> {
        Box::pin(line::run(cx, line))
    }
}

/// Whether a line may go out as fs_cli's `-x` sends it, and if so, whether the server may read its
/// own aliases and lists in it.
///
/// # Errors
/// What `read_only` and the lists of the configuration say against it.
#[cfg(feature = "cli")]
pub(crate) async fn clear_execute(shell: &Shell, line: &str) -> Result<bool, CommandError> {
    let mut unused = String::new();
    let output = Output::new(&mut unused);
    crate::shell::commands::server::api::clear_execute(
        &mut Context::new(shell, shell.current(), output, &Runner),
        line,
    )
    .await
}

impl Shell {
    /// Runs one line and writes its answer to `out`, in parts as they come.
    ///
    /// Dropping the future stops waiting; what was sent to a server may still be carried out.
    ///
    /// # Errors
    /// A [`CommandError`] with what happened and what to type next. What was written to `out`
    /// before it is part of the answer.
    pub async fn run_line(&self, line: &str, output: Output<'_>) -> Result<Next, CommandError> {
        let line = TypedLine::read(line);
        if line.is_empty() {
            return Ok(Next::Go);
        }
        transcribed::run_line(self, &line, output).await
    }

    /// Runs what a line runs, on the switch that it is for.
    async fn run_command(
        &self,
        line: &TypedLine<'_>,
        output: Output<'_>,
    ) -> Result<Next, CommandError> {
        let switch = match line.host() {
            Some(name) if line.command().is_empty() => {
                return Err(CommandError::usage(format!("what shall {name} do?"))
                    .hint("type \"@HOST COMMAND\" or \"@all COMMAND\""));
            }
            Some("all") => return self.on_all(line.command(), output).await,
            Some(name) => Some(self.switch(name)?),
            None => self.current(),
        };
        line::run(&mut Context::new(self, switch, output, &Runner), line.command()).await
    }

    /// Runs a line on every switch, one after the other. For people each answer stands under the
    /// name of its switch.
    async fn on_all(&self, line: &str, output: Output<'_>) -> Result<Next, CommandError> {
        let switches = self.switches();
        if switches.is_empty() {
            return Err(CommandError::new(Kind::Connection, "no switch is connected")
                .hint("type \"connect HOST\" first"));
        }
        let (count, mut failed) = (switches.len(), Vec::new());
        for switch in switches {
            let name = switch.name().to_owned();
            let text = &mut *output.text;
            let output = Output {
                text,
                operator: output.operator.clone(),
                pace: output.pace.clone(),
                notes: output.notes.clone(),
                ..output
            };
            let mut cx = Context::new(self, Some(switch), output, &Runner);
            if cx.format() == Format::Table {
                cx.line(&format!("{name}:"))?;
            }
            if let Err(err) = line::run(&mut cx, line).await {
                cx.failure(&err)?;
                failed.push(name);
            }
        }
        match failed.len() {
            0 => Ok(Next::Go),
            all if all == count => Err(CommandError::new(Kind::Refused, "no switch did it")),
            _ => Err(CommandError::new(Kind::Partial, format!("failed on {}", failed.join(", ")))),
        }
    }
}
