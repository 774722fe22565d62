//! The commands of a connection: those that wait to be written, and those that wait for a reply.
//!
//! Askers and the driver share it. Where nothing else is under way, the asker writes its command
//! itself: that saves the way over the driver's task. Otherwise the driver writes, many at once.
//! The driver also looks for those whose time is up, with one timer for all of them.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::{io, mem};

use parking_lot::{Mutex, MutexGuard};
use tokio::io::AsyncWrite;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::Instant;

use super::reply_slot::{NoReply, Slot};
use crate::wire::ReplyShape;

/// How many commands may wait to be written or for their reply. Beyond it a sender waits.
const QUEUE: usize = 2048;

/// One write carries about so much, so that what is stalled can be taken back.
const WRITE_SIZE: usize = 64 << 10;

pub(super) struct CommandQueue {
    queue: Mutex<Queue>,
    room: Arc<Semaphore>,
}

struct Queue {
    /// `None` when the connection has ended.
    writer: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    /// Their askers may still go.
    unwritten: VecDeque<Slot>,
    /// One for each command written, oldest first. A slot outlives its asker.
    slots: VecDeque<Slot>,
    outgoing: Outgoing,
    /// How an asker's own write failed: for the driver.
    failed: Option<io::Error>,
    /// How many replies came.
    answered: u64,
    /// We said `exit`: the end is ours, whatever the server says about it.
    is_leaving: bool,
    /// When the driver looks for commands whose time is up.
    due: Option<Instant>,
    driver: Option<Waker>,
    /// No command is accepted any more.
    is_over: bool,
}

/// What goes out next: the rest of a command that was cut, then whole ones.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    /// How much of it belongs to the cut one.
    rest: usize,
    /// The whole ones, each with the end of its bytes.
    batch: Vec<(usize, Slot)>,
    /// The socket took nothing the last time.
    is_blocked: bool,
}

impl CommandQueue {
    pub(super) fn new(writer: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        let queue = Queue {
            writer: Some(Box::new(writer)),
            unwritten: VecDeque::new(),
            slots: VecDeque::new(),
            outgoing: Outgoing::default(),
            failed: None,
            answered: 0,
            is_leaving: false,
            due: None,
            driver: None,
            is_over: false,
        };
        Self { queue: Mutex::new(queue), room: Arc::new(Semaphore::new(QUEUE)) }
    }

    /// Waits for a place, in the order of arrival.
    pub(super) async fn reserve(
        &self,
        until: Option<Instant>,
    ) -> Result<OwnedSemaphorePermit, NoReply> {
        match Arc::clone(&self.room).try_acquire_owned() {
            Ok(room) => return Ok(room),
            Err(TryAcquireError::Closed) => return Err(NoReply::Lost),
            Err(TryAcquireError::NoPermits) => {}
        }
        let room = Arc::clone(&self.room).acquire_owned();
        let room = match until {
            None => room.await,
            Some(until) => match tokio::time::timeout_at(until, room).await {
                Ok(room) => room,
                Err(_elapsed) => return Err(NoReply::NotSent),
            },
        };
        room.map_err(|_closed| NoReply::Lost)
    }

