//! Prompts of one's own, and terminals on which nothing is drawn.
use super::desk::*;

#[limited::test]
fn the_state_is_said_in_words_and_nothing_is_drawn_again() {
    for (args, variables) in [
        (&[][..], &[("TERM", "dumb")][..]),
        (&["--plain"], &[]),
        (&["--plain", "--color=always"], &[]),
        (&[], &[("NO_COLOR", "1")]),
    ] {
        let (home, switch) = (tempfile::tempdir().unwrap(), Switch::start());
        let mut terminal = Terminal::start_in(home.path(), WIDE, &switch.args(args), variables);
        let (none, two) = ("127.0.0.1 connected, 0 calls>", "127.0.0.1 connected, 2 calls>");
        terminal.wait_until("the connection", |screen| screen.log.contains(LISTENS));
        terminal.wait_until("the prompt", |screen| screen.log.contains(none));
        // Behind what came above it, or below it.
        let shown = terminal.count(none);
        terminal.keys("\r");
        terminal.wait_until("the next prompt", |screen| {
            screen.last() == none && screen.log.matches(none).count() > shown
        });
        let before = terminal.len();
        switch.api("originate sofia/external/9196@127.0.0.1:5080 &park()");
        terminal.wait_until("events", |screen| {
            screen.rows().iter().filter(|row| row.contains(" answered after ")).count() > 1
        });
        // The prompt stands alone in its row: no event stands behind it.
        terminal.wait_until("whole lines", |screen| {
            screen.rows().iter().all(|row| !row.contains("calls>") || row == none || row == two)
        });
        let said = terminal.since(before);
        if variables.contains(&("TERM", "dumb")) {
            assert!(!terminal.since(0).contains('\x1b'), "{:?}", terminal.since(0));
            assert!(said.starts_with("\r\n"), "{said:?}");
        }
        terminal.keys("\r");
        terminal.wait_until("the new state", |screen| screen.last() == two);
    }
}

#[limited::test]
fn a_prompt_of_ones_own() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    terminal.keys("set prompt '[{profile}:{calls}/{own} {link}] $'\r");
    terminal.wait_until("the prompt", |screen| screen.last() == "[127.0.0.1:  0/ 0 connected] $");
    terminal.keys("half");
    desk.switch.api("originate sofia/external/9196@127.0.0.1:5080 &park()");
    let terminal = &mut desk.terminal;
    terminal
        .wait_until("two calls", |screen| screen.last() == "[127.0.0.1:  2/ 0 connected] $ half");
    terminal.keys("\x03");
    // What is typed behind Ctrl-C before the next prompt goes with it.
    terminal.wait_until("a new line", |screen| screen.last() == "[127.0.0.1:  2/ 0 connected] $");
    terminal.keys("set prompt '{cals}>'\r");
    terminal.wait_until("the error", |screen| {
        screen.log.contains("nothing in a prompt is called {cals}") && screen.shows("{calls}")
    });
    terminal.keys("set prompt default\r");
    at_prompt(terminal);
}
