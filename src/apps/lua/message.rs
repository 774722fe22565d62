//! What the thread of a script is asked.

use super::error::LuaError;
use crate::client::{Client, Session};
use crate::model::Event;
use tokio::sync::oneshot;

/// What a script's thread is asked for.
pub(super) enum Message {
    /// An event of a session; a note starts no handler.
    Event(Box<(Session, Event, bool)>),
    SetUp {
        client: Client,
        done: oneshot::Sender<Result<(), String>>,
    },
    TearDown {
        client: Client,
        done: oneshot::Sender<Result<(), String>>,
    },
    /// Another one takes its place: it ends with its running handlers.
    Retire,
}

impl Message {
    pub(super) fn event(session: &Session, event: &Event, is_note: bool) -> Self {
        Self::Event(Box::new((session.clone(), event.clone(), is_note)))
    }
}

/// The events that a script has handlers for.
pub(super) type Loaded = Result<Vec<&'static str>, LuaError>;
