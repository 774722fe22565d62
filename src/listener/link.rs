//! Staying connected: what happens when the event connection goes.
//!
//! A connection that is lost is opened again, with growing waits. What the old one had is restored:
//! login, subscriptions, filters, log level; apps live in the client and go on. Then a snapshot
//! says what became of the calls meanwhile. Jobs in flight are over by then, as unknown: their
//! results were lost.

use super::snapshot::TABLE_LAG;
use super::state::{Gap, Link};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::error::Error;
use super::event_listener::{EventListener, Inner};
use super::pause;
use super::snapshot::channel_rows;
use super::state::Snapshot;
use crate::conn::{Backoff, CloseReason, Connection, Retryable, Verdict, retry};
use crate::track::ResyncSummary;
use crate::wire::Command;

impl Retryable for Error {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Connect(err) => err.verdict(),
            Self::Send(_) | Self::NotConnected | Self::Lost(_) => Verdict::Retry,
            Self::AlreadyConnected
            | Self::Refused { .. }
            | Self::Denied { .. }
            | Self::Illegal(_) => Verdict::GiveUp,
        }
    }
}

impl EventListener {
    /// Starts tracking: takes a snapshot of the channels that are there already. From now on jobs
    /// can be waited for. Calling it twice is fine.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the listener connected and not started; call it again.
    ///
    /// # Errors
    /// [`Error::NotConnected`] before [`EventListener::connect`]. A server that does not give the
    /// snapshot (`userauth` without `show`, say) is no error: calls begin with their next event
    /// then, and [`EventListener::snapshot_state`] says why.
    pub async fn start(&self) -> Result<(), Error> {
        let connection = self.connection()?;
        if self.is_running() {
            return Ok(());
        }
        let host = self.config().host();
        tracing::info!(host, "starting event loop thread");
        self.snapshot(&connection, false).await?;
        self.state().is_started = true;
        confirm_later(self, &connection);
        Ok(())
    }

    /// Watches how the connection is.
    #[must_use]
    pub fn link(&self) -> watch::Receiver<Link> {
        self.inner.link.subscribe()
    }

    /// Keeps the connection up from now on: when it is lost, or the server is frozen, it is opened
    /// again, and what it had is restored. [`EventListener::disconnect`] ends it.
    ///
    /// A server that is only quiet is asked now and then; one that does not answer is frozen.
    ///
    /// # Errors
    /// [`Error::NotConnected`] before [`EventListener::connect`].
    pub fn keep_connected(&self, backoff: Backoff) -> Result<(), Error> {
        let connection = self.connection()?;
        // It ends with the listener or with `disconnect`; the one of an earlier call ends now.
        self.inner.leaving.send_modify(|count| *count += 1);
        let mut leaving = self.inner.leaving.subscribe();
        let supervise = supervise(Arc::downgrade(&self.inner), connection, backoff);
        let _task = tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = leaving.changed() => {}
                () = supervise => {}
            }
        });
        Ok(())
    }

    /// Looks what is there now, for when this process stood still for a while: FreeSWITCH drops
    /// what is not read from it for long, and never reports that. Takes some seconds, because its tables
    /// trail its events. [`EventListener::snapshot_state`] says whether the switch did answer.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the tracker as its events have it.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::Send`] when the connection goes meanwhile.
    pub async fn resync(&self) -> Result<ResyncSummary, Error> {
        let connection = self.connection()?;
        self.tracker().begin_check();
        // What was new at the beginning is in the tables by then.
        tokio::time::sleep(2 * TABLE_LAG).await;
        Ok(self.snapshot(&connection, false).await?.unwrap_or_default())
    }

    /// Opens the connection again, as far as the first one was.
    async fn reopen(
        &self,
        lost_at: Instant,
        jobs: usize,
        was_paused: bool,
    ) -> Result<(Connection, Gap), Error> {
        let old_core = self.tracker().core_uuid().map(str::to_owned);
        let alone = self.inner.connecting.lock().await;
        // Another `connect` may have been faster: two connections would count each event twice.
        if !self.is_connected() {
            self.open().await?;
        }
        drop(alone);
        let connection = self.connection()?;
        for command in self.restorable() {
            crate::listener::event_listener::accepted(&connection, command?).await?;
        }
        let core = core_uuid(&connection).await;
        let is_restarted = old_core.is_some() && core.is_some() && core != old_core;
        let calls = self.snapshot(&connection, is_restarted).await?;
        let mut state = self.state();
        state.is_started = true;
        let lasted = lost_at.elapsed() + std::mem::take(&mut state.stood_still);
        drop(state);
        Ok((connection, Gap { lasted, calls, is_restarted, jobs, was_paused }))
    }

    /// The commands that bring back what this connection had besides its subscriptions.
    fn restorable(&self) -> Vec<Result<Command, Error>> {
        let state = self.state();
        let filters = state.filters.iter().map(|(header, value)| Command::filter(header, value));
        let log = state.log.iter().map(|level| Command::log(level));
        filters.chain(log).map(|command| command.map_err(Error::Illegal)).collect()
    }
}

