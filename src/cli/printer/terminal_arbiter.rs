//! Decides who may write to the terminal: the printer thread, the line editor, or a program that
//! borrowed it; and queues what waits to be printed.
//!
//! ```text
//!            enter()              editing()
//!   Away ------------> Entering ------------> Editing
//!    ^  \                                        |
//!    |   hold(): as Entering, and is_held         | leaving(): a key ended the line
//!    |                                            v
//!    +------------------ away() -------------- Leaving
//! ```
//!
//! - Away: the printer thread writes to standard output ([`Job::Plain`]).
//! - Entering, Leaving: the prompt is being drawn or removed; all output waits.
//! - Editing: output goes through the editor ([`Job::Above`]), which draws it above its prompt. One
//!   text at a time is in flight: the editor's queue has room for one, and says nothing when it has
//!   drawn it. A redraw of the prompt is the only sign, and may have been for a key; so a redraw
//!   within [`SAME_REDRAW`] of a key counts only after [`REDRAW_SETTLE`] without another one.
use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;

use crate::shell::{Backlog, Pace};

/// Shared by the printer, its thread and the editor thread.
#[derive(Debug, Default)]
pub(crate) struct Arbiter {
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
    /// When the prompt was written, if nothing was written after it. Used only without an editor.
    prompted: Option<Instant>,
    /// The terminal is lent to another program; all output waits.
    is_held: bool,
    outputs: VecDeque<String>,
    /// Bytes of `outputs` that the printer thread is writing.
    taken: usize,
    /// Outputs submitted, and those written or handed to the editor.
    submitted: u64,
    written: u64,
    frame: Option<String>,
    repaint: bool,
    /// Given to the editor; drawing not confirmed yet.
    in_flight: Option<InFlight>,
    /// When a key last made the editor redraw.
    key: Option<Instant>,
    last_frame_time: Option<Duration>,
    is_writing: bool,
    is_handing_over: bool,
    is_broken: bool,
    is_closed: bool,
    /// The printer's thread has ended.
    is_gone: bool,
}

/// Who has the terminal.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No line is edited: the printer thread writes.
    #[default]
    Away,
    /// The prompt is about to be drawn; all output waits.
    Entering,
    /// The editor has it, and draws the output above its prompt.
    Editing,
    /// Between the last key and [`Arbiter::away`]; all output waits.
    Leaving,
}

#[derive(Debug)]
struct InFlight {
    text: String,
    since: Instant,
    frame: bool,
    /// When the prompt was last redrawn while this was in flight, for a key or for this text.
    maybe_drawn_at: Option<Instant>,
}

impl Arbiter {
    /// Waits until all output so far is written, then holds all output back. Blocks.
    pub(crate) fn enter(&self) {
        let mut state = self.state.lock();
        let target = state.submitted;
        // Handing over blocks until the editor reads again, which it does after this returns.
        while (state.is_writing || state.written < target)
            && !state.is_handing_over
            && !state.is_closed
        {
            self.changed.wait(&mut state);
        }
        state.phase = Phase::Entering;
        state.prompted = Some(Instant::now());
    }

    /// As [`enter`](Self::enter), for a program other than the editor; [`away`](Self::away) ends it.
    pub(crate) fn hold(&self) {
        self.enter();
        self.state.lock().is_held = true;
    }

    /// The editor has drawn its prompt, or is about to, in raw mode.
    pub(crate) fn editing(&self) {
        let mut state = self.state.lock();
        if state.phase == Phase::Entering {
            state.phase = Phase::Editing;
            self.changed.notify_all();
        }
    }

    /// A key ended the line.
    pub(crate) fn leaving(&self) {
        let mut state = self.state.lock();
        if state.phase == Phase::Editing {
            state.phase = Phase::Leaving;
            self.drained.notify_waiters();
        }
    }

