//! What a connection passes on: replies to the caller, events to a sink.

use super::error::CloseReason;
use crate::wire::{CommandReply, EventData, LogLine};
use bytes::Bytes;

/// What answered a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A `command/reply`. For an `api` it means that permission was denied.
    Command(CommandReply),
    /// An `api/response`: the text as the server printed it.
    Api(Bytes),
}

impl Reply {
    /// The text: `Reply-Text`, or the body of an `api/response`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Command(reply) => reply.text().into_owned(),
            Self::Api(body) => String::from_utf8_lossy(body).into_owned(),
        }
    }

    /// Whether the server refuses this verb to this login (`userauth` with allowed lists). It is
    /// always a `command/reply`, for `api` too (`mod_event_socket.c`).
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Command(reply) if reply.text() == "-ERR permission denied")
    }
}

/// Takes what arrives unasked, in the reader's own task.
///
/// Its methods must return at once: while one runs, nothing is read from the socket.
pub trait Sink: Send + 'static {
    /// An event arrived.
    fn event(&mut self, event: EventData);
    /// A log line arrived.
    fn log(&mut self, line: LogLine) {
        drop(line);
    }
    /// All frames of one read were handed over; there may be nothing more for a while.
    fn flush(&mut self) {}
    /// The connection is gone. The last call.
    fn closed(&mut self, reason: &CloseReason) {
        let _unused = reason;
    }
}

/// A sink for a connection that only sends commands.
#[derive(Debug, Clone, Copy)]
pub struct NoEvents;

impl Sink for NoEvents {
    fn event(&mut self, event: EventData) {
        tracing::debug!(name = ?event.get("Event-Name"), "event on a connection without a listener");
    }
}
