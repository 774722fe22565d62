//! The task that owns a socket: it writes orders, hands replies to slots and events to the sink.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::{mpsc, watch};

use super::handshake::Intake;
use super::liveness::Progress;
use super::slot::Slot;
use super::{CloseReason, Reply, Sink};
use crate::wire::{Decoder, Frame};

/// How many commands may wait to be taken, and how many may wait to be written or for their reply.
/// Beyond it a sender waits.
pub(super) const QUEUE: usize = 1024;

/// How much is read at once. Large reads are what makes a flood cheap; the buffer is reused as
/// soon as the events in it are dropped.
const READ_SIZE: usize = 256 << 10;

/// With less room than this the buffer grows.
const MIN_READ: usize = 64 << 10;

/// One write carries about so much, so that what is stalled can be taken back.
const WRITE_SIZE: usize = 64 << 10;

#[derive(Debug)]
pub(super) struct Driver<R, W, S> {
    reader: R,
    writer: W,
    decoder: Decoder,
    buf: BytesMut,
    /// The last read was a large one.
    is_flood: bool,
    inbox: mpsc::Receiver<Slot>,
    /// Taken and not written: their askers may still go.
    unwritten: VecDeque<Slot>,
    /// One for each command written, oldest first. A slot outlives its asker.
    slots: VecDeque<Slot>,
    outgoing: Outgoing,
    notice: Option<String>,
    /// We said `exit`: the end is ours, whatever the server says about it.
    is_leaving: bool,
    sink: S,
    closing: watch::Sender<Option<CloseReason>>,
    progress: Arc<Progress>,
    /// How many replies came.
    answered: u64,
}

/// What goes out next: the rest of a command that was cut, then whole ones.
#[derive(Debug, Default)]
struct Outgoing {
    bytes: Vec<u8>,
    /// How much of it belongs to the cut one.
    rest: usize,
    /// The whole ones, each with the end of its bytes.
    batch: Vec<(usize, Slot)>,
    /// The socket took nothing the last time.
    is_blocked: bool,
}

