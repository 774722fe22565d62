//! The process: arguments, modes, exit codes.
//!
//! # Invariants
//! - Standard output is for answers; errors go to standard error.
//! - A reader that goes away (`| head`) is no error.

mod args;
mod editor;
mod logging;
mod oneshot;
mod printer;
mod repl;
mod sim;
mod terminal;

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser as _};
use unicode_width::UnicodeWidthStr as _;

use crate::conn::Config;
use crate::shell::{CommandError, ReadOnly, Settings, Shell, sanitise};
use args::{Action, Args};
use sim::SimArgs;

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(err) => {
            // `--help` and `--version` come here too, with exit code 0.
            let code = u8::try_from(err.exit_code()).unwrap_or(2);
            return match err.print() {
                Ok(()) => ExitCode::from(code),
                Err(_gone) => ExitCode::from(code),
            };
        }
    };
    match run(args) {
        Ok(code) => ExitCode::from(code),
        Err(err) => {
            complain(&CommandError::new(crate::shell::Kind::Connection, format!("{err:#}")), false);
            ExitCode::from(70)
        }
    }
}

fn run(mut args: Args) -> anyhow::Result<u8> {
    let target = match args.action.take() {
        Some(Action::Completions { shell }) => {
            let mut command = Args::command();
            clap_complete::generate(shell, &mut command, "switchy", &mut io::stdout());
            return Ok(0);
        }
        Some(Action::Man) => {
            clap_mangen::Man::new(Args::command()).render(&mut io::stdout())?;
            return Ok(0);
        }
        Some(Action::Sim(args)) => return runtime()?.block_on(sim::serve(args)),
        Some(Action::Demo(demo)) => {
            args.once.extend(demo.once);
            args.output = args.output.or(demo.output);
            Target::Demo(demo.sim)
        }
        None => Target::Hosts(args.connection.hosts()),
    };
    let read_only = if args.read_only { ReadOnly::Always } else { ReadOnly::Off };
    let settings = Settings { login: args.connection.login(), read_only, ..Settings::default() };
    let is_script = !args.once.is_empty() || !io::stdin().is_terminal();
    if is_script {
        let runtime = runtime()?;
        let code = runtime.block_on(oneshot::run(&args, &target, settings));
        // Not waiting for a read of standard input that may still be under way.
        runtime.shutdown_background();
        return code;
    }
    let color = args.color.enabled();
    repl::run(&args, &target, settings, color)
}

/// What the shell opens on.
#[derive(Debug)]
enum Target {
    /// These servers.
    Hosts(Vec<(String, Config)>),
    /// A simulated switch of its own.
    Demo(SimArgs),
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// Closes all connections, and waits a moment only: a server that is still busy with a command
/// answers `exit` after it.
async fn close(shell: &Shell) {
    let _in_time = tokio::time::timeout(Duration::from_secs(1), shell.close()).await;
}

/// The traffic of the demo: a new call every few seconds.
fn demo_config(args: &SimArgs) -> crate::sim::Config {
    let config = args.config();
    if args.traffic.is_some() { config } else { config.with_traffic(0.3) }
}

/// Writes an error to standard error: what happened, then what to do.
fn complain(err: &CommandError, color: bool) {
    let width = if io::stderr().is_terminal() { terminal::size().0 } else { u16::MAX };
    let text = error_text(err, color, width);
    // Nobody reads it when it cannot be written.
    let _written = io::stderr().write_all(text.as_bytes());
}

/// An error as the operator reads it. The server's own words stand alone.
fn error_text(err: &CommandError, color: bool, width: u16) -> String {
    use nu_ansi_term::{Color, Style};
    let paint =
        |style: Style, text: String| if color { style.paint(text).to_string() } else { text };
    let message = sanitise::block(&err.message);
    let label = if message.starts_with(['-', '+']) { "" } else { "error: " };
    let mut text = paint(Color::Red.normal(), format!("{label}{}", message.trim_end()));
    text.push('\n');
    for hint in &err.hints {
        for line in wrapped(&format!("hint: {}", sanitise::line(hint)), width) {
            text.push_str(&paint(Style::new().dimmed(), line));
            text.push('\n');
        }
    }
    text
}

/// Breaks a text at spaces into lines of at most `width` columns; the later ones are indented.
fn wrapped(text: &str, width: u16) -> Vec<String> {
    const INDENT: &str = "      ";
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if line.trim().is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= usize::from(width) {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("{INDENT}{word}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_break_at_spaces() {
        assert_eq!(wrapped("hint: short", 80), ["hint: short"]);
        assert_eq!(wrapped("hint: one two three", 14), ["hint: one two", "      three"]);
        assert_eq!(wrapped("hint: unbreakable", 5), ["hint:", "      unbreakable"]);
    }

    #[test]
    fn the_arguments_are_sound() {
        Args::command().debug_assert();
    }
}
