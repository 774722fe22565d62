//! What a tracker reports of an event.

use crate::model::{CallInfo, Id, JobRecord, SessionInfo};

/// What an event changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Nothing that matters.
    Nothing,
    /// A session came, went or moved.
    Session {
        /// Which one.
        session: Id<SessionInfo>,
        /// Its call.
        call: Id<CallInfo>,
        /// What happened.
        what: What,
    },
    /// A job has its result.
    Job(Id<JobRecord>),
    /// A HEARTBEAT: the switch is alive.
    Heartbeat,
}

/// What happened to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// It is new.
    New,
    /// The far end rings.
    Ringing,
    /// Media before the answer.
    Early,
    /// Answered.
    Answered,
    /// It was bridged to another session.
    Bridged,
    /// The bridge ended while both live.
    Unbridged,
    /// Put on hold.
    Held,
    /// Taken off hold.
    Unheld,
    /// Parked.
    Parked,
    /// Left the park while alive.
    Unparked,
    /// Runs another application.
    Executes,
    /// The end is decided, the cause known.
    Hangup,
    /// All about its end is known (CHANNEL_HANGUP_COMPLETE).
    Ended,
    /// The channel is gone (CHANNEL_DESTROY). `is_last`: and its call with it.
    Gone {
        /// Whether the call ended with it.
        is_last: bool,
    },
    /// It has a new id.
    Renamed,
}
