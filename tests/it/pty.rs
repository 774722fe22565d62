//! The program in a real terminal, as an operator sees it.
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use switchy::sim::{Config, Fault};
use tempfile::TempDir;

use crate::switch::Switch;
use terminal::{Screen, Size, Terminal};

mod plain;
mod terminal;

/// One switch and one terminal with the shell on it.
struct Desk {
    terminal: Terminal,
    switch: Switch,
    home: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self::with(Config::new().with_seed(7), WIDE)
    }

    fn with(config: Config, size: Size) -> Self {
        let home = tempfile::tempdir().unwrap();
        let switch = Switch::with(config);
        let terminal = open(&switch, &home, size, &["--color=always"]);
        Self { terminal, switch, home }
    }

    /// With a configuration of the operator's.
    fn configured(text: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join(".config/switchy")).unwrap();
        fs::write(home.path().join(".config/switchy/config.toml"), text).unwrap();
        let switch = Switch::with(Config::new().with_seed(7));
        let terminal = open(&switch, &home, WIDE, &["--color=always"]);
        Self { terminal, switch, home }
    }

    /// Types a line, waits for the next prompt, and returns what was written in between.
    fn run(&mut self, line: &str) -> String {
        run(&mut self.terminal, line)
    }
}

fn open(switch: &Switch, home: &TempDir, size: Size, args: &[&str]) -> Terminal {
    let terminal = Terminal::start(home.path(), size, &switch.args(args));
    // What it logs while it connects comes a little later, above the prompt.
    terminal.wait_until("the connection", |screen| screen.shows(LISTENS));
    at_prompt(&terminal);
    terminal
}

fn run(terminal: &mut Terminal, line: &str) -> String {
    terminal.keys(line);
    terminal.wait_until("the typed line", |screen| holds(screen, line.trim_end()));
    let before = terminal.len();
    terminal.keys("\r");
    at_prompt(terminal);
    terminal.since(before)
}

/// Starts a command that takes long, and waits until the prompt is back beside it.
fn keep_busy(terminal: &mut Terminal) {
    let line = "api --timeout 600 msleep 600000";
    terminal.keys(line);
    terminal.wait_until("the typed line", |screen| holds(screen, line));
    terminal.keys("\r");
    terminal.wait_until("the running command", |screen| runs(screen, " · api "));
}

/// The lines in the history file of the switch.
fn kept(home: &TempDir) -> Vec<String> {
    let path = home.path().join("state/switchy/history.d/127.0.0.1");
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split_once('\t').unwrap().1.to_owned()).collect()
}

/// Whether there is an empty prompt that says so of what runs.
fn runs(screen: &Screen<'_>, what: &str) -> bool {
    let last = screen.last();
    last.ends_with('>') && last.contains(what) && !last.contains("done")
}

/// Whether a text stands behind the prompt, with or without a hint behind it.
fn holds(screen: &Screen<'_>, text: &str) -> bool {
    let typed = typed(screen);
    typed.and_then(|typed| {
        typed.strip_prefix(text).map(|rest| !rest.starts_with(char::is_alphanumeric))
    }) == Some(true)
}

/// What stands behind the prompt, which has the width of three digits of calls, when nothing runs.
fn typed(screen: &Screen<'_>) -> Option<String> {
    behind_prompt(&screen.last())
}

fn behind_prompt(row: &str) -> Option<String> {
    let rest = row.strip_prefix("127.0.0.1 ")?.strip_prefix(['●', '◐', '○'])?;
    let (state, typed) = rest.split_once('>')?;
    let (state, ran) = state.split_once(" · ").unwrap_or((state, "done"));
    (state.chars().count() == 10 && ran.ends_with("done"))
        .then(|| typed.strip_prefix(' ').unwrap_or(typed).to_owned())
}

/// Waits until the program reads keys: before that the terminal itself would act on Ctrl-C and
/// Ctrl-D.
fn at_prompt(terminal: &Terminal) {
    terminal.wait_until("the prompt", |screen| typed(screen).as_deref() == Some(""));
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
                "-ERR nope ",
                "hint: ",
                "connected to ",
                "\"help\"",
                "Nov ",
            ];
            starts.iter().any(|start| row.starts_with(start)) || row.contains("[INFO]")
        };
        assert!(rows.iter().all(|row| is_event(row) || is_other(row)), "{rows:#?}");
        assert!(rows.iter().any(|row| is_event(row) && row.contains(" -> 9196")), "{rows:#?}");
    });
}

