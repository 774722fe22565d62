//! What all ways of running the process share: its runtime, its folders, its errors on standard error.

use crate::cli::sim::SimArgs;
use crate::shell::{CommandError, Shell, Wrap, sanitise, wrap};
use anyhow::Context as _;
use etcetera::BaseStrategy as _;
use std::io;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

pub(in crate::cli) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// `switchy/history.d` in the state directory of the user: a file a switch.
pub(in crate::cli) fn history_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    let directory = base.state_dir().unwrap_or_else(|| base.data_dir());
    Some(directory.join("switchy").join("history.d"))
}

/// Closes all connections, and waits a moment only: a server that is still busy with a command
/// answers `exit` after it.
pub(in crate::cli) async fn close(shell: &Shell) {
    let _in_time = tokio::time::timeout(Duration::from_secs(1), shell.close()).await;
}

/// The traffic of the demo: a new call every few seconds, once there was time to read its first lines.
pub(in crate::cli) fn demo_config(args: &SimArgs) -> crate::sim::Config {
    let config = args.config();
    match args.traffic {
        Some(_) => config,
        None => config.with_traffic(0.3).with_quiet_start(QUIET_START),
    }
}

/// How long the demo stays quiet.
pub(in crate::cli) const QUIET_START: Duration = Duration::from_secs(30);

/// Writes an error to standard error: what happened, then what to do.
pub(in crate::cli) fn complain(err: &CommandError, color: bool) {
    crate::cli::logging::settle();
    let width = if io::stderr().is_terminal() { crate::cli::terminal::size().0 } else { u16::MAX };
    let text = error_text(err, color, width);
    // It cannot be reported when standard error is gone.
    let _written = io::stderr().write_all(text.as_bytes());
}

/// An error as the operator reads it. The server's own words stand alone.
pub(in crate::cli) fn error_text(err: &CommandError, color: bool, width: u16) -> String {
    use nu_ansi_term::{Color, Style};
    let paint =
        |style: Style, text: String| if color { style.paint(text).to_string() } else { text };
    let message = sanitise::block(&err.message);
    let label = if message.starts_with(['-', '+']) { "" } else { "error: " };
    let message = format!("{label}{}", message.trim_end());
    let mut text = paint(Color::Red.normal(), wrap(&message, width).into_owned());
    text.push('\n');
    for hint in &err.hints {
        let mut rows = String::new();
        let how = Wrap { columns: width, indent: HINT.len(), rows: usize::MAX };
        how.line(&format!("{HINT}{}", sanitise::line(hint)), &mut rows);
        for row in rows.lines() {
            text.push_str(&paint(Style::new().dimmed(), row.to_owned()));
            text.push('\n');
        }
    }
    text
}

/// What a hint begins with; its later rows stand below its text.
pub(in crate::cli) const HINT: &str = "hint: ";

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn errors_and_hints_break_at_words() {
        let err = CommandError::usage("one two three four").hint("one two three four");
        let expected = "error: one two three\nfour\nhint: one two three\n      four\n";
        assert_eq!(error_text(&err, false, 20), expected);
    }

    #[limited::test]
    fn the_arguments_are_sound() {
        <crate::cli::args::Args as clap::CommandFactory>::command().debug_assert();
    }
}
