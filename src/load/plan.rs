//! When calls arrive.

use std::time::Duration;

/// How arrivals are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Spacing {
    /// As in life: independent of each other, exponential gaps.
    #[default]
    Poisson,
    /// The same gap every time.
    Even,
}

/// How many calls, how fast, how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    pub(super) rate: f64,
    pub(super) limit: usize,
    pub(super) calls: usize,
    pub(super) hold: Duration,
    pub(super) spacing: Spacing,
    pub(super) seed: u64,
}

impl Plan {
    /// A plan for `calls` calls, `rate` new ones a second (more than 0), one at a time, each held
    /// for a second after its answer.
    #[must_use]
    pub fn new(calls: usize, rate: f64) -> Self {
        let rate = if rate.is_finite() && rate > 0.0 { rate } else { 1.0 };
        Self {
            rate,
            limit: 1,
            calls,
            hold: Duration::from_secs(1),
            spacing: Spacing::default(),
            seed: 0,
        }
    }

    /// Allows this many calls at a time. An arrival above it waits for a call to end.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit.max(1);
        self
    }

    /// Holds each call for this time after its answer.
    #[must_use]
    pub fn with_hold(mut self, hold: Duration) -> Self {
        self.hold = hold;
        self
    }

    /// Spreads the arrivals in another way.
    #[must_use]
    pub fn with_spacing(mut self, spacing: Spacing) -> Self {
        self.spacing = spacing;
        self
    }

    /// Chooses another sequence of gaps. The same seed gives the same one.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The gaps before each call.
    #[must_use]
    pub fn arrivals(&self) -> Arrivals {
        Arrivals { plan: *self, random: fastrand::Rng::with_seed(self.seed), left: self.calls }
    }
}

/// The gaps of a plan, one for each call. Made by [`Plan::arrivals`].
#[derive(Debug, Clone)]
pub struct Arrivals {
    plan: Plan,
    random: fastrand::Rng,
    left: usize,
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let gaps = match self.plan.spacing {
            Spacing::Even => 1.0,
            // 1 - f64() is never 0, so the logarithm is finite.
            Spacing::Poisson => -(1.0 - self.random.f64()).ln(),
        };
        Some(Duration::from_secs_f64(gaps / self.plan.rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn arrivals_keep_the_rate_and_repeat_with_their_seed() {
        let plan = Plan::new(10_000, 50.0).with_seed(7);
        let total: Duration = plan.arrivals().sum();
        assert!((190.0..210.0).contains(&total.as_secs_f64()), "{total:?}");
        assert!(plan.arrivals().eq(plan.arrivals()));
        assert!(!plan.arrivals().eq(plan.with_seed(8).arrivals()));
        let even = Plan::new(3, 10.0).with_spacing(Spacing::Even);
        assert!(even.arrivals().eq([Duration::from_millis(100); 3]));
        assert_eq!(Plan::new(2, f64::NAN).arrivals().count(), 2);
    }
}
