//! The state of the two sources of events in the background: planned calls and the flood.

use crate::sim::channel::Channel;
use fastrand::Rng;

/// The background calls, and how many a second.
#[derive(Debug)]
pub(in crate::sim) struct Flood {
    pub(in crate::sim) per_second: u32,
    /// What is left of an event that does not fit the tick.
    pub(in crate::sim) debt: u64,
    pub(in crate::sim) calls: Vec<(Channel, usize)>,
    pub(in crate::sim) turn: usize,
}

/// The source of background calls.
#[derive(Debug)]
pub(in crate::sim) struct Plan {
    pub(in crate::sim) rng: Rng,
    pub(in crate::sim) rate: f64,
}

impl Plan {
    pub(super) fn new(rng: Rng, rate: f64) -> Self {
        Self { rng, rate }
    }
}
