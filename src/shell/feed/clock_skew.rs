//! A server's clock against ours.

use jiff::{SignedDuration, Timestamp};

/// How far a server's clock is ahead of ours: as its quickest event shows.
#[derive(Debug, Default)]
pub(super) struct Clock {
    ahead: Option<SignedDuration>,
}

impl Clock {
    /// An event that the server made at `at`, in microseconds since 1970, has come in.
    pub(super) fn saw(&mut self, at: u64, now: Timestamp) {
        if let Some(at) = known(at) {
            let ahead = at.duration_since(now);
            self.ahead = Some(self.ahead.map_or(ahead, |most| most.max(ahead)));
        }
    }

    /// When the server made an event, by our clock.
    pub(super) fn local(&self, at: u64) -> Option<Timestamp> {
        known(at)?.checked_sub(self.ahead?).ok()
    }
}

fn known(at: u64) -> Option<Timestamp> {
    let at = i64::try_from(at).ok().filter(|at| *at > 0)?;
    Timestamp::from_microsecond(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn how_late_an_event_comes_is_told_by_the_quickest() {
        let ours = |second: i64| Timestamp::from_second(second).unwrap();
        let theirs = |second: u64| (second + 500) * 1_000_000;
        let mut clock = Clock::default();
        assert_eq!(clock.local(theirs(1)), None);
        // Three seconds under way, none, and a minute.
        for (at, now) in [(10, 13), (20, 20), (30, 90)] {
            clock.saw(theirs(at), ours(now));
        }
        assert_eq!(clock.local(theirs(30)), Some(ours(30)));
        assert_eq!((clock.local(0), clock.local(u64::MAX)), (None, None));
    }
}
