//! Where event lines go: a bounded channel, and a count of what did not fit.

use tokio::sync::mpsc;

use super::sampler::Line;

/// Where event lines go: to the program that shows them, or nowhere.
#[derive(Debug, Clone, Default)]
pub(in crate::shell) struct Lines(pub(in crate::shell) Option<mpsc::Sender<Line>>);

impl Lines {
    /// Hands a line over; `false` when there was no room for it.
    pub(super) fn offer(&self, line: Line) -> bool {
        self.0.as_ref().is_none_or(|sender| sender.try_send(line).is_ok())
    }
}