impl<R, W, S> Driver<R, W, S>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
    S: Sink,
{
    pub(super) fn new(
        reader: R,
        writer: W,
        intake: Intake,
        inbox: mpsc::Receiver<Slot>,
        sink: S,
        closing: watch::Sender<Option<CloseReason>>,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            reader,
            writer,
            decoder: intake.decoder,
            buf: intake.buf,
            is_flood: false,
            inbox,
            unwritten: VecDeque::new(),
            slots: VecDeque::new(),
            outgoing: Outgoing::default(),
            notice: None,
            is_leaving: false,
            sink,
            closing,
            progress,
            answered: 0,
        }
    }

    pub(super) async fn run(mut self, cuts: watch::Receiver<Option<CloseReason>>) {
        let reason = tokio::select! {
            biased;
            reason = cut(cuts) => reason,
            reason = self.serve() => reason,
        };
        tracing::debug!(%reason, "connection ended");
        // The reason first: an asker whose slot is dropped looks for it.
        self.closing.send_replace(Some(reason.clone()));
        self.slots.clear();
        self.unwritten.clear();
        self.outgoing.batch.clear();
        self.sink.closed(&reason);
        // The inbox last: who waits for the end shall find the sink told.
        self.inbox.close();
        while self.inbox.try_recv().is_ok() {}
    }

    async fn serve(&mut self) -> CloseReason {
        // Frames may have come together with the reply to the login.
        if let Err(reason) = self.drain() {
            return reason;
        }
        poll_fn(|cx| self.poll(cx)).await
    }

    /// Reads, takes and writes until nothing moves. Ready when the connection ends.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let mut has_moved = true;
        while has_moved {
            has_moved = false;
            for step in [Self::poll_read, Self::poll_take, Self::poll_write] {
                match step(self, cx) {
                    Poll::Ready(Ok(())) => has_moved = true,
                    Poll::Ready(Err(reason)) => return Poll::Ready(reason),
                    Poll::Pending => {}
                }
            }
        }
        let oldest = self.slots.front().map(|slot| slot.command().shape());
        self.progress.note(self.answered, oldest);
        Poll::Pending
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        // In a flood always to the front of the same memory; a short reply leaves the rest for more.
        let room = if self.is_flood { READ_SIZE } else { MIN_READ };
        if self.buf.capacity() - self.buf.len() < room {
            self.buf.reserve(READ_SIZE);
        }
        match pin!(self.reader.read_buf(&mut self.buf)).poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(0)) => Poll::Ready(Err(self.end_of_stream())),
            Poll::Ready(Ok(count)) => {
                self.is_flood = count >= MIN_READ / 4;
                Poll::Ready(self.drain())
            }
            Poll::Ready(Err(err)) => Poll::Ready(Err(self.failed(err))),
        }
    }

    /// Takes what was ordered, as far as there is room.
    fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        let mut has_taken = false;
        while self.unwritten.len() + self.slots.len() < QUEUE {
            match self.inbox.poll_recv(cx) {
                Poll::Pending => break,
                // The last handle is gone.
                Poll::Ready(None) => return Poll::Ready(Err(CloseReason::Dropped)),
                Poll::Ready(Some(slot)) => self.unwritten.push_back(slot),
            }
            has_taken = true;
        }
        if has_taken { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Writes what is wanted, many commands at once.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        self.outgoing.gather(&mut self.unwritten);
        if self.outgoing.bytes.is_empty() {
            return Poll::Pending;
        }
        match Pin::new(&mut self.writer).poll_write(cx, &self.outgoing.bytes) {
            Poll::Pending => {
                self.outgoing.wrote(0, &mut self.slots, &mut self.unwritten);
                Poll::Pending
            }
            Poll::Ready(Ok(0)) => Poll::Ready(Err(self.end_of_stream())),
            Poll::Ready(Ok(count)) => {
                let before = self.slots.len();
                self.outgoing.wrote(count, &mut self.slots, &mut self.unwritten);
                let mut new = self.slots.iter().skip(before);
                self.is_leaving |= new.any(|slot| slot.command().is_exit());
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(err)) => Poll::Ready(Err(self.failed(err))),
        }
    }

    fn drain(&mut self) -> Result<(), CloseReason> {
        loop {
            match self.decoder.decode(&mut self.buf) {
                Ok(Some(frame)) => self.handle(frame),
                Ok(None) => {
                    self.sink.flush();
                    return Ok(());
                }
                Err(err) => {
                    self.sink.flush();
                    return Err(CloseReason::Broken(err));
                }
            }
        }
    }

    fn handle(&mut self, frame: Frame) {
        match frame {
            Frame::Event(event) => self.sink.event(event),
            Frame::Log(line) => self.sink.log(line),
            Frame::Reply(reply) => self.answer(Reply::Command(reply)),
            Frame::Api(body) => self.answer(Reply::Api(body)),
            Frame::Disconnect(notice) if !notice.lingers() => {
                let text = notice.text();
                self.notice = text.lines().next().map(str::to_owned);
            }
            other => tracing::debug!(?other, "frame without use"),
        }
    }

    fn answer(&mut self, reply: Reply) {
        self.answered += 1;
        match self.slots.pop_front() {
            Some(slot) => {
                if !slot.answer(reply) {
                    tracing::debug!("the asker left, its reply is dropped");
                }
            }
            None => tracing::warn!(?reply, "a reply that nobody asked for"),
        }
    }

    fn end_of_stream(&mut self) -> CloseReason {
        self.announced_end().unwrap_or(CloseReason::EndOfStream)
    }

    fn failed(&mut self, err: io::Error) -> CloseReason {
        self.announced_end().unwrap_or_else(|| CloseReason::Io(Arc::new(err)))
    }

    /// The end was announced: by our own `exit`, or by a notice.
    fn announced_end(&mut self) -> Option<CloseReason> {
        if self.is_leaving {
            return Some(CloseReason::Dropped);
        }
        self.notice.take().map(|notice| CloseReason::Notice { notice })
    }
}

/// Waits until somebody wants the socket closed, and says why.
async fn cut(mut cuts: watch::Receiver<Option<CloseReason>>) -> CloseReason {
    match cuts.wait_for(Option::is_some).await {
        Ok(reason) => reason.clone().unwrap_or(CloseReason::Dropped),
        // The last handle is gone.
        Err(_) => CloseReason::Dropped,
    }
}

impl Outgoing {
    /// Adds commands that are still wanted.
    fn gather(&mut self, unwritten: &mut VecDeque<Slot>) {
        // One is enough to see whether the socket takes anything again.
        let size = if self.is_blocked { 1 } else { WRITE_SIZE };
        while self.bytes.len() < size
            && let Some(slot) = unwritten.pop_front()
        {
            if slot.begin() {
                slot.command().encode(&mut self.bytes);
                self.batch.push((self.bytes.len(), slot));
            } else {
                tracing::debug!("the asker left before its command was written");
            }
        }
    }

    /// So much was written. What was begun waits for its reply now; what was not goes back, and
    /// its asker may still go.
    fn wrote(&mut self, count: usize, slots: &mut VecDeque<Slot>, unwritten: &mut VecDeque<Slot>) {
        self.is_blocked = count == 0;
        let mut start = self.rest;
        let mut begun = 0;
        for (end, _) in &self.batch {
            if start >= count {
                break;
            }
            (start, begun) = (*end, begun + 1);
        }
        for (_, slot) in self.batch.drain(begun..).rev() {
            slot.hold_back();
            unwritten.push_front(slot);
        }
        slots.extend(self.batch.drain(..).map(|(_, slot)| slot));
        self.bytes.truncate(start);
        self.bytes.drain(..count.min(start));
        self.rest = self.bytes.len();
    }
}
