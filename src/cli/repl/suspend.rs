//! Ctrl-Z, and what else makes the process stand still.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Repl;
use crate::cli::editor::Editor;
use crate::cli::signals::{Continued, Stops};
use crate::cli::terminal;
use crate::shell::RunningCalls;

/// When the process was awake and when it stood still.
///
/// What comes in behind a stop is from before its end, and may be looked at before anybody knows
/// of the stop.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse(Arc<Mutex<Beats>>);

#[derive(Debug, Default)]
struct Beats {
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
        self.lock().beat(Timestamp::now());
    }

    /// What is to be done with a line.
    pub(super) fn fate(&self, at: Option<Timestamp>) -> Fate {
        let mut beats = self.lock();
        let now = Timestamp::now();
        beats.beat(now);
        beats.fate(at, now)
    }

    /// The process is about to be stopped.
    fn stops(&self) -> Timestamp {
        let now = Timestamp::now();
        self.lock().stop = Some((now, None));
        now
    }

    /// The stop is over.
    fn goes_on(&self) -> Timestamp {
        let (mut beats, now) = (self.lock(), Timestamp::now());
        beats.beat(now);
        beats.pause = None;
        beats.stop = beats.stop.map(|(from, _)| (from, Some(now)));
        now
    }

    /// The process was stopped from outside: takes from when to when it stood still.
    fn was_stopped(&self) -> Option<(Timestamp, Timestamp)> {
        let mut beats = self.lock();
        beats.beat(Timestamp::now());
        let (from, to) = beats.pause.take()?;
        beats.stop = Some((from, Some(to)));
        Some((from, to))
    }

    fn lock(&self) -> MutexGuard<'_, Beats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

impl Repl {
    /// Stops the process and all that were started with it, until the operator brings it back.
    pub(super) async fn suspend(
        &self,
        editor: &Editor,
        stops: &mut Stops,
        continued: &mut Continued,
    ) {
        if !terminal::can_come_back() {
            editor.keep_keys();
            return self.printer.say(NOT_STOPPED);
        }
        let printer = self.printer.clone();
        let holding = tokio::task::spawn_blocking(move || printer.hold());
        // A terminal that takes nothing shall not keep the sockets open.
        drop(tokio::time::timeout(SOON, holding).await);
        let (from, known) = self.stops().await;
        terminal::as_found();
        stops.stop_group().await;
        self.shell.unpause();
        // It is not taken for a stop from outside.
        let _came = tokio::time::timeout(SOON, continued.next()).await;
        while !terminal::is_ours() {
            // In the background everything goes on but the terminal, which is somebody else's.
            let _again = tokio::time::timeout(LOOK, continued.next()).await;
        }
        editor.keep_keys();
        let to = self.pulse.goes_on();
        self.printer.release();
        self.shell.resumed(from, to, Some(known));
    }

    /// As [`suspend`](Self::suspend), while another program has the terminal, and was told to stop
    /// with us.
    pub(super) async fn suspend_lent(&self, continued: &mut Continued) {
        if !terminal::can_come_back() {
            return;
        }
        let (from, known) = self.stops().await;
        terminal::stop_self();
        self.shell.unpause();
        let _came = tokio::time::timeout(SOON, continued.next()).await;
        self.shell.resumed(from, self.pulse.goes_on(), Some(known));
    }

    /// The process is about to be stopped: no server shall wait for it.
    async fn stops(&self) -> (Timestamp, RunningCalls) {
        let (from, known) = (self.pulse.stops(), self.shell.running_calls());
        self.shell.pause().await;
        (from, known)
    }

    /// The process was stopped from outside, and goes on.
    pub(super) fn woken(&self, editor: &Editor) {
        editor.keep_keys();
        if let Some((from, to)) = self.pulse.was_stopped() {
            self.shell.resumed(from, to, None);
        }
    }
}

const NOT_STOPPED: &str = "\
Ctrl-Z does nothing here: no shell waits behind this one that could bring it back with \"fg\"";

/// A stop, and what has to be done before it, takes no longer.
const SOON: Duration = Duration::from_millis(300);
/// How often it is looked whether the terminal is ours again.
const LOOK: Duration = Duration::from_millis(200);
/// A pulse that is missed for so long was no busy machine, if the process was told to go on.
const LONG: SignedDuration = SignedDuration::from_secs(1);
/// By then it is known whether the process was told to go on.
const DOUBT: SignedDuration = SignedDuration::from_millis(500);

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
            // Nobody said so in time: the machine was busy.
            assert_eq!(beats.fate(Some(at(time)), at(60_500)), Fate::Show, "{time}");
        }
        // Somebody did.
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
