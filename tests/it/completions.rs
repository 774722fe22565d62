//! The completion scripts that packages ship are those that the program prints.
//! `UPDATE=1 cargo test` rewrites them.

use std::fs;
use std::path::Path;

use crate::support::program::{program_in, switchy};

#[limited::test]
fn completion_scripts_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, name) in [("bash", "switchy.bash"), ("zsh", "_switchy"), ("fish", "switchy.fish")] {
        let output = switchy().args(["completions", shell]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let path = folder.join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(path, output.stdout).unwrap();
            continue;
        }
        let kept = fs::read(&path).unwrap_or_default();
        // What was checked out on Windows may have other line ends.
        let text = String::from_utf8_lossy(&kept).replace("\r\n", "\n");
        let is_same = text == String::from_utf8_lossy(&output.stdout);
        assert!(is_same, "completions/{name} is out of date: UPDATE=1 cargo test rewrites it");
    }
}

#[cfg(unix)]
#[limited::test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for what in ["completions bash", "man", "config keys", "help originate"] {
        // Nobody reads: the pipe is closed before anything is written to it.
        let script =
            format!("{{ sleep 0.2; exec \"$0\" {what}; }} | true; exit \"${{PIPESTATUS[0]}}\"");
        let home = tempfile::tempdir().unwrap();
        let mut command = program_in("bash", home.path());
        command.args(["-c", &script, env!("CARGO_BIN_EXE_switchy")]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{what}: {output:?}");
        assert!(output.stderr.is_empty(), "{what}: {output:?}");
    }
}
