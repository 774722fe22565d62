//! What waits to be printed, and who has the terminal.
use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::shell::{Backlog, Pace};

/// Shared by the printer, its thread and the editor thread.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
    drained: Notify,
    /// How much output waits.
    backlog: Arc<Backlog>,
}

/// One write.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// To standard output.
    Plain { text: String, frame: bool },
    /// Through the line editor.
    Above { text: String },
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    /// There is an editor to print through.
    editor: bool,
    /// The prompt came to stand at this time, and nothing was written below it since. Counts only
    /// where no editor draws.
    prompted: Option<Instant>,
    /// Somebody else has the terminal: nothing is written at all.
    is_held: bool,
    outputs: VecDeque<String>,
    /// How many bytes of it are on their way.
    taken: usize,
    /// Outputs handed to us, and those of them handed on.
    pushed: u64,
    written: u64,
    frame: Option<String>,
    repaint: bool,
    /// Handed to the editor, not drawn yet as far as we know.
    under_way: Option<UnderWay>,
    /// When a key last made the editor redraw.
    key: Option<Instant>,
    took: Option<Duration>,
    writing: bool,
    handing: bool,
    broken: bool,
    closed: bool,
    /// The printer's thread has ended.
    is_gone: bool,
}

/// Who has the terminal.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No line is edited: we have it.
    #[default]
    Away,
    /// Between us and the prompt: nobody may write.
    Entering,
    /// The editor has it, and draws what we hand over.
    Editing,
    /// Between the last key and [`Gate::away`]: nobody may write.
    Leaving,
}

#[derive(Debug)]
struct UnderWay {
    text: String,
    since: Instant,
    frame: bool,
    /// The prompt was drawn at this time, perhaps for a key and perhaps for us.
    perhaps: Option<Instant>,
}

impl Gate {
    /// Waits until all output so far is written, then keeps everyone off the terminal.
    pub(crate) fn enter(&self) {
        let mut state = self.lock();
        let target = state.pushed;
        // Handing over blocks until the editor reads again: waiting for that would be for ever.
        while (state.writing || state.written < target) && !state.handing && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.phase = Phase::Entering;
        state.prompted = Some(Instant::now());
    }

    /// As [`enter`](Self::enter), for another program than the editor; [`away`](Self::away) ends it.
    pub(crate) fn hold(&self) {
        self.enter();
        self.lock().is_held = true;
    }

    /// The editor has drawn its prompt, or is about to, in raw mode.
    pub(crate) fn editing(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Entering {
            state.phase = Phase::Editing;
            self.changed.notify_all();
        }
    }

    /// A key ended the line.
    pub(crate) fn leaving(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Editing {
            state.phase = Phase::Leaving;
            self.drained.notify_waiters();
        }
    }

    /// The editor has given the terminal back.
    pub(crate) fn away(&self) {
        let mut state = self.lock();
        state.phase = Phase::Away;
        state.prompted = None;
        state.is_held = false;
        drop(state);
        self.changed.notify_all();
        self.drained.notify_waiters();
    }

    /// The editor redraws for a key, unless it takes a short cut.
    pub(crate) fn key(&self) {
        self.lock().key = Some(Instant::now());
    }

    /// The editor draws its prompt, for a key or after it has drawn what we handed over.
    pub(crate) fn drawn(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        let for_a_key = state.key.take().is_some_and(|key| now - key < SAME_REDRAW);
        match &mut state.under_way {
            Some(under_way) if for_a_key => under_way.perhaps = Some(now),
            Some(_) => state.arrived(now),
            None => return,
        }
        self.changed.notify_all();
        self.drained.notify_waiters();
    }

    pub(super) fn open(&self, editor: bool) {
        self.lock().editor = editor;
    }

    pub(super) fn output(&self, text: String) {
        let mut state = self.lock();
        state.pushed += 1;
        self.backlog.add(text.len());
        state.outputs.push_back(text);
        self.changed.notify_all();
    }

    /// Lets what prints without end wait for the terminal.
    pub(super) fn pace(&self) -> Pace {
        Pace::of(&self.backlog)
    }

    pub(super) async fn flush(&self) {
        let target = self.lock().pushed;
        loop {
            // notify_waiters() wakes every Notified that exists, polled or not.
            let notified = self.drained.notified();
            {
                let state = self.lock();
                if state.written >= target || state.closed {
                    return;
                }
            }
            notified.await;
        }
    }

    /// Waits until the editor has drawn what it was handed and what waits behind it. Cancelling is
    /// safe.
    pub(super) async fn drawn_all(&self) {
        loop {
            let notified = self.drained.notified();
            if !self.lock().is_drawing() {
                return;
            }
            notified.await;
        }
    }

    pub(super) fn ready(&self) -> bool {
        let state = self.lock();
        state.frame.is_none() && !state.writing && state.under_way.is_none()
    }

    pub(super) fn frame(&self, text: String) -> bool {
        let mut state = self.lock();
        if state.frame.is_some() || state.under_way.is_some() {
            return false;
        }
        state.frame = Some(text);
        self.changed.notify_all();
        true
    }

    pub(super) fn took(&self) -> Option<Duration> {
        self.lock().took.take()
    }

    pub(super) fn repaint(&self) {
        self.lock().repaint = true;
        self.changed.notify_all();
    }

    pub(super) fn broken(&self) -> bool {
        self.lock().broken
    }

