//! One command and the place for its reply: an end for who asks, an end for the driver.
//!
//! The two know of each other until the last byte: a command whose asker has gone before it was
//! written is not written any more, and an asker whose time is up learns whether it was.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::sink::Reply;
use crate::wire::Command;

/// Both ends for a command that is waited for until then, if not for ever.
pub(super) fn pair(
    command: Command,
    until: Option<Instant>,
    room: OwnedSemaphorePermit,
) -> (Slot, Answer) {
    let shared = Arc::new(Shared { command, until, state: Mutex::new(State::Waiting(None)) });
    (Slot { shared: Arc::clone(&shared), _room: room }, Answer(shared))
}

/// The driver's end. Dropped without an answer, it resolves the reply as missing.
pub(super) struct Slot {
    shared: Arc<Shared>,
    /// Its place in the queue.
    _room: OwnedSemaphorePermit,
}

/// The asker's end: the reply, or why there is none.
pub(super) struct Answer(Arc<Shared>);

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoReply {
    /// The connection ended before it.
    Lost,
    /// The time was up before anything was written.
    NotSent,
    /// The time was up, and the server may still carry it out.
    TimedOut,
}

struct Shared {
    command: Command,
    until: Option<Instant>,
    state: Mutex<State>,
}

enum State {
    /// Not written; whom to wake.
    Waiting(Option<Waker>),
    /// Written, in whole or in part.
    Written(Option<Waker>),
    Answered(Reply),
    /// The asker has gone.
    Left,
    /// There will be no reply.
    NoReply(NoReply),
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl Slot {
    pub(super) fn command(&self) -> &Command {
        &self.shared.command
    }

    /// When the asker stops to wait.
    pub(super) fn until(&self) -> Option<Instant> {
        self.shared.until
    }

    pub(super) fn is_waited_for(&self) -> bool {
        matches!(*self.shared.state(), State::Waiting(_) | State::Written(_))
    }

    /// The command is about to be written. `false` when it is not waited for any more.
    pub(super) fn mark_written(&self) -> bool {
        let mut state = self.shared.state();
        match &mut *state {
            State::Waiting(waker) => {
                *state = State::Written(waker.take());
                true
            }
            State::Left | State::NoReply(_) => false,
            State::Written(_) | State::Answered(_) => true,
        }
    }

    /// Not a byte of it was written after all.
    pub(super) fn unmark_written(&self) {
        let mut state = self.shared.state();
        if let State::Written(waker) = &mut *state {
            *state = State::Waiting(waker.take());
        }
    }

    /// The time is up. Returns whom to wake.
    pub(super) fn expire(&self) -> Option<Waker> {
        let mut state = self.shared.state();
        let (waker, missing) = match &mut *state {
            State::Waiting(waker) => (waker.take(), NoReply::NotSent),
            State::Written(waker) => (waker.take(), NoReply::TimedOut),
            State::Answered(_) | State::Left | State::NoReply(_) => return None,
        };
        *state = State::NoReply(missing);
        waker
    }

    /// Hands the reply over. `false` when the asker has gone.
    pub(super) fn answer(self, reply: Reply) -> bool {
        self.end(State::Answered(reply))
    }

    fn end(&self, end: State) -> bool {
        let mut state = self.shared.state();
        match &mut *state {
            State::Waiting(waker) | State::Written(waker) => {
                let waker = waker.take();
                *state = end;
                drop(state);
                if let Some(waker) = waker {
                    waker.wake();
                }
                true
            }
            State::Answered(_) | State::Left | State::NoReply(_) => false,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let _was_waited_for = self.end(State::NoReply(NoReply::Lost));
    }
}

impl Answer {
    pub(super) fn command(&self) -> &Command {
        &self.0.command
    }

    /// Whether the server may have got a part of the command.
    pub(super) fn is_out(&self) -> bool {
        match *self.0.state() {
            State::Waiting(_) | State::Left | State::NoReply(NoReply::NotSent) => false,
            State::Written(_) | State::Answered(_) | State::NoReply(_) => true,
        }
    }
}

impl Future for Answer {
    type Output = Result<Reply, NoReply>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.state();
        match &mut *state {
            State::Waiting(waker) | State::Written(waker) => {
                match waker {
                    Some(known) => known.clone_from(cx.waker()),
                    None => *waker = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
            State::NoReply(missing) => Poll::Ready(Err(*missing)),
            State::Answered(_) | State::Left => match std::mem::replace(&mut *state, State::Left) {
                State::Answered(reply) => Poll::Ready(Ok(reply)),
                _ => Poll::Ready(Err(NoReply::Lost)),
            },
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let before = std::mem::replace(&mut *self.0.state(), State::Left);
        drop(before);
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").field(self.command()).finish()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::sync::Semaphore;

    use super::*;

    fn ends() -> (Slot, Answer) {
        let room = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        pair(Command::api("status").unwrap(), None, room)
    }

    fn poll(answer: &mut Answer) -> Poll<Result<Reply, NoReply>> {
        Pin::new(answer).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[limited::test]
    fn an_asker_that_leaves_takes_its_command_back_until_it_is_written() {
        let (slot, answer) = ends();
        drop(answer);
        assert!(!slot.mark_written());
        let (slot, answer) = ends();
        assert!(slot.mark_written());
        slot.unmark_written();
        drop(answer);
        assert!(!slot.mark_written());
        let (slot, answer) = ends();
        assert!(slot.mark_written());
        drop(answer);
        assert!(!slot.answer(Reply::Api(Bytes::new())));
    }

    #[limited::test]
    fn an_asker_whose_time_is_up_learns_whether_its_command_was_written() {
        let (slot, mut answer) = ends();
        assert!(poll(&mut answer).is_pending() && slot.is_waited_for());
        assert!(slot.expire().is_some());
        assert_eq!(poll(&mut answer), Poll::Ready(Err(NoReply::NotSent)));
        assert!(!slot.mark_written() && !slot.is_waited_for());
        let (slot, mut answer) = ends();
        assert!(slot.mark_written() && slot.expire().is_none());
        assert_eq!(poll(&mut answer), Poll::Ready(Err(NoReply::TimedOut)));
        assert!(!slot.answer(Reply::Api(Bytes::new())));
    }

    #[limited::test]
    fn a_reply_or_the_end_reaches_the_asker_once() {
        let (slot, mut answer) = ends();
        assert!(poll(&mut answer).is_pending());
        assert!(slot.mark_written() && slot.answer(Reply::Api(Bytes::from_static(b"UP"))));
        assert_eq!(poll(&mut answer), Poll::Ready(Ok(Reply::Api(Bytes::from_static(b"UP")))));
        assert_eq!(poll(&mut answer), Poll::Ready(Err(NoReply::Lost)));
        let (slot, mut answer) = ends();
        drop(slot);
        assert_eq!(poll(&mut answer), Poll::Ready(Err(NoReply::Lost)));
    }
}