async fn supervise(inner: Weak<Inner>, mut connection: Connection, backoff: Backoff) {
    loop {
        let reason = watch_over(&inner, &connection).await;
        let lost_at = Instant::now();
        let Some(listener) = inner.upgrade().map(|inner| EventListener { inner }) else { return };
        if matches!(reason, CloseReason::Dropped) {
            return;
        }
        let jobs = listener.inner.shared.take_lost_jobs();
        let was_paused = matches!(reason, CloseReason::Paused);
        drop(listener);
        if !pause::is_over(&inner).await {
            return;
        }
        let Some(listener) = inner.upgrade().map(|inner| EventListener { inner }) else { return };
        let link = &listener.inner.link;
        let outcome = retry(
            &backoff,
            || {
                let listener = listener.clone();
                async move {
                    let reopen = || listener.reopen(lost_at, jobs, was_paused);
                    pause::unless_paused(&listener, reopen).await
                }
            },
            |attempt, wait, error| {
                link.send_replace(Link::Lost {
                    reason: reason.clone(),
                    attempt,
                    retry_at: Instant::now() + wait,
                    error: error.map(Error::to_string),
                });
            },
        );
        match outcome.await {
            Ok((reopened, gap)) => {
                connection = reopened;
                link.send_replace(Link::Up { gap: Some(gap) });
                confirm_later(&listener, &connection);
            }
            Err(err) => {
                let error = err.to_string();
                tracing::error!(host = listener.config().host(), "gave up: {error}");
                // What could not be restored is of no use half done.
                if let Some(useless) = listener.state().connection.take() {
                    useless.abort(CloseReason::Dropped);
                }
                link.send_replace(Link::GaveUp { error });
                return;
            }
        }
    }
}

/// Waits until the connection is gone. Cuts it when the server is frozen.
async fn watch_over(inner: &Weak<Inner>, connection: &Connection) -> CloseReason {
    let mut reconciled = Instant::now();
    let mut missing = Missing::default();
    loop {
        let is_gap = missing.has_grown(inner);
        if is_gap || reconciled.elapsed() > RECONCILE {
            reconciled = Instant::now();
            reconcile(inner, connection, is_gap).await;
        }
        let silence = match inner.upgrade() {
            Some(inner) => inner.shared.silence().unwrap_or_default(),
            None => return CloseReason::Dropped,
        };
        let quiet_until = QUIET.saturating_sub(silence).clamp(Duration::from_secs(1), GLANCE);
        tokio::select! {
            reason = connection.closed() => return reason,
            () = tokio::time::sleep(quiet_until) => {}
        }
        let silence = inner.upgrade().and_then(|inner| inner.shared.silence());
        if silence.is_some_and(|silence| silence < QUIET) {
            continue;
        }
        // Any answer is a sign of life, a refusal too.
        let Ok(question) = Command::api("uptime") else { continue };
        match connection.send_within(question, ANSWER).await {
            Ok(_alive) => {
                if let Some(inner) = inner.upgrade() {
                    inner.shared.note_life();
                }
            }
            Err(_no_answer) if connection.is_open() => connection.abort(CloseReason::Frozen),
            Err(_closed) => {}
        }
    }
}

