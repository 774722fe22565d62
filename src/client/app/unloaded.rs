//! How an app's methods report, and what unloading did.

use crate::model;
use crate::model::Id;
use std::fmt;

/// Which app is called for which event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Callback {
    /// The event, or the CUSTOM subclass.
    pub event: String,
    /// The name that the app is loaded under.
    pub app: String,
    /// Which of its parts.
    pub part: String,
    /// Whether the subscription is held for the app; otherwise the listener has it anyway.
    pub is_held: bool,
}

/// What an unloading did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unloaded {
    /// The id that it had.
    pub id: Id<model::App>,
    /// How many living sessions it had.
    pub sessions: usize,
    /// What became of them.
    pub fate: CallsAfterUnload,
}

/// What became of the sessions of an app that was unloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallsAfterUnload {
    /// Nothing: it was unloaded before.
    AlreadyUnloaded,
    /// They go on, and no app gets their events.
    Alone,
    /// They go on, and the app that is loaded as `default` gets their events.
    Default,
    /// They were hung up.
    HungUp,
    /// It was unloaded before; they were hung up now.
    HungUpLater,
}

impl Unloaded {
    /// Logs what became of its sessions, if it had any. Its operator sees what this module logs.
    pub(super) fn log(&self, name: &str) {
        if self.sessions > 0 {
            tracing::info!(id = %self.id, "app '{name}' is unloaded; {self}");
        }
    }
}

impl fmt::Display for Unloaded {
    /// `its 2 sessions go on without an app`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (noun, goes, were) = match self.sessions {
            1 => ("session", "goes", "was"),
            _ => ("sessions", "go", "were"),
        };
        write!(f, "its {} {noun} ", self.sessions)?;
        match self.fate {
            CallsAfterUnload::AlreadyUnloaded | CallsAfterUnload::Alone => {
                write!(f, "{goes} on without an app")
            }
            CallsAfterUnload::Default => write!(f, "{goes} on, under the app \"default\""),
            CallsAfterUnload::HungUp | CallsAfterUnload::HungUpLater => write!(f, "{were} hung up"),
        }
    }
}
