//! An alert as the operator configured it.

use std::time::Duration;

/// An event that the operator wants a line for, under a name.
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
    /// It is shown at most once in this time.
    pub every: Duration,
}

impl Alert {
    /// The default of `every`.
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
