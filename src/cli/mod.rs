//! The process: arguments, modes, exit codes.
//!
//! # Invariants
//! - Standard output is for answers; errors go to standard error.
//! - A reader that goes away (`| head`) is no error.

mod args;
mod batch;
mod completions;
mod config;
mod editor;
mod fs_cli;
mod logging;
mod oneshot;
mod printer;
mod process;
mod repl;
mod signals;
mod sim;
mod start;
mod stdout;
mod terminal;

use process::{complain, runtime};
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::{io, mem};

use anyhow::Context as _;
use clap::builder::StyledStr;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use crate::shell::{CommandError, Kind, Listening, wrap};
use args::{Action, Args};
use batch::Content;
use config::Files;
pub use config::config_faults;
use start::{Start, Target};

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let as_fs_cli = fs_cli::is_called_so();
    let args = match parsed(std::env::args_os(), as_fs_cli) {
        Ok(args) => args,
        Err(err) => {
            // `--help` and `--version` come here too, with exit code 0.
            let code = match err.exit_code() {
                0 => 0,
                _ if as_fs_cli => 1,
                code => u8::try_from(code).unwrap_or(2),
            };
            show_clap(&err);
            return ExitCode::from(code);
        }
    };
    let as_fs_cli = as_fs_cli || args.script.as_fs_cli;
    let fail_on_error = args.script.fail_on_error;
    match run(args, as_fs_cli) {
        Ok(code) => ExitCode::from(code),
        Err(err) => match err.downcast::<CommandError>() {
            Ok(err) => {
                complain(&err, false);
                ExitCode::from(start::exit_code(err.kind, as_fs_cli, fail_on_error))
            }
            Err(err) => {
                let failure = CommandError::new(Kind::System, format!("{err:#}"));
                complain(&failure, false);
                ExitCode::from(failure.kind.exit_code())
            }
        },
    }
}

/// What is said where lines are typed and the answers go to a file or a pipe.
const NO_PROMPT: &str = "standard output is not a terminal: no prompt; Ctrl-D ends";

/// Reads the command line. Which configuration holds may be said in front of a command; fs_cli has
/// no commands.
fn parsed(given: impl Iterator<Item = OsString>, as_fs_cli: bool) -> Result<Args, clap::Error> {
    let mut program = Args::command();
    if as_fs_cli {
        let is_ours = |name: &str| program.get_arguments().any(|arg| arg.get_long() == Some(name));
        return Args::try_parse_from(given.map(|arg| fs_cli::spelled_out(arg, is_ours)));
    }
    let given: Vec<_> = given.collect();
    let is_command = |word: Option<&OsString>| {
        let word = word.and_then(|word| word.to_str());
        word.is_some_and(|word| program.find_subcommand(word).is_some())
    };
    let before = match given.get(1).and_then(|word| word.to_str()) {
        Some("--config") => 3,
        Some(word) if word == "--no-config" || word.starts_with("--config=") => 2,
        _ => 1,
    };
    if before > 1 && is_command(given.get(before)) {
        let (front, command) = given.split_at(before);
        let front = Args::try_parse_from(front)?;
        let mut args = Args::try_parse_from(given.iter().take(1).chain(command))?;
        args.connection.config = front.connection.config;
        args.connection.no_config = front.connection.no_config;
        return Ok(args);
    }
    let args = Args::try_parse_from(given)?;
    let mut targets = args.connection.targets.iter();
    match targets.find(|target| program.find_subcommand(target).is_some()) {
        Some(command) => {
            let message =
                format!("options and servers go behind the command: switchy {command} ...");
            Err(program.error(ErrorKind::ArgumentConflict, message))
        }
        None => Ok(args),
    }
}

