//! The only thing that writes to the terminal: answers and events, never into the typed line.
//!
//! One thread writes. While a line is edited it goes through the editor, which draws above its
//! prompt; otherwise straight to standard output. The [`Arbiter`] decides which of the two holds.
//!
//! # Invariants
//! Output is never lost and keeps its order. Of events one frame may be under way; while it is,
//! there is no room for the next, and the sampler folds on. Nothing waits for the terminal but this
//! thread, and the editor thread before it shows a prompt.
use std::io::Write;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use parking_lot::Mutex;
pub(crate) use terminal_arbiter::Arbiter;
use terminal_arbiter::Job;

use crate::cli::terminal;
use crate::shell::{Pace, wrap};

pub(in crate::cli) mod fold;
pub(in crate::cli) mod terminal_arbiter;

/// A handle to the printer thread; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    arbiter: Arc<Arbiter>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// Where text goes.
pub(crate) struct Target {
    /// Draws above the line being edited; absent without a terminal that can do that.
    pub(crate) above: Option<Above>,
    /// Takes everything else.
    pub(crate) plain: Box<dyn Write + Send>,
}

/// Hands text to the line editor, and fails when the editor is gone.
pub(crate) struct Above(Box<dyn FnMut(String) -> io::Result<()> + Send>);

impl Above {
    pub(crate) fn new(print: impl FnMut(String) -> io::Result<()> + Send + 'static) -> Self {
        Self(Box::new(print))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("above", &self.above.is_some()).finish_non_exhaustive()
    }
}

impl Printer {
    /// Starts the thread.
    pub(crate) fn spawn(arbiter: Arc<Arbiter>, target: Target) -> io::Result<Self> {
        arbiter.open(target.above.is_some());
        let shared = Arc::clone(&arbiter);
        let thread = thread::Builder::new().name("printer".to_owned()).spawn(move || {
            let gone = Gone(&shared);
            run(&shared, target);
            drop(gone);
        })?;
        Ok(Self { arbiter, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// Prints `text`, after everything that was handed over before. Does not wait.
    pub(crate) fn output(&self, text: String) {
        self.arbiter.output(ended(text));
    }

    /// Prints a text for people, its lines broken at words where they are wider than the terminal.
    pub(crate) fn say(&self, text: &str) {
        self.output(wrap(text, terminal::size().0).into_owned());
    }

    /// Lets what prints without end wait for the terminal.
    pub(crate) fn pace(&self) -> Pace {
        self.arbiter.pace()
    }

    /// Waits until all output handed over so far is on its way to the terminal.
    pub(crate) async fn flush(&self) {
        self.arbiter.flush().await;
    }

    /// Waits, for a short time, until the editor has drawn what was handed over: a prompt that is
    /// taken away before that would stand above its own answer.
    pub(crate) async fn drawn(&self) {
        // A terminal that takes nothing draws nothing.
        let _in_time = tokio::time::timeout(DRAWN, self.arbiter.drawn_all()).await;
    }

    /// Writes what was handed over so far, then nothing until [`release`](Self::release). Not to be
    /// called while a line is edited. Blocks.
    pub(crate) fn hold(&self) {
        self.arbiter.hold();
    }

    /// Writes again.
    pub(crate) fn release(&self) {
        self.arbiter.away();
    }

    /// Says whether a frame would be taken now. Ask before taking one from the sampler.
    pub(crate) fn ready(&self) -> bool {
        self.arbiter.ready()
    }

    /// Prints a frame of events, or returns false while the last one is still under way.
    pub(crate) fn frame(&self, text: String) -> bool {
        self.arbiter.frame(ended(text))
    }

    /// Returns how long the terminal took for the last frame, once per frame.
    pub(crate) fn last_frame_time(&self) -> Option<Duration> {
        self.arbiter.last_frame_time()
    }

    /// Draws the prompt again, in case what it shows has changed.
    pub(crate) fn repaint(&self) {
        self.arbiter.repaint();
    }

    /// Waits until the thread is gone, and nothing is written any more.
    pub(crate) async fn gone(&self) {
        self.arbiter.gone().await;
    }

    /// Says whether standard output is gone: a reader like `head` has seen enough.
    pub(crate) fn is_broken(&self) -> bool {
        self.arbiter.is_broken()
    }

    /// Prints what is left and ends the thread.
    pub(crate) fn close(&self) {
        self.arbiter.close();
        let thread = self.thread.lock().take();
        // A printer that panicked has nothing left to print.
        drop(thread.map(JoinHandle::join));
    }
}

/// Reports the end of the thread to the arbiter, after a panic too, so that nothing waits for it.
struct Gone<'a>(&'a Arbiter);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.thread_ended();
    }
}

fn run(arbiter: &Arbiter, mut target: Target) {
    while let Some(job) = arbiter.next() {
        match job {
            Job::Plain { text, frame } => {
                let started = Instant::now();
                let written = target.plain.write_all(text.as_bytes());
                let written = written.and_then(|()| target.plain.flush());
                arbiter.wrote(frame.then(|| started.elapsed()), written.is_err());
            }
            Job::Above { text } => {
                let print = target.above.as_mut().map(|Above(print)| print(text));
                arbiter.handed_over(matches!(print, Some(Ok(()))));
            }
        }
    }
}

/// Ends `text` in one line break, and its colors before that.
fn ended(mut text: String) -> String {
    if text.is_empty() {
        return text;
    }
    if text.ends_with('\n') {
        text.pop();
    }
    if text.contains('\x1b') && !text.ends_with(RESET) {
        text.push_str(RESET);
    }
    text.push('\n');
    text
}

/// An editor that lives has drawn by then.
const DRAWN: Duration = Duration::from_millis(300);

const RESET: &str = "\x1b[0m";

#[cfg(test)]
mod tests;
