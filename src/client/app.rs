//! Loadable call control: what an app is, and how it is loaded and unloaded.
//!
//! The trait stands here and not in the `apps` layer above, because [`Client::load_app`] needs it;
//! `apps` holds the apps themselves.

mod route;

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Client, Error, Session, dial_string};
use crate::listener::EventListener;
use crate::model::{self, Event, HangupCause, Id};
use crate::track::Rules;
use route::Router;

/// What a callback of an app returns.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Call control that reacts to the events of its sessions.
///
/// An app gets the events of sessions that carry its id: those that were originated with it, and
/// the legs that came back with our header. An app loaded as `default` gets those of all other
/// sessions of the switch. Events of one session are handled in order, those of different sessions
/// at the same time. A callback that fails or panics is logged with event and uuid; the next event
/// goes on.
pub trait App: Any + Send + Sync {
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

    /// Runs when the app is unloaded, and after a set-up that failed half-way.
    fn tear_down<'a>(&'a self, client: &'a Client) -> Handling<'a> {
        let _unused = client;
        Box::pin(async { Ok(()) })
    }
}

/// How apps are loaded: under which name, with which id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadAs {
    name: Option<String>,
    id: Option<Id<model::App>>,
}

impl LoadAs {
    /// Under the name of the (first) app, with a fresh uuid.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Under another name: for a second copy of one app. `default` makes it the app of all sessions
    /// that have no other.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// With this id, one word: for instance the one that it had before a restart, so that calls of
    /// then are its calls again.
    #[must_use]
    pub fn with_id(mut self, id: &Id<model::App>) -> Self {
        self.id = Some(id.clone());
        self
    }
}

/// What becomes of the calls of an app that is unloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LiveCalls {
    /// They go on. An app that is loaded as `default` gets their events.
    #[default]
    Keep,
    /// They are hung up.
    HangUp,
}

/// An app as it was loaded. A clone is another handle to the same instance.
#[derive(Clone)]
pub struct LoadedApp {
    id: Id<model::App>,
    name: String,
    parts: Arc<[Arc<dyn App>]>,
    listener: EventListener,
    /// The subscriptions that it holds there.
    held: Vec<String>,
}

impl LoadedApp {
    /// Its id: what its sessions carry.
    #[must_use]
    pub fn id(&self) -> &Id<model::App> {
        &self.id
    }

    /// The name it is loaded under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instance, if it is (or has among its parts) one of this type.
    #[must_use]
    pub fn instance<T: App>(&self) -> Option<&T> {
        let mut parts = self.parts.iter();
        parts.find_map(|part| (part.as_ref() as &dyn Any).downcast_ref())
    }

    /// The instances that were loaded together, in order.
    #[must_use]
    pub fn parts(&self) -> &[Arc<dyn App>] {
        &self.parts
    }

    fn is(&self, name_or_id: &str) -> bool {
        self.id.as_str() == name_or_id || self.name.eq_ignore_ascii_case(name_or_id)
    }
}

impl fmt::Debug for LoadedApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} {}>", self.name, self.id)
    }
}

/// The loaded apps of a client. The same table is what the tap in the reader's task looks at.
#[derive(Default)]
pub(super) struct Apps {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    loaded: Vec<LoadedApp>,
    /// Those whose set-up runs: their names and ids are taken.
    loading: Vec<Named>,
    /// Those that were unloaded; their calls may go on.
    unloaded: Vec<Named>,
    /// The listener that the tap sits in, and which of our taps it is.
    tapped: Option<(Id<EventListener>, u64)>,
}

type Named = (String, Id<model::App>);

impl Apps {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of a loaded app, by its name or id.
    pub(super) fn id(&self, name_or_id: &str) -> Result<Id<model::App>, Error> {
        self.find(name_or_id).map(|loaded| loaded.id)
    }

    /// As [`Apps::id`], of one that was unloaded too.
    pub(super) fn id_ever(&self, name_or_id: &str) -> Result<Id<model::App>, Error> {
        self.id(name_or_id).or_else(|err| self.unloaded(name_or_id).map(|(_, id)| id).ok_or(err))
    }

    /// The name that an id has or had.
    pub(super) fn name(&self, id: &Id<model::App>) -> Option<String> {
        let loaded = self.with_id(id).map(|loaded| loaded.name);
        loaded.or_else(|| self.unloaded(id.as_str()).map(|(name, _)| name))
    }

    fn find(&self, name_or_id: &str) -> Result<LoadedApp, Error> {
        let table = self.table();
        let found = table.loaded.iter().find(|loaded| loaded.is(name_or_id));
        found.cloned().ok_or_else(|| Error::NoSuchApp { name: name_or_id.to_owned() })
    }

