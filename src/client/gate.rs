//! What may be sent, judged where it leaves: the program that has a client can put a gate before it, and no
//! verb, app or script passes beside it.
//!
//! # Invariants
//! - Every `api`, `bgapi` and `sendmsg` of a client goes through [`Client::cleared`], also those that
//!   the verbs of calls and sessions send.
//! - A client that an app was handed, and what the app makes of it, says so as long as it lives.

use std::fmt;
use std::sync::OnceLock;

use super::error::Error;

/// What is about to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The command, or the application and its arguments.
    pub(crate) line: &'a str,
    /// Whether an application runs on a leg.
    pub(crate) is_application: bool,
    /// Who wants it.
    pub(crate) by: By,
}

/// Who wants something to be sent.
#[cfg_attr(
    all(not(feature = "lua"), not(test)),
    expect(dead_code, reason = "only Lua files have lines")
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The holder of the client, who judged it before.
    Holder,
    /// A verb that an app used.
    App,
    /// An app, as a line that it wrote.
    AppLine,
}

/// Why something is not sent, for the reader of an error.
pub(super) type Judge = Box<dyn Fn(&Asked<'_>) -> Result<(), String> + Send + Sync>;

/// The gate of a client, once it was put there.
#[derive(Default)]
pub(super) struct Gate(pub(super) OnceLock<Judge>);

impl Gate {
    pub(in crate::client) fn clear(&self, asked: &Asked<'_>) -> Result<(), Error> {
        let Some(judge) = self.0.get() else { return Ok(()) };
        judge(asked).map_err(|why| Error::NotAllowed { command: asked.line.trim().to_owned(), why })
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "Gate" } else { "no gate" })
    }
}
