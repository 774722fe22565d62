//! The listener itself: its connection and what it answers from its tracker.

use super::error::Error;
use super::event_waiters::SessionEvents;
use super::host_clock;
use super::intake::{Intake, Shared, Tap, Tracked};
use super::job::Job;
use super::state::{Claims, Link, Snapshot};
use super::subscribers::{Changes, Events, Logs, Seen};
use crate::conn::{CloseReason, Config, Connection, Reply};
use crate::model::{CallInfo, Id, JobRecord, SessionInfo};
use crate::track::{Totals, Tracker};
use crate::wire::{Command, Format};
use parking_lot::{Mutex, MutexGuard};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::watch;

/// The events that a new listener subscribes to. With them calls, their ends and jobs are known;
/// `ALL` would be several times as many.
pub const DEFAULT_EVENTS: &[&str] = &[
    // Who hung up a call: an operator's command.
    "API",
    "BACKGROUND_JOB",
    "CALL_UPDATE",
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_CALLSTATE",
    "CHANNEL_CREATE",
    "CHANNEL_DESTROY",
    "CHANNEL_EXECUTE",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_HOLD",
    "CHANNEL_ORIGINATE",
    "CHANNEL_PARK",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_UNHOLD",
    "CHANNEL_UNPARK",
    "CHANNEL_UUID",
    // A conference reads another codec than the call was answered with.
    "CODEC",
    "HEARTBEAT",
    // Seldom, and part of the account of a call.
    "RECORD_START",
    "RECORD_STOP",
];

/// Commands that end sessions, now or later.
pub(in crate::listener) const HANGUP_COMMANDS: &[&str] =
    &["uuid_kill ", "hupall", "fsctl hupall", "sched_hangup "];

/// Tracks the state of one FreeSWITCH process. A clone is another handle to the same listener.
///
/// # Examples
/// ```no_run
/// # async fn run() -> Result<(), switchy::listener::Error> {
/// use switchy::EventListener;
///
/// let listener = EventListener::new("vm-host");
/// assert_eq!(listener.to_string(), "<EventListener [disconnected]>");
/// listener.connect().await?;
/// listener.start().await?;
/// for call in listener.calls() {
///     println!("{call}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EventListener {
    pub(in crate::listener) inner: Arc<Inner>,
}

pub(in crate::listener) struct Inner {
    id: Id<EventListener>,
    config: Config,
    pub(in crate::listener) shared: Arc<Shared>,
    state: Mutex<State>,
    pub(in crate::listener) link: watch::Sender<Link>,
    /// Makes the supervisor give up: it counts the `disconnect`s,
    /// so that none is missed.
    pub(in crate::listener) leaving: watch::Sender<u64>,
    /// The connection is to stay closed: this process is about to stand still.
    pub(in crate::listener) paused: watch::Sender<bool>,
    /// Held while a lost connection is opened again.
    pub(in crate::listener) opening: tokio::sync::Mutex<()>,
    /// One at a time changes who holds which subscription.
    pub(in crate::listener) claiming: tokio::sync::Mutex<()>,
    /// One at a time connects: the events of two connections would be folded in twice.
    pub(in crate::listener) connecting: tokio::sync::Mutex<()>,
}

pub(in crate::listener) struct State {
    pub(in crate::listener) events: Vec<String>,
    pub(in crate::listener) claims: Claims,
    pub(in crate::listener) format: Format,
    pub(in crate::listener) connection: Option<Connection>,
    pub(in crate::listener) is_started: bool,
    /// How long this process had stood still before the connection was closed for it.
    pub(in crate::listener) stood_still: Duration,
    /// What a new connection has to restore besides the subscriptions.
    pub(in crate::listener) filters: Vec<(String, String)>,
    pub(in crate::listener) log: Option<String>,
    /// Whether the tracker knows all calls.
    pub(in crate::listener) snapshot: Snapshot,
    /// What tries again to get a snapshot.
    pub(in crate::listener) retry: Option<tokio::task::AbortHandle>,
}

