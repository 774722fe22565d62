//! The task that owns a socket: it writes orders, hands replies to slots and events to the sink.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot, watch};

use super::handshake::Intake;
use super::{CloseReason, Reply, Sink};
use crate::wire::{Command, Decoder, Frame};

/// How many commands may wait to be written, and how many may wait for their reply. Beyond it a
/// sender waits.
pub(super) const QUEUE: usize = 1024;

/// How much is read at once. Large reads are what makes a flood cheap; the buffer is reused as
/// soon as the events in it are dropped.
const READ_SIZE: usize = 256 << 10;

/// A command and who waits for its reply.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) command: Command,
    pub(super) slot: oneshot::Sender<Reply>,
}

#[derive(Debug)]
pub(super) struct Driver<R, W, S> {
    reader: R,
    writer: W,
    decoder: Decoder,
    buf: BytesMut,
    inbox: mpsc::Receiver<Order>,
    /// One slot per command written, oldest first. A slot outlives its asker.
    slots: VecDeque<oneshot::Sender<Reply>>,
    outgoing: Vec<u8>,
    written: usize,
    notice: Option<String>,
    /// We said `exit`: the end is ours, whatever the server says about it.
    is_leaving: bool,
    sink: S,
    closing: watch::Sender<Option<CloseReason>>,
    cuts: watch::Receiver<Option<CloseReason>>,
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
        inbox: mpsc::Receiver<Order>,
        sink: S,
        closing: watch::Sender<Option<CloseReason>>,
        cuts: watch::Receiver<Option<CloseReason>>,
    ) -> Self {
        Self {
            reader,
            writer,
            decoder: intake.decoder,
            buf: intake.buf,
            inbox,
            slots: VecDeque::new(),
            outgoing: Vec::new(),
            written: 0,
            notice: None,
            is_leaving: false,
            sink,
            closing,
            cuts,
        }
    }

    pub(super) async fn run(mut self) {
        let reason = self.serve().await;
        tracing::debug!(%reason, "connection ended");
        // The reason first: an asker whose slot is dropped looks for it.
        self.closing.send_replace(Some(reason.clone()));
        self.slots.clear();
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
        loop {
            self.buf.reserve(READ_SIZE);
            let is_idle = self.written == self.outgoing.len();
            tokio::select! {
                read = self.reader.read_buf(&mut self.buf) => {
                    match read {
                        Ok(0) => return self.end_of_stream(),
                        Ok(_) => if let Err(reason) = self.drain() { return reason },
                        Err(err) => return self.failed(err),
                    }
                }
                cut = self.cuts.changed() => match cut {
                    Ok(()) => if let Some(reason) = self.cuts.borrow_and_update().clone() {
                        return reason;
                    },
                    // The last handle is gone.
                    Err(_) => return CloseReason::Dropped,
                },
                order = self.inbox.recv(), if self.slots.len() < QUEUE => match order {
                    Some(order) => self.take(order),
                    None => return CloseReason::Dropped,
                },
                written = self.writer.write(rest(&self.outgoing, self.written)), if !is_idle => {
                    match written {
                        Ok(0) => return self.end_of_stream(),
                        Ok(count) => self.written += count,
                        Err(err) => return self.failed(err),
                    }
                    if self.written == self.outgoing.len() {
                        self.outgoing.clear();
                        self.written = 0;
                    }
                }
            }
        }
    }

    /// Queues an order and whatever else is ready, so that one write carries them all.
    fn take(&mut self, first: Order) {
        let mut next = Some(first);
        while let Some(order) = next {
            self.is_leaving |= order.command.is_exit();
            order.command.encode(&mut self.outgoing);
            self.slots.push_back(order.slot);
            let has_room = self.slots.len() < QUEUE;
            next = if has_room { self.inbox.try_recv().ok() } else { None };
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
        match self.slots.pop_front() {
            Some(slot) => {
                if slot.send(reply).is_err() {
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

fn rest(outgoing: &[u8], written: usize) -> &[u8] {
    outgoing.get(written..).unwrap_or_default()
}
