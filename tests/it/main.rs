//! The integration tests, in one binary.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::indexing_slicing, reason = "a missing element is a failed test")]

mod sim;
mod transcripts;
