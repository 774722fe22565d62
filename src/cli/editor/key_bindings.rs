//! Function keys, Ctrl-Z and Ctrl-C: they end the line that is typed, so that something else can
//! happen.
//!
//! To rustyline they are an Enter: only then it keeps the keys that it has read already and that
//! come behind.
use std::sync::Arc;

use parking_lot::Mutex;
use rustyline::{Cmd, ConditionalEventHandler, Event, EventContext};

use super::assist::Draft;
use crate::cli::printer::terminal_arbiter::Arbiter;

/// A key that ends the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A function key, by its number.
    Function(u8),
    /// Ctrl-Z.
    Suspend,
    /// Ctrl-C.
    Interrupt,
}

/// Which of them ended the line.
#[derive(Debug, Default)]
pub(super) struct Pressed(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Function keys mean something.
    is_on: bool,
    key: Option<(Key, Draft)>,
}

impl Pressed {
    /// Says whether function keys mean something in the line that comes.
    pub(super) fn listen(&self, is_on: bool) {
        *self.0.lock() = State { is_on, key: None };
    }

    /// Says whether a line for the shell is typed, and no answer.
    pub(super) fn is_on(&self) -> bool {
        self.0.lock().is_on
    }

    /// Takes the key, if one was pressed, and the line as it stood then.
    pub(super) fn take(&self) -> Option<(Key, Draft)> {
        self.0.lock().key.take()
    }
}

/// Ends the line for one key.
pub(super) struct Press {
    arbiter: Arc<Arbiter>,
    pressed: Arc<Pressed>,
    key: Key,
}

impl Press {
    pub(super) fn new(arbiter: &Arc<Arbiter>, pressed: &Arc<Pressed>, key: Key) -> Self {
        Self { arbiter: Arc::clone(arbiter), pressed: Arc::clone(pressed), key }
    }
}

impl ConditionalEventHandler for Press {
    fn handle(&self, _: &Event, _: u16, _: bool, cx: &EventContext<'_>) -> Option<Cmd> {
        let mut state = self.pressed.0.lock();
        if matches!(self.key, Key::Function(_)) && !state.is_on {
            return Some(Cmd::Noop);
        }
        let (left, right) = cx.line().split_at_checked(cx.pos()).unwrap_or_else(|| (cx.line(), ""));
        let draft = Draft { left: left.to_owned(), right: right.to_owned() };
        state.key = Some((self.key, draft));
        self.arbiter.leaving();
        Some(Cmd::AcceptLine)
    }
}
