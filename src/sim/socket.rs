//! One client socket: bytes in, bytes out. What they mean is the world's business.
//!
//! # Invariants
//! - One request is with the world at a time; the next is read when it has been answered.
//! - The world never waits for a socket. What a client does not read piles up to a bound; then the
//!   world drops the client.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};

use super::Gate;
use super::record::Record;
use super::world::Control;
use crate::wire::{Request, RequestDecoder};

/// A request on its way to the world; dropping `done` lets the socket read on.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) socket: u64,
    pub(super) request: Request,
    pub(super) done: oneshot::Sender<()>,
}

/// The world's end of a socket's write queue.
#[derive(Debug)]
pub(super) struct Outlet {
    queue: mpsc::UnboundedSender<Out>,
    queued: Arc<AtomicUsize>,
    split: Arc<AtomicUsize>,
    kill: Option<oneshot::Sender<()>>,
}

#[derive(Debug)]
enum Out {
    Data(Bytes),
    /// Nothing is written for so long.
    Stall(Duration),
    /// Everything before goes out, then the socket is closed. Holds the kill switch so that it
    /// stays unused until then.
    Close(#[expect(dead_code, reason = "held, not read")] Option<oneshot::Sender<()>>),
}

/// What may wait in the queue of one socket: 64 MiB, some thirteen thousand events.
const BACKLOG: usize = 64 << 20;

impl Outlet {
    /// Queues bytes; `false` when the backlog is full or the socket is gone.
    pub(super) fn send(&self, bytes: &Bytes) -> bool {
        let before = self.queued.fetch_add(bytes.len(), Ordering::Relaxed);
        before <= BACKLOG && self.queue.send(Out::Data(bytes.clone())).is_ok()
    }

    /// Closes the socket behind what is queued. Dropping the outlet instead cuts at once.
    pub(super) fn close(mut self) {
        let kill = self.kill.take();
        // A writer that is gone already is closed already.
        let _gone = self.queue.send(Out::Close(kill));
    }

    /// Writes nothing for so long; what is queued meanwhile waits.
    pub(super) fn stall(&self, time: Duration) {
        // A writer that is gone is silent already.
        let _gone = self.queue.send(Out::Stall(time));
    }

    /// Writes in pieces of this size from now on; 0 is whole frames.
    pub(super) fn split(&self, size: usize) {
        self.split.store(size, Ordering::Relaxed);
    }
}

/// The other end of an [`Outlet`].
#[derive(Debug)]
pub(super) struct Inlet {
    queue: mpsc::UnboundedReceiver<Out>,
    queued: Arc<AtomicUsize>,
    split: Arc<AtomicUsize>,
    killed: oneshot::Receiver<()>,
}

/// Makes the write queue of a new socket.
pub(super) fn pair() -> (Outlet, Inlet) {
    let (tx, rx) = mpsc::unbounded_channel();
    let (kill, killed) = oneshot::channel();
    let (queued, split) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let outlet =
        Outlet { queue: tx, queued: queued.clone(), split: split.clone(), kill: Some(kill) };
    (outlet, Inlet { queue: rx, queued, split, killed })
}

/// Serves one stream until either side closes it.
pub(super) async fn run<S>(id: u64, stream: S, inlet: Inlet, gate: Gate)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (reader, writer) = tokio::io::split(stream);
    let mut writing = std::pin::pin!(write(id, writer, inlet, gate.record.clone()));
    let reading = read(id, reader, gate.clone());
    tokio::select! {
        () = &mut writing => {}
        () = reading => {
            gate.control(Control::Gone(id));
            writing.await;
        }
    }
    gate.control(Control::Gone(id));
}

async fn read<S: AsyncRead>(id: u64, mut reader: ReadHalf<S>, gate: Gate) {
    let (mut decoder, mut buf) = (RequestDecoder::new(), BytesMut::with_capacity(4096));
    loop {
        match decoder.decode(&mut buf) {
            Ok(Some(request)) => {
                gate.record.request(id, &request);
                let (done, answered) = oneshot::channel();
                if gate.ask(Asked { socket: id, request, done }).await.is_err() {
                    return;
                }
                // The world drops its end: there is no value to wait for.
                let _dropped = answered.await;
            }
            Ok(None) => match reader.read_buf(&mut buf).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            Err(_) => return,
        }
    }
}

async fn write<S: AsyncWrite>(id: u64, mut writer: WriteHalf<S>, mut inlet: Inlet, record: Record) {
    loop {
        let out = tokio::select! {
            biased;
            _ = &mut inlet.killed => break,
            out = inlet.queue.recv() => out,
        };
        let bytes = match out {
            Some(Out::Data(bytes)) => bytes,
            Some(Out::Stall(time)) => {
                tokio::select! {
                    biased;
                    _ = &mut inlet.killed => break,
                    () = tokio::time::sleep(time) => continue,
                }
            }
            Some(Out::Close(_)) | None => break,
        };
        record.written(id, &bytes);
        let size = inlet.split.load(Ordering::Relaxed);
        let written = tokio::select! {
            biased;
            _ = &mut inlet.killed => break,
            written = pieces(&mut writer, &bytes, size) => written,
        };
        inlet.queued.fetch_sub(bytes.len(), Ordering::Relaxed);
        if written.is_err() {
            break;
        }
    }
    // The client may be gone: nobody is left to tell.
    let _closed = writer.shutdown().await;
}

async fn pieces<S: AsyncWrite>(
    writer: &mut WriteHalf<S>,
    bytes: &[u8],
    size: usize,
) -> std::io::Result<()> {
    if size == 0 {
        writer.write_all(bytes).await?;
        return writer.flush().await;
    }
    for piece in bytes.chunks(size) {
        writer.write_all(piece).await?;
        writer.flush().await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}
