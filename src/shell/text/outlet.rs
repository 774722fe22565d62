//! Text on its way out: a thread writes it, and whatever takes it may take its time.
//!
//! # Invariants
//! - No task of ours waits in a write: a task that does keeps sockets from being read.
//! - What writes without end keeps pace (see [`Pace`]): no more than [`MOST`] bytes wait, and what
//!   comes in meanwhile is dropped and counted where it comes from.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{fmt, io, mem, thread};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Takes text at once; a separate thread writes it. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Outlet {
    parts: Sender<String>,
    backlog: Arc<Backlog>,
    failed: Arc<Mutex<Option<io::Error>>>,
}

impl Outlet {
    /// Starts the thread. It ends when all handles are gone and everything is written.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn spawn(to: impl Write + Send + 'static) -> io::Result<Self> {
        let (parts, waiting) = channel();
        let outlet = Self { parts, backlog: Arc::default(), failed: Arc::default() };
        let (backlog, failed) = (Arc::clone(&outlet.backlog), Arc::clone(&outlet.failed));
        thread::Builder::new().name("outlet".to_owned()).spawn(move || {
            if let Err(err) = write(to, &waiting, &backlog) {
                *failed.lock() = Some(err);
            }
            backlog.end();
        })?;
        Ok(outlet)
    }

    /// Lets what writes without end wait for this.
    pub(crate) fn pace(&self) -> Pace {
        Pace(Arc::clone(&self.backlog))
    }

    /// Waits until everything is written, the start of a line too, or cannot be.
    pub(crate) async fn settled(&self) {
        self.backlog.add(FLUSH);
        if self.parts.send(String::new()).is_ok() {
            self.pace().settled().await;
        }
    }

    /// Waits until nothing can be written any more.
    #[cfg(any(feature = "cli", test))]
    pub(crate) async fn gone(&self) {
        self.backlog.until(|_| false).await;
    }

    /// Why nothing can be written any more; `None` while it can.
    pub(crate) fn with_failure<T>(&self, look: impl FnOnce(&io::Error) -> T) -> Option<T> {
        self.failed.lock().as_ref().map(look)
    }
}

impl fmt::Write for Outlet {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.backlog.is_gone() {
            return Err(fmt::Error);
        }
        if text.is_empty() {
            return Ok(());
        }
        self.backlog.add(text.len());
        self.parts.send(text.to_owned()).map_err(|_gone| fmt::Error)
    }
}

/// Writes whole lines; the start of one waits for its end, for an empty part, or for the last.
fn write(mut to: impl Write, parts: &Receiver<String>, backlog: &Backlog) -> io::Result<()> {
    let mut text = String::new();
    while let Ok(part) = parts.recv() {
        let (mut count, mut is_flushed) = (0, false);
        for part in std::iter::once(part).chain(parts.try_iter()) {
            count += if part.is_empty() { FLUSH } else { part.len() };
            is_flushed = part.is_empty();
            text.push_str(&part);
            if is_flushed || text.len() >= AT_ONCE {
                break;
            }
        }
        let end = if is_flushed { text.len() } else { text.rfind('\n').map_or(0, |at| at + 1) };
        let rest = text.split_off(end);
        let whole = mem::replace(&mut text, rest);
        if !whole.is_empty() || is_flushed {
            to.write_all(whole.as_bytes())?;
            to.flush()?;
        }
        backlog.wrote(count);
    }
    to.write_all(text.as_bytes())?;
    to.flush()
}

/// What a flush counts for, so that it can be waited for.
const FLUSH: usize = 1;

/// One write carries about so much.
const AT_ONCE: usize = 64 << 10;

/// What was handed over and not yet written.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    bytes: AtomicUsize,
    is_gone: AtomicBool,
    written: Notify,
}

impl Backlog {
    /// Adds to the bytes that wait.
    pub(crate) fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes from the bytes that wait.
    pub(crate) fn wrote(&self, bytes: usize) {
        let less = |waiting: usize| Some(waiting.saturating_sub(bytes));
        let _was = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        self.written.notify_waiters();
    }

    /// Nothing is taken any more.
    pub(crate) fn end(&self) {
        self.is_gone.store(true, Ordering::Relaxed);
        self.written.notify_waiters();
    }

    pub(in crate::shell) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Relaxed)
    }

    /// Waits until it is gone, or what waits is as wanted.
    async fn until(&self, is_wanted: impl Fn(usize) -> bool) {
        loop {
            // notify_waiters() wakes every Notified that exists, polled or not.
            let written = self.written.notified();
            if self.is_gone() || is_wanted(self.bytes.load(Ordering::Relaxed)) {
                return;
            }
            written.await;
        }
    }
}

/// Lets what writes without end wait for its reader.
#[derive(Debug, Clone)]
pub(crate) struct Pace(Arc<Backlog>);

impl Pace {
    /// That of a backlog.
    pub(crate) fn of(backlog: &Arc<Backlog>) -> Self {
        Self(Arc::clone(backlog))
    }

    /// Waits until the reader has caught up, or is gone.
    pub(in crate::shell) async fn keep(&self) {
        self.0.until(|bytes| bytes < MOST).await;
    }

    /// Waits until all whole lines are written, or the reader is gone.
    pub(in crate::shell) async fn settled(&self) {
        self.0.until(|bytes| bytes == 0).await;
    }
}

/// How many bytes may wait for a reader.
const MOST: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::Duration;

    use super::*;

    /// Takes a write when it is let, and hands it on.
    struct Slow(Receiver<()>, Sender<String>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.send(String::from_utf8_lossy(bytes).into_owned()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[limited::test]
    async fn a_writer_that_stalls_holds_up_what_keeps_pace_and_nothing_else() {
        let (let_through, allowed) = channel();
        let (taken, written) = channel();
        let mut outlet = Outlet::spawn(Slow(allowed, taken)).unwrap();
        let pace = outlet.pace();
        let line = format!("{}\n", "x".repeat(1023));
        for _line in 0..2 * MOST / line.len() {
            outlet.write_str(&line).unwrap();
        }
        let keeps = tokio::time::timeout(Duration::from_millis(50), pace.keep()).await;
        assert!(keeps.is_err(), "twice as much as may wait");
        for _write in 0..1000 {
            let_through.send(()).unwrap();
        }
        pace.keep().await;
        outlet.write_str("the start of a line").unwrap();
        outlet.settled().await;
        let all: String = written.try_iter().collect();
        assert_eq!(all.len(), 2 * MOST + 19);
        assert!(all.ends_with("the start of a line"));
        // A reader that leaves is noticed, and ends every wait.
        drop((let_through, written));
        outlet.write_str("more\n").unwrap();
        outlet.gone().await;
        assert!(outlet.write_str("more\n").is_err());
        assert!(outlet.with_failure(|_| ()).is_some());
        outlet.settled().await;
    }

    #[limited::test]
    async fn lines_are_written_whole() {
        let (let_through, allowed) = channel();
        let (taken, written) = channel();
        let mut outlet = Outlet::spawn(Slow(allowed, taken)).unwrap();
        for part in ["a", "b", "\nc"] {
            outlet.write_str(part).unwrap();
        }
        for _write in 0..10 {
            let_through.send(()).unwrap();
        }
        outlet.pace().settled().await;
        assert_eq!(written.try_iter().collect::<String>(), "ab\n");
        outlet.settled().await;
        assert_eq!(written.try_iter().collect::<String>(), "c");
    }
}
