//! Loading whole or not at all, and unloading without a trace.

use super::unloaded::{Callback, CallsAfterUnload, Unloaded};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::route::Router;
use super::{App, Apps, LiveCalls, LoadAs, LoadedApp};
use crate::client::dial_string;
use crate::client::error::Error;
use crate::client::handle::Client;
use crate::listener::EventListener;
use crate::model;
use crate::model::{EVENT_NAMES, HangupCause, Id};
use crate::track::Rules;

/// A load that is under way. Dropped before it is done, by cancellation or panic too, it leaves
/// nothing behind.
struct Loading {
    client: Client,
    id: Id<model::App>,
    lease: Lease,
    /// What was begun to be set up.
    begun: Vec<Arc<dyn App>>,
}

impl Loading {
    /// It is done: what was begun stays.
    fn keep(mut self) -> Lease {
        self.begun.clear();
        let listener = self.lease.listener.clone();
        std::mem::replace(&mut self.lease, Lease { listener, held: Vec::new() })
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        self.client.apps().table().loading.retain(|(_, id)| *id != self.id);
        let begun = std::mem::take(&mut self.begun);
        if !begun.is_empty()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let client = self.client.clone();
            // It ends with the tear-downs.
            let _task = runtime.spawn(async move { tear_down(&client, &begun).await });
        }
    }
}

/// Subscriptions that are given back, at the latest when it is dropped.
struct Lease {
    listener: EventListener,
    held: Vec<String>,
}

impl Lease {
    async fn end(mut self) {
        release(&self.listener, &std::mem::take(&mut self.held)).await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
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
        tracing::warn!(%err, "subscriptions of an app are left");
    }
}

/// Tears parts down, the latest first, and returns the first failure. One that panics is reported, and
/// does not keep the others.
async fn tear_down(client: &Client, parts: &[Arc<dyn App>]) -> Result<(), Error> {
    let mut outcome = Ok(());
    for part in parts.iter().rev() {
        let (doing, name) = (Arc::clone(part), part.name());
        let own = client.for_app();
        let joined = tokio::spawn(async move { doing.tear_down(&own).await }).await;
        let done = joined.unwrap_or_else(|err| Err(Error::App { text: err.to_string() }));
        if let Err(err) = &done {
            tracing::warn!(app = name, %err, "tear-down failed");
        }
        outcome = outcome.and(done);
    }
    outcome
}

/// The events that apps want, each of which has to be one that FreeSWITCH can send.
fn wanted<'a>(name: &str, parts: &'a [Arc<dyn App>]) -> Result<Vec<&'a str>, Error> {
    let wanted: Vec<&str> = parts.iter().flat_map(|part| part.events()).copied().collect();
    let is_known = |event: &str| event.contains("::") || EVENT_NAMES.contains(&event);
    match wanted.iter().find(|event| !is_known(event)) {
        Some(bad) => Err(Error::NoSuchEvent { app: name.to_owned(), name: (*bad).to_owned() }),
        None => Ok(wanted),
    }
}

impl Client {
    /// Loads an app under its own name and returns its id, a fresh uuid.
    ///
    /// Loading is atomic: subscriptions are made, then the set-up runs, and only then do events
    /// reach it; when a step fails nothing of it is left.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing of the app: its tear-down runs and its subscriptions are given
    /// back.
    ///
    /// # Errors
    /// [`Error::NoListener`], [`Error::ListenerNotRunning`], [`Error::AppLoaded`],
    /// [`Error::NoSuchEvent`], [`Error::AppSetup`].
    pub async fn load_app(&self, app: impl App) -> Result<Id<model::App>, Error> {
        self.load_apps(vec![Arc::new(app)], &LoadAs::new()).await
    }

    /// As [`Client::load_app`], under another name: for a second copy of one app.
    ///
    /// # Cancel safety
    /// As [`Client::load_app`].
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
    /// # Cancel safety
    /// As [`Client::load_app`].
    ///
    /// # Errors
    /// As [`Client::load_app`]; [`Error::DialString`] for an id that is no word.
    pub async fn load_apps(
        &self,
        parts: Vec<Arc<dyn App>>,
        options: &LoadAs,
    ) -> Result<Id<model::App>, Error> {
        let listener = self.running_listener()?;
        let own = || parts.iter().map(|part| part.name()).collect::<Vec<_>>().join("+");
        let name = options.name.clone().unwrap_or_else(own);
        let id = options.id.clone().unwrap_or_else(Id::random);
        dial_string::word("app id", id.as_str())?;
        let wanted = wanted(&name, &parts)?;
        self.apps().reserve(&name, &id)?;
        if options.id.is_some() {
            self.apps().note_given(&id);
        }
        let lease = Lease { listener: listener.clone(), held: Vec::new() };
        let mut loading =
            Loading { client: self.clone(), id: id.clone(), lease, begun: Vec::new() };
        let host = self.config().host().to_owned();
        tracing::info!(host, %id, "Loading call app '{name}'");
        loading.lease.held = listener.claim(&wanted).await?;
        for part in &parts {
            loading.begun.push(Arc::clone(part));
            if let Err(err) = part.set_up(&self.for_app()).await {
                // It was reported; the set-up's failure is what matters.
                let _torn_down = tear_down(self, &std::mem::take(&mut loading.begun)).await.is_ok();
                loading.keep().end().await;
                return Err(Error::AppSetup { name, reason: Box::new(err) });
            }
        }
        let held = std::mem::take(&mut loading.keep().held).into();
        let (name, parts, takes_foreign) = (name.into(), parts.into(), options.takes_foreign);
        let listener_of = listener.clone();
        let loaded =
            LoadedApp { id: id.clone(), name, parts, listener: listener_of, held, takes_foreign };
        {
            let mut table = self.apps().table();
            table.unloaded.retain(|(_, other)| *other != id);
            table.loaded.push(loaded);
        }
        self.tap_for_apps(&listener);
        Ok(id)
    }

