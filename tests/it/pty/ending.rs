//! Leaving, by whichever way.
use rustix::process::Signal;

use super::desk::*;

#[limited::test]
fn ctrl_c_drops_the_line_and_ctrl_d_leaves() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    assert!(!terminal.is_restored());
    terminal.keys("half a line\x03");
    // What is typed behind Ctrl-C before the next prompt goes with it.
    terminal.wait_until("a new prompt", |screen| {
        let rows = screen.rows();
        let dropped = rows.iter().rev().nth(1).and_then(|row| behind_prompt(row));
        dropped.as_deref() == Some("half a line") && typed(screen).as_deref() == Some("")
    });
    // Not at the start of the line: Ctrl-D deletes.
    terminal.keys("ab\x01\x04\r");
    terminal.wait_until("the answer", |screen| screen.shows("-ERR b Command not found!"));
    at_prompt(terminal);
    terminal.keys("\x04");
    assert_eq!(terminal.ended(), 0);
    assert!(terminal.is_restored());
    assert_eq!(terminal.count("-ERR half"), 0);
    terminal.wait_until("the paste mode", |screen| !screen.screen.bracketed_paste());
}

#[limited::test]
fn exit_and_sigterm_put_the_terminal_back() {
    let endings = [
        "exit",
        "quit",
        "exit when busy",
        "TERM",
        "HUP",
        "QUIT",
        "TERM in a line",
        "HUP in a line",
        "TERM in a command",
        "HUP in a command",
        "HUP in a question",
    ];
    for ending in endings {
        let mut desk = Desk::new();
        desk.run("nope");
        let terminal = &mut desk.terminal;
        assert!(!terminal.is_restored());
        let signal = match ending.split(' ').next() {
            Some("HUP") => Signal::HUP,
            Some("QUIT") => Signal::QUIT,
            _ => Signal::TERM,
        };
        match ending {
            "TERM" | "HUP" | "QUIT" => terminal.signal(signal),
            "exit when busy" => {
                keep_busy(terminal);
                terminal.keys("\x03");
                at_prompt(terminal);
                terminal.keys("exit\r");
            }
            "TERM in a line" | "HUP in a line" => {
                terminal.keys("half");
                terminal.wait_until("the text", |screen| typed(screen).as_deref() == Some("half"));
                terminal.signal(signal);
            }
            "HUP in a question" => {
                terminal.keys("fsctl pause\r");
                terminal.wait_until("the question", |screen| {
                    screen.last() == "Type 127.0.0.1 to go on:"
                });
                terminal.signal(signal);
            }
            "TERM in a command" | "HUP in a command" => {
                keep_busy(terminal);
                terminal.signal(signal);
            }
            line => terminal.keys(&format!("{line}\r")),
        }
        assert_eq!(terminal.ended(), 0, "{ending}");
        assert!(terminal.is_restored(), "{ending}");
        terminal.wait_until("the paste mode", |screen| !screen.screen.bracketed_paste());
        let kept = kept(&desk.home);
        assert!(kept.first().is_some_and(|line| line == "nope"), "{ending}: {kept:?}");
        assert!(!kept.contains(&"half".to_owned()), "{ending}: {kept:?}");
    }
}
