//! Bytes to frames and commands to bytes: the event socket protocol without any I/O.
//!
//! [`Decoder`] turns what a server sends into [`Frame`]s, [`Command`] writes what a client sends,
//! [`RequestDecoder`] and [`encode`] are the same for the other side, which the simulated switch
//! plays.
//!
//! # Invariants
//! - Lengths are bytes, never characters; a frame is the same however the stream was cut.
//! - Headers are split before they are decoded, so a value cannot forge a header.
//! - No text gets into a command with CR, LF or NUL in it.
//! - No I/O, no clock, no panic on any input.

mod codec;
mod command;
pub mod encode;
mod error;
mod event;
mod json;
pub mod percent;
mod request;
pub mod stray;

pub use codec::{CommandReply, Decoder, Frame, Limits, LogLine, Notice};
pub use command::{Command, ReplyShape};
pub use error::WireError;
pub(crate) use error::{excerpt, printable};
pub use event::{EventData, Field, Fields, Format};
pub use request::{Request, RequestDecoder};