    /// Puts other instances in the place of a loaded app, which keeps its name, its id and its
    /// calls. As atomic as a load: when the new ones fail, the old ones stay.
    ///
    /// # Cancel safety
    /// Dropping the future before the new instances are set up leaves the old ones; after that, the new
    /// ones stay and some of the old ones may not be retired.
    ///
    /// # Errors
    /// [`Error::NoSuchApp`]; otherwise as [`Client::load_apps`].
    pub async fn reload_app(
        &self,
        name_or_id: &str,
        parts: Vec<Arc<dyn App>>,
    ) -> Result<Id<model::App>, Error> {
        let old = self.app(name_or_id)?;
        let listener = self.running_listener()?;
        let (name, id) = (old.name().to_owned(), old.id().clone());
        let wanted = wanted(&name, &parts)?;
        let held = listener.claim(&wanted).await?;
        let lease = Lease { listener: listener.clone(), held };
        let mut loading =
            Loading { client: self.clone(), id: id.clone(), lease, begun: Vec::new() };
        for part in &parts {
            loading.begun.push(Arc::clone(part));
            if let Err(err) = part.set_up(&self.for_app()).await {
                let _torn_down = tear_down(self, &std::mem::take(&mut loading.begun)).await.is_ok();
                loading.keep().end().await;
                return Err(Error::AppSetup { name, reason: Box::new(err) });
            }
        }
        let mut lease = loading.keep();
        let replaced = {
            let mut table = self.apps().table();
            table.loaded.iter_mut().find(|loaded| loaded.id == id).map(|loaded| {
                let held = std::mem::take(&mut lease.held).into();
                let new =
                    LoadedApp { parts: parts.clone().into(), listener, held, ..loaded.clone() };
                std::mem::replace(loaded, new)
            })
        };
        let Some(replaced) = replaced else {
            // Unloaded meanwhile.
            let _torn_down = tear_down(self, &parts).await.is_ok();
            lease.end().await;
            return Err(Error::NoSuchApp { name });
        };
        tracing::info!(%id, "Reloaded call app '{name}'");
        // Given back also when the future is dropped meanwhile.
        let (listener, held) = (replaced.listener.clone(), replaced.held.to_vec());
        let old_lease = Lease { listener, held };
        let mut successors = parts.iter().cycle();
        for part in replaced.parts.iter() {
            let Some(successor) = successors.next() else { break };
            if let Err(err) = part.retire(&self.for_app(), successor.as_ref()).await {
                tracing::warn!(app = name, %err, "the old one did not retire well");
            }
        }
        old_lease.end().await;
        Ok(id)
    }

