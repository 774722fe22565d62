//! One command and the place for its reply: an end for who asks, an end for the driver.
//!
//! The two know of each other until the last byte: a command whose asker has gone before it was
//! written is not written any more, and an asker whose time is up learns whether it was.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Reply;
use crate::wire::Command;

/// Both ends for a command.
pub(super) fn pair(command: Command) -> (Slot, Answer) {
    let shared = Arc::new(Shared { command, state: Mutex::new(State::Waiting(None)) });
    (Slot(Arc::clone(&shared)), Answer(shared))
}

/// The driver's end. Dropped without an answer, it tells the asker that none will come.
pub(super) struct Slot(Arc<Shared>);

/// The asker's end: the reply, or `None` when the connection ended before it.
pub(super) struct Answer(Arc<Shared>);

struct Shared {
    command: Command,
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
    /// The driver has gone.
    Lost,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    pub(super) fn command(&self) -> &Command {
        &self.0.command
    }

    /// The command is about to be written. `false` when nobody wants it any more.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.0.state();
        match &mut *state {
            State::Waiting(waker) => {
                *state = State::Written(waker.take());
                true
            }
            State::Left => false,
            State::Written(_) | State::Answered(_) | State::Lost => true,
        }
    }

    /// Not a byte of it was written after all.
    pub(super) fn hold_back(&self) {
        let mut state = self.0.state();
        if let State::Written(waker) = &mut *state {
            *state = State::Waiting(waker.take());
        }
    }

    /// Hands the reply over. `false` when the asker has gone.
    pub(super) fn answer(self, reply: Reply) -> bool {
        self.end(State::Answered(reply))
    }

    fn end(&self, end: State) -> bool {
        let mut state = self.0.state();
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
            State::Answered(_) | State::Left | State::Lost => false,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let _was_waited_for = self.end(State::Lost);
    }
}

impl Answer {
    pub(super) fn command(&self) -> &Command {
        &self.0.command
    }

    /// Gives up waiting. Says whether the command was written: the server may carry it out then.
    pub(super) fn leave(&self) -> bool {
        let before = std::mem::replace(&mut *self.0.state(), State::Left);
        !matches!(before, State::Waiting(_) | State::Lost)
    }
}

impl Future for Answer {
    type Output = Option<Reply>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Reply>> {
        let mut state = self.0.state();
        match &mut *state {
            State::Waiting(waker) | State::Written(waker) => {
                match waker {
                    Some(known) => known.clone_from(cx.waker()),
                    None => *waker = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
            State::Lost => Poll::Ready(None),
            State::Answered(_) | State::Left => match std::mem::replace(&mut *state, State::Left) {
                State::Answered(reply) => Poll::Ready(Some(reply)),
                _ => Poll::Ready(None),
            },
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let _was_written = self.leave();
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

    use super::*;

    fn ends() -> (Slot, Answer) {
        pair(Command::api("status").unwrap())
    }

    fn poll(answer: &mut Answer) -> Poll<Option<Reply>> {
        Pin::new(answer).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn an_asker_that_leaves_takes_its_command_back_until_it_is_written() {
        let (slot, answer) = ends();
        assert!(!answer.leave());
        assert!(!slot.begin());
        let (slot, answer) = ends();
        assert!(slot.begin());
        slot.hold_back();
        assert!(!answer.leave());
        assert!(!slot.begin());
        let (slot, answer) = ends();
        assert!(slot.begin());
        assert!(answer.leave());
        assert!(!slot.answer(Reply::Api(Bytes::new())));
    }

    #[test]
    fn a_reply_or_the_end_reaches_the_asker_once() {
        let (slot, mut answer) = ends();
        assert!(poll(&mut answer).is_pending());
        assert!(slot.begin() && slot.answer(Reply::Api(Bytes::from_static(b"UP"))));
        assert_eq!(poll(&mut answer), Poll::Ready(Some(Reply::Api(Bytes::from_static(b"UP")))));
        assert_eq!(poll(&mut answer), Poll::Ready(None));
        let (slot, mut answer) = ends();
        drop(slot);
        assert_eq!(poll(&mut answer), Poll::Ready(None));
    }
}
