//! Tab in zsh, bash and fish, with the scripts that the program prints. A shell that is not
//! installed is skipped.
use std::fs;
use std::io::Write as _;
use std::process::{Command, Output};

use portable_pty::CommandBuilder;

use super::terminal::{Size, Terminal};
use crate::support::program::{program_in, switchy_in};

/// A line that is completed, words that are offered then, and words that are not.
const CASES: &[(&str, &[&str], &[&str])] = &[
    ("switchy ", &["completions", "config", "demo", "doctor", "replay", "sim"], &["check"]),
    ("switchy config ", &["check", "init", "keys", "path", "show"], &["doctor", "--traffic"]),
    ("switchy config s", &["show"], &["sim", "check"]),
    ("switchy sim --", &["--listen", "--traffic", "--fault", "--record"], &["--profile"]),
    ("switchy demo --", &["--traffic", "--transcript"], &["--timeout", "--listen"]),
    ("switchy replay --", &["--until", "--speed"], &["--listen", "--host"]),
    ("switchy completions ", &["bash", "zsh", "fish"], &["doctor"]),
    ("switchy --log", &["--loglevel", "--log-uuid"], &["--listen"]),
    ("switchy pbx1 --log", &["--loglevel", "--log-uuid"], &["--listen"]),
    ("switchy pbx1 pbx2 --log", &["--loglevel", "--log-uuid"], &["--listen"]),
    ("switchy --no-config config ", &["check", "show"], &["demo"]),
];

/// The completion script of a shell, in a file.
fn script(home: &tempfile::TempDir, shell: &str) -> String {
    let printed = switchy_in(home.path()).args(["completions", shell]).output().unwrap();
    let path = home.path().join(format!("switchy.{shell}"));
    fs::write(&path, printed.stdout).unwrap();
    path.display().to_string()
}

fn is_installed(shell: &str) -> bool {
    let tried = Command::new(shell).arg("--version").output();
    let is_there = tried.is_ok_and(|Output { status, .. }| status.success());
    if !is_there {
        // Straight to standard error: the test runner keeps what a test that passes prints.
        let mut stderr = std::io::stderr();
        writeln!(stderr, "skipped: {shell} is not installed").unwrap();
    }
    is_there
}

/// Types a line and Tab in a shell, and looks at what it offers.
fn check(shell: &str, args: &[&str], set_up: &str) {
    if !is_installed(shell) {
        return;
    }
    for (line, offered, others) in CASES {
        let home = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(shell);
        command.args(args);
        let variables = [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("PS1", "shell> ")];
        let size = Size { columns: 160, rows: 60 };
        let mut terminal = Terminal::with(home.path(), size, command, &variables);
        terminal.wait_until("the prompt", |screen| screen.last().starts_with("shell>"));
        let set_up = set_up.replace("SCRIPT", &script(&home, shell));
        terminal.keys(&format!("{set_up}; clear; echo ready\r"));
        terminal.wait_until("the script", |screen| {
            screen.rows().first().is_some_and(|row| row == "ready")
                && screen.last().starts_with("shell>")
        });
        terminal.keys(&format!("{line}\t"));
        let is_one = offered.len() == 1;
        if !is_one && shell == "bash" {
            // The first one completes as far as all agree.
            terminal.keys("\t\t");
        }
        terminal.wait_until(&format!("{shell}: {line:?} offers {offered:?}"), |screen| {
            let words: Vec<_> =
                screen.screen.contents().split_whitespace().map(str::to_owned).collect();
            offered.iter().all(|word| words.iter().any(|shown| shown == word))
        });
        terminal.wait_until(&format!("{shell}: {line:?} does not offer {others:?}"), |screen| {
            let contents = screen.screen.contents();
            others.iter().all(|word| !contents.split_whitespace().any(|shown| shown == *word))
        });
    }
}

#[limited::test]
fn zsh_completes_commands_and_their_options() {
    let set_up = "autoload -U compinit; compinit -u -D; LISTMAX=10000; source SCRIPT";
    check("zsh", &["-f", "-i"], set_up);
}

#[limited::test]
fn bash_completes_commands_and_their_options() {
    let set_up = "bind 'set completion-query-items 0'; bind 'set page-completions off'; \
                  bind 'set enable-bracketed-paste off'; source SCRIPT";
    check("bash", &["--norc", "--noprofile", "-i"], set_up);
}

#[limited::test]
fn fish_completes_commands_and_their_options() {
    if !is_installed("fish") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let script = script(&home, "fish");
    for (line, offered, others) in CASES {
        let asked = format!("source {script}; complete -C '{line}'");
        let mut command = program_in("fish", home.path());
        command.args(["--no-config", "-c", &asked]).current_dir(&home);
        let said = command.output().unwrap();
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let words: Vec<_> = said.lines().filter_map(|line| line.split('\t').next()).collect();
        assert!(offered.iter().all(|word| words.contains(word)), "{line:?}: {words:?}");
        assert!(others.iter().all(|word| !words.contains(word)), "{line:?}: {words:?}");
    }
}
