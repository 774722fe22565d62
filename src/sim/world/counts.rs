//! What `status` counts.

use std::collections::BTreeMap;

/// What `status` counts.
#[derive(Debug, Default)]
pub(in crate::sim) struct Counts {
    pub(in crate::sim) sessions: u64,
    pub(in crate::sim) peak: usize,
    pub(in crate::sim) rate_peak: u64,
    pub(in crate::sim) second: (u64, u64),
    pub(in crate::sim) max_sessions: u64,
    pub(in crate::sim) max_rate: u64,
    pub(in crate::sim) calls: BTreeMap<String, [u64; 4]>,
}
