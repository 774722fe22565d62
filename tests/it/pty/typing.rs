//! Lines, keys and pastes.
use super::desk::*;

#[limited::test]
fn lines_typed_ahead_all_run() {
    let mut desk = Desk::new();
    desk.terminal.keys("one\rtwo\rthree\r");
    desk.terminal.wait_until("three answers", |screen| {
        let answers = ["one", "two", "three"].map(|word| format!("-ERR {word} Command not found!"));
        answers.iter().all(|answer| screen.shows(answer))
    });
    at_prompt(&desk.terminal);
}

#[limited::test]
fn a_paste_is_asked_about() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    terminal.keys("\x1b[200~api echo one\rapi echo two\rnope\rapi echo four\x1b[201~");
    terminal.wait_until("the pasted text", |screen| {
        let rows = screen.rows();
        let tail = &rows[rows.len().saturating_sub(4)..];
        let first = tail.first().and_then(|row| behind_prompt(row));
        first.as_deref() == Some("api echo one")
            && tail[1..] == ["api echo two", "nope", "api echo four"]
    });
    // Nothing has run.
    assert_eq!(terminal.count("Command not found"), 0);
    // Said below, where the last of them was ended as well.
    terminal.keys("\x1b[200~\r\x1b[201~");
    terminal.wait_until("what Enter does", |screen| {
        screen.last() == "(Enter asks whether to run these lines; Ctrl-C drops them)"
    });
    terminal.keys("\x7f");
    let asks = |screen: &Screen<'_>| screen.last() == "run these 4 lines? [y/N]";
    for no in ["\r", "\x03", "no\r"] {
        terminal.keys("\r");
        terminal.wait_until("the question", asks);
        assert!(terminal.shown("   3  nope\r\n   4  api echo four\r\n") > 0);
        let before = terminal.len();
        terminal.keys(no);
        at_prompt(terminal);
        assert!(terminal.since(before).contains("nothing was run"), "{no:?}");
        terminal.keys("\x1b[200~api echo one\rapi echo two\rnope\rapi echo four\x1b[201~");
        terminal.wait_until("the pasted text", |screen| screen.last() == "api echo four");
    }
    assert_eq!(terminal.count("Command not found"), 0);
    terminal.keys("\r");
    terminal.wait_until("the question", asks);
    let before = terminal.len();
    terminal.keys("y\r");
    terminal.wait_until("the answers", |screen| {
        screen.shows("hint: 1 more line was pasted and not run")
    });
    at_prompt(terminal);
    let said = terminal.since(before);
    let (one, two) = (said.find("\none\r").unwrap(), said.find("\ntwo\r").unwrap());
    assert!(one < two && two < said.find("-ERR nope Command not found!").unwrap(), "{said:?}");
    // The line may have been drawn again, but was not run.
    assert!(!said.contains("\nfour"), "{said:?}");
}

#[limited::test]
fn a_line_goes_on_below() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    terminal.keys("api eval a\\\r");
    terminal.wait_until("the next line", |screen| screen.last().starts_with("(the line continues"));
    terminal.keys("b\r");
    terminal.wait_until("the answer", |screen| screen.rows().contains(&"ab".to_owned()));
    at_prompt(terminal);
    // A quote of ours, and one that is the server's.
    terminal.keys("hangup \"no\r");
    terminal.wait_until("the next line", |screen| screen.last().starts_with("(the line continues"));
    terminal.keys("such\"\r");
    terminal.wait_until("the answer", |screen| screen.shows("no call is named \"no such\""));
    at_prompt(terminal);
    terminal.keys("nope O'Brien\r");
    terminal
        .wait_until("the answer", |screen| screen.shows("-ERR nope O'Brien Command not found!"));
    at_prompt(terminal);
}

#[limited::test]
fn function_keys_run_their_lines() {
    let config = "[keys]\nF3 = [\"api eval first\", \"api eval second\"]\n";
    let mut desk = Desk::configured(config);
    desk.switch.flood(100);
    let terminal = &mut desk.terminal;
    watch(terminal, 2, |_| {});
    // What is being typed comes back, with the cursor in its place.
    terminal.keys(&format!("half a 日 line{}", LEFT.repeat(6)));
    terminal.wait_until("the line", |screen| {
        typed(screen).as_deref() == Some("half a 日 line") && screen.cursor_column() == PROMPT + 7
    });
    for (answer, count) in [("first", 1), ("second", 1), ("first", 2)] {
        terminal.keys("\x1bOR");
        terminal.wait_until("the answer", |screen| {
            let answers = screen.log.matches(&format!("\n{answer}\r")).count();
            answers == count
                && typed(screen).as_deref() == Some("half a 日 line")
                && screen.cursor_column() == PROMPT + 7
        });
    }
    terminal.keys("\x03");
    at_prompt(terminal);
    // fs_cli's F10 refuses all new calls: it asks. A key means nothing in an answer.
    terminal.keys("\x1b[21~");
    terminal.wait_until("the question", |screen| screen.last() == "Type 127.0.0.1 to go on:");
    terminal.keys("\x1bOR\x03");
    at_prompt(terminal);
    assert_eq!(terminal.shown("F3: api eval "), 3);
    terminal.keys("help keys\r");
    terminal.wait_until("the keys", |screen| {
        screen.log.contains("api eval first, then api eval second")
            && screen.log.contains("F12  version")
    });
}

