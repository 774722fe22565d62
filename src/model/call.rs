//! Sessions that belong together.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{HangupCause, Id, Phase, SessionInfo};

/// A call: its sessions in the order in which they appeared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallInfo {
    /// The uuid of the originating session.
    pub id: Id<Self>,
    /// Its legs, in the order of their first event. Those of a running call are alive.
    pub sessions: Vec<SessionInfo>,
    /// The calls that became part of it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joins: Vec<Join>,
}

/// A call that became part of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Join {
    /// When, in microseconds since 1970; 0 when it was not seen.
    pub at: u64,
    /// What brought the two together: `valet_park`, `callcenter`, `intercept`, `uuid_bridge` ..
    pub how: Box<str>,
    /// The call that it was before.
    pub from: Id<CallInfo>,
}

impl Join {
    pub(crate) fn new(at: u64, how: Box<str>, from: Id<CallInfo>) -> Self {
        Self { at, how, from }
    }
}

impl CallInfo {
    /// Puts a call together.
    #[must_use]
    pub fn new(id: Id<Self>, sessions: Vec<SessionInfo>) -> Self {
        Self { id, sessions, joins: Vec::new() }
    }

    /// With the calls that became part of it.
    #[must_use]
    pub fn with_joins(self, joins: Vec<Join>) -> Self {
        Self { joins, ..self }
    }

    /// The session that began it, if it is still there.
    #[must_use]
    pub fn first(&self) -> Option<&SessionInfo> {
        self.sessions.iter().find(|session| session.id.as_str() == self.id.as_str())
    }

    /// The session that joined last, of those that are there.
    #[must_use]
    pub fn last(&self) -> Option<&SessionInfo> {
        self.sessions.last()
    }

    /// The session that a list shows: the first one, or the oldest that is left.
    #[must_use]
    pub fn lead(&self) -> Option<&SessionInfo> {
        self.first().or_else(|| self.sessions.first())
    }

    /// The other leg of a call with two.
    #[must_use]
    pub fn peer(&self, session: &Id<SessionInfo>) -> Option<&SessionInfo> {
        match self.sessions.as_slice() {
            [one, other] if one.id == *session => Some(other),
            [other, one] if one.id == *session => Some(other),
            _ => None,
        }
    }

    /// How far the call is: as far as its leading leg.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.lead().map_or(Phase::Hangup, |session| session.phase)
    }

    /// Why it ended: the cause of its [`Ending`](super::Ending).
    #[must_use]
    pub fn cause(&self) -> Option<HangupCause> {
        self.ending().map(|ending| ending.cause).filter(|cause| cause.name() != "NONE")
    }

    /// When it began, in microseconds since 1970.
    #[must_use]
    pub fn created(&self) -> u64 {
        let times = self.sessions.iter().map(|session| session.times.created);
        times.filter(|time| *time > 0).min().unwrap_or(0)
    }
}

impl fmt::Display for CallInfo {
    /// `<Call(72451178-bd0c-11e4-9d26-74d02bc595d7, 2 sessions)>`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.sessions.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "<Call({}, {count} session{plural})>", self.id)
    }
}
