//! A user of the directory, who logs in with `userauth`.

use std::fmt;

/// A user who may log in with `userauth`, and what they may do then. Without a limit everything
/// is allowed; lists are words at commas, or at spaces if there is one.
///
/// `Debug` shows no password.
#[derive(Clone)]
pub struct User {
    pub(in crate::sim) name: String,
    pub(in crate::sim) password: String,
    pub(in crate::sim) events: Option<String>,
    pub(in crate::sim) api: Option<String>,
    pub(in crate::sim) log: bool,
}

impl User {
    /// A user named `user@domain` without limits.
    #[must_use]
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        let (name, password) = (name.into(), password.into());
        Self { name, password, events: None, api: None, log: true }
    }

    /// Limits the events, as the directory's `esl-allowed-events` does.
    #[must_use]
    pub fn with_events(mut self, names: impl Into<String>) -> Self {
        self.events = Some(names.into());
        self
    }

    /// Limits the api commands, as `esl-allowed-api` does.
    #[must_use]
    pub fn with_api(mut self, commands: impl Into<String>) -> Self {
        self.api = Some(commands.into());
        self
    }

    /// Takes away the log, as `esl-allowed-log` does.
    #[must_use]
    pub fn without_log(mut self) -> Self {
        self.log = false;
        self
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .field("events", &self.events)
            .field("api", &self.api)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}