#[limited::test]
fn what_is_read_together_with_a_key_that_ends_the_line_is_kept() {
    let mut desk = Desk::configured("[keys]\nF3 = \"api eval third\"\n");
    let terminal = &mut desk.terminal;
    // All of it in one go, as a slow link brings it.
    terminal.keys("gone\x03api eval one\rgone\x03\x03api eval two\rha\x1bORlf");
    terminal.wait_until("the answers", |screen| {
        let answers = ["\none\r", "\ntwo\r", "\nthird\r"];
        answers.iter().all(|answer| screen.log.contains(answer))
            && typed(screen).as_deref() == Some("half")
            && !screen.log.contains("gone Command not found")
    });
    terminal.keys("\x15");
    at_prompt(terminal);
    // In a question, too: the answer that was not given is none.
    terminal.keys("\x1b[21~");
    terminal.wait_until("the question", |screen| screen.last() == "Type 127.0.0.1 to go on:");
    terminal.keys("127.0.0.1\x03api eval four\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("\nfour\r"));
    at_prompt(terminal);
}

#[limited::test]
fn vi_keys_edit_the_line() {
    let mut desk = Desk::new();
    desk.run("set keys vi");
    let terminal = &mut desk.terminal;
    terminal.keys("one two");
    terminal.wait_until("the line", |screen| typed(screen).as_deref() == Some("one two"));
    // Esc stands alone only when nothing follows it for a while: the cursor steps back then.
    terminal.keys("\x1b");
    terminal.wait_until("the command mode", |screen| screen.cursor_column() == PROMPT + 6);
    terminal.keys("0dw");
    terminal.wait_until("the line", |screen| typed(screen).as_deref() == Some("two"));
    terminal.keys("Anope\r");
    terminal.wait_until("the answer", |screen| screen.shows("-ERR twonope Command not found!"));
    at_prompt(terminal);
}

/// Runs a command that takes a moment, and types while no line is edited.
fn type_ahead(terminal: &mut Terminal, keys: &str) {
    let answers = terminal.shown("+OK");
    terminal.keys("api msleep 250\r");
    // A slow machine may be past it: then the keys go to the next line at once.
    terminal.wait_until("the command", |screen| {
        terminal.takes_signals() || screen.log.matches("+OK").count() > answers
    });
    terminal.keys(keys);
}

#[limited::test]
fn what_is_typed_while_a_command_runs_is_kept() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    let before = terminal.len();
    for (keys, line) in
        [("zy\x7fz", "zz"), ("b\x01a", "ab"), ("zz zz\x17y", "zz y"), ("日本", "日本")]
    {
        type_ahead(terminal, keys);
        terminal.wait_until("the line", |screen| typed(screen).as_deref() == Some(line));
        terminal.keys("\x03");
        at_prompt(terminal);
    }
    type_ahead(terminal, "one\rtwo\r");
    terminal.wait_until("the answers", |screen| {
        let answers = ["one", "two"].map(|word| format!("-ERR {word} Command not found!"));
        answers.iter().all(|answer| screen.log.contains(answer))
    });
    at_prompt(terminal);
    // Nothing of it stood beside the answers: no key was echoed by the terminal itself.
    let said = terminal.since(before);
    assert!(!said.contains('^'), "{said:?}");
    type_ahead(terminal, "\x04");
    assert_eq!(terminal.ended(), 0);
    assert!(terminal.is_restored());
}

#[limited::test]
fn ctrl_c_while_it_connects_leaves() {
    let home = tempfile::tempdir().unwrap();
    // It takes connections, and says nothing.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port().to_string();
    let args = ["-H", "127.0.0.1", "-P", &port].map(str::to_owned);
    let mut terminal = Terminal::start(home.path(), WIDE, &args);
    terminal.wait_for_silence();
    terminal.keys("typed\x03");
    assert_eq!(terminal.ended(), 130);
    assert!(terminal.is_restored());
    assert_eq!(terminal.count("typed"), 0);
}