#[test]
fn a_line_survives_1000_events_a_second() {
    types_under_a_flood(1_000);
}

#[test]
fn a_line_survives_20000_events_a_second() {
    types_under_a_flood(MANY);
}

#[test]
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

#[test]
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

#[test]
fn lines_typed_ahead_all_run() {
    let mut desk = Desk::new();
    desk.terminal.keys("one\rtwo\rthree\r");
    desk.terminal.wait_until("three answers", |screen| {
        let answers = ["one", "two", "three"].map(|word| format!("-ERR {word} Command not found!"));
        answers.iter().all(|answer| screen.shows(answer))
    });
    at_prompt(&desk.terminal);
}

#[test]
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

#[test]
fn a_line_goes_on_below() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    terminal.keys("api eval a\\\r");
    terminal.wait_until("the next line", |screen| screen.last().starts_with("(the line goes on"));
    terminal.keys("b\r");
    terminal.wait_until("the answer", |screen| screen.rows().contains(&"ab".to_owned()));
    at_prompt(terminal);
    // A quote of ours, and one that is the server's.
    terminal.keys("hangup \"no\r");
    terminal.wait_until("the next line", |screen| screen.last().starts_with("(the line goes on"));
    terminal.keys("such\"\r");
    terminal.wait_until("the answer", |screen| screen.shows("no call is named \"no such\""));
    at_prompt(terminal);
    terminal.keys("nope O'Brien\r");
    terminal
        .wait_until("the answer", |screen| screen.shows("-ERR nope O'Brien Command not found!"));
    at_prompt(terminal);
}

#[test]
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

#[test]
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

#[test]
fn tab_lists_and_events_go_on() {
    let mut desk = Desk::new();
    desk.switch.flood(1_000);
    let terminal = &mut desk.terminal;
    watch(terminal, 3, |_| {});
    terminal.keys("h\t");
    terminal.wait_until("the verbs", |screen| {
        let lists = |verb: &&str| screen.log.contains(*verb);
        ["hangup   ", "help   ", "history   ", "hosts   ", "hupall   "].iter().all(lists)
            && typed(screen).as_deref() == Some("h")
    });
    watch(terminal, 15, |screen| assert_eq!(typed(screen).as_deref(), Some("h")));
    terminal.keys("up\t --d\t");
    terminal
        .wait_until("the option", |screen| typed(screen).as_deref() == Some("hupall --dry-run"));
    watch(terminal, 3, |screen| assert_eq!(typed(screen).as_deref(), Some("hupall --dry-run")));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("this shell started no calls"));
}

#[test]
fn tab_lists_live_calls() {
    let mut desk = Desk::new();
    let answer = desk.switch.api(
        "originate {origination_caller_id_name=Zoe,origination_caller_id_number=+4930123}sofia/external/9196@127.0.0.1:5080 &park()",
    );
    let uuid = answer.strip_prefix("+OK ").unwrap().to_owned();
    let terminal = &mut desk.terminal;
    terminal.wait_until("the call", |screen| screen.last().contains("2 calls>"));
    for verb in ["uuid_kill", "hangup", "call", "api uuid_dump"] {
        terminal.keys(&format!("{verb} \t"));
        let line = format!("{uuid}  Zoe <+4930123> -> 9196");
        terminal.wait_until("the list", |screen| {
            screen.rows().iter().any(|row| row.contains(&line)) && holds(screen, verb)
        });
        terminal.keys("\x15\x0c");
        at_prompt(terminal);
    }
    // Any part of what is listed finds it; here the caller's number.
    terminal.keys(&format!("uuid_exists {}\t", uuid.get(..12).unwrap()));
    terminal.wait_until("the uuid", |screen| holds(screen, &format!("uuid_exists {uuid}")));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.rows().contains(&"true".to_owned()));
}

#[test]
fn tab_in_a_wrapped_line_keeps_the_list() {
    let mut desk = Desk::with(Config::new().with_seed(7), NARROW);
    let terminal = &mut desk.terminal;
    terminal.keys(&format!("h{}", "日".repeat(50)));
    terminal.wait_until("the typed text", |screen| screen.last().starts_with("日日"));
    terminal.keys(&format!("{BEGIN}{RIGHT}\t"));
    terminal.wait_until("the list", |screen| {
        let mut rows = screen.rows().into_iter();
        let is_listed = rows.any(|row| row.starts_with("hangup "));
        is_listed && rows.filter_map(|row| behind_prompt(&row)).any(|text| text.starts_with("h日"))
    });
}

