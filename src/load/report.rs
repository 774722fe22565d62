//! What became of the calls.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{HangupCause, SessionInfo};

/// The outcome of a load, call by call as their first legs ended.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Calls asked for.
    pub offered: usize,
    /// Calls answered.
    pub answered: usize,
    /// Calls that ended without an answer, or were never made.
    pub failed: usize,
    /// How often each cause ended a call.
    pub causes: BTreeMap<HangupCause, usize>,
    /// From the creation of the caller's leg to its answer.
    pub setup: Latency,
    /// From the answer to the end.
    pub talk: Latency,
}

/// The spread of a time, in milliseconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Latency {
    /// Each time, in the order of arrival, in microseconds.
    #[serde(skip)]
    times: Vec<u64>,
    /// The middle one.
    pub p50: f64,
    /// 95 of 100 are not above it.
    pub p95: f64,
    /// 99 of 100 are not above it.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl Report {
    /// The share of offered calls that were answered (ASR), from 0 to 1; 0 when there were none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 calls")]
    pub fn answer_seizure_ratio(&self) -> f64 {
        if self.offered == 0 { 0.0 } else { self.answered as f64 / self.offered as f64 }
    }

    /// Counts a call by its ended first leg.
    pub(super) fn count(&mut self, leg: &SessionInfo) {
        let cause = leg.cause.clone().unwrap_or_else(|| HangupCause::parse("NONE"));
        *self.causes.entry(cause).or_insert(0) += 1;
        match leg.talk_time(leg.last_event) {
            Some(talk) => {
                self.answered += 1;
                self.talk.add(talk);
                if leg.times.created > 0 {
                    self.setup.add(leg.times.answered.saturating_sub(leg.times.created));
                }
            }
            None => self.failed += 1,
        }
    }

    /// Counts a call of which there was no leg.
    pub(super) fn count_unmade(&mut self, cause: &str) {
        *self.causes.entry(HangupCause::parse(cause)).or_insert(0) += 1;
        self.failed += 1;
    }

    /// Computes the percentiles.
    pub(super) fn finish(&mut self) {
        self.setup.finish();
        self.talk.finish();
    }
}

impl Latency {
    fn add(&mut self, microseconds: u64) {
        self.times.push(microseconds);
    }

    #[expect(clippy::cast_precision_loss, reason = "microseconds of a call")]
    fn finish(&mut self) {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            sorted.get(rank).map_or(0.0, |time| *time as f64 / 1000.0)
        };
        (self.p50, self.p95, self.p99, self.max) = (at(50), at(95), at(99), at(100));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn percentiles() {
        let mut latency = Latency::default();
        latency.finish();
        assert_eq!((latency.p50, latency.max), (0.0, 0.0));
        for time in (1..=100).rev() {
            latency.add(time * 1000);
        }
        latency.finish();
        assert_eq!((latency.p50, latency.p95, latency.p99, latency.max), (50.0, 95.0, 99.0, 100.0));
    }
}
