//! How events find the app that they are for.

use super::DEFAULT;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use tokio::sync::mpsc;

use super::{App, AppContext, AtWork, LoadedApp};
use crate::client::handle::{Client, Inner};
use crate::client::session::Session;
use crate::listener::{EventListener, Seen};
use crate::model;
use crate::model::{Association, Event, Id};
use crate::track::{Change, Tracker, What};

/// Finds the app of an event, in the reader's task, and hands the event to its session's worker.
pub(super) struct Router {
    /// Not the client itself: the listener, which holds this, is held by the client.
    client: Weak<Inner>,
    number: u64,
    lost: Arc<AtomicU64>,
    workers: HashMap<Id<model::SessionInfo>, mpsc::Sender<Work>>,
    /// Ids that no app has, and sessions with one that is not theirs, that were reported.
    unknown: HashSet<Id<model::App>>,
}

struct Work {
    name: Arc<str>,
    apps: Vec<Arc<dyn App>>,
    session: Session,
    event: Event,
    at_work: AtWork,
}

/// How many events of one session may wait for its app.
const ROOM: usize = 256;

/// How many unknown ids are remembered.
const UNKNOWN: usize = 1000;

impl Router {
    pub(super) fn new(client: &Client, listener: &EventListener, number: u64) -> Self {
        let (client, lost) = (Arc::downgrade(&client.inner), listener.lost_counter());
        Self { client, number, lost, workers: HashMap::new(), unknown: HashSet::new() }
    }

    /// Returns `false` when its client is gone or listens elsewhere now.
    pub(super) fn route(&mut self, seen: &Seen<'_>) -> bool {
        let Some(client) = self.client.upgrade().map(Client::of) else {
            return false;
        };
        if !client.apps().is_tap(self.number) {
            return false;
        }
        self.deliver(&client, seen);
        if let Change::Session { session, what: What::Gone { .. }, .. } = seen.change {
            // The worker ends when it has handled what waits.
            self.workers.remove(session);
        }
        true
    }

    fn deliver(&mut self, client: &Client, seen: &Seen<'_>) {
        if client.apps().is_empty() {
            return;
        }
        let Some(id) = seen.event.unique_id() else { return };
        let session = match seen.change {
            // It is no longer among the living, but its last event is an event too.
            Change::Session { session, call, what: What::Gone { .. } } => {
                seen.tracker.leg(call, session)
            }
            _ => seen.tracker.session(&id),
        };
        let Some(session) = session else { return };
        let Some(app) = self.app(client, seen.tracker, session) else { return };
        let kind = seen.event.kind();
        let apps: Vec<_> =
            app.parts.iter().filter(|part| part.events().contains(&&*kind)).cloned().collect();
        if apps.is_empty() {
            return;
        }
        let work = Work {
            name: app.name,
            apps,
            session: Session::new(client.for_app(), session.clone()),
            event: seen.event.detached(),
            at_work: client.apps().begin_work(),
        };
        // No event reports sessions that ended while the connection was down.
        if self.workers.len() == self.workers.capacity() {
            self.workers.retain(|id, _| seen.tracker.session(id.as_str()).is_some());
        }
        let worker = self.workers.entry(session.id.clone()).or_insert_with(|| {
            let (sender, inbox) = mpsc::channel(ROOM);
            // It ends with its session: the sender is dropped above.
            let _task = tokio::spawn(worker(inbox));
            sender
        });
        if worker.try_send(work).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(uuid = %session.id, "an app does not keep up, an event is lost to it");
        }
    }

    /// The app of a session: the one whose id it carries, else the one called `default`. Only ids
    /// of loaded apps select one, and one that came with an INVITE only where the call is one that
    /// we began: anybody can put any header into an INVITE.
    fn app(
        &mut self,
        client: &Client,
        tracker: &Tracker,
        session: &model::SessionInfo,
    ) -> Option<LoadedApp> {
        let apps = client.apps();
        if let Some(id) = &session.app {
            match apps.with_id(id) {
                Some(loaded) if loaded.takes_foreign || is_genuine(tracker, session) => {
                    return Some(loaded);
                }
                Some(_) if self.tells_of(&session.id.cast()) => {
                    tracing::warn!(uuid = %session.id, from = %session.caller_number, "the id of an app came with an INVITE that is no part of a call of ours; it is ignored");
                }
                None if id != client.id() && self.tells_of(id) => {
                    tracing::debug!(uuid = %session.id, "no app has the id '{id}', its sessions go to '{DEFAULT}'");
                }
                _ => {}
            }
        }
        apps.default()
    }

    /// Whether something is to be reported: once, and not without end.
    fn tells_of(&mut self, id: &Id<model::App>) -> bool {
        self.unknown.len() < UNKNOWN && self.unknown.insert(id.clone())
    }
}

