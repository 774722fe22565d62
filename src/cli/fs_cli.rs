//! What is different under the name `fs_cli`: `-x` gives the server's bytes, and an answer is an
//! answer, good or bad.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::IsTerminal as _;

use crate::cli::start::Start;
use crate::cli::stdout::Stdout;
use crate::client;
use crate::shell::{CommandError, Kind, Shell, clear_execute, sanitise};
use crate::wire::Command;

/// Whether the program was called by that name.
pub(super) fn is_called_so() -> bool {
    let name = std::env::args_os().next().map(std::path::PathBuf::from);
    name.as_deref()
        .and_then(|path| path.file_stem())
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.eq_ignore_ascii_case("fs_cli"))
}

/// Its long options. A start that only one of them has stands for it, whatever we have beside them.
const OPTIONS: &[&str] = &[
    "help",
    "host",
    "port",
    "user",
    "password",
    "interrupt",
    "execute",
    "loglevel",
    "log-uuid",
    "log-uuid-short",
    "set-log-uuid",
    "quiet",
    "retry",
    "reconnect",
    "debug",
    "batchmode",
    "timeout",
    "connect-timeout",
    "no-color",
    "no-history-file",
];

/// An argument with its option in full, but one that is ours to the letter.
pub(super) fn spelled_out(arg: OsString, is_ours: impl Fn(&str) -> bool) -> OsString {
    let Some(text) = arg.to_str().and_then(|text| text.strip_prefix("--")) else { return arg };
    let (name, value) = text.split_once('=').map_or((text, None), |(name, it)| (name, Some(it)));
    let mut meant = OPTIONS.iter().filter(|option| option.starts_with(name));
    match (meant.next(), meant.next()) {
        (Some(option), None) if !name.is_empty() && !is_ours(name) => {
            let value = value.map(|value| format!("={value}")).unwrap_or_default();
            format!("--{option}{value}").into()
        }
        _ => arg,
    }
}

/// Sends a line as fs_cli's `-x` does and prints what came, with a line end more.
pub(super) async fn execute(start: &Start, shell: &Shell, line: &str) -> Result<(), CommandError> {
    let switch =
        shell.current().ok_or_else(|| CommandError::new(Kind::Connection, "not connected"))?;
    // An answer is an answer there, but this is none.
    let is_console = clear_execute(shell, line).await.map_err(|mut err| {
        err.kind = Kind::Usage;
        err
    })?;
    let command = if is_console { Command::console(line) } else { Command::api(line) }?;
    let connection = switch.client().connection()?;
    let sent = connection.send_within(command, start.settings.timeout).await;
    let reply = match sent.map_err(|err| CommandError::from(client::Error::Send(err))) {
        Ok(reply) => reply,
        Err(err) => {
            if err.kind == Kind::TimedOut {
                // Scripts look for it there.
                Stdout.write_str("Request timed out.\n")?;
            }
            return Err(err);
        }
    };
    let text = reply.text();
    let is_refused = text.starts_with("-ERR") || text.starts_with("-USAGE");
    let text = if std::io::stdout().is_terminal() { sanitise::block(&text) } else { text.into() };
    Stdout.write_str(&format!("{text}\n"))?;
    match is_refused {
        // It was printed, as an answer; only the exit code shows it.
        true => Err(CommandError::new(Kind::Refused, "")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn options_may_be_cut_short_as_in_fs_cli() {
        let is_ours = |name: &str| matches!(name, "set" | "echo" | "host");
        for (given, taken) in [
            ("--t", "--timeout"),
            ("--t=5000", "--timeout=5000"),
            ("--exec=eval a=b", "--execute=eval a=b"),
            ("--log-uuid-s", "--log-uuid-short"),
            // One of several, none, ours, no option.
            ("--re", "--re"),
            ("--nosuch", "--nosuch"),
            ("--set", "--set"),
            ("--host", "--host"),
            ("--", "--"),
            ("-t", "-t"),
            ("te", "te"),
        ] {
            assert_eq!(spelled_out(given.into(), is_ours), taken, "{given}");
        }
    }
}
