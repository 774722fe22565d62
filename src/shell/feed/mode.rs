//! How events and log lines are shown above the prompt.

/// What is shown above the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::shell) enum Mode {
    /// One line a change of a call.
    #[default]
    Calls,
    /// One line an event, of the names that were asked for.
    Raw,
    /// Nothing but the ends of own jobs.
    Off,
}
