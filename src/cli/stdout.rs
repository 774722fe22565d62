//! Standard output of lines that run without a prompt.

use crate::shell::{CommandError, Outlet};
use std::sync::OnceLock;
use std::{fmt, io};

/// Standard output; what cannot be written is an error.
///
/// A thread writes it, whole lines at once, so that what stands on standard error never falls into
/// one, and a reader that sleeps holds nothing up.
pub(super) struct Stdout;

impl fmt::Write for Stdout {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        stdout().map_err(|_none| fmt::Error)?.clone().write_str(text)
    }
}

/// What writes standard output.
pub(in crate::cli) fn stdout() -> Result<&'static Outlet, CommandError> {
    static OUTLET: OnceLock<io::Result<Outlet>> = OnceLock::new();
    let outlet = OUTLET.get_or_init(|| Outlet::spawn(io::stdout()));
    outlet.as_ref().map_err(unwritable)
}

/// That standard output takes nothing more: because its reader has seen enough, or why else.
pub(in crate::cli) fn gone() -> Option<Option<String>> {
    let why = |err: &io::Error| match err.kind() {
        io::ErrorKind::BrokenPipe => None,
        _ => Some(unwritable(err).message),
    };
    stdout().ok()?.with_failure(why)
}

pub(in crate::cli) fn unwritable(err: &io::Error) -> CommandError {
    CommandError::usage(format!("cannot write standard output: {err}"))
}
