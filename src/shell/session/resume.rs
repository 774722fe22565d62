//! When the process stood still: what was not shown is said, and the calls are looked at anew.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::switch::Switch;
use super::{Shell, completeness};
use crate::conn::{CloseReason, Connection, WeakConnection};
use crate::listener::{EventListener, Link};
use crate::model::{CallInfo, Id};
use crate::shell::view::counted;

/// The calls that ran at one moment, by switch.
#[derive(Debug, Clone, Default)]
pub struct RunningCalls(Vec<(String, HashSet<Id<CallInfo>>)>);

impl Shell {
    /// The calls that run now.
    #[must_use]
    pub fn running_calls(&self) -> RunningCalls {
        let switches = self.switches();
        RunningCalls(switches.iter().map(|it| (it.name().to_owned(), running(it))).collect())
    }

    /// Closes the event connections of all switches, because this process is about to stand still:
    /// no server shall wait for it. Returns when the sockets are closed.
    pub async fn pause(&self) {
        self.pause_after(Duration::ZERO).await;
    }

    /// The same behind a stop: this process stood still for that time, and what the server sent then
    /// may not be complete.
    pub async fn pause_after(&self, stood_still: Duration) {
        self.inner.paused.send_replace(true);
        let others = std::mem::take(&mut self.state().others);
        for other in &others {
            other.abort(CloseReason::Paused);
        }
        let listeners = self.switches().into_iter().map(|switch| switch.listener());
        let mut pausing = JoinSet::new();
        for listener in listeners {
            pausing.spawn(async move { listener.pause_after(stood_still).await });
        }
        let _closed = pausing.join_all().await;
        for other in &others {
            let _in_time = tokio::time::timeout(SOON, other.closed()).await;
        }
    }

    /// Has another connection with events closed, too, before this process stands still.
    pub(in crate::shell) fn close_on_pause(&self, connection: &Connection) {
        let mut state = self.state();
        state.others.retain(WeakConnection::is_open);
        state.others.push(connection.downgrade());
        drop(state);
        // It may have been opened while the others were closed.
        if *self.inner.paused.borrow() {
            connection.abort(CloseReason::Paused);
        }
    }

    /// Waits until this process stands still no longer.
    pub(in crate::shell) async fn awake(&self) {
        let mut paused = self.inner.paused.subscribe();
        // The shell holds the sender.
        let _awake = paused.wait_for(|is_paused| !is_paused).await.is_ok();
    }

    /// Opens them again.
    pub fn unpause(&self) {
        self.inner.paused.send_replace(false);
        for switch in self.switches() {
            switch.listener().unpause();
        }
    }

    /// Says that this process stood still from one moment to another, and that what happened then is
    /// not shown. A new snapshot shows what became of the calls, with `before` what ran before if
    /// that is known. Returns at once.
    pub fn resumed(&self, from: Timestamp, to: Timestamp, before: Option<RunningCalls>) {
        self.narration().stood_still(from, to);
        let is_many = self.switches().len() > 1;
        let before = before.unwrap_or_default().0;
        for switch in self.switches() {
            let listener = switch.listener();
            let before = before.iter().find(|(name, _)| *name == switch.name());
            let before = before.map(|(_, calls)| calls.clone());
            let narration = Arc::clone(&self.inner.narration);
            let _task = tokio::spawn(async move {
                let Some(jobs) = is_back(&listener).await else { return };
                // One that is gone has its own line.
                if listener.resync().await.is_ok() {
                    let text = match completeness::of_calls(&switch) {
                        Some(gap) => gap.error("calls").message,
                        None => looked_again(&running(&switch), before.as_ref(), jobs),
                    };
                    let name = if is_many { String::new() } else { format!("{}: ", switch.name()) };
                    narration.report(switch.name(), &format!("{name}{text}"));
                }
            });
        }
    }
}

/// Waits until a listener that was paused is connected again, and returns how many jobs that cost.
/// Nothing when it was not connected, or will not be.
async fn is_back(listener: &EventListener) -> Option<usize> {
    let mut link = listener.link();
    if listener.is_connected() {
        return Some(0);
    }
    // Before its first attempt it still says that it is up.
    match &*link.borrow_and_update() {
        Link::Down | Link::GaveUp { .. } => return None,
        // Its own lines report this one.
        Link::Lost { reason, .. } if !matches!(reason, CloseReason::Paused) => return None,
        Link::Lost { .. } | Link::Up { .. } => {}
    }
    loop {
        link.changed().await.ok()?;
        match &*link.borrow_and_update() {
            Link::Up { gap } => return Some(gap.map_or(0, |gap| gap.jobs)),
            Link::Lost { .. } => {}
            Link::Down | Link::GaveUp { .. } => return None,
        }
    }
}

fn running(switch: &Switch) -> HashSet<Id<CallInfo>> {
    switch.listener().calls().into_iter().map(|call| call.id).collect()
}

/// A socket is closed at once; nothing else is worth waiting for while a stop is due.
const SOON: Duration = Duration::from_millis(300);

/// `meanwhile 3 calls ended, 2 new; 12 calls now`
fn looked_again(
    now: &HashSet<Id<CallInfo>>,
    before: Option<&HashSet<Id<CallInfo>>>,
    jobs: usize,
) -> String {
    let running = counted(now.len(), "call");
    let text = match before {
        None => format!("looked again: {running} now"),
        Some(before) => {
            let ended = counted(before.difference(now).count(), "call");
            let new = now.difference(before).count();
            format!("meanwhile {ended} ended, {new} new; {running} now")
        }
    };
    match jobs {
        0 => text,
        jobs => format!("{text}; the outcome of {} is unknown", counted(jobs, "job")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn what_became_of_the_calls() {
        let calls = |ids: &[&str]| ids.iter().map(|id| Id::new(id)).collect::<HashSet<_>>();
        let (before, now) = (calls(&["a", "b", "c"]), calls(&["c", "d"]));
        assert_eq!(
            looked_again(&now, Some(&before), 0),
            "meanwhile 2 calls ended, 1 new; 2 calls now"
        );
        assert_eq!(
            looked_again(&before, None, 1),
            "looked again: 3 calls now; the outcome of 1 job is unknown"
        );
    }
}
