//! One connected server: a client, a listener and their two connections.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, MutexGuard};
use tokio::task::AbortHandle;

use super::catalog::Catalog;
use super::completeness;
use crate::client::Client;
use crate::conn::{Backoff, Config};
use crate::listener::EventListener;
use crate::shell::feed;
use crate::shell::feed::transcript::Source;
use crate::shell::feed::{Narration, alerts};
use crate::shell::settings::alert::Alert;
use crate::shell::settings::profile::Profile;
use crate::shell::text::error::{CommandError, Kind};

/// A server of this shell.
#[derive(Debug)]
pub struct Switch {
    name: String,
    client: Client,
    listener: Mutex<EventListener>,
    narration: Arc<Narration>,
    profile: Arc<Mutex<Option<Profile>>>,
    /// Whether it was listened to, so that it is not done again behind the operator's back.
    has_listened: AtomicBool,
    /// Of a recording, to which nothing can be sent: the apps that were loaded, by name and id.
    recorded: Option<Mutex<Vec<(String, String)>>>,
    catalog: Arc<Mutex<Arc<Catalog>>>,
    /// The words that loaded apps were given, by their ids.
    app_words: Mutex<BTreeMap<String, Vec<String>>>,
    alerts: Vec<Alert>,
    /// Looks out for them.
    watching: Mutex<Option<AbortHandle>>,
}

impl Switch {
    /// A server under a name, not connected.
    pub(super) fn new(name: &str, config: Config, narration: Arc<Narration>) -> Self {
        let listener = Mutex::new(EventListener::with_config(config.clone()));
        let client = Client::with_config(config);
        let (profile, has_listened) = (Arc::default(), AtomicBool::new(false));
        Self {
            name: name.to_owned(),
            client,
            listener,
            narration,
            profile,
            has_listened,
            recorded: None,
            catalog: Arc::default(),
            app_words: Mutex::default(),
            alerts: Vec::new(),
            watching: Mutex::default(),
        }
    }

    /// The same, with the operator's alerts.
    pub(super) fn with_alerts(self, alerts: Vec<Alert>) -> Self {
        Self { alerts, ..self }
    }

    /// A recording under a name: its events are for the caller to feed.
    pub(in crate::shell) fn recorded(name: &str, narration: Arc<Narration>) -> Self {
        let config = Config::new("recording");
        let switch =
            Self { recorded: Some(Mutex::default()), ..Self::new(name, config, narration) };
        switch.client.set_listener(Some(switch.listener()));
        switch.has_listened.store(true, Ordering::Relaxed);
        switch
    }

