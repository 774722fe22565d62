//! Takes over the history of fs_cli.

use super::Shell;
use crate::shell::text::error::CommandError;
use crate::shell::text::sanitise;
use std::path::Path;

impl Shell {
    /// Takes the lines of a history of fs_cli in, before those of the current switch. Lines that
    /// hold a secret, and those that are known, are left out. Returns how many came.
    ///
    /// # Errors
    /// A usage error when the file cannot be read, or the history cannot be written.
    pub fn import_history(&self, path: &Path) -> Result<usize, CommandError> {
        let shown = path.display().to_string();
        let shown = sanitise::line(&shown);
        let bytes = std::fs::read(path).map_err(|err| {
            CommandError::usage(format!("cannot read {shown}: {err}"))
                .hint("fs_cli keeps its history in ~/.fs_cli_history")
        })?;
        let lines =
            super::history::import::lines(&bytes).into_iter().filter(|line| !self.is_private(line));
        let name = self.history_name();
        self.history().put_before(&name, lines.collect()).map_err(|err| {
            CommandError::usage(format!("the history of {name} cannot be written: {err}"))
        })
    }
}
