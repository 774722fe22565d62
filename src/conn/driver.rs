//! The task that owns a socket: it reads, hands replies to slots and events to the sink, writes
//! what its askers did not, and ends what waits too long.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

use super::command_queue::CommandQueue;
use super::error::CloseReason;
use super::handshake::Intake;
use super::sink::{Reply, Sink};
use crate::wire::{Decoder, Frame};

/// How much is read at once. Large reads are what makes a flood cheap; the buffer is reused as
/// soon as the events in it are dropped.
const READ_SIZE: usize = 256 << 10;

/// With less room than this the buffer grows.
const MIN_READ: usize = 64 << 10;

pub(super) struct Driver<R, S> {
    reader: R,
    decoder: Decoder,
    buf: BytesMut,
    /// The last read was a large one.
    is_flood: bool,
    line: Arc<CommandQueue>,
    /// For the first command whose time will be up.
    timer: Pin<Box<Sleep>>,
    /// When the timer is set to wake the driver.
    armed: Option<Instant>,
    notice: Option<String>,
    unasked: Unasked,
    sink: S,
    closing: watch::Sender<Option<CloseReason>>,
}

impl<R, S> Driver<R, S>
where
    R: AsyncRead + Unpin + Send + 'static,
    S: Sink,
{
    pub(super) fn new(
        reader: R,
        intake: Intake,
        line: Arc<CommandQueue>,
        sink: S,
        closing: watch::Sender<Option<CloseReason>>,
    ) -> Self {
        Self {
            reader,
            decoder: intake.decoder,
            buf: intake.buf,
            is_flood: false,
            line,
            timer: Box::pin(sleep_until(Instant::now())),
            armed: None,
            notice: None,
            unasked: Unasked::default(),
            sink,
            closing,
        }
    }

    pub(super) async fn run(mut self, cuts: watch::Receiver<Option<CloseReason>>) {
        // Looked at only when it was touched: this runs for each command.
        let touched = cuts.clone();
        let mut cut = pin!(cut(cuts));
        let mut is_watched = false;
        // Frames may have come together with the reply to the login.
        let mut first = self.drain().err();
        let reason = poll_fn(|cx| {
            if !is_watched || !matches!(touched.has_changed(), Ok(false)) {
                is_watched = true;
                if let Poll::Ready(reason) = cut.as_mut().poll(cx) {
                    return Poll::Ready(reason);
                }
            }
            first.take().map_or_else(|| self.poll(cx), Poll::Ready)
        });
        let reason = reason.await;
        tracing::debug!(%reason, "connection ended");
        self.unasked.close();
        // The reason first: an asker whose slot is dropped looks for it.
        self.closing.send_replace(Some(reason.clone()));
        self.line.close_queue();
        self.sink.closed(&reason);
        // The line ends last, with the driver: a waiter for the end finds the sink notified.
    }

    /// Reads and writes until nothing moves. Ready when the connection ends.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let (mut reads, mut writes) = (true, true);
        while reads || writes {
            if reads {
                match self.poll_read(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(reason)) => return Poll::Ready(reason),
                    Poll::Pending => reads = false,
                }
            }
            match self.line.poll_write(cx) {
                Poll::Ready(Ok(())) => writes = true,
                Poll::Ready(Err(err)) => return Poll::Ready(self.failed(err)),
                Poll::Pending => writes = false,
            }
        }
        self.poll_timer(cx);
        Poll::Pending
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CloseReason>> {
        // To the front of the same memory as soon as what was read is dropped: it is in the cache.
        // A flood gets other memory rather than less; a short reply leaves the rest for more.
        let is_front = self.buf.is_empty() && self.buf.try_reclaim(READ_SIZE);
        let room = if self.is_flood { READ_SIZE } else { MIN_READ };
        if !is_front && self.buf.capacity() - self.buf.len() < room {
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

    /// One timer for all commands, set again only when it has run off or a shorter wait comes:
    /// most commands are answered long before.
    fn poll_timer(&mut self, cx: &mut Context<'_>) {
        while let Some(due) = self.line.next_deadline() {
            if self.armed != Some(due) {
                self.armed = Some(due);
                self.timer.as_mut().reset(due);
            } else if !self.timer.is_elapsed() {
                return;
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return;
            }
            self.line.expire();
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
        match self.line.answered() {
            Some(slot) => {
                if !slot.answer(reply) {
                    tracing::debug!("the asker left, its reply is dropped");
                }
            }
            None => self.unasked.count(&reply),
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
        if self.line.is_leaving() {
            return Some(CloseReason::Dropped);
        }
        self.notice.take().map(|notice| CloseReason::Notice { notice })
    }
}

/// Replies to no command of ours. A flood of them is counted, not printed.
#[derive(Debug, Default)]
struct Unasked {
    count: u64,
    said: u64,
    at: Option<Instant>,
}

impl Unasked {
    fn count(&mut self, reply: &Reply) {
        self.count += 1;
        if self.at.is_some_and(|at| at.elapsed() < BETWEEN) {
            return;
        }
        let text = reply.text();
        let start: String = text.chars().take(80).collect();
        (self.said, self.at) = (self.count, Some(Instant::now()));
        let count = self.count;
        tracing::warn!(count, %start, "the server answered what Switchy did not send");
    }

    /// Says what was counted since.
    fn close(&self) {
        if self.count > self.said {
            let count = self.count;
            tracing::warn!(count, "the server answered what Switchy did not send");
        }
    }
}

/// Between two lines about unasked replies.
const BETWEEN: Duration = Duration::from_secs(10);

/// Waits until a handle wants the socket closed, and returns why.
async fn cut(mut cuts: watch::Receiver<Option<CloseReason>>) -> CloseReason {
    match cuts.wait_for(Option::is_some).await {
        Ok(reason) => reason.clone().unwrap_or(CloseReason::Dropped),
        // The last handle is gone.
        Err(_) => CloseReason::Dropped,
    }
}

impl<R, S> Drop for Driver<R, S> {
    fn drop(&mut self) {
        self.line.end();
    }
}
