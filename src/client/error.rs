//! What can go wrong with a client.
//!
//! A text holds its cause, so that printing an error is enough; `source` gives nothing that it says
//! already.

use std::time::Duration;

use crate::conn::{ConnectError, SendError};
use crate::listener;
use crate::wire::WireError;

/// Why a client could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no session with the server.
    #[error("cannot connect: {0}")]
    Connect(ConnectError),
    /// It is not connected.
    #[error("you must call 'connect' first")]
    NotConnected,
    /// Results of background commands need a listener. Raised before anything is sent.
    #[error("No listener has been assigned for this client")]
    NoListener,
    /// The listener cannot report results yet. Raised before anything is sent.
    #[error("start this listener before issuing bgapi")]
    ListenerNotRunning,
    /// The command failed; the text is the server's.
    #[error("{text}")]
    Api {
        /// The command line.
        command: String,
        /// What the server said, without surrounding white space.
        text: String,
    },
    /// FreeSWITCH says `+OK` to it, but what it names is not there, so nothing is done.
    #[error("there is no {what} {name}; {command} does nothing then, though the server says +OK")]
    Missing {
        /// `session` or `gateway`.
        what: &'static str,
        /// What was named.
        name: String,
        /// The command that was asked for.
        command: &'static str,
    },
    /// This login may not do that.
    #[error("permission denied for {command:?}")]
    Denied {
        /// The verb line.
        command: String,
    },
    /// The gate of this client does not let it be sent. Raised before anything is sent.
    #[error("not sent: {why}")]
    NotAllowed {
        /// The command, or the application and its arguments.
        command: String,
        /// Why.
        why: String,
    },
    /// No reply came.
    #[error("{0}")]
    Send(SendError),
    /// The text cannot go over the wire.
    #[error("the command cannot be sent: {0}")]
    Illegal(WireError),
    /// An originate that FreeSWITCH would read differently from what was meant.
    #[error("{what} {text:?} cannot be sent: {why}")]
    DialString {
        /// Which part.
        what: &'static str,
        /// The text.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An app of that name is loaded already.
    #[error("app {name} is loaded already, its id is {id}")]
    AppLoaded {
        /// The name it is loaded under.
        name: String,
        /// Its id.
        id: String,
    },
    /// No app of that name or id is loaded.
    #[error("no app {name:?} is loaded")]
    NoSuchApp {
        /// What was asked for.
        name: String,
    },
    /// The app's own set-up failed; nothing of it is left.
    #[error("app {name} could not be set up: {reason}")]
    AppSetup {
        /// Its name.
        name: String,
        /// Why.
        reason: Box<Self>,
    },
    /// An app could not go on; the text is its own.
    #[error("{text}")]
    App {
        /// What happened.
        text: String,
    },
    /// An app wants an event that FreeSWITCH does not have. It would accept the subscription and
    /// send nothing.
    #[error("app {app} wants the event {name:?}, which FreeSWITCH does not have")]
    NoSuchEvent {
        /// The app.
        app: String,
        /// The name.
        name: String,
    },
    /// FreeSWITCH would take an unknown cause for NORMAL_CLEARING without a word.
    #[error("{cause:?} is not a hangup cause")]
    UnknownCause {
        /// The name as given.
        cause: String,
    },
    /// The event that confirms a verb did not come in time. The switch may still do it.
    #[error("{uuid}: no {what} within {after:?}")]
    NotConfirmed {
        /// The session.
        uuid: String,
        /// The event that was waited for.
        what: String,
        /// How long.
        after: Duration,
    },
    /// The session ended before.
    #[error("{uuid} is gone: {cause}")]
    Gone {
        /// The session.
        uuid: String,
        /// Its hangup cause.
        cause: String,
    },
    /// No try gave a right answer to [`Session::digits`](super::Session::digits).
    #[error("session {uuid}: no right digits in {tries} tries, the last ones were {pressed:?}")]
    NoDigits {
        /// The session.
        uuid: String,
        /// How often it was asked.
        tries: u32,
        /// What was pressed last; empty for nothing.
        pressed: String,
    },
    /// The end of a call cannot be seen, or was forgotten.
    #[error(
        "the end of call {call} is not known: the event connection is closed, or it ended long ago"
    )]
    EndUnseen {
        /// The call.
        call: String,
    },
    /// What was given to a pool panicked on this switch.
    #[error("the work for this switch panicked")]
    Panicked,
    /// The listener refused.
    #[error("listener: {0}")]
    Listener(listener::Error),
}

impl From<listener::Error> for Error {
    fn from(err: listener::Error) -> Self {
        Self::Listener(err)
    }
}