    /// Whether it is a recording.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.recorded.is_some()
    }

    /// Sets which apps were loaded then.
    pub(in crate::shell) fn set_recorded_apps(&self, apps: Vec<(String, String)>) {
        if let Some(recorded) = &self.recorded {
            *recorded.lock() = apps;
        }
    }

    /// As a transcript sees it.
    pub(in crate::shell) fn as_source(&self) -> Source<'_> {
        Source { name: self.name(), listener: self.listener(), apps: self.loaded_apps() }
    }

    /// The loaded apps by name and id.
    pub(in crate::shell) fn loaded_apps(&self) -> Vec<(String, String)> {
        if let Some(recorded) = &self.recorded {
            return recorded.lock().clone();
        }
        let loaded = self.client.loaded_apps().into_iter();
        loaded.map(|(name, id)| (name, id.as_str().to_owned())).collect()
    }

    /// Keeps the `NAME=VALUE` words that an app was loaded with; those of unloaded ones are
    /// forgotten.
    pub(in crate::shell) fn keep_app_words(&self, id: &str, words: Vec<String>) {
        let loaded = self.client.loaded_apps();
        let mut kept = self.app_words.lock();
        kept.retain(|known, _| loaded.iter().any(|(_, id)| id.as_str() == known));
        kept.insert(id.to_owned(), words);
    }

    /// The words that an app was loaded with; nothing of one that this shell has not loaded.
    pub(in crate::shell) fn app_words(&self, id: &str) -> Option<Vec<String>> {
        self.app_words.lock().get(id).cloned()
    }

    /// Its name in the prompt and behind `use`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Drives it.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Where it is: `HOST:PORT`, with the address that a name stood for.
    #[must_use]
    pub fn address(&self) -> String {
        if self.is_recording() {
            return "a recording".to_owned();
        }
        let named = self.client.config().address();
        let address = self.client.connection().ok().and_then(|connection| connection.address());
        match address.map(|address| address.to_string()) {
            Some(address) if address != named => format!("{named} ({address})"),
            _ => named,
        }
    }

    /// Tracks it, assigned to the client or not.
    #[must_use]
    pub fn listener(&self) -> EventListener {
        self.slot().clone()
    }

    /// What the server calls itself; nothing until it has answered.
    #[must_use]
    pub fn switchname(&self) -> String {
        self.catalog().switchname.clone()
    }

    /// What the machine that it runs on is called; nothing until it has answered.
    #[must_use]
    pub fn hostname(&self) -> String {
        self.catalog().hostname.clone()
    }

    /// The profile that it was opened as.
    #[must_use]
    pub fn profile(&self) -> Option<Profile> {
        self.profile.lock().clone()
    }

    /// Where its profile is, for who judges what is sent there.
    pub(super) fn profile_cell(&self) -> Arc<Mutex<Option<Profile>>> {
        Arc::clone(&self.profile)
    }

    pub(super) fn set_profile(&self, profile: Profile) {
        *self.profile.lock() = Some(profile);
    }

    /// Connects both sockets, starts the listener and assigns it. What is connected stays.
    pub(super) async fn connect(&self) -> Result<(), CommandError> {
        self.connect_commands().await?;
        self.listen().await
    }

    /// Connects the socket for commands.
    pub(super) async fn connect_commands(&self) -> Result<(), CommandError> {
        if self.is_recording() {
            return Err(CommandError::new(Kind::Connection, "this is a recording"));
        }
        if !self.client.is_connected() {
            self.client.connect().await?;
            self.client.keep_connected(Backoff::default())?;
            // A script does not complete anything.
            if self.narration.has_sink() {
                self.learn();
            }
        }
        Ok(())
    }

    /// Whether it was ever listened to.
    pub(in crate::shell) fn has_listened(&self) -> bool {
        self.has_listened.load(Ordering::Relaxed)
    }

    /// Listens, if that was put off until it is needed.
    pub(in crate::shell) async fn listen_once(&self) -> Result<(), CommandError> {
        if self.has_listened.load(Ordering::Relaxed) || !self.client.is_connected() {
            return Ok(());
        }
        self.listen().await
    }

    /// Whether the calls that are followed are all calls of the switch.
    #[must_use]
    pub fn knows_all_calls(&self) -> bool {
        completeness::of_calls(self).is_none()
    }

    /// Asks in the background what the server can do.
    fn learn(&self) {
        let (client, slot) = (self.client.clone(), Arc::clone(&self.catalog));
        let _task = tokio::spawn(async move {
            let catalog = Arc::new(Catalog::fetch(&client).await);
            *slot.lock() = catalog;
        });
    }

    /// What the server can do, as far as it has listed it.
    pub(in crate::shell) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.lock())
    }

    /// What the server can do; asks when it has not listed it yet.
    pub(in crate::shell) async fn learnt(&self) -> Arc<Catalog> {
        let known = self.catalog();
        if !known.is_empty() {
            return known;
        }
        let asked = Arc::new(Catalog::fetch(&self.client).await);
        *self.catalog.lock() = Arc::clone(&asked);
        asked
    }

    /// Keeps the way free for what comes next, when a command holds the connection up.
    pub async fn reconnect_if_busy(&self) {
        // Without another connection what comes next has to wait.
        let _relieved = self.client.reconnect_if_busy().await.is_ok();
    }

    /// Connects and starts the listener and assigns it.
    pub(in crate::shell) async fn listen(&self) -> Result<(), CommandError> {
        self.has_listened.store(true, Ordering::Relaxed);
        let listener = self.listener();
        if !listener.is_connected() {
            listener.connect().await?;
            listener.start().await?;
            if let Some(transcript) = self.narration.transcript() {
                transcript.hear(self.as_source());
            }
            listener.keep_connected(Backoff::default())?;
            feed::follow(&self.name, &listener, Arc::clone(&self.narration));
            let narration = Arc::clone(&self.narration);
            self.watch(alerts::follow(&self.name, &listener, narration, &self.alerts));
        }
        self.client.set_listener(Some(listener));
        self.resubscribe().await
    }

    /// Subscribes again to what apps and alerts need, where a command took it away.
    pub(in crate::shell) async fn resubscribe(&self) -> Result<(), CommandError> {
        alerts::subscribe(&self.name, &self.listener(), &self.narration, &self.alerts).await;
        Ok(self.client.restore_apps().await?)
    }

    /// Puts one that looks out for alerts in the place of another.
    fn watch(&self, watching: Option<AbortHandle>) {
        let mut slot = self.watching.lock();
        if let Some(old) = std::mem::replace(&mut *slot, watching) {
            old.abort();
        }
    }

    /// Takes the listener away and closes its connection. The next one is a new listener.
    pub(in crate::shell) async fn stop_listening(&self) {
        self.client.set_listener(None);
        self.watch(None);
        let fresh = EventListener::with_config(self.client.config());
        let old = std::mem::replace(&mut *self.slot(), fresh);
        old.disconnect().await;
    }

    /// Closes both sockets.
    pub(super) async fn disconnect(&self) {
        self.stop_listening().await;
        self.client.disconnect().await;
    }

    fn slot(&self) -> MutexGuard<'_, EventListener> {
        self.listener.lock()
    }
}
