//! Function keys and Ctrl-Z: they end the line that is typed, so that something else can happen.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use rustyline::{Cmd, ConditionalEventHandler, Event, EventContext};

use super::super::printer::Gate;

/// A key that ends the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A function key, by its number.
    Function(u8),
    /// Ctrl-Z.
    Suspend,
}

/// Which of them ended the line.
#[derive(Debug, Default)]
pub(super) struct Pressed {
    code: AtomicU8,
    is_on: AtomicBool,
}

impl Pressed {
    /// Says whether function keys mean something in the line that comes.
    pub(super) fn listen(&self, is_on: bool) {
        self.code.store(0, Ordering::Relaxed);
        self.is_on.store(is_on, Ordering::Relaxed);
    }

    /// Takes the key, if one was pressed.
    pub(super) fn take(&self) -> Option<Key> {
        match self.code.swap(0, Ordering::Relaxed) {
            0 => None,
            SUSPEND => Some(Key::Suspend),
            number => Some(Key::Function(number)),
        }
    }
}

/// Ends the line for one key.
pub(super) struct Press {
    gate: Arc<Gate>,
    pressed: Arc<Pressed>,
    key: Key,
}

impl Press {
    pub(super) fn new(gate: &Arc<Gate>, pressed: &Arc<Pressed>, key: Key) -> Self {
        Self { gate: Arc::clone(gate), pressed: Arc::clone(pressed), key }
    }
}

impl ConditionalEventHandler for Press {
    fn handle(&self, _: &Event, _: u16, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        let code = match self.key {
            Key::Function(_) if !self.pressed.is_on.load(Ordering::Relaxed) => {
                return Some(Cmd::Noop);
            }
            Key::Function(number) => number,
            Key::Suspend => SUSPEND,
        };
        self.pressed.code.store(code, Ordering::Relaxed);
        self.gate.leaving();
        Some(Cmd::Interrupt)
    }
}

/// No function key has this number.
const SUSPEND: u8 = u8::MAX;
