//! What became of a call that a handle names.

use super::tracker::Tracker;
use crate::model::{CallInfo, Ending, Id, SessionInfo};

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// It runs, under this id: calls that join have one id from then on.
    Runs(Id<CallInfo>),
    /// It has ended.
    Ended(Box<Ending>),
    /// It is neither running nor among the ended calls that are kept.
    Unknown,
}

impl Tracker {
    /// Finds a call by its id, or by a leg that it had.
    pub(crate) fn whereabouts(&self, call: &Id<CallInfo>, legs: &[Id<SessionInfo>]) -> Whereabouts {
        if self.calls.contains_key(call) {
            return Whereabouts::Runs(call.clone());
        }
        if let Some(leg) = legs.iter().find_map(|leg| self.session(leg.as_str())) {
            return Whereabouts::Runs(leg.call.clone());
        }
        let is_it = |ended: &&CallInfo| {
            ended.id == *call || ended.sessions.iter().any(|leg| legs.contains(&leg.id))
        };
        let ended = self.ended.iter().rev().find(is_it);
        let ending = ended.and_then(CallInfo::ending);
        ending.map_or(Whereabouts::Unknown, |ending| Whereabouts::Ended(Box::new(ending)))
    }
}
