//! What `fsctl` changes.

/// What `fsctl` changes and nothing else looks at.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Switches {
    pub(in crate::sim) verbose_events: bool,
    pub(in crate::sim) api_expansion: bool,
    pub(in crate::sim) threaded_exec: bool,
    pub(in crate::sim) debug_sql: bool,
    pub(in crate::sim) debug_level: i64,
    pub(in crate::sim) min_idle_cpu: f64,
    /// Longest, shortest and usual length of a digit, in samples.
    pub(in crate::sim) dtmf: [i64; 3],
    pub(in crate::sim) paused_inbound: bool,
    pub(in crate::sim) paused_outbound: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            verbose_events: false,
            api_expansion: true,
            threaded_exec: false,
            debug_sql: false,
            debug_level: 0,
            min_idle_cpu: 0.0,
            dtmf: [192_000, 400, 2000],
            paused_inbound: false,
            paused_outbound: false,
        }
    }
}

/// An alias: its name, its command, and whether it outlives a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Alias {
    pub(in crate::sim) name: String,
    pub(in crate::sim) command: String,
    pub(in crate::sim) is_sticky: bool,
}
