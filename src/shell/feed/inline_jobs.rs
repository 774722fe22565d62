//! Jobs whose result is the answer to a command, and so is not shown above the prompt as well.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Narration;

/// The latest of them, by their ids; before that is known, by their commands. The last ones may have
/// been answered already.
#[derive(Debug, Default)]
pub(super) struct Awaiting(VecDeque<String>);

impl Awaiting {
    fn begin(&mut self, name: &str) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(name.to_owned());
    }

    fn end(&mut self, name: &str) {
        if let Some(at) = self.0.iter().position(|awaited| awaited == name) {
            self.0.remove(at);
        }
    }

    /// Whether a command answers with the result of this job.
    pub(super) fn has(&self, id: &str, command: &str) -> bool {
        self.0.iter().any(|awaited| awaited == id || awaited == command)
    }
}

/// A command waits for a job. When it is given up the result is shown above the prompt.
#[derive(Debug)]
pub(in crate::shell) struct Awaited {
    narration: Arc<Narration>,
    name: Option<String>,
}

impl Awaited {
    /// It is about to be sent.
    pub(in crate::shell) fn new(narration: &Arc<Narration>, command: &str) -> Self {
        narration.awaiting.lock().begin(command);
        Self { narration: Arc::clone(narration), name: Some(command.to_owned()) }
    }

    /// It was sent, and is this job.
    pub(in crate::shell) fn is_job(&mut self, id: &str) {
        let mut awaiting = self.narration.awaiting.lock();
        if let Some(command) = self.name.replace(id.to_owned()) {
            awaiting.end(&command);
        }
        awaiting.begin(id);
    }

    /// The command has the result.
    pub(in crate::shell) fn answered(mut self) {
        self.name = None;
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            self.narration.awaiting.lock().end(name);
        }
    }
}

/// Jobs that are remembered: more than run at once from one prompt.
const MOST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn what_is_given_up_is_shown() {
        let narration = Arc::new(Narration::default());
        let [mut one, other, third] =
            ["one", "other", "third"].map(|line| Awaited::new(&narration, line));
        let has = |id: &str, command: &str| narration.awaiting.lock().has(id, command);
        assert!(has("1", "one"));
        one.is_job("1");
        assert!(has("1", "one") && !has("2", "one"));
        one.answered();
        drop(other);
        assert!(has("1", "one") && !has("2", "other") && has("3", "third"));
        drop(third);
    }
}
