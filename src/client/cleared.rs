//! What a client sends passes its gate, and is remembered.

#[cfg(feature = "shell")]
use super::error::Error;
#[cfg(feature = "shell")]
use super::gate::{Asked, By};
use super::handle::Client;
use super::sent::api_line;
#[cfg(feature = "shell")]
use crate::wire::Command;

#[cfg(feature = "shell")]
impl Client {
    /// Puts a gate before all that the client and its clones send. The first one stays.
    pub(crate) fn set_gate(
        &self,
        judge: impl Fn(&Asked<'_>) -> Result<(), String> + Send + Sync + 'static,
    ) {
        // Another one is there: it stays.
        let _is_first = self.inner.gate.0.set(Box::new(judge)).is_ok();
    }

    /// Clears a line that an app was given as text, before it goes out by a verb.
    #[cfg(feature = "lua")]
    pub(crate) fn clear_line(&self, line: &str) -> Result<(), Error> {
        let by = if self.is_app { By::AppLine } else { By::Holder };
        self.inner.gate.clear(&Asked { line, is_application: false, by })
    }

    /// Gives a command back if it may be sent.
    pub(super) fn cleared(&self, command: Command) -> Result<Command, Error> {
        let by = if self.is_app { By::App } else { By::Holder };
        if let Some((app, args)) = command.executes() {
            let line = format!("{app} {args}");
            self.inner.gate.clear(&Asked { line: &line, is_application: true, by })?;
        } else if let Some(line) = api_line(command.shown()) {
            self.inner.gate.clear(&Asked { line, is_application: false, by })?;
        }
        Ok(command)
    }
}

impl Client {
    /// Remembers a verb line that is about to be sent, and what it may end.
    pub(super) fn note_sent(&self, shown: &str) {
        self.inner.sent.note(shown);
        if let Some(line) = api_line(shown)
            && let Ok(listener) = self.listener()
        {
            listener.expect_command(line);
        }
    }

    /// Whether this client has sent that `api` or `bgapi` line (without the verb) lately, for who
    /// listens to API events, which do not say who asked. Each line that was sent is answered for
    /// once, and the latest 256 are known. Another client that sends the very same line at the same
    /// time is taken for this one.
    #[must_use]
    pub fn has_sent(&self, line: &str) -> bool {
        self.inner.sent.take(line.trim())
    }
}
