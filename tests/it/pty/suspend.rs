//! Ctrl-Z, and a process that is stopped from outside.
use std::time::Duration;

use rustix::process::Signal;

use super::desk::*;
use super::terminal::PROGRAM;
use crate::support::{LONG, until_blocking};

const ORIGINATE: &str = "originate sofia/external/9196@127.0.0.1:5080 &park()";

/// In a shell with job control: stops the program in the middle of a line, and brings it back.
fn suspends_and_comes_back(flood: Option<u32>) {
    let (home, switch) = (tempfile::tempdir().unwrap(), Switch::start());
    let mut terminal = Terminal::shell(home.path(), WIDE);
    terminal.wait_until("the shell", |screen| screen.last() == "shell>");
    let line = format!("'{PROGRAM}' {} --color=always\r", switch.args(&[]).join(" "));
    terminal.keys(&line);
    terminal.wait_until("the connection", |screen| screen.shows(LISTENS));
    at_prompt(&terminal);
    // Without an event nobody knows how far the server's clock is ahead.
    let before = switch.api(ORIGINATE).strip_prefix("+OK ").unwrap().to_owned();
    terminal.wait_until("the call", |screen| screen.log.contains(" answered after "));
    if let Some(rate) = flood {
        switch.flood(rate);
        watch(&terminal, 3, |_| {});
    }
    let text = "half a 日 line";
    terminal.keys(&format!("{text}{}", LEFT.repeat(6)));
    let is_intact = |screen: &Screen<'_>| {
        typed(screen).as_deref() == Some(text) && screen.cursor_column() == PROMPT + 7
    };
    terminal.wait_until("the line", is_intact);

    terminal.keys("\x1a");
    terminal.wait_until("the shell", |screen| screen.last() == "shell>");
    // As any program that comes next expects it.
    terminal.keys("stty -a\r");
    terminal.wait_until("the terminal's settings", |screen| {
        let rows = screen.rows();
        let is_set = |flag: &str| rows.iter().any(|row| row.split(' ').any(|word| word == flag));
        is_set("icanon") && is_set("echo") && is_set("isig") && screen.last() == "shell>"
    });
    let len = terminal.len();
    let unseen = switch.api(ORIGINATE).strip_prefix("+OK ").unwrap().to_owned();
    switch.api(&format!("uuid_kill {before}"));
    // It ends a moment later.
    until_blocking(LONG, "its end", || flood.is_some() || switch.channels() <= 2);
    terminal.keys("fg\r");
    terminal.wait_until("the line", is_intact);
    terminal.wait_until("what was missed", |screen| screen.log.contains("events between "));
    if flood.is_none() {
        // Two legs of one call each, which nothing binds together.
        terminal.wait_until("the calls", |screen| {
            screen.log.contains("127.0.0.1: meanwhile 2 calls ended, 2 new; 2 calls now")
        });
    } else {
        terminal.wait_until("the calls", |screen| screen.log.contains("127.0.0.1: meanwhile "));
        watch(&terminal, 5, |screen| assert!(is_intact(screen), "{:#?}", screen.rows()));
    }
    let said = terminal.since(len);
    assert!(!said.contains(unseen.get(..8).unwrap()), "{said}");
    assert!(flood.is_some() || !said.contains(" hangup "), "{said}");
    // No event told of it; it is known all the same.
    // In a flood there are more of them than rows: a pager would take the keys that follow.
    terminal.keys("\x05\x15set pager off\rchannels\r");
    terminal.wait_until("the new channel", |screen| {
        flood.is_some() || screen.log.contains(unseen.get(..8).unwrap())
    });
    terminal.wait_until("the prompt", |screen| typed(screen).as_deref() == Some(""));
    terminal.keys("exit\r");
    terminal.wait_until("the shell", |screen| screen.last() == "shell>");
}

#[limited::test]
fn ctrl_z_suspends_and_the_gap_is_marked() {
    suspends_and_comes_back(None);
}

#[limited::test]
fn ctrl_z_in_a_flood() {
    suspends_and_comes_back(Some(500));
}

#[limited::test]
fn ctrl_z_where_nobody_could_bring_it_back() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    terminal.keys("half a line\x1a");
    terminal.wait_until("the word", |screen| {
        screen.log.contains("Ctrl-Z does nothing here")
            && typed(screen).as_deref() == Some("half a line")
    });
    terminal.keys("\x05\x15fsctl pause\r");
    let asks = |screen: &Screen<'_>| screen.last() == "Type 127.0.0.1 to go on:";
    terminal.wait_until("the question", asks);
    terminal.keys("\x1a");
    terminal.wait_until("the word", |screen| {
        screen.log.matches("Ctrl-Z does nothing here").count() == 2 && asks(screen)
    });
    terminal.keys("\x03");
    at_prompt(terminal);
}

#[limited::test]
fn a_stop_from_outside_is_told_and_the_line_stays() {
    let mut desk = Desk::new();
    desk.switch.api(ORIGINATE);
    let terminal = &mut desk.terminal;
    terminal.wait_until("the call", |screen| screen.log.contains(" answered after "));
    terminal.keys(&format!("half a 日 line{}", LEFT.repeat(6)));
    let is_intact = |screen: &Screen<'_>| {
        typed(screen).as_deref() == Some("half a 日 line") && screen.cursor_column() == PROMPT + 7
    };
    terminal.wait_until("the line", is_intact);
    terminal.signal(Signal::STOP);
    // A shorter stop is told as little as a busy machine.
    desk.switch.pass(Duration::from_secs(2));
    let unseen = desk.switch.api(ORIGINATE).strip_prefix("+OK ").unwrap().to_owned();
    // Its last event, the park, comes a step of the switch's clock after the reply.
    desk.switch.pass(Duration::from_millis(200));
    let len = terminal.len();
    terminal.signal(Signal::CONT);
    terminal.wait_until("what was missed", |screen| {
        screen.log.contains("events between ") && is_intact(screen)
    });
    terminal.wait_until("the calls", |screen| {
        screen.log.contains("127.0.0.1: looked again: 4 calls now") && is_intact(screen)
    });
    assert!(!terminal.since(len).contains(unseen.get(..8).unwrap()));
    assert!(!terminal.is_restored());
    terminal.keys("X\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("-ERR half a X日 line"));
}
