//! The signs of life of a script's thread.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::processor_time::Meter;

/// What a Lua thread reports of itself, for others to look at.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// Since when Lua runs, in milliseconds of the process; 0 while it does not.
    busy_since: AtomicU64,
    pub(super) is_stuck: AtomicBool,
    pub(super) is_retired: AtomicBool,
    pub(super) is_done: AtomicBool,
    /// Whether it was given up: Lua stops at its next step.
    pub(super) is_given_up: AtomicBool,
    pub(super) running: AtomicUsize,
    pub(super) memory: AtomicUsize,
    pub(super) failures: AtomicUsize,
    /// How long the thread has had a processor, once it runs.
    pub(super) meter: OnceLock<Meter>,
    last_failure: Mutex<String>,
}

impl Pulse {
    pub(super) fn note(&self, failure: &str) {
        let mut last = self.last_failure.lock();
        failure.clone_into(&mut last);
    }

    pub(super) fn last_failure(&self) -> String {
        self.last_failure.lock().clone()
    }

    pub(super) fn enter(&self) {
        self.busy_since.store(now(), Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.busy_since.store(0, Ordering::Relaxed);
    }

    /// Since when Lua runs, in milliseconds of the process; 0 while it does not.
    pub(super) fn busy_since(&self) -> u64 {
        self.busy_since.load(Ordering::Relaxed)
    }

    pub(in crate::apps) fn busy(&self) -> Duration {
        match self.busy_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => Duration::from_millis(now().saturating_sub(since)),
        }
    }
}

/// Milliseconds since the first look, and one more.
pub(in crate::apps) fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let since = START.get_or_init(Instant::now).elapsed();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}
