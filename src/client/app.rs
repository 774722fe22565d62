//! Loadable call control: what an app is, and how events find it.
//!
//! The trait stands here and not in the `apps` layer above, because [`Client::load_app`] needs it;
//! `apps` holds the apps themselves.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::mpsc;

use super::{Client, Error, Inner, Session};
use crate::listener::{EventListener, Seen};
use crate::model::{self, Event, Id};
use crate::track::{Change, What};

/// What a callback of an app returns.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Call control that reacts to the events of its sessions.
///
/// An app gets the events of sessions that carry its id: those that were originated with it, and
/// the legs that came back with our header. Events of one session are handled in order, those of
/// different sessions at the same time. A callback that fails or panics is logged with event and
/// uuid; the next event goes on.
pub trait App: Send + Sync + 'static {
    /// The name it is loaded under unless told otherwise.
    fn name(&self) -> &str;

    /// The events, or CUSTOM subclasses, that it wants.
    fn events(&self) -> &[&str];

    /// Handles one event of one of its sessions.
    fn on_event<'a>(&'a self, session: &'a Session, event: &'a Event) -> Handling<'a>;

    /// Runs before the first event. When it fails, nothing of the app is left.
    fn set_up<'a>(&'a self, client: &'a Client) -> Handling<'a> {
        let _unused = client;
        Box::pin(async { Ok(()) })
    }

    /// Runs when the app is unloaded.
    fn tear_down<'a>(&'a self, client: &'a Client) -> Handling<'a> {
        let _unused = client;
        Box::pin(async { Ok(()) })
    }
}

/// The loaded apps of a client. The same table is what the tap in the reader's task looks at.
#[derive(Default, Clone)]
pub(super) struct Apps {
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    loaded: Vec<Loaded>,
    /// The listener that the tap sits in.
    tapped: Option<Id<EventListener>>,
}

#[derive(Clone)]
struct Loaded {
    id: Id<model::App>,
    name: String,
    app: Arc<dyn App>,
}

impl Apps {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of a loaded app, by its name or id.
    pub(super) fn id(&self, name_or_id: &str) -> Result<Id<model::App>, Error> {
        self.find(name_or_id).map(|loaded| loaded.id)
    }

    pub(super) fn name(&self, id: &Id<model::App>) -> Option<String> {
        self.find(id.as_str()).ok().map(|loaded| loaded.name)
    }

    fn find(&self, name_or_id: &str) -> Result<Loaded, Error> {
        let table = self.table();
        let found = table.loaded.iter().find(|loaded| loaded.is(name_or_id));
        found.cloned().ok_or_else(|| Error::NoSuchApp { name: name_or_id.to_owned() })
    }
}

impl Loaded {
    fn is(&self, name_or_id: &str) -> bool {
        self.id.as_str() == name_or_id || self.name.eq_ignore_ascii_case(name_or_id)
    }
}

impl Client {
    /// Loads an app under its own name and returns its id, a fresh uuid.
    ///
    /// Loading is atomic: subscriptions are made, then the set-up runs, and only then do events
    /// reach it; when a step fails nothing of it is left.
    ///
    /// # Errors
    /// [`Error::NoListener`], [`Error::ListenerNotRunning`], [`Error::AppLoaded`],
    /// [`Error::AppSetup`].
    pub async fn load_app(&self, app: impl App) -> Result<Id<model::App>, Error> {
        let name = app.name().to_owned();
        self.load_app_as(Arc::new(app), &name).await
    }

    /// As [`Client::load_app`], under another name: for a second copy of one app.
    ///
    /// # Errors
    /// As [`Client::load_app`].
    pub async fn load_app_as(
        &self,
        app: Arc<dyn App>,
        name: &str,
    ) -> Result<Id<model::App>, Error> {
        let listener = self.running_listener()?;
        if let Ok(loaded) = self.apps().find(name) {
            return Err(Error::AppLoaded { name: loaded.name, id: loaded.id.to_string() });
        }
        let host = self.config().host();
        tracing::info!(target: "switchy.Client", host, "Loading call app '{name}'");
        let known = listener.subscriptions();
        let wanted = app.events().iter().copied();
        let new: Vec<&str> =
            wanted.filter(|kind| !known.iter().any(|known| known == kind)).collect();
        if !new.is_empty() {
            listener.subscribe(&new).await?;
        }
        if let Err(err) = app.set_up(self).await {
            if !new.is_empty() {
                listener.unsubscribe(&new).await?;
            }
            return Err(Error::AppSetup { name: name.to_owned(), source: Box::new(err) });
        }
        let id = Id::random();
        self.apps().table().loaded.push(Loaded { id: id.clone(), name: name.to_owned(), app });
        self.route_events_of(&listener);
        Ok(id)
    }

    /// Gives the loaded apps the events of the assigned listener, after another one was assigned:
    /// subscribes to what they want and begins to hand events over.
    ///
    /// # Errors
    /// [`Error::NoListener`], [`Error::ListenerNotRunning`]; [`Error::Listener`] when the server
    /// refuses a subscription.
    pub async fn restore_apps(&self) -> Result<(), Error> {
        let wanted: Vec<String> = {
            let table = self.apps().table();
            let kinds = table.loaded.iter().flat_map(|loaded| loaded.app.events());
            kinds.map(|kind| (*kind).to_owned()).collect()
        };
        if wanted.is_empty() {
            return Ok(());
        }
        let listener = self.running_listener()?;
        let known = listener.subscriptions();
        let new: Vec<String> = wanted.into_iter().filter(|kind| !known.contains(kind)).collect();
        if !new.is_empty() {
            listener.subscribe(&new).await?;
        }
        self.route_events_of(&listener);
        Ok(())
    }