#[test]
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

#[test]
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

#[test]
fn exit_and_sigterm_put_the_terminal_back() {
    let endings =
        ["exit", "quit", "exit when busy", "SIGTERM", "SIGTERM in a line", "SIGTERM in a command"];
    for ending in endings {
        let mut desk = Desk::new();
        let terminal = &mut desk.terminal;
        assert!(!terminal.is_restored());
        match ending {
            "SIGTERM" => terminal.terminate(),
            "exit when busy" => {
                keep_busy(terminal);
                terminal.keys("\x03");
                at_prompt(terminal);
                terminal.keys("exit\r");
            }
            "SIGTERM in a line" => {
                terminal.keys("half");
                terminal.wait_until("the text", |screen| typed(screen).as_deref() == Some("half"));
                terminal.terminate();
            }
            "SIGTERM in a command" => {
                keep_busy(terminal);
                terminal.terminate();
            }
            line => terminal.keys(&format!("{line}\r")),
        }
        assert_eq!(terminal.ended(), 0, "{ending}");
        assert!(terminal.is_restored(), "{ending}");
        terminal.wait_until("the paste mode", |screen| !screen.screen.bracketed_paste());
    }
}

#[test]
fn ctrl_c_gives_the_prompt_back() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    let before = terminal.len();
    keep_busy(terminal);
    terminal.keys("\x03");
    at_prompt(terminal);
    let said = terminal.since(before);
    assert!(said.contains("stopped waiting for \"api --timeout 600 msleep 600000\""), "{said:?}");
    assert!(said.contains("; the server may still finish it"), "{said:?}");
    // What needs no answer from the server runs.
    assert!(desk.run("apps").contains("TonePlay"));
}

