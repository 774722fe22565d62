//! The client itself: its connection, its listener, and what it sends.

use super::app::Apps;
use super::error::Error;
use super::sent::Sent;
#[cfg(feature = "shell")]
use super::started::Started;
use crate::conn::{
    Backoff, CloseReason, Config, Connection, NoEvents, Reply, WeakConnection, retry,
};
use crate::listener::EventListener;
#[cfg(feature = "shell")]
use crate::listener::Job;
use crate::model;
use crate::model::{Id, Outcome};
use crate::wire::Command;
use parking_lot::{Mutex, MutexGuard};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Drives a FreeSWITCH. A clone is another handle to the same client.
///
/// # Examples
/// ```no_run
/// # async fn run() -> Result<(), switchy::client::Error> {
/// use switchy::Client;
///
/// let client = Client::new("vm-host");
/// client.connect().await?;
/// println!("{}", client.cmd("global_getvar local_ip_v4").await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(in crate::client) inner: Arc<Inner>,
    /// Whether an app has it.
    #[cfg(feature = "shell")]
    pub(in crate::client) is_app: bool,
}

pub(in crate::client) struct Inner {
    /// Tags what this client originates for no app.
    id: Id<model::App>,
    state: Mutex<State>,
    /// Counts what changes the connection from outside, for the task that looks after it.
    changes: watch::Sender<u64>,
    pub(in crate::client) apps: Apps,
    pub(in crate::client) sent: Sent,
    #[cfg(feature = "shell")]
    pub(in crate::client) gate: crate::client::gate::Gate,
}

pub(in crate::client) struct State {
    config: Config,
    connection: Option<Connection>,
    /// Connections are kept up, with these waits.
    kept: Option<Backoff>,
    listener: Option<EventListener>,
    /// Every app id that an originate of ours carried, oldest first.
    pub(in crate::client) issued: Vec<Id<model::App>>,
    #[cfg(feature = "shell")]
    started: crate::client::started::StartedCalls,
}

