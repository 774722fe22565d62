//! The integration tests, in one binary.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic is a failed test"
)]

mod model;
#[cfg(feature = "cli")]
mod oneshot;
#[cfg(all(unix, feature = "cli"))]
mod pty;
mod reconnect;
mod replay;
mod sim;
#[cfg(feature = "cli")]
mod switch;
mod transcripts;
