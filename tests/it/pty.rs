//! The program in a real terminal, as an operator sees it.
use std::os::unix::fs::PermissionsExt as _;
use std::{fs, iter};

use tempfile::TempDir;

use terminal::{Screen, Terminal};

mod terminal;

fn start() -> (TempDir, Terminal) {
    let home = tempfile::tempdir().unwrap();
    let terminal = Terminal::start(home.path(), &["--color=always"]);
    (home, terminal)
}

/// Waits until the program reads keys: before that the terminal itself would act on Ctrl-C and
/// Ctrl-D.
fn at_prompt(terminal: &Terminal) {
    terminal.wait_until("the prompt", |screen| screen.last() == "demo 0>");
}

/// Waits for `frames` more frames of events, at each of which `intact` must hold.
fn watch(terminal: &Terminal, frames: usize, intact: impl Fn(&Screen<'_>)) {
    let target = terminal.count(SUMMARY) + frames;
    terminal.wait_until("more events", |screen| {
        intact(screen);
        screen.log.matches(SUMMARY).count() >= target
    });
}

/// Types while `rate` events a second come in, and checks text and cursor throughout.
fn types_under_a_flood(rate: u32) {
    let (_home, mut terminal) = start();
    terminal.keys(&format!("flood {rate}\r"));
    watch(&terminal, 3, |_| {});

    terminal.keys("call 日本語 x");
    let typed = "demo 0> call 日本語 x";
    terminal.wait_until("the typed text", |screen| screen.last() == typed);
    watch(&terminal, 15, |screen| {
        assert_eq!((screen.last().as_str(), screen.cursor_column()), (typed, 21));
    });

    // Back into the middle: over the x, the blank and a wide character.
    terminal.keys(&LEFT.repeat(3));
    terminal.wait_until("the cursor", |screen| screen.cursor_column() == 17);
    watch(&terminal, 5, |screen| {
        assert_eq!((screen.last().as_str(), screen.cursor_column()), (typed, 17));
    });
    terminal.keys("é\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("you typed: call 日本é語 x"));
    // The events above are whole, too.
    watch(&terminal, 3, |screen| {
        let mut rows = screen.rows();
        rows.pop();
        let whole = |row: &String| row.starts_with("event ") && row.ends_with("→ +18005551234");
        let other = |row: &String| {
            row.contains(SUMMARY) || row.contains("demo 0>") || row.contains("you typed")
        };
        assert!(rows.iter().all(|row| whole(row) || other(row)), "{rows:#?}");
    });
}

#[test]
fn a_line_survives_1000_events_a_second() {
    types_under_a_flood(1_000);
}

#[test]
fn a_line_survives_20000_events_a_second() {
    types_under_a_flood(20_000);
}

#[test]
fn a_wrapped_line_survives() {
    let (_home, mut terminal) = start();
    terminal.keys("flood 20000\r");
    watch(&terminal, 3, |_| {});
    let typed: String = iter::repeat_n("1234567 日", 12).collect();
    terminal.keys(&typed);
    // Ten columns each: seven fit beside the prompt of eight, less the half of a wide one.
    let expected = format!("demo 0> {typed}");
    let is_intact = |screen: &Screen<'_>| {
        let rows = screen.rows();
        let tail = rows.len().saturating_sub(2);
        rows[tail..].concat() == expected && screen.cursor_column() == 48
    };
    terminal.wait_until("the typed text", is_intact);
    watch(&terminal, 15, |screen| assert!(is_intact(screen), "{:#?}", screen.rows()));
    terminal.keys(BEGIN);
    terminal.wait_until("the cursor", |screen| screen.cursor_column() == 8);
    watch(&terminal, 5, |screen| assert_eq!(screen.cursor_column(), 8));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.log.contains(&format!("you typed: {typed}")));
}

#[test]
fn lines_typed_ahead_all_arrive() {
    let (_home, mut terminal) = start();
    terminal.keys("one\rtwo\rthree\r");
    terminal.wait_until("three answers", |screen| {
        ["one", "two", "three"].iter().all(|word| screen.shows(&format!("you typed: {word}")))
    });
    at_prompt(&terminal);
}

#[test]
fn tab_lists_and_events_go_on() {
    let (_home, mut terminal) = start();
    terminal.keys("flood 1000\r");
    watch(&terminal, 3, |_| {});
    terminal.keys("s\t");
    terminal.wait_until("the list", |screen| {
        screen.log.contains("status") && screen.log.contains("start") && screen.log.contains("stop")
    });
    terminal.wait_until("what they share", |screen| screen.last() == "demo 0> st");
    watch(&terminal, 15, |screen| assert_eq!(screen.last(), "demo 0> st"));
    terminal.keys("at\t\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("you typed: status"));
}

#[test]
fn history_search_holds_events_and_lets_go() {
    let (_home, mut terminal) = start();
    terminal.keys("alpha\rflood 1000\r");
    watch(&terminal, 3, |_| {});
    terminal.keys("\x12alp");
    terminal
        .wait_until("the match", |screen| screen.last().contains("reverse-i-search)`alp': alpha"));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.log.matches("you typed: alpha").count() == 2);
    watch(&terminal, 5, |_| {});
}