/// The numbers that are missing in the stream: what the switch dropped when its queue was full.
#[derive(Default)]
pub(in crate::listener) struct Missing {
    /// As of the last look: what is only out of order is there by the next one.
    seen: u64,
    /// Dealt with.
    known: u64,
}

impl Missing {
    fn has_grown(&mut self, inner: &Weak<Inner>) -> bool {
        let Some(listener) = inner.upgrade().map(|inner| EventListener { inner }) else {
            return false;
        };
        let now = listener.missing_events();
        let is_lasting = now.min(self.seen) > self.known;
        if is_lasting {
            let count = now - self.known;
            tracing::warn!(count, "the switch dropped events");
            self.known = now;
        }
        // A new connection counts anew.
        self.known = self.known.min(now);
        self.seen = now;
        is_lasting
    }
}

/// Looks whether what the tracker holds is still there: an end that FreeSWITCH never reported would
/// stay for ever.
async fn reconcile(inner: &Weak<Inner>, connection: &Connection, is_gap: bool) {
    let begin = |inner: Arc<Inner>| {
        let mut tracker = inner.shared.tracker();
        // Of lost events one may have begun a call.
        let is_worth_it = is_gap || tracker.call_count() > 0;
        if is_worth_it {
            tracker.begin_check();
        }
        is_worth_it
    };
    if !inner.upgrade().is_some_and(begin) {
        return;
    }
    // What was new at the beginning is in the tables by then.
    tokio::time::sleep(2 * TABLE_LAG).await;
    let Ok(table) = channel_rows(connection).await else { return };
    let Some(listener) = inner.upgrade().map(|inner| EventListener { inner }) else { return };
    match table {
        // A row that cannot be read may be one of those that seem to be over.
        Ok(table) if table.unreadable == 0 => {
            let difference = listener.tracker().resync(&table.rows, false);
            listener.state().snapshot = Snapshot::Complete;
            tracing::debug!(?difference, "reconciled");
        }
        Ok(_) => {}
        // Without lost events the calls are known from the others.
        Err(none) if is_gap => listener.note_missing(&none, connection),
        Err(_none) => {}
    }
}

/// Takes a second snapshot a moment after the first: FreeSWITCH's tables trail its events.
pub(super) fn confirm_later(listener: &EventListener, connection: &Connection) {
    let (inner, connection) = (Arc::downgrade(&listener.inner), connection.clone());
    let _task = tokio::spawn(async move {
        tokio::time::sleep(TABLE_LAG).await;
        let Some(listener) = inner.upgrade().map(|inner| EventListener { inner }) else { return };
        if let Ok(Ok(table)) = channel_rows(&connection).await
            && table.unreadable == 0
        {
            let ghosts = listener.tracker().confirm(&table.rows);
            tracing::debug!(ghosts, "snapshot confirmed");
        }
    });
}

/// What the switch calls itself; `None` when this login may not ask.
async fn core_uuid(connection: &Connection) -> Option<String> {
    let command = Command::api("global_getvar core_uuid").ok()?;
    let reply = connection.send(command).await.ok()?;
    let text = reply.text().trim().to_owned();
    (text.len() == 36).then_some(text)
}

/// With nothing heard for this long the server is asked whether it lives: HEARTBEAT comes every 20 s.
const QUIET: Duration = Duration::from_secs(45);

/// How often the tracker is held against `show channels`. It costs the server a table scan.
const RECONCILE: Duration = Duration::from_secs(600);

/// How often it is looked whether events are missing.
const GLANCE: Duration = Duration::from_secs(5);

/// How long the answer may take.
const ANSWER: Duration = Duration::from_secs(10);