    fn with_id(&self, id: &Id<model::App>) -> Option<LoadedApp> {
        self.table().loaded.iter().find(|loaded| loaded.id == *id).cloned()
    }

    fn unloaded(&self, name_or_id: &str) -> Option<Named> {
        let table = self.table();
        let mut latest_first = table.unloaded.iter().rev();
        latest_first
            .find(|(name, id)| name.eq_ignore_ascii_case(name_or_id) || id.as_str() == name_or_id)
            .cloned()
    }

    /// Forgets the unloaded apps whose id is not among these.
    pub(super) fn forget_unloaded(&self, issued: &[Id<model::App>]) {
        self.table().unloaded.retain(|(_, id)| issued.contains(id));
    }

    fn is_empty(&self) -> bool {
        self.table().loaded.is_empty()
    }

    fn is_tap(&self, number: u64) -> bool {
        self.table().tapped.as_ref().is_some_and(|(_, latest)| *latest == number)
    }

    /// Takes a name and an id, until the guard is dropped.
    fn reserve(&self, name: &str, id: &Id<model::App>) -> Result<(), Error> {
        let mut table = self.table();
        let loaded = table.loaded.iter().map(|loaded| (&loaded.name, &loaded.id));
        let mut taken = loaded.chain(table.loading.iter().map(|(name, id)| (name, id)));
        if let Some((name, id)) =
            taken.find(|(known, taken)| known.eq_ignore_ascii_case(name) || *taken == id)
        {
            return Err(Error::AppLoaded { name: name.clone(), id: id.to_string() });
        }
        table.loading.push((name.to_owned(), id.clone()));
        Ok(())
    }
}

/// A load that is under way. Dropped before it is done, by cancellation or panic too, it leaves
/// nothing behind.
struct Loading<'a> {
    apps: &'a Apps,
    id: Id<model::App>,
    listener: EventListener,
    held: Vec<String>,
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        self.apps.table().loading.retain(|(_, id)| *id != self.id);
        let held = std::mem::take(&mut self.held);
        if !held.is_empty()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let listener = self.listener.clone();
            // It ends with the server's answer, or with the connection.
            let _task = runtime.spawn(async move { release(&listener, &held).await });
        }
    }
}

