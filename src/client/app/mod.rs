//! Loadable call control: what an app is, and how it is loaded and unloaded.
//!
//! The trait stands here and not in the `apps` layer above, because [`Client::load_app`] needs it;
//! `apps` holds the apps themselves.

pub(in crate::client) mod unloaded;

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::client::error::Error;
pub use unloaded::{Callback, CallsAfterUnload, Unloaded};

/// What a callback of an app returns.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Call control that reacts to the events of its sessions.
///
/// An app gets the events of sessions that carry its id: those that were originated with it, and
/// the legs that came back with our header. An app loaded as `default` gets those of all other
/// sessions of the switch. Events of one session are handled in order, those of different sessions
/// at the same time. A callback that fails or panics is logged with event and uuid; the next event
/// goes on.
///
/// The next event of a session waits until the callback for the one before has returned, so one
/// that takes long spawns a task, and ends it in its tear-down.
///
/// # Examples
/// An app that answers calls and plays them a tone; [`Client::load_app`] loads it.
///
/// ```
/// use switchy::client::app::Handling;
/// use switchy::client::{App, AppContext};
///
/// struct Ringback;
///
/// impl App for Ringback {
///     fn name(&self) -> &str {
///         "Ringback"
///     }
///
///     fn events(&self) -> &[&str] {
///         &["CHANNEL_PARK", "CHANNEL_ANSWER"]
///     }
///
///     fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
///         Box::pin(async move {
///             match &*on.event.name() {
///                 "CHANNEL_PARK" => on.session.answer().await,
///                 _ => on.session.playback("tone_stream://%(2000,4000,440,480)").await,
///             }
///         })
///     }
/// }
///
/// let client = switchy::Client::new("vm-host");
/// let _loading = client.load_app(Ringback); // a future: nothing happens until it is awaited
/// ```
pub trait App: Any + Send + Sync {
    /// The name it is loaded under by default.
    fn name(&self) -> &str;

    /// The events, or CUSTOM subclasses, that it wants.
    fn events(&self) -> &[&str];

    /// Handles one event of one of its sessions.
    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a>;

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

    /// Runs instead of the tear-down when another instance takes its place and its calls.
    fn retire<'a>(&'a self, client: &'a Client, successor: &'a dyn App) -> Handling<'a> {
        let _unused = successor;
        self.tear_down(client)
    }

    /// The verdict of an app that tests something: `Ok` when all passed, else `Err`, each with its
    /// figures. Looked at when its calls are over.
    fn verdict(&self) -> Option<Result<String, String>> {
        None
    }

    /// What it has counted so far, names and values.
    fn notes(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// What an app is called with: one event of one of its sessions.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AppContext<'a> {
    /// The session, as it was right after the event, with verbs.
    pub session: &'a Session,
    /// The event.
    pub event: &'a Event,
}

impl AppContext<'_> {
    /// The client that the app is loaded in.
    #[must_use]
    pub fn client(&self) -> &Client {
        self.session.client()
    }
}

/// How apps are loaded: under which name, with which id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadAs {
    name: Option<String>,
    id: Option<Id<model::App>>,
    takes_foreign: bool,
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

    /// Takes legs that carry the id in a SIP header even where the call did not begin on this
    /// switch: for the far ends of calls between the switches of a pool, with one id for all.
    /// A party that learns the id can put it into an INVITE then.
    #[must_use]
    pub fn with_foreign_legs(mut self) -> Self {
        self.takes_foreign = true;
        self
    }
}

/// What becomes of the calls of an app that is unloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
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
    name: Arc<str>,
    parts: Arc<[Arc<dyn App>]>,
    listener: EventListener,
    /// The subscriptions that it holds there.
    held: Arc<[String]>,
    takes_foreign: bool,
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

    /// The subscriptions that it holds, beside those that the listener has anyway.
    #[must_use]
    pub fn held(&self) -> &[String] {
        &self.held
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
    /// How many events wait for their apps, or are being handled.
    at_work: Arc<watch::Sender<usize>>,
}

/// An event that an app has not handled yet.
pub(super) struct AtWork(Arc<watch::Sender<usize>>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[derive(Default)]
struct Table {
    loaded: Vec<LoadedApp>,
    /// Those whose set-up runs: their names and ids are taken.
    loading: Vec<Named>,
    /// Those that were unloaded; their calls may go on.
    unloaded: Vec<Named>,
    /// Ids that were given, and not made here: other clients may use them for their own calls.
    given: Vec<Id<model::App>>,
    /// The listener that the tap sits in, and which of our taps it is.
    tapped: Option<(Id<EventListener>, u64)>,
}

type Named = (String, Id<model::App>);

impl Apps {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock()
    }

    /// Counts an event as not handled, until that is dropped.
    fn begin_work(&self) -> AtWork {
        self.at_work.send_modify(|count| *count += 1);
        AtWork(Arc::clone(&self.at_work))
    }

    /// Waits until every event that came in has been handled; `false` when that takes too long.
    pub(super) async fn idle(&self, within: Duration) -> bool {
        let mut at_work = self.at_work.subscribe();
        timeout(within, at_work.wait_for(|count| *count == 0)).await.is_ok()
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
        let loaded = self.with_id(id).map(|loaded| loaded.name.to_string());
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

    /// The app of the sessions that have no other.
    fn default(&self) -> Option<LoadedApp> {
        self.find(DEFAULT).ok()
    }

    fn unloaded(&self, name_or_id: &str) -> Option<Named> {
        let table = self.table();
        let mut latest_first = table.unloaded.iter().rev();
        latest_first
            .find(|(name, id)| name.eq_ignore_ascii_case(name_or_id) || id.as_str() == name_or_id)
            .cloned()
    }

    /// Notes that an id was given, and not made here.
    fn note_given(&self, id: &Id<model::App>) {
        let mut table = self.table();
        if !table.given.contains(id) {
            table.given.push(id.clone());
        }
    }

    /// Whether other clients may use this id, too.
    pub(super) fn is_given(&self, id: &Id<model::App>) -> bool {
        self.table().given.contains(id)
    }

    /// Forgets the unloaded apps whose id is not among these.
    pub(super) fn forget_unloaded(&self, issued: &[Id<model::App>]) {
        let mut table = self.table();
        table.unloaded.retain(|(_, id)| issued.contains(id));
        let loaded: Vec<_> = table.loaded.iter().map(|loaded| loaded.id.clone()).collect();
        table.given.retain(|id| issued.contains(id) || loaded.contains(id));
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
        let loaded = table.loaded.iter().map(|loaded| (&*loaded.name, &loaded.id));
        let mut taken = loaded.chain(table.loading.iter().map(|(name, id)| (name.as_str(), id)));
        if let Some((name, id)) =
            taken.find(|(known, taken)| known.eq_ignore_ascii_case(name) || *taken == id)
        {
            return Err(Error::AppLoaded { name: name.to_owned(), id: id.to_string() });
        }
        table.loading.push((name.to_owned(), id.clone()));
        Ok(())
    }
}

use crate::client::handle::Client;
use crate::client::session::Session;
use crate::listener::EventListener;
use crate::model;
use crate::model::{Event, Id};
mod load;
mod route;
/// The name of the app that gets the sessions without a loaded one.
pub(super) const DEFAULT: &str = "default";