#[test]
fn a_slow_command_leaves_the_prompt() {
    let mut desk = Desk::new();
    desk.switch.flood(100);
    let terminal = &mut desk.terminal;
    keep_busy(terminal);
    watch(terminal, 3, |_| {});
    // What needs no answer from the server runs beside it, and Tab works.
    terminal.keys("app\t");
    terminal.wait_until("the completion", |screen| screen.last().ends_with("> apps"));
    terminal.keys("\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("TonePlay"));
    terminal.wait_until("the first", |screen| runs(screen, " · api "));
    // Ctrl-C in a line drops the line, and only in an empty one what runs.
    terminal.keys("half\x03");
    terminal.wait_until("the dropped line", |screen| {
        screen.rows().iter().any(|row| row.ends_with("> half")) && runs(screen, " · api ")
    });
    assert_eq!(terminal.count("stopped waiting"), 0);
    terminal.keys("\x03");
    terminal.wait_until("the word", |screen| screen.log.contains("stopped waiting for \"api"));
    at_prompt(terminal);
}

#[test]
fn a_question_takes_the_place_of_the_prompt() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    let question = "Type 127.0.0.1 to go on:";
    let asked = |screen: &Screen<'_>| screen.last() == question;
    for no in ["\x03", "\x04", "\r", "no\r"] {
        terminal.keys("fsctl pause\r");
        terminal.wait_until("the question", asked);
        let before = terminal.len();
        terminal.keys(no);
        at_prompt(terminal);
        let said = terminal.since(before);
        assert!(
            said.contains("not confirmed, nothing was done") || said.contains("nothing was sent"),
            "{no:?} {said}"
        );
    }
    terminal.keys("fsctl pause\r");
    terminal.wait_until("the question", asked);
    terminal.keys("127.0.0.1\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("\n+OK"));
    at_prompt(terminal);

    // From the background: what was being typed comes back behind it, with its cursor.
    terminal.keys("\x1b[200~api --timeout 600 msleep 4000\rfsctl resume\rfsctl pause\x1b[201~\r");
    terminal.wait_until("the paste", |screen| screen.last() == "run these 3 lines? [y/N]");
    terminal.keys("y\r");
    terminal.wait_until("the running command", |screen| runs(screen, " · api "));
    terminal.keys(&format!("half a 日 line{}", LEFT.repeat(6)));
    terminal.wait_until("the question", asked);
    terminal.keys("127.0.0.1\r");
    terminal.wait_until("the draft", |screen| screen.last().ends_with("> half a 日 line"));
    terminal.keys("X\r");
    terminal.wait_until("the line", |screen| {
        screen.log.contains("-ERR half a X日 line Command not found!")
    });
    assert!(terminal.shown("half a X日 line") > 0);
    at_prompt(terminal);
    terminal.keys("\x04");
    terminal.ended();
    let kept = kept(&desk.home);
    assert!(kept.len() == 3 && !kept.contains(&"yes".to_owned()), "{kept:?}");
}

#[test]
fn the_acceptance_dialogue() {
    let mut desk = Desk::new();
    assert!(desk.run("status").contains("uptime"));
    assert!(desk.run("api global_getvar local_ip_v4").contains("\n127.0.0.1\r"));
    assert!(desk.run("not a real command").contains("-ERR not a real command Command not found!"));
    desk.run("listen off");
    let said = desk.run("originate 9196@127.0.0.1:5080");
    assert!(said.contains("No listener has been assigned for this client"), "{said}");
    assert!(said.contains("hint: type \"listen on\""), "{said}");
    assert!(!said.contains("Job"), "{said}");
    desk.run("listen on");
    desk.terminal.wait_until("the listener", |screen| screen.log.matches(LISTENS).count() == 2);
    at_prompt(&desk.terminal);

    let said = desk.run("originate 9196@127.0.0.1:5080");
    let job = said.split("<Job ").nth(1).unwrap_or_else(|| panic!("{said}"));
    assert_eq!(job.get(36..47), Some(" [pending]>"), "{job}");
    let session = job.split("session ").nth(1).unwrap().get(..36).unwrap().to_owned();
    let short = session.get(..8).unwrap();
    let told = |what: &str| {
        let (short, what) = (short.to_owned(), what.to_owned());
        move |screen: &Screen<'_>| {
            screen.rows().iter().any(|row| row.contains(&short) && row.contains(&what))
        }
    };
    desk.terminal.wait_until("the answer of the call", told("answered"));
    desk.terminal.wait_until("the result of the job", |screen| {
        screen.rows().iter().any(|row| row.contains(&format!("originate: +OK {session}")))
    });
    let calls = desk.run("calls");
    let row =
        calls.lines().find(|line| line.starts_with(short)).unwrap_or_else(|| panic!("{calls}"));
    assert_eq!(row.split_whitespace().nth(1), Some("2"), "sessions: {row}");
    assert!(row.contains("9196") && row.contains("own"), "{row}");
    assert!(desk.run("hangup last").contains(&format!("call {session} hung up")));
    desk.terminal
        .wait_until("the end of the call", told("hangup NORMAL_CLEARING (hung up by the switch"));
    assert!(desk.run("calls").contains("no calls"));
    let told = desk.run("events last 1000");
    assert!(told.contains("answered") && told.contains("hangup NORMAL_CLEARING"), "{told}");

    let said = desk.run("load-app TonePlay");
    let id = said.lines().map(str::trim_end).find(|line| line.len() == 36).unwrap_or_default();
    assert_eq!(id.matches('-').count(), 4, "{said}");

    // A call of somebody else.
    let foreign = desk.switch.api("originate sofia/external/9196@127.0.0.1:5080 &park()");
    let foreign = foreign.strip_prefix("+OK ").unwrap();
    let said = desk.run("originate park@127.0.0.1:5080 --app TonePlay --wait 10");
    assert!(said.contains("answered "), "{said}");
    assert_eq!(desk.switch.channels(), 4);
    let said = desk.run("hupall");
    assert!(said.contains("TonePlay"), "{said}");
    desk.terminal
        .wait_until("the end of the own call", |screen| screen.last().contains(" 2 calls>"));
    assert_eq!(desk.switch.api(&format!("uuid_exists {foreign}")), "true");
    assert_eq!(desk.switch.channels(), 2);
}

#[test]
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
    assert_eq!(mode(directory.join("127.0.0.1")), 0o600);
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

/// Events a second of a flood. A program that is not optimised does not keep up with more on a small
/// machine, and is cut off for that, as it should be.
const MANY: u32 = if cfg!(debug_assertions) { 2_000 } else { 20_000 };
const LISTENS: &str = "starting event loop";
const WIDE: Size = Size { columns: 160, rows: 40 };
const NARROW: Size = Size { columns: 80, rows: 24 };
/// Columns that the prompt takes.
const PROMPT: usize = 23;
const SUMMARY: &str = " events (";
const LEFT: &str = "\x1b[D";
const RIGHT: &str = "\x1b[C";
const BEGIN: &str = "\x1b[H";