async fn release(listener: &EventListener, held: &[String]) {
    if let Err(err) = listener.release(held).await {
        tracing::warn!(target: "switchy.Client", %err, "subscriptions of an app are left");
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
        self.load_apps(vec![Arc::new(app)], &LoadAs::new()).await
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
        self.load_apps(vec![app], &LoadAs::new().with_name(name)).await
    }

    /// As [`Client::load_app`], for several apps under one name and id: each event goes through
    /// those that want it, in order, one after the other.
    ///
    /// # Errors
    /// As [`Client::load_app`]; [`Error::DialString`] for an id that is no word.
    pub async fn load_apps(
        &self,
        parts: Vec<Arc<dyn App>>,
        options: &LoadAs,
    ) -> Result<Id<model::App>, Error> {
        let listener = self.running_listener()?;
        let own = || parts.first().map_or_else(String::new, |first| first.name().to_owned());
        let name = options.name.clone().unwrap_or_else(own);
        let id = options.id.clone().unwrap_or_else(Id::random);
        dial_string::word("app id", id.as_str())?;
        self.apps().reserve(&name, &id)?;
        let host = self.config().host().to_owned();
        tracing::info!(target: "switchy.Client", host, %id, "Loading call app '{name}'");
        let held = Vec::new();
        let mut loading = Loading { apps: self.apps(), id: id.clone(), listener, held };
        let wanted: Vec<&str> = parts.iter().flat_map(|part| part.events()).copied().collect();
        loading.held = loading.listener.claim(&wanted).await?;
        if let Err(err) = self.set_up(&parts).await {
            release(&loading.listener, &std::mem::take(&mut loading.held)).await;
            return Err(Error::AppSetup { name, source: Box::new(err) });
        }
        let (listener, held) = (loading.listener.clone(), std::mem::take(&mut loading.held));
        let parts = parts.into();
        let loaded = LoadedApp { id: id.clone(), name, parts, listener: listener.clone(), held };
        {
            let mut table = self.apps().table();
            table.unloaded.retain(|(_, other)| *other != id);
            table.loaded.push(loaded);
        }
        self.tap_for_apps(&listener);
        Ok(id)
    }

    /// Sets apps up in order. After a failure those that were begun are torn down, the latest
    /// first.
    async fn set_up(&self, parts: &[Arc<dyn App>]) -> Result<(), Error> {
        for (at, part) in parts.iter().enumerate() {
            if let Err(err) = part.set_up(self).await {
                for part in parts.iter().take(at + 1).rev() {
                    if let Err(err) = part.tear_down(self).await {
                        let app = part.name();
                        tracing::warn!(target: "switchy.Client", app, %err, "tear-down failed");
                    }
                }
                return Err(err);
            }
        }
        Ok(())
    }

    /// Lets the events of a listener reach the loaded apps.
    pub(super) fn tap_for_apps(&self, listener: &EventListener) {
        let number = {
            let mut table = self.apps().table();
            let (is_there, last) = match &table.tapped {
                Some((tapped, number)) => (tapped == listener.id(), *number),
                None => (false, 0),
            };
            if table.loaded.is_empty() || is_there {
                return;
            }
            table.tapped = Some((listener.id().clone(), last + 1));
            last + 1
        };
        let mut router = Router::new(self, listener, number);
        listener.tap(move |seen| router.route(seen));
    }

    /// Gives the loaded apps the events of the assigned listener, after another one was assigned:
    /// subscribes to what they want.
    ///
    /// # Errors
    /// [`Error::NoListener`], [`Error::ListenerNotRunning`]; [`Error::Listener`] when the server
    /// refuses a subscription.
    pub async fn restore_apps(&self) -> Result<(), Error> {
        let loaded = self.apps().table().loaded.clone();
        if loaded.is_empty() {
            return Ok(());
        }
        let listener = self.running_listener()?;
        for app in loaded {
            if app.listener.id() == listener.id() {
                continue;
            }
            let wanted: Vec<&str> =
                app.parts.iter().flat_map(|part| part.events()).copied().collect();
            let held = listener.claim(&wanted).await?;
            let mut table = self.apps().table();
            if let Some(loaded) = table.loaded.iter_mut().find(|loaded| loaded.id == app.id) {
                (loaded.listener, loaded.held) = (listener.clone(), held);
            }
        }
        Ok(())
    }

    /// Unloads an app, by name or id: its tear-down runs, no event reaches it any more. Its calls
    /// go on, without an app. Subscriptions that nobody else wants are dropped. One that was
    /// unloaded before is no error.
    ///
    /// # Errors
    /// [`Error::NoSuchApp`]; an error of the tear-down, after which it is unloaded all the same.
    pub async fn unload_app(&self, name_or_id: &str) -> Result<Id<model::App>, Error> {
        self.unload_app_with(name_or_id, LiveCalls::Keep).await
    }

    /// As [`Client::unload_app`], and says what becomes of its calls.
    ///
    /// # Errors
    /// As [`Client::unload_app`]; as [`Client::api`] when they cannot be hung up.
    pub async fn unload_app_with(
        &self,
        name_or_id: &str,
        calls: LiveCalls,
    ) -> Result<Id<model::App>, Error> {
        let taken = {
            let mut table = self.apps().table();
            let found = table.loaded.iter().position(|loaded| loaded.is(name_or_id));
            let taken = found.map(|at| table.loaded.remove(at));
            if let Some(loaded) = &taken {
                table.unloaded.push((loaded.name.clone(), loaded.id.clone()));
            }
            taken
        };
        let Some(loaded) = taken else {
            let id = self.apps().id_ever(name_or_id)?;
            tracing::debug!(target: "switchy.Client", %id, "app '{name_or_id}' is unloaded already");
            return Ok(id);
        };
        let mut torn_down = Ok(());
        for part in loaded.parts.iter().rev() {
            torn_down = torn_down.and(part.tear_down(self).await);
        }
        release(&loaded.listener, &loaded.held).await;
        if calls == LiveCalls::HangUp {
            self.hupall_tagged(&loaded.id, &HangupCause::NORMAL_CLEARING).await?;
        }
        torn_down.map(|()| loaded.id)
    }

    /// A loaded app, by name or id.
    ///
    /// # Errors
    /// [`Error::NoSuchApp`].
    pub fn app(&self, name_or_id: &str) -> Result<LoadedApp, Error> {
        self.apps().find(name_or_id)
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

    /// FreeSWITCH's `hupall` for one id.
    pub(super) async fn hupall_tagged(
        &self,
        id: &Id<model::App>,
        cause: &HangupCause,
    ) -> Result<(), Error> {
        // An empty value would match every channel of the switch.
        let id = dial_string::word("app id", id.as_str())?;
        let line = format!("hupall {cause} {} {id}", Rules::APP_VARIABLE);
        self.api(&line).await.map(drop)
    }
}
