//! Hostile text in a real terminal.
use switchy::sim::{Config, Fault};

use super::desk::*;

#[test]
fn hostile_text_stays_text() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    terminal.keys("\x1b[200~a\u{202e}b\x07\u{9b}2Jc\x1b[201~");
    terminal.wait_until("the pasted text", |screen| typed(screen).as_deref() == Some("ab2Jc"));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| {
        screen.shows("-ERR a‹202e›b␇‹009b›2Jc Command not found!")
    });
    assert_eq!(terminal.count("\u{202e}") + terminal.count("\u{9b}"), 0);
}

#[test]
fn hostile_callers_stay_text() {
    let config = Config::new().with_seed(7).with_traffic(20.0);
    let mut desk = Desk::with(config, WIDE);
    desk.switch.inject(Fault::HostileNames);
    let seen = ["␛[31mEVIL", "␛]0;owned␇", "left‹202e›thgir", "‹009b›2J␈", "%0a%1b[2J"];
    desk.terminal
        .wait_until("hostile names", |screen| seen.iter().all(|name| screen.log.contains(name)));
    for line in [
        // A slow machine has more calls by now than the screen has rows.
        "set pager off",
        "calls",
        "calls -o csv",
        "calls -o raw",
        "calls -o json",
        "call last -o csv",
        "show channels",
        "show channels as json",
        "events CHANNEL_CREATE",
    ] {
        desk.run(line);
    }
    desk.terminal.keys("uuid_kill \t");
    desk.terminal.wait_until("the list", |screen| screen.log.contains("  ␛[31mEVIL␛[0m <+1555"));
    let evil = ["\x1b[31mEVIL", "\x1b]0;", "\u{202e}", "\u{2066}", "\u{9b}", "\x07", "\x08\x08"];
    let found: Vec<_> = evil.iter().filter(|evil| desk.terminal.count(evil) > 0).collect();
    assert!(found.is_empty(), "{found:?}");
}
