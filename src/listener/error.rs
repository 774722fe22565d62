//! What can go wrong with a listener.

use crate::conn::{CloseReason, ConnectError, SendError};
use crate::wire::WireError;

/// Why a listener could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no session with the server.
    #[error("cannot connect the listener: {0}")]
    Connect(ConnectError),
    /// It is connected already.
    #[error("the listener is connected already")]
    AlreadyConnected,
    /// It is not connected.
    #[error("you must call 'connect' first")]
    NotConnected,
    /// It was connected, and the connection is gone.
    #[error("the event connection is lost: {0}")]
    Lost(CloseReason),
    /// The server refused a command.
    #[error("{command:?} failed: {reply}")]
    Refused {
        /// The verb line.
        command: String,
        /// The server's text.
        reply: String,
    },
    /// This login may not do that.
    #[error("permission denied for {command:?}")]
    Denied {
        /// The verb line.
        command: String,
    },
    /// There is no reply.
    #[error("{0}")]
    Send(SendError),
    /// A name that the wire cannot carry.
    #[error("the command cannot be sent: {0}")]
    Illegal(WireError),
}
