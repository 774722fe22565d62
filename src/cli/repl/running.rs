//! The lines that run: each is a task, started in the order in which they were typed.
//!
//! # Invariants
//! The next line starts when the one before has ended, or has run long enough to go to the
//! background. A line that changes where later lines go is waited for however long it takes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::Instant;

use crate::shell::{Next, TypedLine, sanitise};

/// Everything that was typed and has not ended.
#[derive(Debug, Default)]
pub(super) struct Running {
    tasks: JoinSet<Next>,
    runs: Vec<(Run, AbortHandle)>,
    waiting: VecDeque<String>,
    board: RunningLines,
    started: u64,
    /// When the operator last gave a run what it had asked for.
    request_served: Option<Instant>,
}

/// One entry of the operator: a line, or the lines of a paste.
#[derive(Debug, Clone)]
pub(super) struct Run {
    number: u64,
    line: Arc<str>,
    verb: Arc<str>,
    /// Whether the next line waits for it, however long it takes.
    is_waited_for: bool,
    since: Instant,
    is_background: Arc<AtomicBool>,
    /// Which run printed last.
    last_printer: Arc<AtomicU64>,
}

/// What the prompt shows of it.
#[derive(Debug, Clone, Default)]
pub(super) struct RunningLines(Arc<Mutex<Vec<Shown>>>);

/// A line that runs.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) verb: Arc<str>,
    pub(super) since: Instant,
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// By itself.
    Done(Next),
    /// It panicked: the line, and what it said.
    Panicked(Arc<str>, String),
    /// It was stopped.
    Stopped,
}

impl Running {
    pub(super) fn board(&self) -> RunningLines {
        self.board.clone()
    }

    /// Takes a line; it is started by [`next`](Self::next).
    pub(super) fn push(&mut self, line: String) {
        self.waiting.push_back(line);
    }

    /// The next line that may start now.
    pub(super) fn next(&mut self) -> Option<String> {
        self.settle();
        if self.foreground().is_some() {
            return None;
        }
        self.waiting.pop_front()
    }

    /// Starts a line.
    pub(super) fn start<F>(&mut self, line: &str, run: impl FnOnce(Run) -> F)
    where
        F: Future<Output = Next> + Send + 'static,
    {
        self.started += 1;
        let last_printer = self.runs.first().map(|(run, _)| Arc::clone(&run.last_printer));
        let typed = TypedLine::read(line);
        let entry = Run {
            number: self.started,
            line: line.into(),
            verb: typed.verb().into(),
            is_waited_for: typed.is_waited_for(),
            since: Instant::now(),
            is_background: Arc::default(),
            last_printer: last_printer.unwrap_or_default(),
        };
        let abort = self.tasks.spawn(run(entry.clone()));
        self.runs.push((entry, abort));
        self.show();
    }

    /// Waits for the end of any run; for ever when there is none. Safe to cancel.
    pub(super) async fn ended(&mut self) -> Ended {
        let Some(joined) = self.tasks.join_next_with_id().await else {
            return std::future::pending().await;
        };
        let id = match &joined {
            Ok((id, _)) => *id,
            Err(err) => err.id(),
        };
        let at = self.runs.iter().position(|(_, abort)| abort.id() == id);
        let run = at.map(|at| self.runs.remove(at).0);
        self.show();
        match joined {
            Ok((_, next)) => Ended::Done(next),
            Err(err) if err.is_panic() => {
                Ended::Panicked(run.map_or_else(|| "".into(), |run| run.line), panic_text(err))
            }
            Err(_stopped) => Ended::Stopped,
        }
    }

    /// Stops the run that was started last, and drops what waits; `None` when nothing runs.
    pub(super) fn stop(&mut self) -> Option<(Run, usize)> {
        let (run, abort) = self.runs.pop()?;
        abort.abort();
        self.show();
        let dropped = self.waiting.len();
        self.waiting.clear();
        Some((run, dropped))
    }

    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }

    /// A run was given what it had asked for: it may end any moment.
    pub(super) fn request_served(&mut self) {
        self.request_served = Some(Instant::now());
    }

    /// Whether the prompt has to stay away: what was just started, or got its answer just now, may
    /// end any moment.
    pub(super) fn holds_prompt(&self) -> bool {
        self.foreground().is_some_and(|run| run.since.elapsed() < PROMPT_DELAY)
            || self.grace().is_some()
    }

    /// Until when a run that got its answer has time to end before the prompt is back.
    fn grace(&self) -> Option<Instant> {
        let end = self.request_served.filter(|_| !self.runs.is_empty())? + PROMPT_DELAY;
        (end > Instant::now()).then_some(end)
    }

    /// When something changes by itself: the prompt comes back, or a run goes to the background.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if let Some(end) = self.grace() {
            return Some(end);
        }
        let foreground = self.foreground()?;
        let next = if self.holds_prompt() { PROMPT_DELAY } else { BACKGROUND_AFTER };
        (foreground.since.elapsed() < BACKGROUND_AFTER).then(|| foreground.since + next)
    }

    /// The run that the next line waits for.
    fn foreground(&self) -> Option<&Run> {
        let (run, _) = self.runs.last()?;
        (!run.is_background.load(Ordering::Relaxed)).then_some(run)
    }

    /// Sends what has run for long to the background.
    fn settle(&self) {
        if let Some(run) = self.foreground()
            && run.since.elapsed() >= BACKGROUND_AFTER
            && !run.is_waited_for
        {
            run.is_background.store(true, Ordering::Relaxed);
        }
    }

    fn show(&self) {
        let shown = self
            .runs
            .iter()
            .map(|(run, _)| Shown { verb: Arc::clone(&run.verb), since: run.since });
        *self.board.0.lock() = shown.collect();
    }
}

