//! No way of reading us slowly reaches the server: the prompt, Ctrl-Z, and what has the terminal.
use std::fs;
use std::time::Duration;

use super::desk::*;
use super::terminal::PROGRAM;
use crate::flood::{Flood, LONGEST};

/// What the kernels hold for a socket is full long before.
const SLEEPS: Duration = Duration::from_secs(3);

fn is_shell(screen: &Screen<'_>) -> bool {
    screen.last() == "shell>"
}

fn is_prompt(screen: &Screen<'_>) -> bool {
    screen.last().starts_with("127.0.0.1 ")
}

/// In a shell with job control, with the flood running.
fn in_shell(home: &tempfile::TempDir, flood: &Flood, more: &[&str]) -> Terminal {
    let mut terminal = Terminal::shell(home.path(), WIDE);
    terminal.wait_until("the shell", is_shell);
    terminal.keys(&format!("'{PROGRAM}' {}\r", flood.args(more).join(" ")));
    flood.flows("the flood");
    terminal
}

/// The process is stopped: no write of the server waits for it, and it comes back.
fn stops(name: &str, flood: &Flood, terminal: &mut Terminal) {
    terminal.wait_until("the shell", is_shell);
    let waited = flood.waits_in(SLEEPS);
    assert!(waited < LONGEST, "{name}: the server waited for {waited:?}");
    assert!(flood.ended() >= 1, "{name}: a socket stayed open");
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
    terminal.wait_until("the gap", |_| {
        fs::read_to_string(&file).unwrap().lines().any(|line| {
            line.starts_with("{\"Event-Name\":\"SWITCHY_LOST\",\"count\":null,\"seconds\":")
        })
    });
    terminal.keys("\x03");
    terminal.wait_until("the shell", is_shell);
}

/// Runs `keys` at the prompt, looks whether the server waits, and does `wake`.
fn at_the_prompt(name: &str, more: &[&str], keys: &str, wake: impl FnOnce(&mut Terminal)) {
    let (home, flood) = (tempfile::tempdir().unwrap(), Flood::start());
    let mut terminal = Terminal::start(home.path(), NARROW, &flood.args(more));
    terminal.wait_until("the prompt", is_prompt);
    flood.flows(name);
    terminal.keys(keys);
    flood.waits_in(Duration::from_millis(500));
    let waited = flood.waits_in(SLEEPS);
    assert!(waited < LONGEST, "{name}: the server waited for {waited:?}");
    assert_eq!(flood.ended(), 0, "{name}: the connection ended");
    wake(&mut terminal);
    terminal.wait_until("the prompt", is_prompt);
}

#[limited::test]
fn what_has_the_terminal_and_does_not_read_holds_nothing_up() {
    for (name, keys, wake) in [
        ("a pager", "api long | less\r", "q"),
        ("a program", "! sleep 600\r", "\x03"),
        ("a stream into a program", "events all -o jsonl | sleep 600\r", "\x03"),
    ] {
        at_the_prompt(name, &[], keys, |terminal| terminal.keys(wake));
    }
}

#[limited::test]
fn a_terminal_that_takes_nothing_holds_nothing_up() {
    let (home, flood) = (tempfile::tempdir().unwrap(), Flood::start());
    let mut terminal = Terminal::start(home.path(), NARROW, &flood.args(&[]));
    terminal.wait_until("the prompt", is_prompt);
    // All of it, so that the terminal is full at once.
    terminal.keys("events add HEARTBEAT\r");
    terminal.wait_until("events", |screen| screen.log.contains("HEARTBEAT"));
    terminal.keys("events all -o jsonl\r");
    flood.flows("the flood");
    terminal.freeze(true);
    let waited = flood.waits_in(SLEEPS);
    assert!(waited < LONGEST, "the server waited for {waited:?}");
    assert_eq!(flood.ended(), 0, "the connection ended");
    terminal.freeze(false);
    terminal.keys("\x03");
    terminal.wait_until("the prompt", is_prompt);
}