    /// The editor has given the terminal back.
    pub(crate) fn away(&self) {
        let mut state = self.state.lock();
        state.phase = Phase::Away;
        state.prompted = None;
        state.is_held = false;
        drop(state);
        self.changed.notify_all();
        self.drained.notify_waiters();
    }

    /// The editor redraws for a key, unless it takes a short cut.
    pub(crate) fn key(&self) {
        self.state.lock().key = Some(Instant::now());
    }

    /// The editor draws its prompt, for a key or after it has drawn what we handed over.
    pub(crate) fn drawn(&self) {
        let mut state = self.state.lock();
        let now = Instant::now();
        let for_a_key = state.key.take().is_some_and(|key| now - key < SAME_REDRAW);
        match &mut state.in_flight {
            Some(in_flight) if for_a_key => in_flight.maybe_drawn_at = Some(now),
            Some(_) => state.arrived(now),
            None => return,
        }
        self.changed.notify_all();
        self.drained.notify_waiters();
    }

    pub(super) fn open(&self, editor: bool) {
        self.state.lock().editor = editor;
    }

    pub(super) fn output(&self, text: String) {
        let mut state = self.state.lock();
        state.submitted += 1;
        self.backlog.add(text.len());
        state.outputs.push_back(text);
        self.changed.notify_all();
    }

    /// Lets what prints without end wait for the terminal.
    pub(super) fn pace(&self) -> Pace {
        Pace::of(&self.backlog)
    }

