//! What was typed before.
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::desk::*;

#[limited::test]
fn history_search_holds_events_and_lets_go() {
    let mut desk = Desk::new();
    desk.run("alpha");
    desk.switch.flood(1_000);
    let terminal = &mut desk.terminal;
    watch(terminal, 3, |_| {});
    terminal.keys("\x12alp");
    terminal
        .wait_until("the match", |screen| screen.last().contains("reverse-i-search)`alp': alpha"));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.log.matches("-ERR alpha").count() == 2);
    watch(terminal, 5, |_| {});
}

#[limited::test]
fn history_is_private_and_shared() {
    let mut desk = Desk::new();
    let home = &desk.home;
    let mut second = open(&desk.switch, home, WIDE, &[]);
    run(&mut desk.terminal, "one a");
    run(&mut second, "two b");
    run(&mut desk.terminal, "three c");
    run(&mut desk.terminal, " no trace");
    let port = desk.switch.port();
    desk.terminal.keys(&format!("connect localhost:{port} -p secret\r"));
    desk.terminal.wait_until("the refusal", |screen| {
        screen.log.contains("does not accept the password") && screen.last().ends_with("calls>")
    });
    desk.terminal.keys("\x1b[200~four d\rconnect x -p secret\x1b[201~");
    desk.terminal.wait_until("the paste", |screen| screen.last() == "connect x -p secret");
    desk.terminal.keys("\x03");
    desk.terminal.wait_until("the prompt", |screen| screen.last().ends_with("calls>"));
    desk.terminal.keys("\x04");
    desk.terminal.ended();
    at_prompt(&second);
    second.keys("\x04");
    second.ended();

    let directory = home.path().join("state/switchy");
    assert_eq!(kept(&desk.home), ["one a", "two b", "three c"]);
    let directory = directory.join("history.d");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(directory.join(kept_in(&desk.home))), 0o600);
    assert_eq!(mode(directory), 0o700);

    let mut third = open(&desk.switch, home, WIDE, &["--color=always"]);
    third.keys("tw\x1b[A");
    third.wait_until("the line from the other session", |screen| {
        typed(screen).as_deref() == Some("two b")
    });
    // Without asking, it is suggested; Right takes it.
    third.keys("\x05\x15on");
    third.wait_until("the suggestion", |screen| typed(screen).as_deref() == Some("one a"));
    third.keys("\x1b[C");
    third.wait_until("the line", |screen| screen.cursor_column() == PROMPT + 5);
}

#[limited::test]
fn up_and_down_lead_through_the_past() {
    let mut desk = Desk::new();
    for line in ["one a", "two b", "one c"] {
        desk.run(line);
    }
    let terminal = &mut desk.terminal;
    let mut is_shown = |keys: &str, line: &str| {
        terminal.keys(keys);
        terminal.wait_until(line, |screen| {
            typed(screen).as_deref() == Some(line) && screen.cursor_column() >= PROMPT
        });
    };
    let (up, down) = ("\x1b[A", "\x1b[B");
    // From an empty line through all of them, and back to it.
    is_shown(up, "one c");
    is_shown(up, "two b");
    is_shown("\x1bOA", "one a");
    is_shown(down, "two b");
    is_shown(down, "one c");
    is_shown(down, "");
    // Those that begin as what is typed, and back to that.
    is_shown("one\x1b[A", "one c");
    is_shown(up, "one a");
    is_shown(down, "one c");
    // A hint may stand behind what was typed.
    is_shown("\x1b[B!", "one!");
    is_shown("\x15", "");
    // What was found can be edited, and is then what is looked for.
    is_shown("\x1b[A\x1b[A", "two b");
    is_shown("\x17x\x1b[A", "two x");
    is_shown("\x15", "");
    // Among the rows of a paste to the one above.
    terminal.keys("\x1b[200~one\rtwo\x1b[201~\x1b[A!");
    terminal.wait_until("the first row", |screen| {
        screen.rows().iter().any(|row| behind_prompt(row).is_some_and(|typed| typed.contains('!')))
    });
}