    /// Begins to hand the events of a listener to apps, unless that is so already.
    fn route_events_of(&self, listener: &EventListener) {
        let is_tapped = {
            let mut table = self.apps().table();
            let is_tapped = table.tapped.as_ref() == Some(listener.id());
            table.tapped = Some(listener.id().clone());
            is_tapped
        };
        if !is_tapped {
            let mut router = Router::new(&self.inner, listener);
            listener.tap(move |seen| router.route(seen));
        }
    }

    /// Unloads an app, by name or id: its tear-down runs, no event reaches it any more. Its calls
    /// go on, without an app. Subscriptions that no other app wants are dropped.
    ///
    /// # Errors
    /// [`Error::NoSuchApp`]; an error of the tear-down, after which it is unloaded all the same.
    pub async fn unload_app(&self, name_or_id: &str) -> Result<Id<model::App>, Error> {
        let (loaded, unused) = {
            let mut table = self.apps().table();
            let found = table.loaded.iter().position(|loaded| loaded.is(name_or_id));
            let Some(at) = found else {
                return Err(Error::NoSuchApp { name: name_or_id.to_owned() });
            };
            let loaded = table.loaded.remove(at);
            let is_used = |kind: &&str| {
                crate::listener::DEFAULT_EVENTS.contains(kind)
                    || table.loaded.iter().any(|other| other.app.events().contains(kind))
            };
            let unused: Vec<String> = loaded
                .app
                .events()
                .iter()
                .filter(|kind| !is_used(kind))
                .map(|kind| (*kind).to_owned())
                .collect();
            (loaded, unused)
        };
        let torn_down = loaded.app.tear_down(self).await;
        if !unused.is_empty()
            && let Ok(listener) = self.running_listener()
        {
            listener.unsubscribe(&unused).await?;
        }
        torn_down.map(|()| loaded.id)
    }

    /// The loaded apps: name and id, in the order of their loading.
    #[must_use]
    pub fn loaded_apps(&self) -> Vec<(String, Id<model::App>)> {
        let table = self.apps().table();
        table.loaded.iter().map(|loaded| (loaded.name.clone(), loaded.id.clone())).collect()
    }

    pub(super) fn apps(&self) -> &Apps {
        &self.inner.apps
    }
}

/// Finds the app of an event, in the reader's task, and hands the event to its session's worker.
struct Router {
    /// Weak, because the client holds the listener, and the listener this.
    client: Weak<Inner>,
    listener: Id<EventListener>,
    lost: Arc<AtomicU64>,
    workers: HashMap<Id<model::Session>, mpsc::Sender<Work>>,
}

struct Work {
    app: Arc<dyn App>,
    session: Session,
    event: Event,
}

/// How many events of one session may wait for its app.
const ROOM: usize = 256;

impl Router {
    fn new(client: &Arc<Inner>, listener: &EventListener) -> Self {
        Self {
            client: Arc::downgrade(client),
            listener: listener.id().clone(),
            lost: listener.lost_counter(),
            workers: HashMap::new(),
        }
    }

    /// Returns `false` when its client is gone or listens elsewhere now.
    fn route(&mut self, seen: &Seen<'_>) -> bool {
        if let Change::Session { session, what: What::Gone { .. }, .. } = seen.change {
            // The worker ends when it has handled what waits.
            self.workers.remove(session);
            return true;
        }
        let Some(client) = self.client.upgrade().map(|inner| Client { inner }) else {
            return false;
        };
        {
            let table = client.apps().table();
            if table.tapped.as_ref() != Some(&self.listener) {
                return false;
            }
            if table.loaded.is_empty() {
                return true;
            }
        }
        let Some(id) = seen.event.unique_id() else { return true };
        let Some(session) = seen.tracker.session(&id) else { return true };
        let Some(app) = session.app.as_ref() else { return true };
        // Only ids that we issued select an app: an INVITE can carry any header.
        let Ok(loaded) = client.apps().find(app.as_str()) else { return true };
        if loaded.id != *app || !loaded.app.events().contains(&&*seen.event.kind()) {
            return true;
        }
        let work = Work {
            app: loaded.app,
            session: Session::new(client, session.clone()),
            event: seen.event.detached(),
        };
        // No event tells of sessions that ended while the connection was down.
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
        true
    }
}

async fn worker(mut inbox: mpsc::Receiver<Work>) {
    while let Some(work) = inbox.recv().await {
        let (uuid, kind) = (work.session.id.clone(), work.event.kind().into_owned());
        let name = work.app.name().to_owned();
        // A task of its own, so that a panic in an app ends one callback and nothing else.
        let handling =
            tokio::spawn(async move { work.app.on_event(&work.session, &work.event).await });
        match handling.await {
            Ok(Ok(())) => {}
            Ok(Err(err)) => tracing::error!(app = name, %uuid, event = kind, %err, "app failed"),
            Err(err) => tracing::error!(app = name, %uuid, event = kind, %err, "app panicked"),
        }
    }
}
