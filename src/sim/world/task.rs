//! A task of the scheduler.

/// Something to do at a set time.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Task {
    pub(in crate::sim) desc: &'static str,
    pub(in crate::sim) group: String,
    pub(in crate::sim) at: u64,
    pub(in crate::sim) work: Work,
    pub(in crate::sim) repeat: u64,
}

#[derive(Debug, Clone)]
pub(in crate::sim) enum Work {
    /// The core does it by other means.
    Core,
    Api(String),
    Hangup(String, String),
    Transfer(String, String, String),
    Broadcast(String, String, String),
    Beat(String),
}

impl Task {
    /// Whether the task belongs to a channel and goes with it.
    pub(in crate::sim) fn is_for(&self, uuid: &str) -> bool {
        self.group == uuid && !matches!(self.work, Work::Api(_))
    }
}
