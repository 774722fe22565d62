//! What frames mean: events, sessions, calls, jobs, causes, replies.
//!
//! # Invariants
//! - Nothing unknown is lost: a new event, cause or header is kept as text.
//! - No I/O and no clock.

mod cause;

pub use cause::HangupCause;
