//! The two ends of a client socket inside the switch: what it asked, and what it is sent.

use crate::wire::Request;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// A request on its way to the world; dropping `done` lets the socket read on.
#[derive(Debug)]
pub(in crate::sim) struct Asked {
    pub(in crate::sim) socket: u64,
    pub(in crate::sim) request: Request,
    pub(in crate::sim) done: oneshot::Sender<()>,
}

/// The world's end of a socket's write queue.
#[derive(Debug)]
pub(in crate::sim) struct Outlet {
    queue: mpsc::UnboundedSender<Out>,
    queued: Arc<AtomicUsize>,
    split: Arc<AtomicUsize>,
    kill: Option<oneshot::Sender<()>>,
}

#[derive(Debug)]
pub(in crate::sim) enum Out {
    Data(Bytes),
    /// Nothing is written for this long.
    Stall(Duration),
    /// Everything before goes out, then the socket is closed. Holds the kill switch so that it
    /// stays unused until then.
    Close(#[expect(dead_code, reason = "held, not read")] Option<oneshot::Sender<()>>),
}

/// What may wait in the queue of one socket: 64 MiB, some thirteen thousand events.
pub(in crate::sim) const BACKLOG: usize = 64 << 20;

impl Outlet {
    /// Queues bytes; `false` when the backlog is full or the socket is gone.
    pub(in crate::sim) fn send(&self, bytes: &Bytes) -> bool {
        let before = self.queued.fetch_add(bytes.len(), Ordering::Relaxed);
        before <= BACKLOG && self.queue.send(Out::Data(bytes.clone())).is_ok()
    }

    /// Closes the socket behind what is queued. Dropping the outlet instead cuts at once.
    pub(in crate::sim) fn close(mut self) {
        let kill = self.kill.take();
        // A writer that is gone already is closed already.
        let _gone = self.queue.send(Out::Close(kill));
    }

    /// Writes nothing for this long; what is queued meanwhile waits.
    pub(in crate::sim) fn stall(&self, time: Duration) {
        // A writer that is gone is silent already.
        let _gone = self.queue.send(Out::Stall(time));
    }

    /// Writes in pieces of this size from now on; 0 is whole frames.
    pub(in crate::sim) fn split(&self, size: usize) {
        self.split.store(size, Ordering::Relaxed);
    }
}

/// The other end of an [`Outlet`].
#[derive(Debug)]
pub(in crate::sim) struct Inlet {
    pub(in crate::sim) queue: mpsc::UnboundedReceiver<Out>,
    pub(in crate::sim) queued: Arc<AtomicUsize>,
    pub(in crate::sim) split: Arc<AtomicUsize>,
    pub(in crate::sim) killed: oneshot::Receiver<()>,
}

/// Makes the write queue of a new socket.
pub(in crate::sim) fn pair() -> (Outlet, Inlet) {
    let (tx, rx) = mpsc::unbounded_channel();
    let (kill, killed) = oneshot::channel();
    let (queued, split) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let outlet =
        Outlet { queue: tx, queued: queued.clone(), split: split.clone(), kill: Some(kill) };
    (outlet, Inlet { queue: rx, queued, split, killed })
}
