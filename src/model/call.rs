//! Sessions that belong together.

use std::fmt;

use serde::Serialize;

use super::{HangupCause, Id, Phase, Session};

/// A call: its sessions in the order in which they appeared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Call {
    /// The uuid of the originating session.
    pub id: Id<Self>,
    /// Its legs, in the order of their first event. Those of a running call are alive.
    pub sessions: Vec<Session>,
}

impl Call {
    /// Puts a call together.
    #[must_use]
    pub fn new(id: Id<Self>, sessions: Vec<Session>) -> Self {
        Self { id, sessions }
    }

    /// The session that began it, if it is still there.
    #[must_use]
    pub fn first(&self) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id.as_str() == self.id.as_str())
    }

    /// The session that joined last, of those that are there.
    #[must_use]
    pub fn last(&self) -> Option<&Session> {
        self.sessions.last()
    }

    /// The session that a list shows: the first one, or the oldest that is left.
    #[must_use]
    pub fn lead(&self) -> Option<&Session> {
        self.first().or_else(|| self.sessions.first())
    }

    /// The other leg of a call with two.
    #[must_use]
    pub fn peer(&self, session: &Id<Session>) -> Option<&Session> {
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

    /// Why it ended, as its leading leg says.
    #[must_use]
    pub fn cause(&self) -> Option<&HangupCause> {
        self.lead().and_then(|session| session.cause.as_ref())
    }

    /// When it began, in microseconds since 1970.
    #[must_use]
    pub fn created(&self) -> u64 {
        let times = self.sessions.iter().map(|session| session.times.created);
        times.filter(|time| *time > 0).min().unwrap_or(0)
    }
}

impl fmt::Display for Call {
    /// `<Call(72451178-bd0c-11e4-9d26-74d02bc595d7, 2 sessions)>`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.sessions.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "<Call({}, {count} session{plural})>", self.id)
    }
}