/// Whether a session's app id is ours to believe: it did not come from the network, or the call is
/// one that we asked for, whose far end may be heard of first, or that began with a session of this
/// switch that has the same id.
fn is_genuine(tracker: &Tracker, session: &model::SessionInfo) -> bool {
    if session.app_association != Some(Association::Header) {
        return true;
    }
    if tracker.is_own_call(&session.call) {
        return true;
    }
    let legs = tracker.legs(&session.call);
    let mut trusted = legs.iter().filter(|leg| leg.id != session.id && leg.app == session.app);
    trusted.any(|leg| leg.app_association != Some(Association::Header))
}

async fn worker(mut inbox: mpsc::Receiver<Work>) {
    while let Some(Work { name, apps, session, event, at_work }) = inbox.recv().await {
        let (uuid, kind) = (session.id().clone(), event.kind().into_owned());
        for app in apps {
            let (session, event) = (session.clone(), event.clone());
            // A separate task, so that a panic in an app ends one callback and nothing else.
            let handling = tokio::spawn(async move {
                app.on_event(AppContext { session: &session, event: &event }).await
            });
            match handling.await {
                Ok(Ok(())) => {}
                Ok(Err(err)) => {
                    tracing::error!(app = &*name, %uuid, event = kind, %err, "app failed");
                }
                Err(err) => {
                    tracing::error!(app = &*name, %uuid, event = kind, %err, "app panicked");
                }
            }
        }
        drop(at_work);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::{EventData, Format};

    fn leg(id: &str, header: &str) -> Event {
        let text = format!("Event-Name: CHANNEL_CREATE\nUnique-ID: {id}\n{header}\n\n");
        Event::new(EventData::new(Format::Plain, Bytes::from(text)))
    }

    fn believes(tracker: &Tracker, id: &str) -> bool {
        let session = tracker.session(id).unwrap();
        assert_eq!(session.app.as_ref().map(Id::as_str), Some("app"), "{id}");
        is_genuine(tracker, session)
    }

    #[limited::test]
    fn an_app_id_of_an_invite_is_believed_where_the_call_is_ours() {
        let invite = "variable_sip_h_X-switchy_app: app\n\
                      variable_sip_h_X-switchy_originating_session: a";
        let mut tracker = Tracker::new();
        tracker.apply(&leg("b", invite));
        assert!(!believes(&tracker, "b"), "anybody can write that");
        // The far end is heard of before the end that we asked for.
        let mut tracker = Tracker::new();
        tracker.expect_session(Id::new("a"));
        tracker.apply(&leg("b", invite));
        assert!(believes(&tracker, "b"));
        tracker.apply(&leg("a", "variable_switchy_app: app"));
        assert!(believes(&tracker, "a") && believes(&tracker, "b"));
        // Another client's call, whose first end is on this switch.
        let mut tracker = Tracker::new();
        tracker.apply(&leg("a", "variable_switchy_app: app"));
        tracker.apply(&leg("b", invite));
        assert!(believes(&tracker, "a") && believes(&tracker, "b"));
        // Its first end carries another app's id.
        let mut tracker = Tracker::new();
        tracker.apply(&leg("a", "variable_switchy_app: other"));
        tracker.apply(&leg("b", invite));
        assert!(!believes(&tracker, "b"));
    }
}