impl Run {
    /// The line, fit to be shown.
    pub(super) fn line(&self) -> String {
        brief(&self.line)
    }

    /// The line as it was typed.
    pub(super) fn typed(&self) -> &str {
        &self.line
    }

    pub(super) fn since(&self) -> Instant {
        self.since
    }

    /// Notes that this run prints now; returns whether its output needs a header: it runs in the
    /// background, and something else was printed since its last words.
    pub(super) fn needs_header(&self) -> bool {
        let other = self.last_printer.swap(self.number, Ordering::Relaxed) != self.number;
        other && self.is_background.load(Ordering::Relaxed)
    }
}

impl RunningLines {
    /// The lines that run, oldest first.
    pub(super) fn now(&self) -> Vec<Shown> {
        self.0.lock().clone()
    }
}

/// A line as it is named above its answer: one line, not too long.
pub(super) fn brief(line: &str) -> String {
    let mut lines = line.trim().lines();
    let first = sanitise::line(lines.next().unwrap_or_default()).into_owned();
    let is_more = lines.next().is_some();
    let mut shown: String = first.chars().take(LONG).collect();
    if is_more || shown.len() < first.len() {
        shown.push_str("...");
    }
    shown
}

fn panic_text(err: JoinError) -> String {
    let Ok(payload) = err.try_into_panic() else { return String::new() };
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// How long a line may run before the prompt is back. Most have answered by then, below their line.
const PROMPT_DELAY: Duration = Duration::from_millis(300);
/// How long a line may run before the next one starts beside it.
const BACKGROUND_AFTER: Duration = Duration::from_secs(1);
/// Letters of a line that are shown.
const LONG: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    async fn done() -> Next {
        Next::Go
    }

    #[limited::test(paused)]
    async fn lines_start_in_order_and_slow_ones_step_aside() {
        let mut running = Running::default();
        for line in ["msleep 5000", "status", "wait", "calls"] {
            running.push(line.to_owned());
        }
        assert_eq!(running.next().as_deref(), Some("msleep 5000"));
        running.start("msleep 5000", |_| std::future::pending());
        assert_eq!(running.next(), None);
        assert!(running.holds_prompt());
        tokio::time::sleep(PROMPT_DELAY).await;
        assert!(!running.holds_prompt());
        assert_eq!(running.next(), None);
        tokio::time::sleep(BACKGROUND_AFTER).await;
        assert_eq!(running.next().as_deref(), Some("status"));
        running.start("status", |_| done());
        assert!(matches!(running.ended().await, Ended::Done(Next::Go)));
        assert_eq!(running.board().now().len(), 1);
        // This one is waited for however long it takes.
        assert_eq!(running.next().as_deref(), Some("wait"));
        running.start("wait", |_| std::future::pending());
        tokio::time::sleep(BACKGROUND_AFTER * 9).await;
        assert_eq!(running.next(), None);
        // The last one is stopped first, and what waits for it is dropped.
        let (stopped, dropped) = running.stop().unwrap();
        assert_eq!((stopped.line().as_str(), dropped), ("wait", 1));
        assert!(matches!(running.ended().await, Ended::Stopped));
        assert_eq!(running.len(), 1);
    }

    #[limited::test(paused)]
    async fn no_prompt_is_drawn_between_an_answer_and_the_end() {
        let mut running = Running::default();
        running.start("exit", |_| std::future::pending());
        tokio::time::sleep(BACKGROUND_AFTER * 9).await;
        assert!(running.next().is_none() && !running.holds_prompt());
        running.request_served();
        assert!(running.holds_prompt());
        assert_eq!(running.deadline(), Some(Instant::now() + PROMPT_DELAY));
        tokio::time::sleep(PROMPT_DELAY).await;
        assert!(!running.holds_prompt());
        running.request_served();
        assert!(running.stop().is_some() && !running.holds_prompt(), "nothing runs that may end");
    }

    #[limited::test]
    async fn a_panic_is_told_and_the_rest_goes_on() {
        let mut running = Running::default();
        running.start("bad", |_| async { panic!("on purpose") });
        let Ended::Panicked(line, text) = running.ended().await else { panic!() };
        assert_eq!((&*line, text.as_str()), ("bad", "on purpose"));
        running.start("good", |_| done());
        assert!(matches!(running.ended().await, Ended::Done(Next::Go)));
    }

    #[limited::test]
    fn lines_are_named_briefly() {
        assert_eq!(brief(" status "), "status");
        assert_eq!(brief("one\ntwo"), "one...");
        assert_eq!(brief(&"x".repeat(99)), "x".repeat(60) + "...");
        assert_eq!(brief("a\x1b[2J"), "a␛[2J");
    }
}
