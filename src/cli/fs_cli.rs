//! What is different under the name `fs_cli`: `-x` gives the server's bytes, and an answer is an
//! answer, good or bad.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use super::oneshot::Stdout;
use super::start::Start;
use crate::client;
use crate::shell::{CommandError, Kind, Shell, sanitise};
use crate::wire::Command;

/// Whether the program was called by that name.
pub(super) fn is_called_so() -> bool {
    let name = std::env::args_os().next().map(std::path::PathBuf::from);
    name.as_deref()
        .and_then(|path| path.file_stem())
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.eq_ignore_ascii_case("fs_cli"))
}

/// Sends a line as fs_cli's `-x` does and prints what came, with a line end more.
pub(super) async fn execute(start: &Start, shell: &Shell, line: &str) -> Result<(), CommandError> {
    let switch =
        shell.current().ok_or_else(|| CommandError::new(Kind::Connection, "not connected"))?;
    let command = Command::console(line)?;
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
        // It was printed, as an answer; only the exit code can tell it.
        true => Err(CommandError::new(Kind::Refused, "")),
        false => Ok(()),
    }
}
