//! How much later events come than they could.
//!
//! The clocks of the switch and of this machine need not agree: what counts is how much longer an
//! event was on its way than the fastest one of the last minutes.

use std::time::Duration;

use tokio::time::Instant;

/// Compares the times of events with the times of their arrival.
#[derive(Debug, Default)]
pub(super) struct Delay {
    /// The first arrival: times count from here.
    since: Option<Instant>,
    /// When the current window began, the least way of it and of the one before, and the latest
    /// way, in microseconds; only differences between ways mean something.
    window: u64,
    least: i64,
    before: i64,
    latest: i64,
}

impl Delay {
    /// Takes note of an event with this time of the switch, in microseconds, that came in now.
    pub(super) fn note(&mut self, sent: u64, now: Instant) {
        let Some(since) = self.since else {
            let way = signed(0) - signed(sent);
            *self = Self { since: Some(now), window: 0, least: way, before: way, latest: way };
            return;
        };
        let at = u64::try_from(now.duration_since(since).as_micros()).unwrap_or(u64::MAX);
        self.latest = signed(at).saturating_sub(signed(sent));
        if at.saturating_sub(self.window) > WINDOW {
            (self.window, self.before, self.least) = (at, self.least, self.latest);
        }
        self.least = self.least.min(self.latest);
    }

    /// How much later than the fastest one the latest event came.
    pub(super) fn now(&self) -> Duration {
        let least = self.least.min(self.before);
        Duration::from_micros(u64::try_from(self.latest.saturating_sub(least)).unwrap_or(0))
    }
}

fn signed(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// After this many microseconds the fastest event is outdated: clocks drift and are set.
const WINDOW: u64 = 300_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn a_late_event_is_late_by_what_others_were_faster() {
        let (start, mut delay) = (Instant::now(), Delay::default());
        assert_eq!(delay.now(), Duration::ZERO);
        let after = |millis: u64| start + Duration::from_millis(millis);
        // The switch's clock is a year behind, or whatever.
        for (sent, came, late) in
            [(5_000, 0, 0), (6_000, 1_001, 1), (6_500, 4_500, 3_000), (9_500, 4_500, 0)]
        {
            delay.note(sent * 1000, after(came));
            assert_eq!(delay.now(), Duration::from_millis(late), "{sent}");
        }
        // A clock that is set is forgiven after two windows.
        delay.note(0, after(300_000));
        assert!(delay.now() > Duration::from_secs(200));
        delay.note(300_000_000, after(600_001));
        delay.note(600_000_000, after(900_002));
        assert!(delay.now() < Duration::from_secs(1));
    }
}
