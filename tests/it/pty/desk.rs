//! One desk: a switch, a terminal with the shell on it, and how to read what is seen.
use std::fs;

use switchy::sim::Config;
use tempfile::TempDir;

pub(super) use super::terminal::{Screen, Size, Terminal};
pub(super) use crate::switch::Switch;

/// One switch and one terminal with the shell on it.
pub(super) struct Desk {
    pub(super) terminal: Terminal,
    pub(super) switch: Switch,
    pub(super) home: TempDir,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self::with(Config::new().with_seed(7), WIDE)
    }

    pub(super) fn with(config: Config, size: Size) -> Self {
        let home = tempfile::tempdir().unwrap();
        let switch = Switch::with(config);
        let terminal = open(&switch, &home, size, &["--color=always"]);
        Self { terminal, switch, home }
    }

    /// With a configuration of the operator's.
    pub(super) fn configured(text: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join(".config/switchy")).unwrap();
        fs::write(home.path().join(".config/switchy/config.toml"), text).unwrap();
        let switch = Switch::with(Config::new().with_seed(7));
        let terminal = open(&switch, &home, WIDE, &["--color=always"]);
        Self { terminal, switch, home }
    }

    /// Types a line, waits for the next prompt, and returns what was written in between.
    pub(super) fn run(&mut self, line: &str) -> String {
        run(&mut self.terminal, line)
    }
}

pub(super) fn open(switch: &Switch, home: &TempDir, size: Size, args: &[&str]) -> Terminal {
    let terminal = Terminal::start(home.path(), size, &switch.args(args));
    // What it logs while it connects comes a little later, above the prompt.
    terminal.wait_until("the connection", |screen| screen.shows(LISTENS));
    at_prompt(&terminal);
    terminal
}

pub(super) fn run(terminal: &mut Terminal, line: &str) -> String {
    terminal.keys(line);
    terminal.wait_until("the typed line", |screen| holds(screen, line.trim_end()));
    let before = terminal.len();
    terminal.keys("\r");
    at_prompt(terminal);
    terminal.since(before)
}

/// Starts a command that takes long, and waits until the prompt is back beside it.
pub(super) fn keep_busy(terminal: &mut Terminal) {
    let line = "api --timeout 600 msleep 600000";
    terminal.keys(line);
    terminal.wait_until("the typed line", |screen| holds(screen, line));
    terminal.keys("\r");
    terminal.wait_until("the running command", |screen| runs(screen, " · api "));
}

/// The lines in the history file of the switch.
pub(super) fn kept(home: &TempDir) -> Vec<String> {
    let path = home.path().join("state/switchy/history.d").join(kept_in(home));
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split_once('\t').unwrap().1.to_owned()).collect()
}

/// The name of the only history file.
pub(super) fn kept_in(home: &TempDir) -> std::ffi::OsString {
    let folder = fs::read_dir(home.path().join("state/switchy/history.d")).unwrap();
    let mut files: Vec<_> = folder.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

/// Whether there is an empty prompt that says so of what runs.
pub(super) fn runs(screen: &Screen<'_>, what: &str) -> bool {
    let last = screen.last();
    last.ends_with('>') && last.contains(what)
}

/// Whether a text stands behind the prompt, with or without a hint behind it.
pub(super) fn holds(screen: &Screen<'_>, text: &str) -> bool {
    let typed = typed(screen);
    typed.and_then(|typed| {
        typed.strip_prefix(text).map(|rest| !rest.starts_with(char::is_alphanumeric))
    }) == Some(true)
}

/// What stands behind the prompt, which has the width of three digits of calls, when nothing runs.
pub(super) fn typed(screen: &Screen<'_>) -> Option<String> {
    behind_prompt(&screen.last())
}

/// The same, now.
pub(super) fn typed_now(terminal: &Terminal) -> String {
    let text = std::cell::RefCell::new(None);
    terminal.wait_until("a prompt", |screen| {
        *text.borrow_mut() = typed(screen);
        text.borrow().is_some()
    });
    text.into_inner().unwrap()
}

pub(super) fn behind_prompt(row: &str) -> Option<String> {
    let rest = row.strip_prefix("127.0.0.1 ")?.strip_prefix(['●', '◐', '○'])?;
    let (state, typed) = rest.split_once('>')?;
    // Behind the count something runs, or there is a blank where something has run.
    (!state.contains(" · ") && state.trim_end().chars().count() == 10)
        .then(|| typed.strip_prefix(' ').unwrap_or(typed).to_owned())
}

/// Waits until the program reads keys: before that the terminal itself would act on Ctrl-C and
/// Ctrl-D.
pub(super) fn at_prompt(terminal: &Terminal) {
    terminal.wait_until("the prompt", |screen| typed(screen).as_deref() == Some(""));
}

/// Waits for `frames` more frames of events, at each of which `intact` must hold.
pub(super) fn watch(terminal: &Terminal, frames: usize, intact: impl Fn(&Screen<'_>)) {
    let target = terminal.count(SUMMARY) + frames;
    terminal.wait_until("more events", |screen| {
        intact(screen);
        screen.log.matches(SUMMARY).count() >= target
    });
}

/// Events a second of a flood. A program that is not optimised does not keep up with more on a small
/// machine, and is cut off for that, as it should be.
pub(super) const MANY: u32 = if cfg!(debug_assertions) { 2_000 } else { 20_000 };
pub(super) const LISTENS: &str = "connected to ";
pub(super) const WIDE: Size = Size { columns: 160, rows: 40 };
pub(super) const NARROW: Size = Size { columns: 80, rows: 24 };
/// Columns that the prompt takes.
pub(super) const PROMPT: usize = 23;
pub(super) const SUMMARY: &str = " events (";
pub(super) const LEFT: &str = "\x1b[D";
pub(super) const RIGHT: &str = "\x1b[C";
pub(super) const BEGIN: &str = "\x1b[H";
