//! No output breaks a word that fits the terminal.
use std::fs;

use unicode_width::UnicodeWidthStr as _;

use super::desk::*;

const WIDTHS: [u16; 3] = [40, 80, 100];

/// Lines of the shell: answers, tables, help, errors and their hints.
const LINES: &[&str] = &[
    "help",
    "help originate",
    "help hupall",
    "help set",
    "help filters",
    "help keys",
    "help config",
    "help alerts",
    "help guard",
    "help scripts",
    "help exit-codes",
    "help fields",
    "help nosuch",
    "doctor",
    "status",
    "calls",
    "calls where bogus=1",
    "call nosuch",
    "why USER_BUSY",
    "why NO_ROUTE_DESTINATION",
    "why last",
    "hupall --all",
    "kill where age>0",
    "fsctl shutdown",
    "originate --wait 5 sofia/external/nobody@127.0.0.1:5099 &park",
    "originate --gateway x 9196@127.0.0.1:5080 --nosuch",
    "not a real command",
    "apps",
    "apps TonePlay",
    "set",
    "set output nosuch",
    "events nosuch",
    "log nosuch",
    "version",
    "sofia status",
    "show api",
    "global_getvar",
    "connect nosuch.invalid",
    "transcript start /",
    "trace nosuch --timeout 0.1",
];

/// Command lines of the program, without a server.
const PROGRAMS: &[&[&str]] = &[
    &["--help"],
    &["-h"],
    &["help"],
    &["help", "sim"],
    &["sim", "--help"],
    &["demo", "--help"],
    &["config", "keys"],
    &["config", "show"],
    &["config", "show", "nosuch"],
    &["config", "check"],
    &["--no-such-option"],
    &["sim", "--listen", "127.0.0.1"],
    &["-H", "127.0.0.1", "-P", "1", "-p", "secret", "-x", "status"],
];

/// Fails for each line that the terminal had to break where a blank was.
fn check(shown: &str, width: u16, what: &str) {
    for line in shown.lines() {
        let line = line.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default();
        let is_word = line.split_whitespace().count() <= 1;
        let fits = line.trim_end().width() <= usize::from(width);
        assert!(fits || is_word, "{what} at {width}: {line:?}");
    }
}

fn one_shot(width: u16, args: &[String], what: &str) {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(home.path(), Size { columns: width, rows: 50 }, args);
    terminal.ended();
    let shown = terminal.text();
    assert!(!shown.trim().is_empty(), "{what}: nothing");
    check(&shown, width, what);
}

#[limited::test]
fn one_shot_output_breaks_at_words() {
    let switch = Switch::start();
    for width in WIDTHS {
        let mut args = ["-H", "127.0.0.1", "-P", &switch.port().to_string(), "--keep-going"]
            .map(str::to_owned)
            .to_vec();
        args.extend(LINES.iter().flat_map(|line| ["-x".to_owned(), (*line).to_owned()]));
        one_shot(width, &args, "the lines");
        for program in PROGRAMS {
            let args: Vec<_> = program.iter().map(|arg| (*arg).to_owned()).collect();
            one_shot(width, &args, &program.join(" "));
        }
    }
}

#[limited::test]
fn the_prompt_breaks_at_words() {
    for width in WIDTHS {
        // The call of one width is not one of the next.
        let switch = Switch::start();
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("config.toml");
        fs::write(&config, "[guard]\nconfirm = [\"hangup\"]\n").unwrap();
        let config = config.display().to_string();
        let size = Size { columns: width, rows: 250 };
        let args = ["--config", &config];
        let mut terminal = open(&switch, &home, size, &args);
        at_prompt(&terminal);
        // What is asked there waits for an answer.
        let asked = ["fsctl shutdown", "kill where age>0", "hupall --all", "originate", "trace"];
        for line in LINES {
            if asked.iter().any(|asked| line.starts_with(asked)) {
                continue;
            }
            terminal.keys(&format!("{line}\r"));
            terminal
                .wait_until(line, |screen| screen.rows().len() > 2 && is_idle(screen, " calls"));
            check_rows(&terminal, width, line);
            terminal.keys("clear\r");
            terminal.wait_until("an empty screen", |screen| screen.rows().len() == 1);
        }
        terminal.keys("originate 9196@127.0.0.1:5080\r");
        terminal.wait_until("the call", |screen| is_idle(screen, "1 call"));
        terminal.keys("fsctl shutdown\r");
        terminal.wait_until("the question", |screen| screen.last().contains(" to go on:"));
        terminal.keys("no\r");
        terminal.wait_until("the answer", |screen| is_idle(screen, "1 call"));
        check_rows(&terminal, width, "fsctl shutdown");
    }
}

/// Whether an empty prompt ends so. Where something ran long enough to be shown in it, blanks are
/// left before its end.
fn is_idle(screen: &Screen<'_>, end: &str) -> bool {
    screen.last().strip_suffix('>').is_some_and(|prompt| prompt.trim_end().ends_with(end))
}

/// Fails for each row that the terminal itself broke, but for what was typed.
fn check_rows(terminal: &Terminal, width: u16, what: &str) {
    terminal.wait_until("the screen", |screen| {
        let rows = screen.screen.rows(0, width).collect::<Vec<_>>();
        let broken = rows.iter().enumerate().find(|(at, row)| {
            let is_typed = row.contains("> ");
            let at = u16::try_from(*at).unwrap();
            screen.screen.row_wrapped(at) && row.trim().contains(' ') && !is_typed
        });
        broken.is_none_or(|(at, row)| panic!("{what} at {width}: row {at} continues: {row:?}"))
    });
}
