//! What stops us, or has our terminal, ends: the prompt and the streams come back. That the server
//! waits for none of them is in `drain::ways`.
use std::fs;
use std::path::Path;

use rustix::process::Signal;

use super::desk::*;
use super::terminal::PROGRAM;
use crate::drain::flood::Flood;
use crate::drain::ways::{OTHER_SCREEN, is_prompt, is_shell};
use crate::support::program::{signal, switchy_in};
use crate::support::{LONG, until_blocking};

/// In a shell with job control, with the flood running.
fn in_shell(home: &tempfile::TempDir, flood: &Flood, more: &[&str]) -> Terminal {
    let mut terminal = Terminal::shell(home.path(), WIDE);
    terminal.wait_until("the shell", is_shell);
    terminal.keys(&format!("'{PROGRAM}' {}\r", flood.args(more).join(" ")));
    flood.flows("the flood");
    terminal
}

/// The process is stopped: it has closed its sockets, so no write of the server waits for it, and it
/// comes back.
fn stops(name: &str, flood: &Flood, terminal: &mut Terminal) {
    terminal.wait_until("the shell", is_shell);
    until_blocking(LONG, &format!("{name}: its sockets are closed"), || flood.open() == 0);
    terminal.keys("fg\r");
    flood.flows(name);
}

#[limited::test]
fn ctrl_z_at_the_prompt_closes_the_socket_first() {
    let (home, flood) = (tempfile::tempdir().unwrap(), Flood::start());
    let mut terminal = in_shell(&home, &flood, &[]);
    terminal.wait_until("the prompt", is_prompt);
    terminal.keys("half a line");
    terminal.wait_until("the line", |screen| screen.last().ends_with("half a line"));
    terminal.keys("\x1a");
    stops("Ctrl-Z", &flood, &mut terminal);
    terminal.wait_until("the line", |screen| {
        is_prompt(screen) && screen.last().ends_with("half a line")
    });
    terminal.wait_until("what was missed", |screen| {
        screen.log.contains("were not shown")
            && screen.log.contains("meanwhile 0 calls ended, 0 new")
    });
}

#[limited::test]
fn ctrl_z_in_a_program_that_has_the_terminal_closes_the_socket_first() {
    let (home, flood) = (tempfile::tempdir().unwrap(), Flood::start());
    let mut terminal = in_shell(&home, &flood, &[]);
    terminal.wait_until("the prompt", is_prompt);
    terminal.keys("! echo started; sleep 600\r");
    terminal.wait_until("the program", |screen| screen.log.contains("\nstarted"));
    terminal.keys("\x1a");
    stops("Ctrl-Z in a program", &flood, &mut terminal);
    terminal.keys("\x03");
    terminal.wait_until("the prompt", is_prompt);
    terminal.wait_until("what was missed", |screen| screen.log.contains("were not shown"));
}

#[limited::test]
fn ctrl_z_of_a_stream_closes_the_socket_first() {
    let (home, flood) = (tempfile::tempdir().unwrap(), Flood::start());
    let file = home.path().join("events");
    let more = ["-x", "'events all -o jsonl'", ">", "events"];
    let mut terminal = in_shell(&home, &flood, &more);
    terminal.keys("\x1a");
    stops("Ctrl-Z of a stream", &flood, &mut terminal);
    // The stream tells the gap once it is connected again, with all that it had before.
    until_blocking(LONG, "the gap", || has_gap(&file));
    terminal.keys("\x03");
    terminal.wait_until("the shell", is_shell);
}

/// Nothing can be done before SIGSTOP: the server waits while the process stands still. Behind it
/// all that waited is read at once, and what was not shown is said.
#[limited::test]
fn a_stop_from_outside_at_the_prompt_is_told() {
    let (home, flood) = (tempfile::tempdir().unwrap(), Flood::start());
    let terminal = Terminal::start(home.path(), WIDE, &flood.args(&[]));
    terminal.wait_until("the prompt", is_prompt);
    flood.flows("the flood");
    terminal.signal(Signal::STOP);
    flood.is_stuck("SIGSTOP");
    terminal.signal(Signal::CONT);
    flood.is_taken("SIGCONT");
    terminal.wait_until("what was missed", |screen| {
        screen.log.contains("were not shown") && screen.log.contains("looked again: 0 calls now")
    });
    terminal.wait_until("the prompt", is_prompt);
}

#[limited::test]
fn a_stream_that_was_stopped_from_outside_begins_anew_and_tells_the_gap() {
    let (home, flood) = (tempfile::tempdir().unwrap(), Flood::start());
    let file = home.path().join("events");
    let mut child = switchy_in(home.path())
        .args(flood.args(&["-x", "events all -o jsonl"]))
        .stdout(fs::File::create(&file).unwrap())
        .spawn()
        .unwrap();
    until_blocking(LONG, "events", || fs::metadata(&file).is_ok_and(|file| file.len() > 0));
    signal(child.id(), Signal::STOP);
    flood.is_stuck("SIGSTOP");
    signal(child.id(), Signal::CONT);
    until_blocking(LONG, "the gap", || has_gap(&file));
    until_blocking(LONG, "the end of the old connection", || flood.open() == 1);
    flood.is_taken("SIGCONT");
    signal(child.id(), Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

/// Whether a stream has told for how long the connection was closed.
fn has_gap(file: &Path) -> bool {
    let written = fs::read_to_string(file).unwrap();
    written.contains("\n{\"Event-Name\":\"SWITCHY_LOST\",\"count\":null,\"seconds\":")
}

#[limited::test]
fn what_has_the_terminal_and_does_not_read_gives_it_back() {
    for (name, keys, shown, wake) in [
        ("a pager", "help | less\r", OTHER_SCREEN, "q"),
        ("a program", "! echo started; sleep 600\r", "\nstarted", "\x03"),
        (
            "a stream into a program",
            "events all -o jsonl | (echo started >&2; sleep 600)\r",
            "\nstarted",
            "\x03",
        ),
    ] {
        let (home, flood) = (tempfile::tempdir().unwrap(), Flood::start());
        let mut terminal = Terminal::start(home.path(), NARROW, &flood.args(&[]));
        terminal.wait_until("the prompt", is_prompt);
        flood.flows(name);
        terminal.keys(keys);
        terminal.wait_until(name, |screen| screen.log.contains(shown));
        flood.is_taken(name);
        terminal.keys(wake);
        terminal.wait_until("the prompt", is_prompt);
    }
}

#[limited::test]
fn a_terminal_that_took_nothing_for_a_while_gets_its_prompt() {
    let (home, flood) = (tempfile::tempdir().unwrap(), Flood::start());
    let mut terminal = Terminal::start(home.path(), NARROW, &flood.args(&[]));
    terminal.wait_until("the prompt", is_prompt);
    // Again and again: Ctrl-C may come at any moment of what the terminal has to catch up with.
    for _time in 0..5 {
        let before = terminal.len();
        terminal.keys("events all -o jsonl\r");
        terminal.wait_until("events", |screen| {
            screen.log.get(before..).is_some_and(|log| log.contains("\"HEARTBEAT\""))
        });
        terminal.freeze(true);
        flood.is_taken("a terminal that takes nothing");
        terminal.freeze(false);
        terminal.keys("\x03");
        terminal.wait_until("the prompt", is_prompt);
    }
}
