//! What a profile of the configuration says holds when it is opened, and when it is connected to.
use std::fs;

use super::desk::*;
use crate::support::program::switchy_in;

/// A desk whose first switch is the profile `one`; the configuration may name PORT.
fn desk(config: &str, rc: &str) -> (Switch, tempfile::TempDir) {
    let switch = Switch::start();
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/switchy");
    fs::create_dir_all(&folder).unwrap();
    let config = config.replace("PORT", &switch.port().to_string());
    fs::write(folder.join("config.toml"), config).unwrap();
    fs::write(folder.join("rc"), rc).unwrap();
    (switch, home)
}

fn start(home: &tempfile::TempDir, args: &[&str]) -> Terminal {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    Terminal::start(home.path(), WIDE, &args)
}

fn shown(terminal: &Terminal, text: &str) {
    terminal.wait_until(text, |screen| screen.log.contains(text));
}

/// Waits for an empty prompt that starts so.
fn prompt(terminal: &Terminal, text: &str) {
    terminal.wait_until("the prompt", |screen| {
        screen.last().starts_with(text) && screen.last().ends_with('>')
    });
}

const CONFIG: &str = r#"
default = "one"
[defaults]
host = "127.0.0.1"
port = PORT
[profile.one]
on_connect = ["eval first-of-one", "eval second-of-one"]
[profile.two]
on_connect = "eval of-two"
output = "json"
history = false
env = "prod"
[profile.two.colors]
prompt = "bold-magenta"
output = "blue"
[colors]
prompt = "cyan"
input = "bold-yellow"
answered = "bold-blue"
"#;

