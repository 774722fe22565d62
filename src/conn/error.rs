//! The ways in which a connection fails to come up, or ends.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::wire::{WireError, printable};

/// Why no session could be made. Each variant is a situation with its own cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The host name has no address.
    #[error("no address for {host}{}", because(reason.as_ref()))]
    NoAddress {
        /// The name as given.
        host: String,
        /// What the resolver said.
        reason: Option<io::Error>,
    },
    /// No process listens on that port.
    #[error("{peer} refuses the connection")]
    Refused {
        /// `HOST:PORT`.
        peer: String,
    },
    /// The host or its network cannot be reached.
    #[error("{peer} cannot be reached: {reason}")]
    Unreachable {
        /// `HOST:PORT`.
        peer: String,
        /// What the system said.
        reason: io::Error,
    },
    /// No answer to the attempt to connect: a firewall drops packets, or the host is down.
    #[error("{peer} does not answer within {after:?}")]
    NoAnswer {
        /// `HOST:PORT`.
        peer: String,
        /// How long we waited.
        after: Duration,
    },
    /// Connected, but no greeting came: a frozen FreeSWITCH, or another kind of server that waits
    /// for the client.
    #[error("{peer} accepts the connection but says nothing for {after:?}")]
    Silent {
        /// `HOST:PORT`.
        peer: String,
        /// How long we waited.
        after: Duration,
    },
    /// An event socket, but no reply to the login came: a directory user is looked up, which can
    /// take long, or FreeSWITCH is busy.
    #[error("{peer} does not answer the login within {after:?}")]
    Unanswered {
        /// `HOST:PORT`.
        peer: String,
        /// How long we waited.
        after: Duration,
    },
    /// Something else listens there.
    #[error("{peer} is not an event socket: it says \"{}\"", printable(start))]
    NotEventSocket {
        /// `HOST:PORT`.
        peer: String,
        /// The first bytes that it sent, made printable.
        start: String,
    },
    /// It begins a greeting and does not end it.
    #[error("{peer} says \"{}\" and nothing more for {after:?}", printable(start))]
    Unfinished {
        /// `HOST:PORT`.
        peer: String,
        /// The first bytes that it sent.
        start: String,
        /// How long we waited.
        after: Duration,
    },
    /// The server says goodbye before or during the login.
    #[error("{peer} closes the connection: {}", printable(text))]
    Dismissed {
        /// `HOST:PORT`.
        peer: String,
        /// What the server said.
        text: String,
    },
    /// An access list of the server forbids our address.
    #[error("{peer} forbids this address: {text}")]
    AclRejected {
        /// `HOST:PORT`.
        peer: String,
        /// What the server said.
        text: String,
    },
    /// The password (or user and password) is wrong.
    #[error("{peer} does not accept the password")]
    WrongPassword {
        /// `HOST:PORT`.
        peer: String,
    },
    /// The server closed the socket during the login.
    #[error("{peer} closed the connection during the login{}", because(reason.as_ref()))]
    ClosedEarly {
        /// `HOST:PORT`.
        peer: String,
        /// What the system said, if it was an error.
        reason: Option<io::Error>,
    },
    /// The tunnel to the server did not come up.
    #[error("no way to {peer}: {text}")]
    Tunnel {
        /// The way.
        peer: String,
        /// What it said.
        text: String,
    },
    /// The way is `ssh://`, and this program was built without the feature `ssh`.
    #[error("no way to {peer}: this program was built without the feature \"ssh\"")]
    NoSsh {
        /// The way.
        peer: String,
    },
    /// The password or the user holds a character that the wire cannot carry.
    #[error("the user name or the password cannot be sent: {0}")]
    IllegalLogin(WireError),
}

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It may work in a moment.
    Retry,
    /// It will not work until the configuration or the server changes.
    GiveUp,
}

