//! What streams in above the line leaves the line alone.
use switchy::sim::Config;

use super::desk::*;

/// Types while `rate` events a second come in, and checks text and cursor throughout.
fn types_under_a_flood(rate: u32) {
    let mut desk = Desk::new();
    desk.switch.flood(rate);
    let terminal = &mut desk.terminal;
    watch(terminal, 3, |_| {});

    terminal.keys("nope 日本語 x");
    let is_intact = |screen: &Screen<'_>, text: &str, left: usize| {
        assert_eq!(typed(screen).as_deref(), Some(text), "{:#?}", screen.rows());
        assert_eq!(screen.cursor_column(), PROMPT + 13 - left, "{:#?}", screen.rows());
    };
    terminal
        .wait_until("the typed text", |screen| typed(screen).as_deref() == Some("nope 日本語 x"));
    watch(terminal, 15, |screen| is_intact(screen, "nope 日本語 x", 0));

    // Back into the middle: over the x, the blank and a wide character.
    terminal.keys(&LEFT.repeat(3));
    terminal.wait_until("the cursor", |screen| screen.cursor_column() == PROMPT + 9);
    watch(terminal, 5, |screen| is_intact(screen, "nope 日本語 x", 4));
    terminal.keys("é\r");
    terminal.wait_until("the answer", |screen| {
        screen.log.contains("-ERR nope 日本é語 x Command not found!")
    });
    assert_eq!(terminal.shown("nope 日本é語 x"), terminal.shown("日本é"), "the line is whole");
    // The events above are whole, too.
    watch(terminal, 3, |screen| {
        let mut rows = screen.rows();
        rows.pop();
        let is_event = |row: &str| row.get(2..3) == Some(":") && row.get(5..6) == Some(":");
        let is_other = |row: &str| {
            let starts = [
                "... +",
                "127.0.0.1 ",
                // A machine that is too busy to read all of it is cut off, and connects again.
                "127.0.0.1: ",
                "reconnected ",
                "-ERR nope ",
                "hint: ",
                "connected to ",
                "\"help\"",
                // An answer that took long has a header.
                "nope ",
            ];
            starts.iter().any(|start| row.starts_with(start))
                || ["[INFO]", "[WARN]", "[ERROR]"].iter().any(|level| row.contains(level))
        };
        assert!(rows.iter().all(|row| is_event(row) || is_other(row)), "{rows:#?}");
        assert!(rows.iter().any(|row| is_event(row) && row.contains(" -> 9196")), "{rows:#?}");
    });
}

#[limited::test]
fn a_line_survives_1000_events_a_second() {
    types_under_a_flood(1_000);
}

#[limited::test]
fn a_line_survives_20000_events_a_second() {
    types_under_a_flood(MANY);
}

#[limited::test]
fn a_wrapped_line_survives() {
    let mut desk = Desk::with(Config::new().with_seed(7), NARROW);
    desk.switch.flood(MANY);
    let terminal = &mut desk.terminal;
    watch(terminal, 3, |_| {});
    let line = "1234567 日".repeat(12);
    terminal.keys(&line);
    // Ten columns each, 23 before them: the sixth ends with column 83, so its wide one is below.
    let is_intact = |screen: &Screen<'_>| {
        let rows = screen.rows();
        let tail = rows.len().saturating_sub(2);
        let text = behind_prompt(&rows[tail..].concat());
        text.as_deref() == Some(&line) && screen.cursor_column() == (PROMPT + 120) % 80
    };
    terminal.wait_until("the typed text", is_intact);
    watch(terminal, 15, |screen| assert!(is_intact(screen), "{:#?}", screen.rows()));
    terminal.keys(BEGIN);
    terminal.wait_until("the cursor", |screen| screen.cursor_column() == PROMPT);
    watch(terminal, 5, |screen| assert_eq!(screen.cursor_column(), PROMPT));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("-ERR 1234567 日"));
}

#[limited::test]
fn the_prompt_counts_calls_while_a_line_is_typed() {
    for color in ["--color=always", "--color=never"] {
        let (home, switch) = (tempfile::tempdir().unwrap(), Switch::start());
        let mut terminal = open(&switch, &home, WIDE, &[color]);
        let colored = terminal.count("\x1b[1m") > 0;
        assert_eq!(colored, color == "--color=always");
        terminal.keys("half a line");
        let is = |calls: &'static str| {
            move |screen: &Screen<'_>| {
                screen.last() == format!("127.0.0.1 ● {calls}> half a line")
                    && screen.cursor_column() == PROMPT + 11
            }
        };
        terminal.wait_until("no calls", is("  0 calls"));
        switch.api("originate sofia/external/9196@127.0.0.1:5080 &park()");
        // Nothing says that its two legs belong together.
        terminal.wait_until("two calls", is("  2 calls"));
        switch.api("hupall");
        terminal.wait_until("no calls again", is("  0 calls"));
        switch.stop();
        terminal.wait_until("the end", |screen| {
            let waits = typed(screen).as_deref() == Some("half a line")
                && screen.last().starts_with("127.0.0.1 ○")
                && screen.last().contains(" retry ");
            waits && screen.log.contains("connection lost")
        });
    }
}

#[limited::test]
fn a_line_survives_resizing_in_a_flood() {
    let mut desk = Desk::new();
    desk.switch.flood(MANY);
    let terminal = &mut desk.terminal;
    watch(terminal, 3, |_| {});
    // What is dimmed behind it is a hint: it belongs to the row.
    terminal.keys("hangup 日本 x");
    terminal.wait_until("the line", |screen| holds(screen, "hangup 日本 x"));
    let text = typed_now(terminal);
    assert!(text.len() > "hangup 日本 x".len(), "there is a hint: {text:?}");
    for columns in [120, 90, 140, 80, 160] {
        terminal.resize(Size { columns, rows: 40 });
        let is_intact = |screen: &Screen<'_>| {
            typed(screen).as_ref() == Some(&text) && screen.cursor_column() == PROMPT + 13
        };
        terminal.wait_until("the line", is_intact);
        watch(terminal, 4, |screen| assert!(is_intact(screen), "{:#?}", screen.rows()));
    }
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("no call is named \"日本\""));
}
