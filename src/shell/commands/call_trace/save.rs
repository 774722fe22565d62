//! A trace in a file.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::item::Item;
use crate::private;
use crate::shell::freeswitch::secrets::Secrets;
use crate::shell::session::Shell;
use crate::shell::text::error::{CommandError, Kind};

/// The file that a trace goes to. What came until then is in it, however the trace ends.
#[derive(Debug)]
pub(in crate::shell) struct Bundle {
    path: String,
    file: File,
    failed: Option<std::io::Error>,
    secrets: Arc<Secrets>,
}

impl Bundle {
    /// Makes the file, for its owner only. One that exists is kept. Secrets stay out.
    pub(in crate::shell) fn create(shell: &Shell, path: &str) -> Result<Self, CommandError> {
        Self::open(shell, path, OpenOptions::new().write(true).create_new(true))
    }

    /// As [`create`](Self::create), but one that exists is overwritten.
    pub(in crate::shell) fn overwrite(shell: &Shell, path: &str) -> Result<Self, CommandError> {
        Self::open(shell, path, OpenOptions::new().write(true).create(true).truncate(true))
    }

    fn open(shell: &Shell, path: &str, options: &mut OpenOptions) -> Result<Self, CommandError> {
        let file = private::open(options, Path::new(path)).map_err(|err| {
            if err.kind() == ErrorKind::AlreadyExists {
                return CommandError::new(Kind::Refused, format!("{path} exists already"))
                    .hint("--force overwrites it; or choose another file");
            }
            CommandError::new(Kind::Refused, format!("cannot write {path}: {err}"))
                .hint("choose another file")
        })?;
        Ok(Self { path: path.to_owned(), file, failed: None, secrets: shell.secrets() })
    }

    /// Adds what happened: the line that people read, then all of it.
    pub(super) fn add(&mut self, item: &Item, began: u64) {
        let head = item.lines(began).into_iter().next().unwrap_or_default();
        let head = self.secrets.mask_text(&head);
        let full = self.secrets.mask_text(item.full.trim_end()).replace('\n', "\n    ");
        let written = writeln!(self.file, "{head}\n    {full}\n");
        if let Err(err) = written {
            self.failed = self.failed.take().or(Some(err));
        }
    }

    /// Adds the ladder, and says where it is.
    pub(super) fn close(mut self, ladder: &[String]) -> Result<String, CommandError> {
        let written = writeln!(self.file, "{}", ladder.join("\n")).and_then(|()| self.file.flush());
        match self.failed.take().or_else(|| written.err()) {
            None => Ok(self.path),
            Some(err) => {
                let message = format!("{} is not complete: {err}", self.path);
                Err(CommandError::new(Kind::Refused, message).hint("is the disk full?"))
            }
        }
    }
}