    pub(super) async fn flush(&self) {
        let target = self.state.lock().submitted;
        loop {
            // notify_waiters() wakes every Notified that exists, polled or not.
            let notified = self.drained.notified();
            {
                let state = self.state.lock();
                if state.written >= target || state.is_closed {
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
            if !self.state.lock().is_drawing() {
                return;
            }
            notified.await;
        }
    }

    pub(super) fn ready(&self) -> bool {
        let state = self.state.lock();
        state.frame.is_none() && !state.is_writing && state.in_flight.is_none()
    }

    pub(super) fn frame(&self, text: String) -> bool {
        let mut state = self.state.lock();
        if state.frame.is_some() || state.in_flight.is_some() {
            return false;
        }
        state.frame = Some(text);
        self.changed.notify_all();
        true
    }

    pub(super) fn last_frame_time(&self) -> Option<Duration> {
        self.state.lock().last_frame_time.take()
    }

    pub(super) fn repaint(&self) {
        self.state.lock().repaint = true;
        self.changed.notify_all();
    }

    pub(super) fn is_broken(&self) -> bool {
        self.state.lock().is_broken
    }

    /// The printer's thread ends.
    pub(super) fn thread_ended(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        state.is_gone = true;
        drop(state);
        self.backlog.end();
        self.changed.notify_all();
        self.drained.notify_waiters();
    }

    pub(super) async fn gone(&self) {
        loop {
            let notified = self.drained.notified();
            if self.state.lock().is_gone {
                return;
            }
            notified.await;
        }
    }

    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits for the next thing to write; `None` when closed and done.
    pub(super) fn next(&self) -> Option<Job> {
        let mut state = self.state.lock();
        loop {
            if state.is_closed {
                return state.last_job();
            }
            if let Some(job) = state.job(Instant::now()) {
                return Some(job);
            }
            let is_showing = !state.editor && state.prompted.is_some() && state.is_anything();
            let is_showing = is_showing && !state.is_held;
            let maybe_drawn_at = is_showing
                || state.in_flight.as_ref().is_some_and(|it| it.maybe_drawn_at.is_some());
            if maybe_drawn_at && (is_showing || state.phase == Phase::Editing) {
                let _timed_out = self.changed.wait_for(&mut state, REDRAW_SETTLE);
            } else {
                self.changed.wait(&mut state);
            }
        }
    }

    /// What [`next`](Self::next) returned is written; `took` if it was a frame.
    pub(super) fn wrote(&self, last_frame_time: Option<Duration>, failed: bool) {
        let mut state = self.state.lock();
        state.is_writing = false;
        state.is_broken |= failed;
        state.last_frame_time = last_frame_time.or(state.last_frame_time);
        state.settle();
        self.backlog.wrote(mem::take(&mut state.taken));
        drop(state);
        self.changed.notify_all();
        self.drained.notify_waiters();
    }

    /// The editor's queue took it, or the editor is gone and it must be printed another way.
    pub(super) fn handed_over(&self, taken: bool) {
        let mut state = self.state.lock();
        state.is_handing_over = false;
        let count = mem::take(&mut state.taken);
        if taken {
            state.settle();
            self.backlog.wrote(count);
        } else {
            state.editor = false;
            state.phase = Phase::Away;
            if let Some(InFlight { text, .. }) = state.in_flight.take()
                && text != REPAINT
            {
                state.outputs.push_front(text);
            }
        }
        drop(state);
        self.changed.notify_all();
        self.drained.notify_waiters();
    }
}

impl State {
    fn job(&mut self, now: Instant) -> Option<Job> {
        if self.is_held {
            return None;
        }
        if !self.editor || self.phase == Phase::Away {
            self.repaint = false;
            // rustyline writes the prompt, and does not report when it has.
            let is_showing = |at| now.saturating_duration_since(at) < REDRAW_SETTLE;
            if !self.editor && self.prompted.is_some_and(is_showing) {
                return None;
            }
            return self.plain();
        }
        if self.phase != Phase::Editing {
            return None;
        }
        let maybe_drawn_at = self.in_flight.as_ref().and_then(|in_flight| in_flight.maybe_drawn_at);
        if maybe_drawn_at.is_some_and(|at| now.saturating_duration_since(at) >= REDRAW_SETTLE) {
            self.in_flight = None;
        }
        if self.in_flight.is_some() {
            return None;
        }
        let (text, frame) = self
            .take()
            .or_else(|| mem::take(&mut self.repaint).then(|| (REPAINT.to_owned(), false)))?;
        self.is_handing_over = true;
        let in_flight = InFlight { text: text.clone(), since: now, frame, maybe_drawn_at: None };
        self.in_flight = Some(in_flight);
        Some(Job::Above { text })
    }

    /// The output left when closed, with what the editor took and never drew.
    fn last_job(&mut self) -> Option<Job> {
        if let Some(InFlight { text, maybe_drawn_at: None, .. }) = self.in_flight.take()
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
        self.is_writing = true;
        if !self.editor && self.prompted.take().is_some() {
            // On a line below the prompt and what may be typed there.
            text.insert(0, '\n');
        }
        Some(Job::Plain { text, frame })
    }

    /// Whether the editor has output to draw: a line that is taken away now would come before it.
    fn is_drawing(&self) -> bool {
        let is_output = |it: &InFlight| it.maybe_drawn_at.is_none() && it.text != REPAINT;
        self.phase == Phase::Editing
            && !self.is_gone
            && (!self.outputs.is_empty() || self.in_flight.as_ref().is_some_and(is_output))
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

    /// Counts what was taken as written; what was submitted meanwhile still waits.
    fn settle(&mut self) {
        self.written = self.submitted.saturating_sub(self.outputs.len() as u64);
    }

    fn arrived(&mut self, now: Instant) {
        if let Some(in_flight) = self.in_flight.take()
            && in_flight.frame
        {
            self.last_frame_time = Some(now - in_flight.since);
        }
    }
}

/// Makes the editor draw its prompt again, and nothing else: up and down one row.
const REPAINT: &str = "\x1b[A\n";
/// A redraw this soon after a key may be that key's.
const SAME_REDRAW: Duration = Duration::from_millis(2);
/// A redraw that may have been for the text in flight was, if no other follows within this time.
const REDRAW_SETTLE: Duration = Duration::from_millis(50);
