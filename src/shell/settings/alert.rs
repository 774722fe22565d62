//! An alert as the operator configured it.

use std::time::Duration;

/// What the operator wants to be told of, under a name of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// An event, or the subclass of a CUSTOM event.
    pub on: String,
    /// Which of them: a filter over their headers.
    pub filter: Option<String>,
    /// Whether the terminal's bell rings.
    pub rings: bool,
    /// A command of the system that is run with it.
    pub run: Option<String>,
    /// It is told at most once in this time.
    pub every: Duration,
}

impl Alert {
    /// How often one is told that says nothing about it.
    pub const EVERY: Duration = Duration::from_secs(10);

    /// An alert on every event of this name, with the bell.
    #[must_use]
    pub fn new(name: &str, on: &str) -> Self {
        Self {
            name: name.to_owned(),
            on: on.to_owned(),
            filter: None,
            rings: true,
            run: None,
            every: Self::EVERY,
        }
    }
}