#[test]
fn ctrl_c_drops_the_line_and_ctrl_d_leaves() {
    let (_home, mut terminal) = start();
    assert!(!terminal.is_restored());
    terminal.keys("half a line\x03");
    // What is typed behind Ctrl-C before the next prompt goes with it.
    terminal
        .wait_until("a new prompt", |screen| screen.rows() == ["demo 0> half a line", "demo 0>"]);
    // Not at the start of the line: Ctrl-D deletes.
    terminal.keys("ab\x01\x04\r");
    terminal.wait_until("the answer", |screen| screen.shows("you typed: b"));
    at_prompt(&terminal);
    terminal.keys("\x04");
    assert_eq!(terminal.ended(), 0);
    assert!(terminal.is_restored());
    assert_eq!(terminal.count("you typed: half"), 0);
    terminal.wait_until("the paste mode", |screen| !screen.screen.bracketed_paste());
}

#[test]
fn a_panic_puts_the_terminal_back() {
    let (_home, mut terminal) = start();
    terminal.keys("panic\r");
    assert_eq!(terminal.ended(), 101);
    assert!(terminal.is_restored());
    terminal.wait_until("the paste mode", |screen| !screen.screen.bracketed_paste());
}

#[test]
fn history_is_private_and_shared() {
    let home = tempfile::tempdir().unwrap();
    let mut first = Terminal::start(home.path(), &[]);
    let mut second = Terminal::start(home.path(), &[]);
    let say = |terminal: &mut Terminal, line: &str| {
        terminal.keys(&format!("{line}\r"));
        terminal.wait_until("the answer", |screen| screen.shows(&format!("you typed: {line}")));
        at_prompt(terminal);
    };
    say(&mut first, "one a");
    say(&mut second, "two b");
    say(&mut first, "three c");
    first.keys("the secret\r no trace\r");
    first.wait_until("the answers", |screen| screen.shows("you typed:  no trace"));
    for terminal in [&mut first, &mut second] {
        at_prompt(terminal);
        terminal.keys("\x04");
        terminal.ended();
    }
    let path = home.path().join(".switchy/history");
    assert_eq!(fs::read_to_string(&path).unwrap(), "#V2\none a\ntwo b\nthree c\n");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&home.path().join(".switchy")), 0o700);

    let mut third = Terminal::start(home.path(), &[]);
    third.keys("tw\x1b[A");
    third.wait_until("the line from the other session", |screen| screen.last() == "demo 0> two b");
}

#[test]
fn hostile_text_stays_text() {
    let (_home, mut terminal) = start();
    terminal.keys("\x1b[200~a\u{202e}b\x07\u{9b}2Jc\x1b[201~");
    terminal.wait_until("the pasted text", |screen| screen.last() == "demo 0> ab2Jc");
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.shows("you typed: a‹202e›b␇‹009b›2Jc"));
    assert_eq!(terminal.count("\u{202e}") + terminal.count("\u{9b}"), 0);
}

#[test]
fn the_prompt_changes_while_a_line_is_typed() {
    for color in ["--color=always", "--color=never"] {
        let home = tempfile::tempdir().unwrap();
        let mut terminal = Terminal::start(home.path(), &[color]);
        terminal.keys("later 7\rhalf a line");
        terminal.wait_until("the new prompt", |screen| screen.last() == "demo 7> half a line");
        // As wide or not at all.
        terminal.keys("\x15later 4711\r");
        terminal.keys("more");
        terminal.wait_until("the old prompt", |screen| screen.last() == "demo 0> more");
        let colored = terminal.count("\x1b[1m") > 0;
        assert_eq!(colored, color == "--color=always");
    }
}

#[test]
fn hints_are_shown_but_not_taken() {
    let (_home, mut terminal) = start();
    terminal.keys("flood ");
    terminal.wait_until("the hint", |screen| screen.last() == "demo 0> flood <lines per second>");
    // Right takes what history suggests, and nothing else.
    terminal.keys("\x1b[C7\r");
    terminal.wait_until("the next prompt", |screen| {
        screen.shows("demo 0> flood 7") && screen.last() == "demo 0>"
    });
    terminal.keys("fl\x1b[C");
    terminal.wait_until("the suggestion", |screen| {
        screen.last() == "demo 0> flood 7" && screen.cursor_column() == 15
    });
}

#[test]
fn tab_in_a_wrapped_line_keeps_the_list() {
    let (_home, mut terminal) = start();
    terminal.keys(&format!("s{}", "日".repeat(60)));
    terminal.wait_until("the typed text", |screen| screen.rows().len() == 2);
    terminal.keys(&format!("{BEGIN}{RIGHT}\t"));
    terminal.wait_until("the list", |screen| {
        let rows = screen.rows();
        rows.len() == 5 && rows[2].starts_with("status ") && rows[3].starts_with("demo 0> st日")
    });
}

const SUMMARY: &str = "; events last";
const LEFT: &str = "\x1b[D";
const RIGHT: &str = "\x1b[C";
const BEGIN: &str = "\x1b[H";
