//! The call that `last` stands for.

use super::LAST;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{By, Named, Purpose, described, has_ended, is_own};
use crate::client::Started;
use crate::model::{CallInfo, Id, JobState, Outcome, SessionInfo};
use crate::shell::commands::context::Context;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::view::Format;
use crate::track::Tracker;

/// What completion and help say of it.
pub(in crate::shell) const LAST_MEANS: &str = "the call that this shell started last";

/// The call that `last` stands for.
#[derive(Debug)]
pub(in crate::shell) enum Last {
    /// This shell started it, and it runs.
    Running(CallInfo),
    /// This shell started it, and it has ended.
    Ended(CallInfo),
    /// This shell started it; no channel of it is known.
    NoCall(Started),
    /// This shell started none: the newest call of others.
    Stranger { call: CallInfo, is_running: bool },
    /// No call is known.
    Nothing,
}

impl Context<'_> {
    /// The call that `last` stands for, once its originate has a channel or a result, and a failed
    /// one has ended: both take a moment.
    pub(in crate::shell) async fn settled_last(&mut self) -> Result<Last, CommandError> {
        let listener = self.listener()?;
        let (mut changes, end) = (listener.changes(), Instant::now() + A_MOMENT);
        loop {
            let last = self.last()?;
            let is_settled = match &last {
                Last::NoCall(started) => {
                    !matches!(started.state(), JobState::Pending | JobState::Done(Outcome::Ok(_)))
                }
                Last::Running(_) => !self.has_last_failed()?,
                _ => true,
            };
            if is_settled || Instant::now() >= end {
                return Ok(last);
            }
            // The result of a job comes without a change of a call.
            let _change = timeout(LOOK_AGAIN, changes.next()).await;
        }
    }

    /// The call that `last` stands for now.
    pub(in crate::shell) fn last(&self) -> Result<Last, CommandError> {
        let (client, listener) = (self.client()?, self.listener()?);
        if let Some(started) = client.last_started() {
            let session = started.session();
            let found =
                session.and_then(|id| listener.with(|tracker| call_of_session(tracker, &id)));
            return Ok(match found {
                Some((call, true)) => Last::Running(call),
                Some((call, false)) => Last::Ended(call),
                None => Last::NoCall(started),
            });
        }
        Ok(listener.with(|tracker| {
            // A recording says which calls were the shell's.
            let running = tracker.calls().rev().find(|call| is_own(tracker, call));
            let ended = tracker.ended().rev().find(|call| is_own(tracker, call)).cloned();
            match (running, ended) {
                (Some(call), ended)
                    if ended.as_ref().is_none_or(|x| x.created() < call.created()) =>
                {
                    Last::Running(call)
                }
                (_, Some(call)) => Last::Ended(call),
                _ => newest(tracker),
            }
        }))
    }

    /// Whether the originate of `last` failed.
    pub(in crate::shell) fn has_last_failed(&self) -> Result<bool, CommandError> {
        Ok(self.client()?.last_started().is_some_and(|started| started.failure().is_some()))
    }

    /// Says that `last`, which is read, is a call of others.
    pub(in crate::shell) fn note_stranger(&mut self, call: &CallInfo) -> Result<(), CommandError> {
        match self.format() {
            Format::Table | Format::Vertical => {
                self.note(&format!("last is not yours: {}", described(call)))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn named_last(&mut self) -> Result<Named, CommandError> {
        let call = match self.settled_last().await? {
            Last::Running(call) => call,
            Last::Stranger { call, is_running: true } if self.purpose == Purpose::Read => {
                self.note_stranger(&call)?;
                call
            }
            Last::Stranger { call, is_running: true } => {
                let message = format!("last is not yours: {}", described(&call));
                return Err(CommandError::new(Kind::Refused, message).hint(format!(
                    "this shell has started no call; name that one by its id: {}",
                    self.short(&call)
                )));
            }
            Last::Ended(call) => return Err(self.with_older(has_ended(&call), &call.id)),
            Last::NoCall(started) => {
                return Err(self.with_older(no_channel(&started), &Id::new("")));
            }
            Last::Stranger { .. } | Last::Nothing => {
                return Err(self.no_call("no call is running", LAST));
            }
        };
        let leg = call.lead().cloned().ok_or_else(|| has_ended(&call))?;
        Ok(Named { call, leg, is_leg: false, by: By::Id })
    }

    /// Another call of this shell is not what `last` stands for: it has to be named.
    fn with_older(&self, err: CommandError, last: &Id<CallInfo>) -> CommandError {
        let Ok(listener) = self.listener() else { return err };
        let older = listener.with(|tracker| {
            tracker.calls().rev().find(|call| call.id != *last && is_own(tracker, call))
        });
        match older {
            Some(call) => err.hint(format!(
                "your call {} is older and still runs: name it by its id",
                described(&call)
            )),
            None => err,
        }
    }
}

/// How long the channel of an originate, or the end of a failed one, may take.
const A_MOMENT: Duration = Duration::from_secs(2);

const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The call that an originate's session is in, or was in, and whether it runs.
pub(in crate::shell) fn call_of_session(
    tracker: &Tracker,
    id: &Id<SessionInfo>,
) -> Option<(CallInfo, bool)> {
    let call = tracker.session(id.as_str()).map(|leg| leg.call.clone());
    // Of several tries the first may have ended: the call keeps its name.
    let name = call.as_ref().map_or(id.as_str(), Id::as_str);
    if let Some(call) = tracker.call(name) {
        return Some((call, true));
    }
    let has = |call: &&CallInfo| {
        call.id.as_str() == id.as_str() || call.sessions.iter().any(|leg| leg.id == *id)
    };
    tracker.ended().rev().find(has).map(|call| (call.clone(), false))
}

fn newest(tracker: &Tracker) -> Last {
    let running = tracker.calls().next_back().map(|call| (call, true));
    let ended = || tracker.ended().next_back().map(|call| (call.clone(), false));
    match running.or_else(ended) {
        Some((call, is_running)) => Last::Stranger { call, is_running },
        None => Last::Nothing,
    }
}

/// Why `last` has no channel.
fn no_channel(started: &Started) -> CommandError {
    let (message, hint) = match started.state() {
        JobState::Done(Outcome::Failed(text)) => (
            format!("last has failed: {}", sanitise::line(text.trim())),
            "\"why last\" explains it",
        ),
        JobState::Pending => (
            "last has no channel yet: its originate is pending".to_owned(),
            "\"expect ringing last\" waits for it",
        ),
        JobState::Done(Outcome::Ok(_)) => {
            ("last is not known any more".to_owned(), "\"calls\" shows what is running")
        }
        JobState::Unknown => (
            "last is not known: the connection was lost before its originate had a result"
                .to_owned(),
            "\"calls\" shows what is running",
        ),
    };
    CommandError::new(Kind::Refused, message).hint(hint)
}