    /// Takes a command; writes it where nothing else is under way.
    pub(super) fn enqueue(&self, slot: Slot) {
        let mut queue = self.queue();
        if queue.is_over {
            drop(queue);
            return drop(slot);
        }
        let until = slot.until();
        let is_due_first = until.is_some_and(|until| queue.due.is_none_or(|due| until < due));
        if is_due_first {
            queue.due = until;
        }
        let is_idle = queue.slots.is_empty() && queue.is_written();
        queue.unwritten.push_back(slot);
        if is_idle {
            // What is left is the driver's, which waits for the socket with its own waker.
            let written = queue.write(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(Err(err)) = written {
                queue.failed = Some(err);
            }
        }
        let is_done = queue.is_written() && queue.failed.is_none() && !is_due_first;
        let driver = if is_done { None } else { queue.driver.clone() };
        drop(queue);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Writes what is wanted, many commands at once. Pending when nothing is left, too.
    pub(super) fn poll_write(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut queue = self.queue();
        match &mut queue.driver {
            Some(known) => known.clone_from(cx.waker()),
            None => queue.driver = Some(cx.waker().clone()),
        }
        if let Some(err) = queue.failed.take() {
            return Poll::Ready(Err(err));
        }
        if queue.is_written() { Poll::Pending } else { queue.write(cx) }
    }

    /// The slot that the next reply belongs to.
    pub(super) fn answered(&self) -> Option<Slot> {
        let mut queue = self.queue();
        queue.answered += 1;
        queue.slots.pop_front()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.queue().due
    }

    /// Answers the commands whose time is up. Those that were not written are forgotten.
    pub(super) fn expire(&self) {
        let now = Instant::now();
        let mut late = Vec::new();
        let mut queue = self.queue();
        let Queue { slots, unwritten, due, .. } = &mut *queue;
        *due = None;
        let mut is_early = |slot: &Slot| {
            let Some(until) = slot.until() else { return true };
            if until <= now {
                late.extend(slot.expire());
            } else if slot.is_waited_for() && due.is_none_or(|due| until < due) {
                *due = Some(until);
            }
            until > now
        };
        for slot in &*slots {
            is_early(slot);
        }
        unwritten.retain(is_early);
        drop(queue);
        late.into_iter().for_each(Waker::wake);
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.queue().is_leaving
    }

    /// How many replies came, and what the oldest command without one waits for.
    pub(super) fn progress(&self) -> (u64, Option<ReplyShape>) {
        let queue = self.queue();
        (queue.answered, queue.slots.front().map(|slot| slot.command().shape()))
    }

    /// Lets go of the socket. Who waits for a reply gets none.
    pub(super) fn close_queue(&self) {
        let mut queue = self.queue();
        let writer = queue.writer.take();
        let waiting = (mem::take(&mut queue.slots), mem::take(&mut queue.unwritten));
        let outgoing = mem::take(&mut queue.outgoing);
        drop(queue);
        drop((writer, waiting, outgoing));
    }

    /// Takes no more commands. Who waits with one, or for room, learns of the end.
    pub(super) fn end(&self) {
        self.close_queue();
        let mut queue = self.queue();
        queue.is_over = true;
        let (late, driver) = (mem::take(&mut queue.unwritten), queue.driver.take());
        drop(queue);
        self.room.close();
        drop((late, driver));
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock()
    }
}

impl Queue {
    fn is_written(&self) -> bool {
        self.unwritten.is_empty() && self.outgoing.bytes.is_empty()
    }

    fn write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(writer) = &mut self.writer else { return Poll::Pending };
        self.outgoing.gather(&mut self.unwritten);
        if self.outgoing.bytes.is_empty() {
            return Poll::Pending;
        }
        let written = Pin::new(writer).poll_write(cx, &self.outgoing.bytes);
        let count = match &written {
            Poll::Ready(Ok(count)) => *count,
            _ => 0,
        };
        let before = self.slots.len();
        self.outgoing.wrote(count, &mut self.slots, &mut self.unwritten);
        self.is_leaving |= self.slots.iter().skip(before).any(|slot| slot.command().is_exit());
        match written {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(Ok(_)) => Poll::Ready(Ok(())),
            Poll::Ready(Err(err)) => Poll::Ready(Err(err)),
            Poll::Pending => Poll::Pending,
        }
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
            if slot.mark_written() {
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
            slot.unmark_written();
            unwritten.push_front(slot);
        }
        slots.extend(self.batch.drain(..).map(|(_, slot)| slot));
        self.bytes.truncate(start);
        self.bytes.drain(..count.min(start));
        self.rest = self.bytes.len();
    }
}
