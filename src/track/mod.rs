//! Which calls exist: a pure fold from events to sessions, calls and jobs.
//!
//! The rules were learnt from recordings (`transcripts/call_toneplay`, `call_bridge`,
//! `call_loopback` and others):
//! - Any event with a new `Unique-ID` makes a session: STATE and CODEC come before CREATE, and
//!   ANSWER may.
//! - A session is bound to its call once, by the first event that carries channel variables, and
//!   remembers why. Until then it stands for itself.
//! - CHANNEL_UUID renames. DESTROY ends a session and leaves a tombstone, because a STATE event
//!   follows it. A call ends with its last session.
//!
//! # Invariants
//! - No I/O, no lock, no clock: time is what the events say.
//! - Memory is bounded by what is alive, plus [`Limits`].

mod alive;
mod apply;
mod bind;
mod change;
mod commands;
mod counts;
mod facts;
mod hupall;
mod jobs;
mod join;
mod limits;
mod resync;
mod rules;
mod state;
mod tracker;
mod whereabouts;

pub use change::{Change, What};
pub use limits::Limits;
pub use tracker::{Totals, Tracker};

pub use resync::ResyncSummary;
pub use rules::Rules;
pub use state::Leg;
pub(crate) use whereabouts::Whereabouts;

#[cfg(test)]
mod tests;