impl ConnectError {
    /// Whether trying again can help.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::NoAddress { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::NoAnswer { .. }
            | Self::Silent { .. }
            | Self::Unanswered { .. }
            | Self::Unfinished { .. }
            | Self::Dismissed { .. }
            | Self::Tunnel { .. }
            | Self::ClosedEarly { .. } => Verdict::Retry,
            Self::NotEventSocket { .. }
            | Self::AclRejected { .. }
            | Self::WrongPassword { .. }
            | Self::NoSsh { .. }
            | Self::IllegalLogin(_) => Verdict::GiveUp,
        }
    }

    /// What to check, in one sentence for the operator.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoAddress { .. } => "check the spelling of the host, or use its address",
            Self::Refused { .. } => {
                "is FreeSWITCH running, is mod_event_socket loaded, and does listen-ip / \
                 listen-port in event_socket.conf.xml include this address?"
            }
            Self::Unreachable { .. } => "check the address and the route to it",
            Self::NoAnswer { .. } => {
                "a firewall may drop the packets, or the host is down; try from the host itself"
            }
            Self::Dismissed { .. } => {
                "FreeSWITCH may be shutting down, or mod_event_socket is being reloaded; try again"
            }
            Self::Unfinished { .. } => {
                "FreeSWITCH may be frozen, or the port belongs to another kind of server"
            }
            Self::Silent { .. } => {
                "FreeSWITCH may be frozen by a client that does not read, or the port belongs to \
                 another kind of server"
            }
            Self::Unanswered { .. } => {
                "FreeSWITCH is busy, or looks for the user in a slow directory; -T 30s waits longer"
            }
            Self::NotEventSocket { .. } => "the event socket listens on port 8021 by default",
            Self::AclRejected { .. } => {
                "set apply-inbound-acl in event_socket.conf.xml to a list that allows this \
                 address, then reload mod_event_socket on the host"
            }
            Self::WrongPassword { .. } => {
                "the password is in event_socket.conf.xml; give it with -p or SWITCHY_PASSWORD"
            }
            Self::ClosedEarly { .. } => "FreeSWITCH may be starting or shutting down; try again",
            Self::Tunnel { .. } => {
                "try it by hand: ssh -o BatchMode=yes USER@HOST true; no password is asked for here"
            }
            Self::NoSsh { .. } => {
                "build it with the feature \"ssh\" of the package switchy-shell, or forward a port: \
                 ssh -L 8021:127.0.0.1:8021 USER@HOST, then connect to 127.0.0.1:8021"
            }
            Self::IllegalLogin(_) => "a password cannot hold line ends or NUL",
        }
    }
}

/// Why a connection is gone.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// We said `exit`, or dropped the last handle.
    #[error("closed by us")]
    Dropped,
    /// The server said that it closes.
    #[error("the server closed the connection: {notice}")]
    Notice {
        /// Its disconnect notice.
        notice: String,
    },
    /// We closed it before this process was stopped, so that the server does not wait for us.
    #[error("closed by us before this process was stopped")]
    Paused,
    /// Nothing came for too long, not even an answer to a question: a frozen server, or a network
    /// that lost the connection.
    #[error("the server does not answer any more")]
    Frozen,
    /// The socket ended without a word.
    #[error("the server closed the connection")]
    EndOfStream,
    /// The socket failed.
    #[error("the connection broke: {0}")]
    Io(Arc<io::Error>),
    /// What arrived was no event socket's; the position in the stream is lost.
    #[error("the stream from the server is broken: {0}")]
    Broken(WireError),
}

/// Why a command has no reply.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// No reply in time. The server may still carry the command out; its reply is discarded.
    #[error("no reply to {:?} within {after:?}", brief(command))]
    TimedOut {
        /// The verb line, passwords masked.
        command: String,
        /// The deadline.
        after: Duration,
    },
    /// The server took nothing in all the time: nothing of the command was sent, and nothing will
    /// be.
    #[error("{:?} was not sent: the server took nothing for {after:?}", brief(command))]
    NotSent {
        /// The verb line, passwords masked.
        command: String,
        /// The deadline.
        after: Duration,
    },
    /// The connection is gone. Whether the server carried the command out is not known.
    #[error("{:?} has no reply: {reason}", brief(command))]
    Closed {
        /// The verb line, passwords masked.
        command: String,
        /// Why it is gone.
        reason: CloseReason,
    },
}

/// The cause at the end of a text, where there is one.
fn because(reason: Option<&io::Error>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

/// The start of a command: one can be very long.
fn brief(command: &str) -> String {
    const SHOWN: usize = 200;
    match command.char_indices().nth(SHOWN).and_then(|(at, _)| command.get(..at)) {
        Some(start) => format!("{start}..."),
        None => command.to_owned(),
    }
}
