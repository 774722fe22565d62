//! A blank behind an abbreviation: what it stands for takes its place, and can be seen before it
//! runs.
use std::sync::Arc;

use parking_lot::Mutex;
use rustyline::{Cmd, ConditionalEventHandler, Event, EventContext, InputMode};

use super::assist::Assist;
use super::key_bindings::Pressed;

/// What the next completion puts into the line: rustyline has no other way to replace a word and
/// leave the cursor behind it.
#[derive(Debug, Clone, Default)]
pub(super) struct Expanding(Arc<Mutex<Option<String>>>);

impl Expanding {
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().take()
    }

    fn put(&self, text: String) {
        *self.0.lock() = Some(text);
    }
}

/// Looks at each blank.
pub(super) struct Expand {
    assist: Arc<dyn Assist>,
    pressed: Arc<Pressed>,
    expanding: Expanding,
}

impl Expand {
    pub(super) fn new(
        assist: &Arc<dyn Assist>,
        pressed: &Arc<Pressed>,
        expanding: &Expanding,
    ) -> Self {
        Self {
            assist: Arc::clone(assist),
            pressed: Arc::clone(pressed),
            expanding: expanding.clone(),
        }
    }
}

impl ConditionalEventHandler for Expand {
    fn handle(&self, _: &Event, times: u16, _: bool, cx: &EventContext<'_>) -> Option<Cmd> {
        let is_typed = cx.input_mode() == InputMode::Insert && times <= 1 && self.pressed.is_on();
        // Only a whole line is one, up to the cursor at its end.
        let left = Some(cx.line()).filter(|line| is_typed && cx.pos() == line.len())?;
        self.expanding.put(self.assist.expansion(left)? + " ");
        Some(Cmd::Complete)
    }
}
