//! What a newcomer meets: a mistyped password, leaving with calls, a home that cannot be written.
use std::fs;
use std::path::PathBuf;

use switchy::sim::Config;
use tempfile::TempDir;

use super::desk::*;
use crate::secrets::{SECRET, leaks};

const WRONG: &str = "a-mistyped-passwrod";

fn locked() -> Switch {
    Switch::with(Config::new().with_seed(7).with_password(SECRET))
}

/// Answers the question for a password, which has come so many times by then.
fn answer(terminal: &mut Terminal, times: usize, password: &str) {
    terminal.wait_until("the question", |screen| {
        screen.log.matches("Password for ").count() == times && screen.last().ends_with(':')
    });
    assert!(terminal.is_silent(), "what is typed would be seen");
    terminal.keys(&format!("{password}\r"));
}

fn holds_none(home: &TempDir, terminal: &Terminal) {
    assert_eq!(leaks(home.path(), &[]), [] as [PathBuf; 0]);
    for secret in [SECRET, WRONG] {
        assert_eq!(terminal.count(secret), 0, "{secret} was shown");
        for file in fs::read_dir(home.path().join("state/switchy/history.d")).into_iter().flatten()
        {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[limited::test]
fn a_mistyped_password_is_asked_for_again_as_ssh_does() {
    let (home, switch) = (tempfile::tempdir().unwrap(), locked());
    let mut terminal = Terminal::start(home.path(), WIDE, &switch.args(&[]));
    let question = format!("Password for 127.0.0.1:{}:", switch.port());
    for time in 1..=2 {
        answer(&mut terminal, time, WRONG);
    }
    answer(&mut terminal, 3, SECRET);
    terminal.wait_until("the connection", |screen| screen.shows("connected to"));
    at_prompt(&terminal);
    run(&mut terminal, "calls");
    assert_eq!(terminal.count(&question), 3);
    terminal.keys("\x04");
    assert_eq!(terminal.ended(), 0);
    holds_none(&home, &terminal);
}

#[limited::test]
fn three_wrong_passwords_are_enough_and_connect_asks_anew() {
    let (home, switch) = (tempfile::tempdir().unwrap(), locked());
    fs::create_dir_all(home.path().join(".config/switchy")).unwrap();
    let profile = format!("[profile.pbx]\nhost = \"127.0.0.1\"\nport = {}\n", switch.port());
    fs::write(home.path().join(".config/switchy/config.toml"), profile).unwrap();
    let mut terminal = Terminal::start(home.path(), WIDE, &["pbx".to_owned()]);
    for time in 1..=3 {
        answer(&mut terminal, time, WRONG);
    }
    terminal.wait_until("the hint", |screen| screen.shows("\"switchy doctor pbx\""));
    terminal.wait_until("the prompt", |screen| screen.last().ends_with('>'));
    // Each form of connect asks; what is typed then is no line.
    let targets = ["connect".to_owned(), "connect pbx".to_owned()];
    let host = format!("connect 127.0.0.1:{}", switch.port());
    for (line, at) in targets.into_iter().chain([host]).zip(0..) {
        terminal.keys(&format!("{line}\r"));
        answer(&mut terminal, 4 + 3 * at, WRONG);
        answer(&mut terminal, 5 + 3 * at, WRONG);
        if line == "connect pbx" {
            answer(&mut terminal, 6 + 3 * at, SECRET);
            terminal.wait_until("the connection", |screen| screen.shows("connected to"));
            // That profile is known now, with its password.
            break;
        }
        answer(&mut terminal, 6 + 3 * at, WRONG);
        terminal.wait_until("the hint", |screen| {
            screen.log.matches("\"switchy doctor pbx\"").count() == 2 + at
                && screen.last().ends_with('>')
        });
    }
    // One that declines leaves things as they were.
    let host = format!("connect localhost:{}\r", switch.port());
    terminal.wait_until("the prompt", |screen| screen.last().ends_with('>'));
    terminal.keys(&host);
    answer(&mut terminal, 10, "\x03");
    terminal.wait_until("the refusal", |screen| {
        screen.shows("no password was given") && screen.last().ends_with('>')
    });
    terminal.keys("\x04");
    assert_eq!(terminal.ended(), 0);
    holds_none(&home, &terminal);
}

#[limited::test]
fn who_leaves_calls_or_apps_behind_is_asked_however_they_leave() {
    for leave in ["exit\r", "quit\r", "/exit\r", "/quit\r", "/bye\r", "...\r", "\x04"] {
        let mut desk = Desk::new();
        desk.run("originate --wait 10 loopback/9196/default &park");
        desk.run("load-app TonePlay");
        let terminal = &mut desk.terminal;
        terminal.keys(leave);
        terminal.wait_until("the question", |screen| screen.last() == "leave? [y/N]");
        assert_eq!(terminal.shown("of this shell continues after it"), 1, "{leave:?}");
        assert_eq!(terminal.shown("unloaded with it: TonePlay"), 1, "{leave:?}");
        terminal.keys("n\r");
        terminal.wait_until("not left", |screen| screen.shows("not left"));
        at_prompt(terminal);
        // A second Ctrl-D leaves, as in a shell with stopped jobs; the others ask again.
        terminal.keys(leave);
        if leave != "\x04" {
            terminal.wait_until("the question", |screen| screen.last() == "leave? [y/N]");
            terminal.keys("y\r");
        }
        assert_eq!(terminal.ended(), 0, "{leave:?}");
        assert!(desk.switch.channels() > 0);
    }
}

#[limited::test]
fn a_history_that_cannot_be_written_is_reported_once() {
    let home = tempfile::tempdir().unwrap();
    // No folder can be made below a file, whoever one is.
    fs::write(home.path().join("state"), "").unwrap();
    let switch = Switch::start();
    let mut terminal = open(&switch, &home, WIDE, &["--color=always"]);
    for line in ["version", "status", "hosts"] {
        run(&mut terminal, line);
    }
    terminal.wait_until("the warning", |screen| screen.log.contains("cannot be written"));
    assert_eq!(terminal.count("the history cannot be written"), 1);
    terminal.keys("\x1b[A");
    terminal.wait_until("the line", |screen| typed(screen).as_deref() == Some("hosts"));
}

#[limited::test]
fn no_log_of_a_developer_is_seen_unless_it_is_asked_for() {
    for (args, is_seen) in
        [(&["--color=always"][..], false), (&["--color=always", "-d", "6"], true)]
    {
        let home = tempfile::tempdir().unwrap();
        let switch = Switch::start();
        let mut terminal = open(&switch, &home, WIDE, args);
        for line in ["load-app TonePlay", "reload-app TonePlay", "unload-app TonePlay", "doctor"] {
            run(&mut terminal, line);
        }
        let seen = terminal.shown("[INFO]") > 0;
        assert_eq!(seen, is_seen, "{args:?}: {}", terminal.bytes());
    }
}

#[limited::test]
fn lines_are_kept_by_host_and_port() {
    let home = tempfile::tempdir().unwrap();
    let (one, two) = (Switch::start(), Switch::start());
    let mut terminal = open(&one, &home, WIDE, &["--color=always"]);
    run(&mut terminal, "only-here");
    terminal.keys("\x04");
    terminal.ended();
    let mut terminal = open(&two, &home, WIDE, &["--color=always"]);
    run(&mut terminal, "version");
    terminal.keys("\x1b[A\x1b[A\x1b[A");
    terminal.wait_until("the line", |screen| typed(screen).as_deref() == Some("version"));
    drop(terminal);
    let mut terminal = open(&one, &home, WIDE, &["--color=always"]);
    terminal.keys("\x1b[A");
    terminal.wait_until("the line", |screen| typed(screen).as_deref() == Some("only-here"));
}

#[limited::test]
fn the_demo_shows_its_first_lines_again_and_lets_one_read_them() {
    let home = tempfile::tempdir().unwrap();
    let args = ["demo", "--color=always"].map(str::to_owned);
    let mut terminal = Terminal::start(home.path(), WIDE, &args);
    terminal.wait_until("the prompt", |screen| {
        screen.shows("lists these lines again") || screen.last().starts_with("demo ")
    });
    terminal.keys("tour\r");
    terminal.wait_until("the lines", |screen| {
        screen.log.matches("originate 9196@127.0.0.1:5080").count() == 2
            && screen.last().ends_with("calls>")
    });
}

#[limited::test]
fn nothing_is_said_behind_the_count_once_a_command_has_ended() {
    let mut desk = Desk::new();
    let terminal = &mut desk.terminal;
    for size in [WIDE, Size { columns: 40, rows: 24 }] {
        terminal.resize(size);
        terminal.keys("api msleep 1500\r");
        terminal.wait_until("the running command", |screen| screen.shows(" · api "));
        // What is typed meanwhile stays, and no Enter is needed.
        terminal.keys("versi");
        terminal.wait_until("a prompt without a gap", |screen| {
            screen.last().contains("0 calls> versi")
        });
        assert_eq!(terminal.shown("done"), 0);
        terminal.keys("on\r");
        terminal.wait_until("the answer", |screen| screen.shows("switchy  "));
        at_prompt(terminal);
        terminal.keys("clear\r");
        at_prompt(terminal);
    }
}

#[limited::test]
fn what_is_typed_ahead_of_a_pager_is_for_the_prompt() {
    let (home, switch) = (tempfile::tempdir().unwrap(), Switch::start());
    // It would take any key that comes within a second.
    let pager = "cat > /dev/null; stty -icanon min 0 time 10 < /dev/tty; \
                 key=$(dd bs=9 count=1 < /dev/tty 2> /dev/null); \
                 stty icanon min 1 time 0 < /dev/tty; echo \"pager got <$key>\"";
    let variables = [("PAGER", pager), ("PATH", "/usr/bin:/bin")];
    let mut terminal =
        Terminal::start_in(home.path(), WIDE, &switch.args(&["--color=always"]), &variables);
    terminal.wait_until("the connection", |screen| screen.shows(LISTENS));
    at_prompt(&terminal);
    run(&mut terminal, "set pager on");
    let before = terminal.len();
    terminal.keys("api msleep 600\r");
    terminal.wait_until("the command", |_| terminal.takes_signals());
    terminal.keys("q eval ahead\x01\x04\x04api \rhalf");
    terminal.wait_until("the line", |screen| typed(screen).as_deref() == Some("half"));
    let said = terminal.since(before);
    assert!(said.contains("pager got <>"), "{said}");
    assert_eq!(said.matches("pager got <").count(), said.matches("pager got <>").count(), "{said}");
    terminal.keys("\x15");
    at_prompt(&terminal);
}

#[limited::test]
fn what_is_typed_ahead_never_stands_in_the_output_of_a_pipe() {
    let (home, switch) = (tempfile::tempdir().unwrap(), Switch::start());
    let variables = [("PATH", "/usr/bin:/bin")];
    let args = switch.args(&["--color=always"]);
    let mut terminal = Terminal::start_in(home.path(), WIDE, &args, &variables);
    terminal.wait_until("the connection", |screen| screen.shows(LISTENS));
    at_prompt(&terminal);
    let before = terminal.len();
    terminal.keys("api msleep 600 | sh -c 'cat; sleep 1; echo the-end'\r");
    terminal.wait_until("the command", |_| terminal.takes_signals());
    terminal.keys("early");
    terminal.wait_until("the program's output", |screen| screen.log.contains("+OK"));
    terminal.keys("-late");
    terminal.wait_until("the line", |screen| typed(screen).as_deref() == Some("early-late"));
    let said = terminal.since(before);
    let (output, _) = said.split_once("\nthe-end").expect(&said);
    assert!(!output.contains("early") && !output.contains("-late"), "{output:?}");
    terminal.keys("\x15");
    at_prompt(&terminal);
}

#[limited::test]
fn lines_that_are_typed_ahead_of_a_change_of_the_switch_are_run() {
    let home = tempfile::tempdir().unwrap();
    let (one, two) = (Switch::start(), Switch::start());
    let mut terminal = open(&one, &home, WIDE, &["--color=always"]);
    let other = format!("localhost:{}", two.port());
    terminal.keys(&format!("connect {other}\r"));
    terminal.wait_until("the other", |screen| screen.last().starts_with("localhost"));
    for round in 0..10 {
        let line = format!("use 127.0.0.1\rapi eval a{round}\ruse {other}\rapi eval b{round}\r");
        // In one go, and key by key.
        if round % 2 == 0 {
            terminal.keys(&line);
        } else {
            line.chars().for_each(|key| terminal.keys(&key.to_string()));
        }
        terminal.wait_until("the answers", |screen| {
            let said = [format!("\na{round}\r"), format!("\nb{round}\r")];
            said.iter().all(|said| screen.log.contains(said.as_str()))
        });
    }
}

/// The lines of the README that one pastes first.
fn readme_tour() -> String {
    let readme = include_str!("../../../README.md");
    let (_, tour) = readme.split_once("```switchy\n").unwrap();
    tour.split("```").next().unwrap().to_owned()
}

#[limited::test]
fn the_tour_of_the_readme_runs_to_its_end_in_one_paste() {
    let mut desk = Desk::new();
    let tour = readme_tour();
    let last = tour.lines().last().unwrap().to_owned();
    assert!(last.starts_with("why"), "{tour}");
    for pasted in [tour.clone(), tour.replace("why last", "why")] {
        let terminal = &mut desk.terminal;
        let before = terminal.len();
        terminal.keys(&format!("\x1b[200~{}\x1b[201~\r", pasted.trim_end().replace('\n', "\r")));
        terminal.wait_until("the question", |screen| screen.last().ends_with("lines? [y/N]"));
        terminal.keys("y\r");
        // A call that was answered and hung up, and why it ended.
        terminal.wait_until("the last answer", |_| {
            let said = terminal.since(before);
            said.contains("hung up: NORMAL_CLEARING") && said.contains("hung up normally")
        });
        at_prompt(terminal);
        let said = terminal.since(before);
        assert!(!said.contains("pasted and not run"), "{said}");
    }
    // Behind any other line that fails the rest is not run.
    let terminal = &mut desk.terminal;
    terminal.keys("\x1b[200~nope one\rapi eval not-run\rwhy\x1b[201~\r");
    terminal.wait_until("the question", |screen| screen.last().ends_with("lines? [y/N]"));
    terminal.keys("y\r");
    terminal.wait_until("the hint", |screen| screen.shows("2 more lines were pasted and not run"));
}

#[limited::test]
fn the_log_level_of_a_file_of_fs_cli_holds_under_its_name() {
    for (keys, args, notice, debug) in [
        ("", &[][..], true, false),
        ("loglevel => 3\n", &[], false, false),
        ("loglevel => debug\n", &[], true, true),
        ("quiet => true\n", &[], false, false),
        ("loglevel => 3\n", &["-l", "debug"], true, true),
        ("loglevel => debug\n", &["-q"], false, false),
    ] {
        let (home, switch) = (tempfile::tempdir().unwrap(), Switch::start());
        let file = format!("[default]\nhost => 127.0.0.1\nport => {}\n{keys}", switch.port());
        fs::write(home.path().join(".fs_cli_conf"), file).unwrap();
        let args = ["--as-fs-cli", "--color=always"].iter().chain(args);
        let args: Vec<_> = args.map(|arg| (*arg).to_owned()).collect();
        let terminal = Terminal::start(home.path(), WIDE, &args);
        terminal.wait_until("the connection", |screen| {
            screen.shows(LISTENS) && screen.last().ends_with('>')
        });
        assert!(switch.api("originate loopback/9196/default &park").starts_with("+OK"));
        switch.api("hupall");
        terminal.wait_until("the end of the call", |screen| screen.log.contains(" by an operator"));
        // Log lines come on the same connection: those of the beginning are there.
        let seen = (terminal.shown("[NOTICE]") > 0, terminal.shown("[DEBUG]") > 0);
        assert_eq!(seen, (notice, debug), "{keys:?} {args:?}: {}", terminal.bytes());
    }
}
