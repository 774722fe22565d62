//! Function keys: they end the line that is typed, so that their own can run.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use rustyline::{Cmd, ConditionalEventHandler, Event, EventContext};

use super::super::printer::Gate;

/// Which function key ended the line.
#[derive(Debug, Default)]
pub(super) struct Pressed {
    number: AtomicU8,
    is_on: AtomicBool,
}

impl Pressed {
    /// Says whether function keys mean something in the line that comes.
    pub(super) fn listen(&self, is_on: bool) {
        self.number.store(0, Ordering::Relaxed);
        self.is_on.store(is_on, Ordering::Relaxed);
    }

    /// Takes the number of the key, if one was pressed.
    pub(super) fn take(&self) -> Option<u8> {
        Some(self.number.swap(0, Ordering::Relaxed)).filter(|number| *number > 0)
    }
}

/// Ends the line for one key.
pub(super) struct Press {
    gate: Arc<Gate>,
    pressed: Arc<Pressed>,
    number: u8,
}

impl Press {
    pub(super) fn new(gate: &Arc<Gate>, pressed: &Arc<Pressed>, number: u8) -> Self {
        Self { gate: Arc::clone(gate), pressed: Arc::clone(pressed), number }
    }
}

impl ConditionalEventHandler for Press {
    fn handle(&self, _: &Event, _: u16, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        if !self.pressed.is_on.load(Ordering::Relaxed) {
            return Some(Cmd::Noop);
        }
        self.pressed.number.store(self.number, Ordering::Relaxed);
        self.gate.leaving();
        Some(Cmd::Interrupt)
    }
}