impl EventListener {
    /// A listener for a host, with the stock port and password. No I/O happens here.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self::with_config(Config::new(host))
    }

    /// A listener for a configured server.
    #[must_use]
    pub fn with_config(config: Config) -> Self {
        Self::with_tracker(config, Tracker::new())
    }

    /// A listener with its own rules or limits of tracking.
    #[must_use]
    pub fn with_tracker(config: Config, tracker: Tracker) -> Self {
        let state = State {
            events: DEFAULT_EVENTS.iter().map(|name| (*name).to_owned()).collect(),
            claims: Claims::new(),
            format: Format::Plain,
            connection: None,
            is_started: false,
            stood_still: Duration::ZERO,
            filters: Vec::new(),
            log: None,
            snapshot: Snapshot::NotTaken,
            retry: None,
        };
        let shared = Arc::new(Shared::new(tracker));
        let (link, _) = watch::channel(Link::Down);
        let (leaving, _) = watch::channel(0);
        let (paused, _) = watch::channel(false);
        let (id, state, opening) = (Id::random(), Mutex::new(state), tokio::sync::Mutex::new(()));
        let (claiming, connecting) = (tokio::sync::Mutex::new(()), tokio::sync::Mutex::new(()));
        let inner = Inner {
            id,
            config,
            shared,
            state,
            link,
            leaving,
            paused,
            opening,
            claiming,
            connecting,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The listener's own id.
    #[must_use]
    pub fn id(&self) -> &Id<Self> {
        &self.inner.id
    }

    /// Where it connects to.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The events that it is, or will be, subscribed to.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<String> {
        self.state().events.clone()
    }

    /// Whether it is, or will be, subscribed to this event.
    #[must_use]
    pub fn is_subscribed(&self, name: &str) -> bool {
        self.state().events.iter().any(|known| known == name || known == "ALL")
    }

    /// Chooses the form of events, before connecting. Plain is the fastest to track.
    ///
    /// # Errors
    /// [`Error::AlreadyConnected`].
    pub fn use_format(&self, format: Format) -> Result<(), Error> {
        let mut state = self.state();
        if state.is_connected() {
            return Err(Error::AlreadyConnected);
        }
        state.format = format;
        Ok(())
    }

    /// Connects, logs in and subscribes; returns when the server has acknowledged it.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready leaves the listener without a connection.
    ///
    /// # Errors
    /// [`Error::Connect`] says why there is no session, [`Error::Refused`] and [`Error::Denied`]
    /// why there is no subscription, [`Error::AlreadyConnected`] that there is one.
    pub async fn connect(&self) -> Result<(), Error> {
        let _alone = self.inner.connecting.lock().await;
        if self.is_connected() {
            return Err(Error::AlreadyConnected);
        }
        self.open().await?;
        self.inner.link.send_replace(Link::Up { gap: None });
        Ok(())
    }

    pub(in crate::listener) async fn open(&self) -> Result<(), Error> {
        let intake = Intake::new(Arc::clone(&self.inner.shared));
        let connection = Connection::open(self.config(), intake).await.map_err(Error::Connect)?;
        self.install(connection).await
    }

    /// As [`EventListener::connect`], over a stream that is connected already.
    ///
    /// # Cancel safety
    /// As [`EventListener::connect`].
    ///
    /// # Errors
    /// As [`EventListener::connect`].
    pub async fn connect_over<S>(&self, stream: S) -> Result<(), Error>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static,
    {
        let _alone = self.inner.connecting.lock().await;
        if self.is_connected() {
            return Err(Error::AlreadyConnected);
        }
        let intake = Intake::new(Arc::clone(&self.inner.shared));
        let connection =
            Connection::over(stream, self.config(), intake).await.map_err(Error::Connect)?;
        self.install(connection).await?;
        self.inner.link.send_replace(Link::Up { gap: None });
        Ok(())
    }

    async fn install(&self, connection: Connection) -> Result<(), Error> {
        let (events, format) = {
            let mut state = self.state();
            state.is_started = false;
            state.snapshot = Snapshot::NotTaken;
            (state.events.clone(), state.format)
        };
        self.tracker().begin();
        let command = Command::event(format, &events).map_err(Error::Illegal)?;
        accepted(&connection, command).await?;
        let host = self.config().host();
        tracing::info!(host, "Connected listener '{}' to '{host}'", self.id());
        self.state().connection = Some(connection);
        Ok(())
    }

    /// Whether the event connection is up now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.state().is_connected()
    }

    /// Whether it is connected and started.
    #[must_use]
    pub fn is_running(&self) -> bool {
        let state = self.state();
        state.is_connected() && state.is_started
    }

    /// Waits until the event connection is gone, and says why. Returns at once when there is none.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn closed(&self) -> CloseReason {
        match self.connection() {
            Ok(connection) => connection.closed().await,
            Err(_) => CloseReason::Dropped,
        }
    }

    /// Closes the event connection, and ends attempts to get it back. Jobs in flight become
    /// unknown.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection all the same.
    pub async fn disconnect(&self) {
        self.inner.leaving.send_modify(|count| *count += 1);
        self.inner.link.send_replace(Link::Down);
        let connection = self.state().connection.take();
        if let Some(connection) = connection {
            connection.close().await;
        }
    }

    /// The running calls, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<CallInfo> {
        self.tracker().calls().collect()
    }

    /// A running call by its id or by the id of one of its sessions.
    #[must_use]
    pub fn call(&self, id: &Id<CallInfo>) -> Option<CallInfo> {
        self.tracker().call(id.as_str())
    }

    /// A living session.
    #[must_use]
    pub fn session(&self, id: &Id<SessionInfo>) -> Option<SessionInfo> {
        self.tracker().session(id.as_str()).cloned()
    }

    /// The jobs, oldest first: ours and those of others.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobRecord> {
        self.tracker().jobs().cloned().collect()
    }

    /// The totals so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.tracker().totals().clone()
    }

    /// The time by the server's clock, in microseconds since 1970: that of the latest event and
    /// what passed since then; the local time while there was no event.
    #[must_use]
    pub fn server_time(&self) -> u64 {
        let latest = self.tracker().latest();
        match self.inner.shared.silence() {
            Some(silence) if latest > 0 => {
                latest.saturating_add(u64::try_from(silence.as_micros()).unwrap_or(u64::MAX))
            }
            // A recording: its time stands still between its events.
            None if latest > 0 && !self.is_connected() => latest,
            _ => host_clock::micros(),
        }
    }

    /// How much later the latest event came than the fastest ones of the last minutes: the network,
    /// a switch that is behind, or we. Zero while there was no event.
    #[must_use]
    pub fn event_lag(&self) -> Duration {
        self.inner.shared.delay()
    }

    /// How many updates watchers, and events apps, lost because they did not keep up.
    #[must_use]
    pub fn lost_updates(&self) -> u64 {
        self.inner.shared.lost_updates()
    }

    pub(crate) fn lost_counter(&self) -> Arc<AtomicU64> {
        self.inner.shared.lost_counter()
    }

    /// Looks at the tracker itself. The reader waits meanwhile: be quick, and do not call the
    /// listener from inside.
    pub fn with<T>(&self, look: impl FnOnce(&Tracker) -> T) -> T {
        look(&self.tracker())
    }

    /// Watches what changes, through a bounded channel.
    #[must_use]
    pub fn changes(&self) -> Changes {
        super::subscribers::changes(&self.inner.shared)
    }

    /// Watches raw events of these names or CUSTOM subclasses (all that arrive when empty),
    /// through a bounded channel. It does not subscribe.
    #[must_use]
    pub fn events<S: AsRef<str>>(&self, names: &[S]) -> Events {
        super::subscribers::events(&self.inner.shared, names)
    }

    /// Watches raw events for which `is_wanted` holds as they arrive: others cost no copy.
    #[cfg(feature = "shell")]
    pub(crate) fn events_for(
        &self,
        is_wanted: impl Fn(&crate::model::Event) -> bool + Send + Sync + 'static,
    ) -> Events {
        super::subscribers::events_for(&self.inner.shared, is_wanted)
    }

    /// Watches raw events of these names or CUSTOM subclasses of single sessions, which are added
    /// to what it returns.
    pub(crate) fn session_events(&self, kinds: &[&str]) -> SessionEvents {
        SessionEvents::new(&self.inner.shared, kinds)
    }

    /// Watches log lines, through a bounded channel. `log LEVEL` has to be sent for some to come.
    #[must_use]
    pub fn logs(&self) -> Logs {
        super::subscribers::logs(&self.inner.shared)
    }

    /// Calls `tap` for every event, in the task that reads the socket, until it returns `false`.
    ///
    /// Nothing is read while it runs: it must not block, nor call the listener.
    pub fn tap(&self, tap: impl FnMut(&Seen<'_>) -> bool + Send + 'static) {
        self.inner.shared.add_tap(Tap::new(|| true, tap));
    }

    /// Announces a job before its command is sent, so that even an instant result finds it.
    #[must_use]
    pub(crate) fn register_job(&self, command: &str, session: Option<Id<SessionInfo>>) -> Job {
        let (id, now) = (Id::random(), self.server_time());
        let mut tracker = self.tracker();
        tracker.register_job_at(id.clone(), command, now);
        if let Some(session) = &session {
            tracker.expect_session(session.clone());
        }
        drop(tracker);
        self.inner.shared.waiting(id, command, session)
    }

    /// Announces an `api` line that this client is about to send: calls that it hangs up are known
    /// to be ended by this client then.
    pub(crate) fn expect_command(&self, line: &str) {
        if HANGUP_COMMANDS.iter().any(|command| line.starts_with(command)) {
            self.tracker().expect_command(line);
        }
    }

    /// Takes back a job whose command was not sent or not accepted.
    pub(crate) fn cancel_job(&self, job: &Job) {
        self.tracker().cancel_job(job.id());
        self.inner.shared.stop_waiting(job.id());
    }

    /// A job's command went out, but no answer came: it may run. It is not waited for any more; if
    /// its result comes, it is one of ours.
    pub(crate) fn mark_job_unknown(&self, job: &Job) {
        self.tracker().mark_job_unknown(job.id());
        self.inner.shared.stop_waiting(job.id());
    }

    pub(in crate::listener) fn tracker(&self) -> Tracked<'_> {
        self.inner.shared.tracker()
    }

    pub(in crate::listener) fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock()
    }

    pub(in crate::listener) fn connection(&self) -> Result<Connection, Error> {
        let connection = self.state().connection.clone().ok_or(Error::NotConnected)?;
        if connection.is_open() {
            return Ok(connection);
        }
        match connection.close_reason() {
            CloseReason::Dropped => Err(Error::NotConnected),
            reason => Err(Error::Lost(reason)),
        }
    }
}

/// A listener for a host, as [`EventListener::new`]: the name that the tutorial of Switchy uses.
#[doc(hidden)]
#[must_use]
pub fn get_listener(host: &str) -> EventListener {
    EventListener::new(host)
}

/// Sends a command that must be answered with `+OK`.
pub(in crate::listener) async fn accepted(
    connection: &Connection,
    command: Command,
) -> Result<Reply, Error> {
    let shown = command.shown().to_owned();
    let reply = connection.send(command).await.map_err(Error::Send)?;
    if reply.is_denied() {
        return Err(Error::Denied { command: shown });
    }
    let text = reply.text();
    if text.starts_with("-ERR") {
        return Err(Error::Refused { command: shown, reply: text });
    }
    Ok(reply)
}

impl State {
    fn is_connected(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_open)
    }
}

impl fmt::Display for EventListener {
    /// `<EventListener [connected]>`; with the host in the alternate form `{:#}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_connected() { "connected" } else { "disconnected" };
        if f.alternate() {
            write!(f, "<EventListener {} [{state}]>", self.config().address())
        } else {
            write!(f, "<EventListener [{state}]>")
        }
    }
}

impl fmt::Debug for EventListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}
