//! What a client has sent lately, to separate its own commands from those of others in API events,
//! which do not say who asked.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// The latest lines, oldest first.
#[derive(Debug, Default)]
pub(super) struct Sent(Mutex<VecDeque<String>>);

impl Sent {
    /// Remembers a verb line.
    pub(super) fn note(&self, shown: &str) {
        let Some(line) = api_line(shown) else { return };
        let mut sent = self.0.lock();
        if sent.len() >= MOST {
            sent.pop_front();
        }
        sent.push_back(line.trim().to_owned());
    }

    pub(in crate::client) fn take(&self, line: &str) -> bool {
        let mut sent = self.0.lock();
        let at = sent.iter().position(|known| known == line);
        at.and_then(|at| sent.remove(at)).is_some()
    }
}

pub(super) fn api_line(shown: &str) -> Option<&str> {
    shown.strip_prefix("api ").or_else(|| shown.strip_prefix("bgapi "))
}

/// Lines that are remembered.
const MOST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn each_line_is_answered_for_once() {
        let sent = Sent::default();
        for line in ["api status", "bgapi status ", "event plain API"] {
            sent.note(line);
        }
        assert!(sent.take("status") && sent.take("status") && !sent.take("status"));
        assert!(!sent.take("event plain API"));
        (0..=MOST).for_each(|number| sent.note(&format!("api {number}")));
        assert!(!sent.take("0") && sent.take("1"));
    }
}
