//! What a listener knows of its connection: the state of the link, the snapshot, and which events its users claim.

use crate::conn::CloseReason;
use crate::track::ResyncSummary;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How the event connection is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Link {
    /// Not connected, and not reconnecting.
    Down,
    /// Connected.
    Up {
        /// What was missed before it, when it was lost and came back.
        gap: Option<Gap>,
    },
    /// Lost; the next attempt comes at a known time.
    Lost {
        /// Why it was lost.
        reason: CloseReason,
        /// The number of the next attempt, from 1.
        attempt: u32,
        /// When it comes.
        retry_at: Instant,
        /// Why the last attempt failed.
        error: Option<String>,
    },
    /// Lost for good: trying again cannot help.
    GaveUp {
        /// Why.
        error: String,
    },
}

/// What a lost connection cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// How long events may be missing for.
    pub lasted: Duration,
    /// What became of the calls; `None` when the switch did not say what is there.
    pub calls: Option<ResyncSummary>,
    /// Whether FreeSWITCH was restarted meanwhile (it has another Core-UUID).
    pub is_restarted: bool,
    /// Jobs whose outcome is unknown now.
    pub jobs: usize,
    /// Whether we closed the connection ourselves, with [`EventListener::pause`](crate::EventListener::pause).
    pub was_paused: bool,
}

/// Whether the calls that a listener knows are all calls of the switch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Snapshot {
    /// The switch was not asked yet what is there.
    #[default]
    NotTaken,
    /// The table of channels was read, and events report what changed since then.
    Complete,
    /// Some rows of the table could not be read: their calls are known after their next event.
    Partial {
        /// How many rows.
        unreadable: usize,
    },
    /// The table could not be had: only calls with an event since then are known.
    Missing {
        /// Why.
        reason: String,
    },
}

/// How many hold each subscription that was not made for good.
pub(super) type Claims = BTreeMap<String, usize>;