#[limited::test]
fn lines_of_the_rc_file_and_of_profiles_run_when_they_should() {
    let (_switch, home) = desk(CONFIG, "# a comment\neval from-rc\nlet n = local_ip_v4\n");
    let mut terminal = start(&home, &[]);
    shown(&terminal, "second-of-one");
    prompt(&terminal, "one ");
    let log = terminal.since(0);
    let at = |text: &str| log.find(text).unwrap_or_else(|| panic!("no {text} in {log}"));
    assert!(at("from-rc") < at("first-of-one") && at("first-of-one") < at("second-of-one"));
    assert!(!log.contains("of-two"));
    terminal.keys("connect two\r");
    shown(&terminal, "of-two");
    prompt(&terminal, "two (prod) ");
    // Not a second time from the file.
    assert_eq!(terminal.count("from-rc"), 1);
    // A script runs neither.
    let output = switchy_in(home.path()).args(["-x", "eval only-this"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "only-this");
}

#[limited::test]
fn format_history_and_colors_are_those_of_the_current_profile() {
    let (_switch, home) = desk(CONFIG, "");
    let mut terminal = start(&home, &["--color=always"]);
    shown(&terminal, "second-of-one");
    prompt(&terminal, "one ");
    terminal.keys("calls\r");
    shown(&terminal, "no calls");
    prompt(&terminal, "one ");
    let bytes = terminal.bytes();
    assert!(bytes.contains("\x1b[36m"), "the prompt is cyan: {bytes:?}");
    assert!(bytes.contains("\x1b[1;33m"), "what is typed is yellow: {bytes:?}");
    terminal.keys("connect two\r");
    shown(&terminal, "of-two");
    prompt(&terminal, "two (prod) ");
    terminal.keys("calls\r");
    shown(&terminal, "[]");
    prompt(&terminal, "two (prod) ");
    let bytes = terminal.bytes();
    assert!(bytes.contains("\x1b[34m[]"), "the answer is blue: {bytes:?}");
    terminal.keys("use one\r");
    prompt(&terminal, "one ");
    let before = terminal.count("no calls");
    terminal.keys("calls\r");
    terminal.wait_until("a table", |screen| screen.log.matches("no calls").count() > before);
    prompt(&terminal, "one ");
    // What is asked for holds everywhere.
    terminal.keys("set output csv\r");
    shown(&terminal, "csv");
    prompt(&terminal, "one ");
    terminal.keys("\x04");
    terminal.ended();
    let kept = home.path().join("state/switchy/history.d");
    let text = fs::read_to_string(kept.join("one")).unwrap();
    assert!(text.contains("\tcalls\n") && text.contains("\tset output csv\n"), "{text}");
    assert!(!kept.join("two").exists());
}

#[limited::test]
fn a_file_of_fs_cli_gives_colors_and_its_history_is_taken_in() {
    let (switch, home) = desk("", "");
    let port = switch.port();
    fs::write(
        home.path().join(".fs_cli_conf"),
        format!(
            "[old]\nhost => 127.0.0.1\nport => {port}\nprompt-color => bold-red\n\
             input-text-color => green\noutput-text-color => bold-cyan\n"
        ),
    )
    .unwrap();
    fs::write(
        home.path().join(".fs_cli_history"),
        "_HiStOrY_V2_\nshow\\040calls\\040count\nconnect\\040x\\040-p\\040hunter2\n",
    )
    .unwrap();
    let mut terminal = start(&home, &["old", "--as-fs-cli", "--color=always"]);
    shown(&terminal, "1 line of ");
    prompt(&terminal, "old ");
    terminal.keys("eval ok-then\r");
    terminal.wait_until("the answer", |screen| screen.log.matches("ok-then").count() >= 2);
    prompt(&terminal, "old ");
    let bytes = terminal.bytes();
    for (what, code) in
        [("prompt", "\x1b[1;31m"), ("input", "\x1b[32m"), ("output", "\x1b[1;36mok-then")]
    {
        assert!(bytes.contains(code), "{what}: {bytes:?}");
    }
    // Up finds what was typed there.
    terminal.keys("show\x1b[A");
    terminal.wait_until("the old line", |screen| screen.last().contains("show calls count"));
    terminal.keys("\x03");
    prompt(&terminal, "old ");
    terminal.keys("\x04");
    terminal.ended();
    let text = fs::read_to_string(home.path().join("state/switchy/history.d/old")).unwrap();
    assert!(text.contains("show calls count") && !text.contains("hunter2"), "{text}");
}

#[limited::test]
fn a_command_that_prints_a_password_may_ask_at_the_prompt() {
    let config = "default = 'one'\n[defaults]\nhost = '127.0.0.1'\nport = PORT\n\
                  connect_timeout = '80s'\n[profile.one]\n[profile.kept]\n\
                  password_command = 'printf Passphrase: >&2; read -r word; echo \"Clue$word\"'\n";
    let (switch, home) = desk(config, "");
    let mut terminal = start(&home, &[]);
    prompt(&terminal, "one ");
    switch.flood(100);
    watch(&terminal, 1, |_| {});
    terminal.keys("connect kept\r");
    // It has the terminal for itself: no event and no prompt comes behind its question.
    terminal.wait_until("the question", |screen| screen.last() == "Passphrase:");
    assert!(terminal.takes_signals());
    terminal.keys("Con\r");
    prompt(&terminal, "kept ");
    // Whoever would rather not finds the prompt again.
    terminal.keys("connect kept\r");
    terminal.wait_until("the question", |screen| screen.last() == "Passphrase:");
    terminal.keys("\x03");
    terminal.wait_until("the prompt", |screen| screen.last().ends_with('>'));
    terminal.keys("eval still-here\r");
    terminal.wait_until("the answer", |screen| screen.log.contains("\nstill-here\r"));
}

#[limited::test]
fn in_production_every_change_is_confirmed() {
    let config = "default = 'live'\n[defaults]\nhost = '127.0.0.1'\nport = PORT\n\
                  [abbr]\nsetit = 'global_setvar'\n\
                  [keys]\nF5 = 'global_setvar a=key'\n\
                  [profile.live]\nenv = 'prod'\non_connect = 'global_setvar a=connect'\n";
    let (switch, home) = desk(config, "");
    let file = home.path().join("lines.switchy");
    fs::write(&file, "global_setvar a=file\n").unwrap();
    let mut terminal = start(&home, &[]);
    // What the configuration runs is asked about, too.
    shown(&terminal, "Type live to go on:");
    terminal.keys("\r");
    prompt(&terminal, "live (prod) ");
    let by_address = format!("connect 127.0.0.1:{}", switch.port());
    for (line, question) in [
        ("global_setvar a=b", "Type live to go on:"),
        ("  GLOBAL_SETVAR a=b", "Type live to go on:"),
        ("setit a=b", "Type live to go on:"),
        ("@live global_setvar a=b", "Type live to go on:"),
        ("@all global_setvar a=b", "Type live to go on:"),
        ("version;;global_setvar a=b", "Type live to go on:"),
        ("api global_setvar a=b", "Type live to go on:"),
        ("bgapi global_setvar a=b", "Type live to go on:"),
        ("/bgapi global_setvar a=b", "Type live to go on:"),
        ("sched_api +0 none global_setvar a=b", "Type live to go on:"),
        ("eval ${global_setvar a=b}", "Type live to go on:"),
        ("let x = $(global_setvar a=b)", "Type live to go on:"),
        ("global_setvar a=b | cat", "Type live to go on:"),
        (&format!("source {}", file.display()), "Type live to go on:"),
        ("\x1b[15~", "Type live to go on:"),
        ("hupall", "hupall on live: go on? [y/N]"),
        ("originate 9196@127.0.0.1:5080", "on live: go on? [y/N]"),
        ("Load-App TonePlay", "on live: go on? [y/N]"),
        (&by_address, ""),
        ("global_setvar a=b", "to go on:"),
    ] {
        let before = terminal.len();
        // A key needs no Enter: that would be the answer.
        let enter = if line.starts_with('\x1b') { "" } else { "\r" };
        terminal.keys(&format!("{line}{enter}"));
        if question.is_empty() {
            terminal.wait_until("the other name", |screen| {
                screen.last().starts_with("127.0.0.1") && screen.last().ends_with('>')
            });
            continue;
        }
        terminal.wait_until("the question", |screen| screen.last().contains(question));
        terminal.keys("\r");
        terminal.wait_until("the prompt", |screen| screen.last().ends_with('>'));
        let said = terminal.since(before);
        assert!(said.contains("nothing was"), "{line}: {said}");
    }
    // Nothing of it was done; with a yes it is.
    terminal.keys("eval <${a}>\r");
    shown(&terminal, "<>");
    terminal.keys("use live\r");
    prompt(&terminal, "live (prod) ");
    terminal.keys("originate 9196@127.0.0.1:5080\r");
    terminal.wait_until("the question", |screen| screen.last().ends_with("[y/N]"));
    terminal.keys("y\r");
    shown(&terminal, "pending");
    terminal.keys("\x04");
}