fn run(mut args: Args, as_fs_cli: bool) -> anyhow::Result<u8> {
    if let Some(code) = aside(&mut args)? {
        return Ok(code);
    }
    let files = match &args.connection {
        connection if connection.no_config => Files::default(),
        connection => {
            let makes = |action: &config::Action| {
                matches!(action, config::Action::Init | config::Action::Path)
            };
            let is_made = matches!(&args.action, Some(Action::Config { action }) if makes(action));
            Files::load(connection.config.as_deref(), is_made)?
        }
    };
    match &mut args.action {
        Some(Action::Demo(demo)) => args.look = mem::take(&mut demo.look),
        Some(Action::Replay(replay)) => args.look = mem::take(&mut replay.look),
        _ => {}
    }
    let over = args.values().map_err(CommandError::usage)?;
    let instead = match args.action.take() {
        Some(Action::Config { action }) => {
            let text = config::run(&action, &files, as_fs_cli, &over)?;
            give_text(&text.into())?;
            return Ok(0);
        }
        Some(Action::Demo(demo)) => {
            args.script = demo.script;
            Some(Target::Demo(demo.sim))
        }
        Some(Action::Replay(replay)) => {
            args.script = replay.script;
            let (path, until, speed) = (replay.path, replay.until, replay.speed);
            Some(Target::Replay { path, until, speed })
        }
        _ => None,
    };
    let mut start = Start::new(args, &files, &over, as_fs_cli, instead)?;
    if start.is_at_prompt() {
        let color = match start.look.text("color") {
            Some("always") => terminal::Color::Always,
            Some("never") => terminal::Color::Never,
            _ => terminal::Color::Auto,
        };
        return repl::run(&start, files.rc().as_deref(), color.enabled());
    }
    if io::stderr().is_terminal() {
        let columns = terminal::size().0;
        for warning in &start.warnings {
            writeln!(io::stderr(), "{}", wrap(&format!("warning: {warning}"), columns))?;
        }
    }
    let feed = start.feed();
    if feed.is_none() {
        start.settings.listening = Listening::WhenNeeded;
    }
    if feed == Some(Content::All) && !start.batchmode && io::stderr().is_terminal() {
        writeln!(io::stderr(), "{NO_PROMPT}")?;
    }
    // fs_cli asks no questions, and scripts rely on that.
    start.settings.is_unguarded = as_fs_cli;
    // One thread starts sooner than several.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let code = runtime.block_on(oneshot::run(&start));
    // Not waiting for a read of standard input that may still be under way.
    runtime.shutdown_background();
    code
}

/// What needs no shell; a command that is one of the shell's lines becomes that.
fn aside(args: &mut Args) -> anyhow::Result<Option<u8>> {
    match args.action.take() {
        Some(Action::Completions { shell }) => {
            give(completions::script(shell).as_bytes())?;
        }
        Some(Action::Man) => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Args::command()).render(&mut text)?;
            give(&text)?;
        }
        Some(Action::Sim(args)) => return runtime()?.block_on(sim::serve(args)).map(Some),
        Some(Action::Help { words }) => {
            let Some(mut command) = command_of(&words) else {
                args.script.once = vec![format!("help {}", words.join(" "))];
                return Ok(None);
            };
            give_text(&command.render_long_help())?;
        }
        Some(Action::Doctor(doctor)) => {
            args.script.once = vec![doctor.line()];
            args.script.output = doctor.output;
            let given = mem::replace(&mut args.connection, doctor.connection);
            args.connection.config = args.connection.config.take().or(given.config);
            args.connection.no_config |= given.no_config;
            return Ok(None);
        }
        other => {
            args.action = other;
            return Ok(None);
        }
    }
    Ok(Some(0))
}

/// The program's own command that words name: itself, if there are none.
fn command_of(words: &[String]) -> Option<clap::Command> {
    let mut command = Args::command();
    command.build();
    for word in words {
        command = command.find_subcommand(word)?.clone();
    }
    Some(command)
}

/// Writes an answer to standard output.
fn give(text: &[u8]) -> io::Result<()> {
    patient(io::stdout().write_all(text).and_then(|()| io::stdout().flush()))
}

/// Writes a text for people to standard output: on a terminal in color, and broken at words.
fn give_text(text: &StyledStr) -> io::Result<()> {
    if !io::stdout().is_terminal() {
        return give(text.to_string().as_bytes());
    }
    let is_colored = terminal::Color::Auto.enabled();
    let text = if is_colored { text.ansi().to_string() } else { text.to_string() };
    give(wrap(&text, terminal::size().0).as_bytes())
}

/// A reader that has seen enough is no error.
fn patient(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Shows what clap has to say: help on standard output, a mistake on standard error.
fn show_clap(err: &clap::Error) {
    // It cannot be reported when standard error is gone.
    let _written = if !err.use_stderr() {
        give_text(&err.render())
    } else if io::stderr().is_terminal() {
        let text = err.render();
        let is_colored = terminal::Color::Auto.enabled();
        let text = if is_colored { text.ansi().to_string() } else { text.to_string() };
        io::stderr().write_all(wrap(&text, terminal::size().0).as_bytes())
    } else {
        err.print()
    };
}