    /// The printer's thread ends.
    pub(super) fn leave(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.is_gone = true;
        drop(state);
        self.backlog.end();
        self.changed.notify_all();
        self.drained.notify_waiters();
    }

    pub(super) async fn gone(&self) {
        loop {
            let notified = self.drained.notified();
            if self.lock().is_gone {
                return;
            }
            notified.await;
        }
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Waits for the next thing to write; `None` when closed and done.
    pub(super) fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return state.last_job();
            }
            if let Some(job) = state.job(Instant::now()) {
                return Some(job);
            }
            let is_showing = !state.editor && state.prompted.is_some() && state.is_anything();
            let is_showing = is_showing && !state.is_held;
            let perhaps =
                is_showing || state.under_way.as_ref().is_some_and(|it| it.perhaps.is_some());
            state = if perhaps && (is_showing || state.phase == Phase::Editing) {
                let waited = self.changed.wait_timeout(state, SURE);
                waited.unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
        }
    }

    /// What [`next`](Self::next) returned is written; `took` if it was a frame.
    pub(super) fn wrote(&self, took: Option<Duration>, failed: bool) {
        let mut state = self.lock();
        state.writing = false;
        state.broken |= failed;
        state.took = took.or(state.took);
        state.settle();
        self.backlog.wrote(mem::take(&mut state.taken));
        drop(state);
        self.changed.notify_all();
        self.drained.notify_waiters();
    }

    /// The editor's queue took it, or the editor is gone and it must be printed another way.
    pub(super) fn handed_over(&self, taken: bool) {
        let mut state = self.lock();
        state.handing = false;
        let count = mem::take(&mut state.taken);
        if taken {
            state.settle();
            self.backlog.wrote(count);
        } else {
            state.editor = false;
            state.phase = Phase::Away;
            if let Some(UnderWay { text, .. }) = state.under_way.take()
                && text != REPAINT
            {
                state.outputs.push_front(text);
            }
        }
        drop(state);
        self.changed.notify_all();
        self.drained.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn job(&mut self, now: Instant) -> Option<Job> {
        if self.is_held {
            return None;
        }
        if !self.editor || self.phase == Phase::Away {
            self.repaint = false;
            // The prompt is written by somebody else, without a word when it is done.
            let is_showing = |at| now.saturating_duration_since(at) < SURE;
            if !self.editor && self.prompted.is_some_and(is_showing) {
                return None;
            }
            return self.plain();
        }
        if self.phase != Phase::Editing {
            return None;
        }
        let perhaps = self.under_way.as_ref().and_then(|under_way| under_way.perhaps);
        if perhaps.is_some_and(|at| now.saturating_duration_since(at) >= SURE) {
            self.under_way = None;
        }
        if self.under_way.is_some() {
            return None;
        }
        let (text, frame) = self
            .take()
            .or_else(|| mem::take(&mut self.repaint).then(|| (REPAINT.to_owned(), false)))?;
        self.handing = true;
        let under_way = UnderWay { text: text.clone(), since: now, frame, perhaps: None };
        self.under_way = Some(under_way);
        Some(Job::Above { text })
    }

    /// What is left when closed: also what the editor took and never drew.
    fn last_job(&mut self) -> Option<Job> {
        if let Some(UnderWay { text, perhaps: None, .. }) = self.under_way.take()
            && text != REPAINT
        {
            self.outputs.push_front(text);
        }
        let job = self.plain();
        if job.is_some() && self.editor && mem::take(&mut self.phase) == Phase::Editing {
            // A half typed line is on the screen.
            if let Some(Job::Plain { text, .. }) = job {
                self.outputs.extend(["\n".to_owned(), text]);
            }
            return self.plain();
        }
        job
    }

    fn plain(&mut self) -> Option<Job> {
        let (mut text, frame) = self.take()?;
        self.writing = true;
        if !self.editor && self.prompted.take().is_some() {
            // Not behind the prompt, and what may be typed there.
            text.insert(0, '\n');
        }
        Some(Job::Plain { text, frame })
    }

    /// Whether the editor has output to draw: a line that is taken away now would come before it.
    fn is_drawing(&self) -> bool {
        let is_output = |it: &UnderWay| it.perhaps.is_none() && it.text != REPAINT;
        self.phase == Phase::Editing
            && !self.is_gone
            && (!self.outputs.is_empty() || self.under_way.as_ref().is_some_and(is_output))
    }

    fn is_anything(&self) -> bool {
        self.frame.is_some() || !self.outputs.is_empty()
    }

    /// Takes all output, or the frame when there is none.
    fn take(&mut self) -> Option<(String, bool)> {
        if self.outputs.is_empty() {
            return self.frame.take().map(|frame| (frame, true));
        }
        self.taken = self.outputs.iter().map(String::len).sum();
        Some((self.outputs.drain(..).collect(), false))
    }

    /// What was taken is written. What came meanwhile is not.
    fn settle(&mut self) {
        self.written = self.pushed.saturating_sub(self.outputs.len() as u64);
    }

    fn arrived(&mut self, now: Instant) {
        if let Some(under_way) = self.under_way.take()
            && under_way.frame
        {
            self.took = Some(now - under_way.since);
        }
    }
}

/// Makes the editor draw its prompt again, and nothing else: up and down one row.
const REPAINT: &str = "\x1b[A\n";
/// A redraw this soon after a key may be that key's.
const SAME_REDRAW: Duration = Duration::from_millis(2);
/// A redraw that may have been ours was, if none follows for so long.
const SURE: Duration = Duration::from_millis(50);