    /// Lets the events of a listener reach the loaded apps.
    pub(in crate::client) fn tap_for_apps(&self, listener: &EventListener) {
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
    /// # Cancel safety
    /// Dropping the future leaves the apps that were not reached without events; call it again.
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
            let held = listener.claim(&wanted(&app.name, &app.parts)?).await?;
            let mut table = self.apps().table();
            if let Some(loaded) = table.loaded.iter_mut().find(|loaded| loaded.id == app.id) {
                (loaded.listener, loaded.held) = (listener.clone(), held.into());
            }
        }
        Ok(())
    }

    /// Unloads an app, by name or id: its tear-down runs, no event reaches it any more. Its calls
    /// continue, without an app. Subscriptions without another holder are dropped. One that was
    /// unloaded before is no error.
    ///
    /// # Cancel safety
    /// An app that is being unloaded gets no more events and its subscriptions are given back, also when the
    /// future is dropped; the tear-down of further parts does not run then.
    ///
    /// # Errors
    /// [`Error::NoSuchApp`]; an error of the tear-down, after which it is unloaded all the same.
    pub async fn unload_app(&self, name_or_id: &str) -> Result<Id<model::App>, Error> {
        self.unload_app_with(name_or_id, LiveCalls::Keep).await.map(|unloaded| unloaded.id)
    }

    /// As [`Client::unload_app`], and says what becomes of its calls.
    ///
    /// # Cancel safety
    /// As [`Client::unload_app`]; calls that were not reached are not hung up.
    ///
    /// # Errors
    /// As [`Client::unload_app`]; as [`Client::api`] when they cannot be hung up.
    pub async fn unload_app_with(
        &self,
        name_or_id: &str,
        calls: LiveCalls,
    ) -> Result<Unloaded, Error> {
        let hung_up = match (calls, self.apps().find(name_or_id)) {
            (LiveCalls::HangUp, Ok(loaded)) => Some(self.end_calls_of(loaded.id()).await?),
            _ => None,
        };
        let taken = {
            let mut table = self.apps().table();
            let found = table.loaded.iter().position(|loaded| loaded.is(name_or_id));
            let taken = found.map(|at| table.loaded.remove(at));
            if let Some(loaded) = &taken {
                table.unloaded.push((loaded.name.to_string(), loaded.id.clone()));
            }
            taken
        };
        let sessions = |id| {
            let count = |listener: EventListener| {
                listener.with(|tracker| tracker.sessions_of_app(id).count())
            };
            self.listener().map(count).unwrap_or_default()
        };
        let Some(loaded) = taken else {
            let id = self.apps().id_ever(name_or_id)?;
            tracing::debug!(%id, "app '{name_or_id}' is unloaded already");
            if calls == LiveCalls::HangUp {
                let sessions = self.end_calls_of(&id).await?;
                return Ok(Unloaded { sessions, id, fate: CallsAfterUnload::HungUpLater });
            }
            return Ok(Unloaded {
                sessions: sessions(&id),
                id,
                fate: CallsAfterUnload::AlreadyUnloaded,
            });
        };
        let lease = Lease { listener: loaded.listener.clone(), held: loaded.held.to_vec() };
        let torn_down = tear_down(self, &loaded.parts).await;
        lease.end().await;
        let id = loaded.id.clone();
        let sessions = hung_up.unwrap_or_else(|| sessions(&id));
        let fate = match calls {
            LiveCalls::HangUp => {
                // Those that began meanwhile.
                self.hang_up_app(&id, &HangupCause::NORMAL_CLEARING).await?;
                CallsAfterUnload::HungUp
            }
            LiveCalls::Keep if self.apps().default().is_some() => CallsAfterUnload::Default,
            LiveCalls::Keep => CallsAfterUnload::Alone,
        };
        let unloaded = Unloaded { id, sessions, fate };
        unloaded.log(&loaded.name);
        torn_down.map(|()| unloaded)
    }

    /// Hangs up the calls of an app and waits for their ends, which the app gets to handle; returns
    /// how many sessions there were.
    async fn end_calls_of(&self, id: &Id<model::App>) -> Result<usize, Error> {
        let sessions = || {
            let count = |listener: EventListener| self.legs_of(&listener, id).len();
            self.listener().map(count).unwrap_or_default()
        };
        let before = sessions();
        self.hang_up_app(id, &HangupCause::NORMAL_CLEARING).await?;
        let end = Instant::now() + ENDING;
        while sessions() > 0 && Instant::now() < end {
            tokio::time::sleep(LOOK).await;
        }
        if !self.apps_idle(HANDLING).await {
            tracing::warn!(%id, "an app has not handled all its events");
        }
        Ok(before)
    }

    /// Waits until the apps have handled every event that came in; `false` when that takes longer.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn apps_idle(&self, within: Duration) -> bool {
        self.apps().idle(within).await
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
        table.loaded.iter().map(|loaded| (loaded.name.to_string(), loaded.id.clone())).collect()
    }

    /// Which part of which loaded app is called for which event, in that order.
    #[must_use]
    pub fn callbacks(&self) -> Vec<Callback> {
        let table = self.apps().table();
        let mut callbacks: Vec<_> = table
            .loaded
            .iter()
            .flat_map(|loaded| loaded.parts.iter().map(move |part| (loaded, part)))
            .flat_map(|(loaded, part)| {
                part.events().iter().map(move |event| Callback {
                    event: (*event).to_owned(),
                    app: loaded.name.to_string(),
                    part: part.name().to_owned(),
                    is_held: loaded.held.iter().any(|held| held == event),
                })
            })
            .collect();
        callbacks.sort_by(|a, b| a.event.cmp(&b.event));
        callbacks
    }

    pub(in crate::client) fn apps(&self) -> &Apps {
        &self.inner.apps
    }

    /// FreeSWITCH's `hupall` for one id.
    pub(in crate::client) async fn hupall_tagged(
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

/// How long calls that are hung up may take to end.
const ENDING: Duration = Duration::from_secs(5);

/// How often the tracker is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How long apps may take to handle what came in.
const HANDLING: Duration = Duration::from_secs(2);
