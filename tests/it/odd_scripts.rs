//! Script files as people have them: from other editors, with what runs itself, with very long lines.
use std::fs;
use std::process::{Output, Stdio};

use crate::support::program::{switchy, switchy_in};
use crate::switch::Switch;

/// Runs a script in a folder of its own, in which `itself` is its name.
fn run(switch: &Switch, script: &[u8], more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("itself"), script).unwrap();
    let mut command = switchy_in(folder.path());
    command.args(switch.args(&["-f", "itself"])).args(more).current_dir(folder.path());
    command.stdin(Stdio::null());
    command.output().unwrap()
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[limited::test]
fn files_of_other_editors_are_read() {
    let switch = Switch::start();
    for script in [
        &b"eval one\neval two\n"[..],
        b"eval one\r\neval two\r\n",
        b"\xef\xbb\xbfeval one\r\neval two",
        b"\xef\xbb\xbf# a comment\n\n  eval one\n\teval two",
        b"eval \\\none\neval two\\",
        b"# \xe9 in latin 1\neval one\neval two",
    ] {
        let output = run(&switch, script, &[]);
        let (stdout, stderr) = texts(&output);
        assert_eq!((stdout.as_str(), stderr.as_str()), ("one\ntwo\n", ""), "{script:?}");
        assert_eq!(output.status.code(), Some(0), "{script:?}");
    }
}

#[limited::test]
fn a_file_that_runs_itself_ends_with_a_reason() {
    let switch = Switch::start();
    for script in ["source itself", "let a = $(source itself)", "@all source itself"] {
        let output = run(&switch, script.as_bytes(), &[]);
        let (_, stderr) = texts(&output);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{script}: {stderr}");
        assert!(stderr.contains("itself:1"), "{script}: {stderr}");
    }
    let (_, stderr) = texts(&run(&switch, b"source itself", &[]));
    assert!(stderr.contains("lines run lines") && stderr.contains("runs itself"), "{stderr}");
}

#[limited::test]
fn what_failed_is_told_in_short_and_without_secrets() {
    let switch = Switch::start();
    let script = format!("eval fine\nnosuch {}\n", "x".repeat(100_000));
    let (stdout, stderr) = texts(&run(&switch, script.as_bytes(), &[]));
    assert_eq!(stdout, "fine\n");
    let place = stderr.lines().find(|line| line.contains("itself:2: nosuch xxx")).unwrap();
    assert!(place.chars().count() < 300, "{place}");
    // In a file that another one runs, too.
    let script = "source --echo inner\n";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("outer"), script).unwrap();
    fs::write(folder.path().join("inner"), "nosuch sip_auth_password=hunter22\n").unwrap();
    let mut command = switchy_in(folder.path());
    command.args(switch.args(&["-f", "outer", "--echo"])).current_dir(folder.path());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("inner:1: nosuch sip_auth_password=***"), "{stderr}");
    let echoed: Vec<_> =
        stdout.lines().chain(stderr.lines()).filter(|line| line.starts_with('>')).collect();
    assert!(echoed.len() == 2 && !echoed.concat().contains("hunter22"), "{echoed:?}");
}

#[limited::test]
fn a_value_starts_no_command_of_its_own() {
    let switch = Switch::start();
    for (line, said) in
        [("eval $n", "has ;; in it"), ("$n", "has ;; in it"), ("@all eval $n", "has ;; in it")]
    {
        let output = run(&switch, line.as_bytes(), &["--set", "n=x;;eval second"]);
        let (stdout, stderr) = texts(&output);
        assert!(!stdout.contains("second"), "{line}: {stdout}");
        assert!((stdout + &stderr).contains(said), "{line}: {stderr}");
        assert_ne!(output.status.code(), Some(0), "{line}");
    }
    // What goes out word for word is one command, and a list that was written is a list.
    let output = run(&switch, b"api eval $n", &["--set", "n=x;;y"]);
    assert_eq!(texts(&output).0, "x;;y\n");
    let output = run(&switch, b"eval $n;;eval $n$n", &["--set", "n=x"]);
    assert_eq!(texts(&output).0, "x\nxx\n");
    // A program of this machine is started by what was written only.
    let output = run(&switch, b"eval $n", &["--set", "n=x | touch made"]);
    assert_eq!(texts(&output).0, "x | touch made\n");
}

/// Linux has a file that is always full.
#[limited::test]
#[cfg(target_os = "linux")]
fn an_answer_that_cannot_be_written_is_told() {
    let switch = Switch::start();
    let mut command = switchy();
    command.args(switch.args(&["--keep-going", "-x", "eval one", "-x", "eval two"]));
    command.stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    let (_, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.starts_with("error: cannot write standard output: "), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}
