//! A bgapi and its result.

use serde::Serialize;

use super::{Id, Outcome};

/// A background command, as the tracker knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JobRecord {
    /// Its `Job-UUID`.
    pub id: Id<Self>,
    /// The command line.
    pub command: String,
    /// Whether another client started it.
    pub is_foreign: bool,
    /// How it stands.
    pub state: JobState,
    /// When it was started, in microseconds since 1970; 0 when another client did.
    pub started: u64,
    /// When its result came, in microseconds since 1970; 0 before.
    pub finished: u64,
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobState {
    /// Its result has not come.
    Pending,
    /// Its result came.
    Done(Outcome),
    /// The connection went before its result came: the switch may have carried it out or not.
    Unknown,
}

impl JobState {
    /// One word: `pending`, `done`, `failed`, `unknown`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done(Outcome::Ok(_)) => "done",
            Self::Done(Outcome::Failed(_)) => "failed",
            Self::Unknown => "unknown",
        }
    }
}
