//! Making the calls of a plan.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Plan, Report};
use crate::client::{Client, Error, Originate};
use crate::listener::{Changes, Job};
use crate::model::{Id, SessionInfo};
use crate::track::{Change, What};

/// A load: one kind of call, made again and again.
#[derive(Debug, Clone)]
pub struct Load {
    client: Client,
    call: Originate,
    plan: Plan,
}

impl Load {
    /// A load that makes `call` as the plan says. Nothing happens before [`Load::run`].
    #[must_use]
    pub fn new(client: Client, call: Originate, plan: Plan) -> Self {
        Self { client, call, plan }
    }

    /// Makes all calls, waits for their ends and reports.
    ///
    /// # Cancel safety
    /// Dropping the future stops making calls; those that are up stay up: `hupall` ends them.
    ///
    /// # Errors
    /// [`Error::NoListener`] and others when the first call cannot even be asked for. A call that
    /// fails later is counted.
    pub async fn run(&self) -> Result<Report, Error> {
        let changes = self.client.listener()?.changes();
        let room = Arc::new(Semaphore::new(self.plan.limit));
        let (made, outcomes) = mpsc::channel(self.plan.limit.max(16));
        let ledger = tokio::spawn(ledger(changes, outcomes));
        let mut calls = JoinSet::new();
        let (mut due, mut is_first) = (Instant::now(), true);
        for gap in self.plan.arrivals() {
            due += gap;
            tokio::time::sleep_until(due).await;
            let place = match Arc::clone(&room).try_acquire_owned() {
                Ok(place) => place,
                Err(_full) => {
                    // The semaphore is never closed.
                    let Ok(place) = Arc::clone(&room).acquire_owned().await else { break };
                    // What waited for room is not caught up with: the rate is a limit.
                    due = due.max(Instant::now());
                    place
                }
            };
            let one = One { client: self.client.clone(), call: self.call.clone(), place };
            let (hold, made) = (self.plan.hold, made.clone());
            if std::mem::take(&mut is_first) {
                let asked = one.client.originate(&one.call).await;
                let asked = match asked {
                    Err(err @ Error::Api { .. }) => Err(err),
                    Err(err) => return Err(err),
                    Ok(job) => Ok(job),
                };
                calls.spawn(one.live(asked, hold, made));
            } else {
                // The next call does not wait for the server's reply to this one.
                calls.spawn(async move {
                    let asked = one.client.originate(&one.call).await;
                    one.live(asked, hold, made).await;
                });
            }
        }
        while calls.join_next().await.is_some() {}
        drop(made);
        let mut report = ledger.await.unwrap_or_default();
        report.finish();
        Ok(report)
    }
}

/// One call of a load, and its place among those that run at a time.
struct One {
    client: Client,
    call: Originate,
    place: OwnedSemaphorePermit,
}

impl One {
    /// Waits for its answer, holds it and hangs it up; a call that was not even made is counted.
    async fn live(self, asked: Result<Job, Error>, hold: Duration, made: mpsc::Sender<Made>) {
        let job = match asked {
            Ok(job) => job,
            Err(err) => {
                let _told = made.send(Made::Refused(err.to_string())).await.is_ok();
                return;
            }
        };
        let answer = job.get(LONGEST_RING).await;
        let Some(session) = job.sess_uuid().cloned() else {
            let text = answer.unwrap_or_else(|err| err.to_string());
            let _told = made.send(Made::Refused(text)).await.is_ok();
            return;
        };
        let outcome = match &answer {
            Ok(_answered) => Made::SessionInfo(session.clone()),
            Err(err) => Made::Failed(session.clone(), err.to_string()),
        };
        let _told = made.send(outcome).await.is_ok();
        if answer.is_ok() {
            tokio::time::sleep(hold).await;
            if let Some(session) = self.client.session(&session)
                && let Err(err) = session.hangup().await
            {
                tracing::warn!(uuid = %session.id(), %err, "a call of the load is not ended");
            }
        }
        drop(self.place);
    }
}

/// What became of an originate.
enum Made {
    /// Answered; the end will come as a change.
    SessionInfo(Id<SessionInfo>),
    /// Not answered.
    Failed(Id<SessionInfo>, String),
    /// Not even made.
    Refused(String),
}

/// Counts calls as they end, until all that were made are accounted for.
async fn ledger(mut changes: Changes, mut outcomes: mpsc::Receiver<Made>) -> Report {
    let mut report = Report::default();
    let (mut open, mut counted): (HashSet<Id<SessionInfo>>, HashSet<Id<SessionInfo>>) =
        Default::default();
    let mut is_making = true;
    while is_making || !open.is_empty() {
        let next = tokio::time::timeout(LAST_END, async {
            tokio::select! {
                made = outcomes.recv(), if is_making => Ok(made),
                update = changes.next() => Err(update),
            }
        });
        match next.await {
            Ok(Ok(Some(made))) => {
                report.offered += 1;
                match made {
                    Made::SessionInfo(id) if !counted.contains(&id) => drop(open.insert(id)),
                    Made::SessionInfo(_) => {}
                    Made::Failed(id, cause) if counted.insert(id.clone()) => {
                        report.count_unmade(cause.trim_start_matches("-ERR "));
                    }
                    Made::Failed(..) => {}
                    Made::Refused(text) => report.count_unmade(text.trim_start_matches("-ERR ")),
                }
            }
            Ok(Ok(None)) => is_making = false,
            Ok(Err(Some(update))) => {
                let Some(leg) = update.session.filter(|_| update.is_own) else { continue };
                let is_end = matches!(update.change, Change::Session { what: What::Ended, .. });
                if is_end && leg.id.as_str() == leg.call.as_str() && counted.insert(leg.id.clone())
                {
                    open.remove(&leg.id);
                    report.count(&leg);
                }
            }
            Ok(Err(None)) => return report,
            // Nothing happens any more: the ends that are missing were lost.
            Err(_elapsed) if !is_making => return report,
            Err(_elapsed) => {}
        }
    }
    report
}

/// A call that rings longer is left to its own time-out.
const LONGEST_RING: Duration = Duration::from_secs(120);

/// How long the last ends may take to come.
const LAST_END: Duration = Duration::from_secs(10);