impl Client {
    /// A client for a host, with the stock port and password. No I/O happens here.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self::with_config(Config::new(host))
    }

    /// A client for a configured server.
    #[must_use]
    pub fn with_config(config: Config) -> Self {
        let state = Mutex::new(State {
            config,
            connection: None,
            kept: None,
            listener: None,
            issued: Vec::new(),
            #[cfg(feature = "shell")]
            started: crate::client::started::StartedCalls::default(),
        });
        let (changes, _) = watch::channel(0);
        let inner = Inner {
            id: Id::random(),
            state,
            changes,
            apps: Apps::default(),
            sent: Sent::default(),
            #[cfg(feature = "shell")]
            gate: crate::client::gate::Gate::default(),
        };
        Self::of(Arc::new(inner))
    }

    pub(in crate::client) fn of(inner: Arc<Inner>) -> Self {
        Self {
            inner,
            #[cfg(feature = "shell")]
            is_app: false,
        }
    }

    /// The same for an app.
    pub(in crate::client) fn for_app(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            #[cfg(feature = "shell")]
            is_app: true,
        }
    }

    /// Assigns a listener at construction.
    #[must_use]
    pub fn with_listener(self, listener: EventListener) -> Self {
        self.set_listener(Some(listener));
        self
    }

    /// The client's own id: it tags what is originated for no app.
    #[must_use]
    pub fn id(&self) -> &Id<model::App> {
        &self.inner.id
    }

    /// Where it connects to.
    #[must_use]
    pub fn config(&self) -> Config {
        self.state().config.clone()
    }

    /// Connects and logs in. A connection that the client has already is closed then.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready leaves the client as it was, or connected anew.
    ///
    /// # Errors
    /// [`Error::Connect`] says which way it failed; the client is as before then.
    pub async fn connect(&self) -> Result<(), Error> {
        let config = self.config();
        let connection = Connection::open(&config, NoEvents).await.map_err(Error::Connect)?;
        self.install(connection, config).await;
        Ok(())
    }

    /// As [`Client::connect`], to another host: `HOST` or `HOST:PORT`. It is the client's host from
    /// then on, and is kept connected if the one before was; its listener stays where it is.
    ///
    /// # Cancel safety
    /// As [`Client::connect`].
    ///
    /// # Errors
    /// As [`Client::connect`]; the host is as before then.
    pub async fn connect_to(&self, host: &str) -> Result<(), Error> {
        let config = self.config().with_host(host);
        let connection = Connection::open(&config, NoEvents).await.map_err(Error::Connect)?;
        self.install(connection, config).await;
        Ok(())
    }

    /// As [`Client::connect`], over a stream that is connected already.
    ///
    /// # Cancel safety
    /// As [`Client::connect`]; the stream is closed.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect_over<S>(&self, stream: S) -> Result<(), Error>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static,
    {
        let config = self.config();
        let connection =
            Connection::over(stream, &config, NoEvents).await.map_err(Error::Connect)?;
        self.install(connection, config).await;
        Ok(())
    }

    /// Takes a new connection for the one that it had, which is closed.
    async fn install(&self, connection: Connection, config: Config) {
        self.inner.changes.send_modify(|count| *count += 1);
        let (old, kept) = {
            let mut state = self.state();
            state.config = config;
            (state.connection.replace(connection.clone()), state.kept)
        };
        if let Some(backoff) = kept {
            self.supervise(&connection, backoff);
        }
        if let Some(old) = old {
            old.close().await;
        }
    }

    /// Keeps the command connection up from now on: when it is lost, or the server is frozen, it
    /// is opened again, with growing waits, until [`Client::disconnect`]. So is one that
    /// [`Client::connect`] or [`Client::connect_to`] opens later. A command that was under way has
    /// failed by then; it is not sent twice.
    ///
    /// # Errors
    /// [`Error::NotConnected`] before [`Client::connect`].
    pub fn keep_connected(&self, backoff: Backoff) -> Result<(), Error> {
        let connection = self.connection()?;
        let was_kept = self.state().kept.replace(backoff).is_some();
        // The supervisor that runs already continues, with the new waits.
        if !was_kept {
            self.supervise(&connection, backoff);
        }
        Ok(())
    }

    /// Whether a connection that is lost is opened again without being asked.
    #[must_use]
    pub fn reconnects(&self) -> bool {
        self.state().kept.is_some()
    }

    /// Starts a task that keeps this connection up. It ends with the client, with `disconnect` or a
    /// connection of the client's own making, or when trying again cannot help.
    fn supervise(&self, connection: &Connection, backoff: Backoff) {
        let mut connection = connection.downgrade();
        let inner = Arc::downgrade(&self.inner);
        let client = move || inner.upgrade().map(Self::of);
        let mut changes = self.inner.changes.subscribe();
        let keep = async move {
            loop {
                let Some(config) = client().map(|client| client.config()) else { return };
                if matches!(connection.attend(&config).await, CloseReason::Dropped) {
                    return;
                }
                let attempt = || Connection::open(&config, NoEvents);
                let backoff = client().and_then(|client| client.state().kept).unwrap_or(backoff);
                let reopened = retry(&backoff, attempt, |_, _, _| {}).await;
                let Some(client) = client() else { return };
                match reopened {
                    Ok(reopened) if client.replace(&connection, &reopened) => {
                        connection = reopened.downgrade();
                    }
                    Ok(_unwanted) => return,
                    Err(err) => {
                        let host = config.host();
                        client.state().kept = None;
                        tracing::error!(host, "gave up: {err}");
                        return;
                    }
                }
            }
        };
        let _task = tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = changes.changed() => {}
                () = keep => {}
            }
        });
    }

    /// Opens another command connection for what comes next, when the one that there is waits for
    /// a reply: what was sent over the old one still gets its replies there, and it closes behind
    /// the last. Without such a wait nothing is done.
    ///
    /// # Errors
    /// As [`Client::connect`]; the old connection stays then.
    #[cfg(feature = "shell")]
    pub(crate) async fn reconnect_if_busy(&self) -> Result<(), Error> {
        let busy = self.connection()?;
        if !busy.is_waiting() {
            return Ok(());
        }
        let busy = busy.downgrade();
        let fresh = Connection::open(&self.config(), NoEvents).await.map_err(Error::Connect)?;
        // Another one may be there by now, or none be wanted.
        if self.replace(&busy, &fresh) {
            self.inner.changes.send_modify(|count| *count += 1);
            let kept = self.state().kept;
            if let Some(backoff) = kept {
                self.supervise(&fresh, backoff);
            }
        }
        Ok(())
    }

    /// Puts a new connection where the old one was, if it is still wanted.
    fn replace(&self, old: &WeakConnection, new: &Connection) -> bool {
        let mut state = self.state();
        let is_wanted = state.connection.as_ref().is_some_and(|now| old.is_same(now));
        if is_wanted {
            state.connection = Some(new.clone());
        }
        is_wanted
    }

    /// Whether the command connection is up now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.state().connection.as_ref().is_some_and(Connection::is_open)
    }

    /// Closes the command connection; the listener keeps its own.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection all the same.
    pub async fn disconnect(&self) {
        self.inner.changes.send_modify(|count| *count += 1);
        let connection = {
            let mut state = self.state();
            state.kept = None;
            state.connection.take()
        };
        if let Some(connection) = connection {
            connection.close().await;
        }
    }

    /// The command connection.
    ///
    /// # Errors
    /// [`Error::NotConnected`].
    pub fn connection(&self) -> Result<Connection, Error> {
        self.state().connection.clone().filter(Connection::is_open).ok_or(Error::NotConnected)
    }

    /// Assigns a listener, or takes it away. It does not change what others do with it. Loaded apps
    /// get their events from the new one.
    pub fn set_listener(&self, listener: Option<EventListener>) {
        let old = std::mem::replace(&mut self.state().listener, listener.clone());
        let Some(new) = listener else { return };
        if let Some(old) = old.filter(|old| old.id() != new.id() && old.is_connected())
            && old.config().address() == new.config().address()
        {
            let host = new.config().host();
            tracing::warn!(
                host,
                "two listeners on '{host}': '{}' is connected as well as '{}'",
                old.id(),
                new.id()
            );
        }
        self.tap_for_apps(&new);
    }

    /// The assigned listener.
    ///
    /// # Errors
    /// [`Error::NoListener`].
    pub fn listener(&self) -> Result<EventListener, Error> {
        self.state().listener.clone().ok_or(Error::NoListener)
    }

    /// Sends a command and returns the server's reply, good or bad.
    ///
    /// # Cancel safety
    /// Dropping the future takes the command back as long as nothing of it was written; after that the
    /// server may carry it out.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::Send`] when no reply came, [`Error::Denied`].
    pub async fn send(&self, command: Command) -> Result<Reply, Error> {
        #[cfg(feature = "shell")]
        let command = self.cleared(command)?;
        let shown = command.shown().to_owned();
        self.note_sent(&shown);
        let reply = self.connection()?.send(command).await.map_err(Error::Send)?;
        denied(reply, shown)
    }

    /// Runs an `api` command and returns its reply. Needs no listener.
    ///
    /// It waits until the server has carried it out, at most for the configured time; use
    /// [`Client::bgapi`] for what takes long.
    ///
    /// # Cancel safety
    /// As [`Client::send`].
    ///
    /// # Errors
    /// [`Error::Api`] when the reply says that it failed; [`Error::Missing`] for the few commands
    /// that succeed on nothing, such as `uuid_hold`; else as [`Client::send`].
    pub async fn api(&self, line: &str) -> Result<Reply, Error> {
        let command = Command::api(line).map_err(Error::Illegal)?;
        self.check_target(line).await?;
        let reply = self.checked(self.send(command).await?, line)?;
        self.check_result(line).await?;
        Ok(reply)
    }

    /// As [`Client::api`], with another deadline.
    ///
    /// # Cancel safety
    /// As [`Client::send`].
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn api_within(&self, line: &str, within: Duration) -> Result<Reply, Error> {
        let command = Command::api(line).map_err(Error::Illegal)?;
        self.within(command, line, within).await
    }

    /// As [`Client::api_within`], as an operator's console does it: the server's aliases and its
    /// `;;` lists work.
    ///
    /// # Cancel safety
    /// As [`Client::send`].
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn console_within(&self, line: &str, within: Duration) -> Result<Reply, Error> {
        let command = Command::console(line).map_err(Error::Illegal)?;
        self.within(command, line, within).await
    }

    async fn within(&self, command: Command, line: &str, within: Duration) -> Result<Reply, Error> {
        #[cfg(feature = "shell")]
        let command = self.cleared(command)?;
        self.check_target(line).await?;
        let shown = command.shown().to_owned();
        self.note_sent(&shown);
        let reply = self.connection()?.send_within(command, within).await.map_err(Error::Send)?;
        let reply = self.checked(denied(reply, shown)?, line)?;
        self.check_result(line).await?;
        Ok(reply)
    }

    /// Runs an `api` command and returns its text without surrounding white space. A command that
    /// prints nothing gives an empty text.
    ///
    /// # Cancel safety
    /// As [`Client::send`].
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn cmd(&self, line: &str) -> Result<String, Error> {
        let reply = self.api(line).await?;
        Ok(Outcome::of(&reply.text()).text().to_owned())
    }

    /// The reply, unless it says that the command failed. The call of an originate is one that this
    /// client started.
    fn checked(&self, reply: Reply, line: &str) -> Result<Reply, Error> {
        #[cfg(feature = "shell")]
        if crate::client::started::is_originate(line) {
            let outcome = Outcome::of(&reply.text());
            let started = Started::Directly { command: line.to_owned(), outcome };
            self.state().started.add(started);
        }
        checked(reply, line)
    }

    /// Remembers the call that a job makes, if it makes one.
    #[cfg(feature = "shell")]
    pub(in crate::client) fn note_started(&self, job: &Job) {
        if crate::client::started::is_originate(job.command()) {
            self.state().started.add(Started::InBackground(job.clone()));
        }
    }

    /// The call that this client started last; nothing when it started none.
    #[cfg(feature = "shell")]
    pub(crate) fn last_started(&self) -> Option<Started> {
        self.state().started.latest()
    }

    /// Whether this client started the call, as far as its latest originates say.
    #[cfg(feature = "shell")]
    pub(crate) fn has_started(&self, call: &model::CallInfo) -> bool {
        self.state().started.sessions().any(|id| call.sessions.iter().any(|leg| leg.id == id))
    }

    /// The listener, if it can report results.
    pub(in crate::client) fn running_listener(&self) -> Result<EventListener, Error> {
        let listener = self.listener()?;
        if listener.is_running() { Ok(listener) } else { Err(Error::ListenerNotRunning) }
    }

    pub(in crate::client) fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock()
    }
}

pub(in crate::client) fn denied(reply: Reply, command: String) -> Result<Reply, Error> {
    if reply.is_denied() { Err(Error::Denied { command }) } else { Ok(reply) }
}

pub(in crate::client) fn checked(reply: Reply, line: &str) -> Result<Reply, Error> {
    match Outcome::of(&reply.text()) {
        Outcome::Ok(_) => Ok(reply),
        Outcome::Failed(text) => Err(Error::Api { command: line.to_owned(), text }),
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_connected() { "connected" } else { "disconnected" };
        write!(f, "<Client {} [{state}]>", self.config().address())
    }
}
