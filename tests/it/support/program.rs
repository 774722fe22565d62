//! The program as a child of a test: what the test's own environment holds does not reach it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal};

/// Variables that a child keeps: where programs and temporary files are.
const KEPT: [&str; 3] = ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"];

/// Runs `switchy` with the home of somebody who has no files yet.
pub(crate) fn switchy() -> Command {
    switchy_in(Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/home")))
}

/// Runs `switchy` with this home.
pub(crate) fn switchy_in(home: &Path) -> Command {
    program_in(env!("CARGO_BIN_EXE_switchy"), home)
}

/// Runs a program with this home. Locale, time zone, colors, pager, editor, and whatever of our
/// own the environment of the test sets, are as they are for everybody.
pub(crate) fn program_in(program: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for (name, value) in kept() {
        command.env(name, value);
    }
    command.env("HOME", home).env("XDG_STATE_HOME", home.join("state"));
    command.env("TERM", "dumb").env("LANG", "C.UTF-8").env("TZ", "UTC");
    command
}

/// The variables that a child keeps, as they are.
pub(crate) fn kept() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    KEPT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)))
}

/// Sends a program a signal. A small system has no program `kill`.
pub(crate) fn signal(id: u32, signal: Signal) {
    let id = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    rustix::process::kill_process(id, signal).unwrap();
}
