//! What is typed where nobody looks.
use std::path::PathBuf;

use super::desk::*;
use crate::secrets::{LOOK, SECRET, leaks};

#[limited::test]
fn a_password_at_the_prompt_is_shown_and_kept_nowhere() {
    let home = tempfile::tempdir().unwrap();
    let switch = Switch::with(switchy::sim::Config::new().with_seed(7).with_password(SECRET));
    let transcript = home.path().join("t.jsonl");
    let args = switch.args(&["-d", "7", "--transcript", transcript.to_str().unwrap()]);
    let mut terminal = Terminal::start(home.path(), WIDE, &args);
    terminal.wait_until("the question", |screen| screen.log.contains("Password for "));
    // From before the question is seen.
    assert!(terminal.is_silent());
    terminal.keys(&format!("{SECRET}\r"));
    terminal.wait_until("the connection", |screen| screen.shows("connected to"));
    at_prompt(&terminal);
    run(&mut terminal, "calls");
    let look = LOOK.replace("child-", &format!("{}/child-", home.path().display()));
    terminal.keys(&format!("{look}\r"));
    terminal.wait_until("the child", |_| home.path().join("child-line").exists());
    at_prompt(&terminal);
    terminal.wait_until("nothing of it", |screen| !screen.log.contains(SECRET));
    // Behind an alias, a list and a host.
    run(&mut terminal, "alias go connect 127.0.0.1 -P $1 -p $2");
    for line in [
        format!("go {} {SECRET}", switch.port()),
        format!("@127.0.0.1 connect 127.0.0.1:{} -p {SECRET}", switch.port()),
        format!("version ;; connect 127.0.0.1:{} --password {SECRET}", switch.port()),
        format!("echo it is {SECRET}"),
    ] {
        let answers = terminal.count("connected to") + usize::from(!line.starts_with("echo"));
        terminal.keys(&format!("{line}\r"));
        terminal.wait_until("the answer", |screen| {
            screen.log.matches("connected to").count() >= answers && screen.last().ends_with('>')
        });
    }
    terminal.keys("transcript stop\r");
    terminal.wait_until("the end of it", |screen| {
        screen.log.contains("transcript ended") && screen.last().ends_with("calls>")
    });
    terminal.keys("\x04");
    terminal.ended();
    assert_eq!(leaks(home.path(), &[]), [] as [PathBuf; 0]);
    assert!(transcript.exists() && home.path().join("state/switchy/history.d").exists());
}

#[limited::test]
fn who_leaves_instead_of_a_password_finds_the_terminal_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let switch = Switch::with(switchy::sim::Config::new().with_seed(7).with_password(SECRET));
    let mut terminal = Terminal::start(home.path(), WIDE, &switch.args(&[]));
    terminal.wait_until("the question", |screen| screen.log.contains("Password for "));
    terminal.keys("half of it");
    terminal.keys("\x03");
    assert_eq!(terminal.ended(), 130);
    assert!(terminal.is_restored());
    assert_eq!(terminal.count("half of it"), 0);
}
