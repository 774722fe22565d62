//! What is due, and when.

use std::collections::BTreeMap;

use super::task::Task;
use crate::model::dial::Leg;
use crate::sim::channel::farewell::Farewell;
use crate::sim::channel::reinvite::Reinvite;
use crate::sim::fault::planned::Planned;
use bytes::Bytes;

/// Actions by the moment at which they are due; those of one moment in the order they came.
/// Knows no world and no clock.
#[derive(Debug, Default)]
pub(in crate::sim) struct Agenda {
    due: BTreeMap<(u64, u64), Action>,
    ticket: u64,
}

impl Agenda {
    /// A number that no action and no caller has got yet.
    pub(in crate::sim) fn ticket(&mut self) -> u64 {
        self.ticket += 1;
        self.ticket
    }

    /// Enters an action for a moment, in microseconds since 1970.
    pub(in crate::sim) fn enter(&mut self, at: u64, action: Action) {
        let ticket = self.ticket();
        self.due.insert((at, ticket), action);
    }

    /// When the next action is due.
    pub(in crate::sim) fn next_due(&self) -> Option<u64> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// Takes the next action that is due up to this moment, with its own moment.
    pub(in crate::sim) fn take(&mut self, now: u64) -> Option<(u64, Action)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), action) = entry.remove_entry();
        Some((at, action))
    }

    /// Drops everything but planned faults: they come from outside and outlive the process.
    pub(in crate::sim) fn restart(&mut self) {
        self.due.retain(|_, action| matches!(action, Action::Fault(_)));
    }
}

/// What is due at some moment.
#[derive(Debug)]
pub(in crate::sim) enum Action {
    Heartbeat,
    AuthTimeout(u64),
    LingerEnd(u64),
    /// A late reply, or the end of `msleep`.
    Respond(u64, Bytes),
    /// The end of an api command that took its time.
    Answer(Box<super::request::ApiCall>, String),
    Leg(u64, Step),
    Task(u64),
    /// The scheduler's own thread reports a task.
    TaskEvent(&'static str, u64, Box<Task>),
    Traffic,
    Flood,
    RingTimeout(u64),
    /// A leg of an originate's lane that had to wait.
    LateLeg(u64, usize, Box<Leg>),
    OriginateReady(u64),
    /// An originate tries again.
    Redial(u64),
    /// ApiCall calls are offered to agents.
    Dispatch,
    /// The sockets of a server that goes down get a notice; then it comes back.
    ShutDown,
    /// The sockets alone end, those of their module.
    EndSockets,
    Restart,
    Fault(Planned),
}

/// The next thing that happens to a channel.
#[derive(Debug, Clone)]
pub(in crate::sim) enum Step {
    /// The INVITE arrives: the other leg comes to life.
    Invite,
    /// The channel looks into the dial plan.
    Route,
    /// The channel begins its plan.
    Execute,
    /// The application with this token is over.
    Over(u64),
    /// Queued commands wait.
    Commands,
    /// A reply of the called end.
    Ringing,
    EarlyMedia,
    Answered,
    Refused(&'static str, u16, &'static str),
    /// The other end of the wire is gone.
    PeerGone(Box<Farewell>),
    Hangup(String),
    /// The leg has rung for as long as its `leg_timeout` allows.
    LegTimeout,
    Unwind,
    /// An INVITE within the call arrives, or the answer to one's own.
    Reinvite(Reinvite),
    Reinvited(Reinvite),
    /// An INFO shows another name and number.
    Info(Box<(String, String)>),
    Digit(char, u32, &'static str),
    /// The switch looks whether the leg still gets sound.
    Listen,
    /// A window of `bert_test` is over; `true` with its last one.
    Bert(u64, bool),
}

/// When the channel's own thread notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Tick {
    /// At the next media tick, which comes every 20 ms.
    Media,
    /// Right after what runs now.
    Soon,
}

/// The name under which a joined leg waits; no event reports its end.
pub(in crate::sim) const SILENT: &str = "uuid_bridge";
