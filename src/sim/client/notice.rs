//! What happens to the sockets of a simulated switch, for the program that runs it.

use std::fmt;
use std::net::SocketAddr;

/// One thing that happened to a connection. [`Sim::notices`](crate::sim::Sim::notices) gives them.
///
/// Connections are numbered from 1 in the order in which they come; the number is that of a
/// recording ([`Sim::record`](crate::sim::Sim::record)), too. `Display` shows no password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A client connected.
    Connected {
        /// Its number.
        id: u64,
        /// Where it comes from; `None` in memory.
        peer: Option<SocketAddr>,
    },
    /// A client logged in.
    LoggedIn {
        /// Its number.
        id: u64,
        /// The user of `userauth`; `None` with `auth`.
        user: Option<String>,
    },
    /// A client gave a wrong password or user and was cut.
    Refused {
        /// Its number.
        id: u64,
    },
    /// A client that did not read what was sent to it was cut.
    TooSlow {
        /// Its number.
        id: u64,
    },
    /// A connection is over.
    Closed {
        /// Its number.
        id: u64,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { id, peer: Some(peer) } => write!(f, "#{id} connected from {peer}"),
            Self::Connected { id, peer: None } => write!(f, "#{id} connected in memory"),
            Self::LoggedIn { id, user: None } => write!(f, "#{id} logged in"),
            Self::LoggedIn { id, user: Some(user) } => {
                write!(f, "#{id} logged in as {}", user.escape_debug())
            }
            Self::Refused { id } => write!(f, "#{id} refused: wrong password or user"),
            Self::TooSlow { id } => write!(f, "#{id} cut: it does not read what is sent to it"),
            Self::Closed { id } => write!(f, "#{id} closed"),
        }
    }
}
