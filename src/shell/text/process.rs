//! Starts programs of the operator's own machine, through their shell.

use std::process::ExitStatus;

use tokio::process::Command;

/// How a program ended, in words.
pub(in crate::shell) fn describe_status(status: ExitStatus) -> String {
    match status.code() {
        Some(127) => "is not a command of your shell (exit status 127)".to_owned(),
        Some(code) => format!("ended with exit status {code}"),
        None => "was ended by a signal".to_owned(),
    }
}

/// A command of the operator's own machine, for their shell.
pub(in crate::shell) fn shell(command: &str) -> Command {
    let (program, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(program);
    // The server's password is none of that program's business.
    shell.arg(option).arg(command).env_remove("SWITCHY_PASSWORD");
    shell
}
