//! Whether the process stood still.

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use std::sync::Arc;

/// When the process was awake and when it stood still.
///
/// What comes in behind a stop is from before its end, and may be looked at before anybody knows
/// of the stop.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse(Arc<Mutex<Beats>>);

#[derive(Debug, Default)]
pub(in crate::cli) struct Beats {
    last: Option<Timestamp>,
    /// A time without a beat: a stop, or a busy machine.
    pause: Option<(Timestamp, Timestamp)>,
    /// The last stop, which may not have ended.
    stop: Option<(Timestamp, Option<Timestamp>)>,
}

/// What is to be done with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Show,
    /// It happened while the process stood still.
    Miss,
    /// It will be known soon whether it did.
    Wait,
}

impl Pulse {
    /// Says that the process is awake. Call it often.
    pub(super) fn beat(&self) {
        self.0.lock().beat(Timestamp::now());
    }

    /// What is to be done with a line.
    pub(super) fn fate(&self, at: Option<Timestamp>) -> Fate {
        let mut beats = self.0.lock();
        let now = Timestamp::now();
        beats.beat(now);
        beats.fate(at, now)
    }

    /// The process is about to be stopped.
    pub(in crate::cli) fn stops(&self) -> Timestamp {
        let now = Timestamp::now();
        self.0.lock().stop = Some((now, None));
        now
    }

    /// The stop is over.
    pub(in crate::cli) fn goes_on(&self) -> Timestamp {
        let (mut beats, now) = (self.0.lock(), Timestamp::now());
        beats.beat(now);
        beats.pause = None;
        beats.stop = beats.stop.map(|(from, _)| (from, Some(now)));
        now
    }

    /// The process was stopped from outside: takes from when to when it stood still.
    pub(in crate::cli) fn was_stopped(&self) -> Option<(Timestamp, Timestamp)> {
        let mut beats = self.0.lock();
        beats.beat(Timestamp::now());
        let (from, to) = beats.pause.take()?;
        beats.stop = Some((from, Some(to)));
        Some((from, to))
    }
}

impl Beats {
    fn beat(&mut self, now: Timestamp) {
        if let Some(last) = self.last.replace(now)
            && now.duration_since(last) >= LONG
        {
            self.pause = Some((last, now));
        }
    }

    fn fate(&self, at: Option<Timestamp>, now: Timestamp) -> Fate {
        let Some(at) = at else { return Fate::Show };
        let is_missed = |(from, to): (_, Option<_>)| at >= from && to.is_none_or(|to| at < to);
        if self.stop.is_some_and(is_missed) {
            return Fate::Miss;
        }
        let is_doubtful =
            |(from, to): (_, Timestamp)| at >= from && at < to && now.duration_since(to) < DOUBT;
        if self.pause.is_some_and(is_doubtful) { Fate::Wait } else { Fate::Show }
    }
}

/// A pulse that is missed for this long was no busy machine, if SIGCONT follows.
pub(in crate::cli) const LONG: SignedDuration = SignedDuration::from_secs(1);

/// By then SIGCONT has arrived, if there was one.
pub(in crate::cli) const DOUBT: SignedDuration = SignedDuration::from_millis(500);
#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_000_000 + milliseconds).unwrap()
    }

    #[limited::test]
    fn what_happened_in_a_stop_is_missed() {
        let mut beats = Beats::default();
        for time in [0, 999] {
            beats.beat(at(time));
            assert_eq!(beats.fate(Some(at(time)), at(time)), Fate::Show);
        }
        // Perhaps a stop: it is seen behind later beats, too.
        beats.beat(at(60_000));
        beats.beat(at(60_020));
        for (time, fate) in
            [(998, Fate::Show), (999, Fate::Wait), (59_999, Fate::Wait), (60_000, Fate::Show)]
        {
            assert_eq!(beats.fate(Some(at(time)), at(60_020)), fate, "{time}");
            // No SIGCONT in time: the machine was busy.
            assert_eq!(beats.fate(Some(at(time)), at(60_500)), Fate::Show, "{time}");
        }
        // SIGCONT came.
        let pulse = Pulse(Arc::new(Mutex::new(Beats { last: None, ..beats })));
        assert_eq!(pulse.was_stopped(), Some((at(999), at(60_000))));
        assert_eq!(pulse.was_stopped(), None);
        assert_eq!(pulse.fate(Some(at(59_999))), Fate::Miss);
    }

    #[limited::test]
    fn a_stop_of_ones_own_has_an_open_end() {
        let mut beats = Beats { stop: Some((at(0), None)), ..Beats::default() };
        assert_eq!(beats.fate(Some(at(9_999)), at(9_999)), Fate::Miss);
        beats.stop = Some((at(0), Some(at(5_000))));
        assert_eq!(beats.fate(Some(at(4_999)), at(9_999)), Fate::Miss);
        assert_eq!(beats.fate(Some(at(5_000)), at(9_999)), Fate::Show);
        assert_eq!(beats.fate(None, at(9_999)), Fate::Show);
        let pulse = Pulse(Arc::new(Mutex::new(beats)));
        let from = pulse.stops();
        assert_eq!(pulse.fate(Some(from)), Fate::Miss);
        let to = pulse.goes_on();
        assert_eq!(pulse.fate(Some(from)), Fate::Miss);
        assert_eq!(pulse.fate(Some(to)), Fate::Show);
    }
}
