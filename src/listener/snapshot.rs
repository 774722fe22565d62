//! What is there: the table of channels, and what the table does not say.
//!
//! `show channels` has no channel variables, so a leg that only a variable binds to its call (our
//! own tracking header, the other half of a loopback) would stand for itself until its next event
//! with variables. `uuid_dump` has them all; it is asked for a bounded number of legs.

use super::error::Error;
use super::event_listener::EventListener;
use super::state::Snapshot;
use crate::conn::Connection;
use crate::track::ResyncSummary;
use crate::wire::Command;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::conn::{Reply, SendError};
use crate::model::{CallRow, ChannelRow, Id, Rows, SessionInfo};
use crate::wire::{EventData, Format};

/// Why there is no table.
pub(super) struct NoTable {
    reason: String,
    /// Whether the next answer of this connection can be another one.
    may_pass: bool,
}

impl EventListener {
    /// Whether [`EventListener::calls`] are all calls of the switch. A snapshot that could not be
    /// had is tried again, in growing intervals, while the connection is up.
    #[must_use]
    pub fn snapshot_state(&self) -> Snapshot {
        self.state().snapshot.clone()
    }

    /// Merges what the server says is there; `None` when it does not say.
    pub(super) async fn snapshot(
        &self,
        connection: &Connection,
        is_restarted: bool,
    ) -> Result<Option<ResyncSummary>, Error> {
        match self.take_snapshot(connection, is_restarted).await? {
            Ok(difference) => {
                if self.snapshot_state() != Snapshot::Complete {
                    self.retry_snapshot(connection);
                }
                Ok(Some(difference))
            }
            Err(none) => {
                self.note_missing(&none, connection);
                Ok(None)
            }
        }
    }

    /// There is no table, so that calls may be missing.
    pub(super) fn note_missing(&self, none: &NoTable, connection: &Connection) {
        tracing::warn!(reason = none.reason, "no snapshot of channels");
        self.state().snapshot = Snapshot::Missing { reason: none.reason.clone() };
        if none.may_pass {
            self.retry_snapshot(connection);
        }
    }

    async fn take_snapshot(
        &self,
        connection: &Connection,
        is_restarted: bool,
    ) -> Result<Result<ResyncSummary, NoTable>, Error> {
        let mut table = match channel_rows(connection).await? {
            Ok(table) => table,
            Err(none) => {
                self.state().snapshot = Snapshot::Missing { reason: none.reason.clone() };
                return Ok(Err(none));
            }
        };
        if let Some(pairs) = bridged_pairs(connection, &table.rows).await {
            ChannelRow::pair(&mut table.rows, &pairs);
        }
        let rows = &table.rows;
        let mut difference = if table.unreadable == 0 {
            self.tracker().resync(rows, is_restarted)
        } else {
            tracing::warn!(count = table.unreadable, "rows of \"show channels\" cannot be read");
            self.tracker().resync_partial(rows, is_restarted)
        };
        self.state().snapshot = match table.unreadable {
            0 => Snapshot::Complete,
            unreadable => Snapshot::Partial { unreadable },
        };
        self.describe(connection, rows).await;
        if table.unreadable == 0 {
            self.tracker().regroup(rows);
        }
        // The table has whole seconds only; the description of a leg has its exact beginning.
        self.tracker().sort_calls();
        // Legs that stood for themselves may have found each other.
        difference.new = self.tracker().call_count().saturating_sub(difference.kept);
        tracing::debug!(?difference, "snapshot of channels");
        Ok(Ok(difference))
    }

    /// Tries again later, until there is a table or the connection is gone.
    fn retry_snapshot(&self, connection: &Connection) {
        let (inner, connection) = (Arc::downgrade(&self.inner), connection.downgrade());
        let task = tokio::spawn(async move {
            let mut pause = FIRST_RETRY;
            loop {
                tokio::time::sleep(pause).await;
                let begin = || {
                    Self { inner: inner.upgrade()? }.tracker().begin_check();
                    Some(())
                };
                if begin().is_none() {
                    return;
                }
                // What was new at the beginning is in the tables by then.
                tokio::time::sleep(2 * TABLE_LAG).await;
                let Some(listener) = inner.upgrade().map(|inner| Self { inner }) else {
                    return;
                };
                let Ok(open) = listener.connection() else { return };
                if !connection.is_same(&open) {
                    return;
                }
                let taken = listener.take_snapshot(&open, false).await;
                let is_done = match taken {
                    Ok(Ok(_)) => listener.snapshot_state() == Snapshot::Complete,
                    Ok(Err(none)) => !none.may_pass,
                    Err(_gone) => true,
                };
                if is_done {
                    return;
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
        // One of an earlier connection is of no use.
        if let Some(earlier) = self.state().retry.replace(task.abort_handle()) {
            earlier.abort();
        }
    }

    /// Asks about the sessions that only the snapshot lists. Best effort: what is not answered,
    /// or not allowed, is bound by its next event with variables.
    async fn describe(&self, connection: &Connection, rows: &[ChannelRow]) {
        let unknown = self.tracker().undescribed(rows);
        if unknown.len() > DUMPS {
            let left = unknown.len() - DUMPS;
            tracing::debug!(left, "legs that are not asked about");
        }
        let mut unknown = unknown.into_iter().take(DUMPS);
        let ask = async {
            let mut asked = JoinSet::new();
            loop {
                for id in unknown.by_ref().take(AT_ONCE - asked.len()) {
                    let connection = connection.clone();
                    asked.spawn(async move { dump(&connection, &id).await });
                }
                match asked.join_next().await {
                    None => return,
                    Some(Ok(Some(dump))) => self.tracker().describe(&dump),
                    // A refusal holds for all of them.
                    Some(Ok(None)) if !connection.is_open() => return,
                    Some(_) => {}
                }
            }
        };
        if timeout(LONGEST, ask).await.is_err() {
            tracing::debug!("the server takes too long to describe its channels");
        }
    }
}

/// Asks what channels there are. The inner error is an answer without a table, or none in time;
/// the outer one a connection that is gone.
pub(super) async fn channel_rows(
    connection: &Connection,
) -> Result<Result<Rows<ChannelRow>, NoTable>, Error> {
    let show = Command::api("show channels as json").map_err(Error::Illegal)?;
    let none = |reason: String, may_pass| Ok(Err(NoTable { reason, may_pass }));
    let reply = match connection.send(show).await {
        Ok(reply) => reply,
        Err(err @ (SendError::TimedOut { .. } | SendError::NotSent { .. })) => {
            return none(err.to_string(), true);
        }
        Err(err) => return Err(Error::Send(err)),
    };
    if reply.is_denied() {
        return none("permission denied for \"api show\"".to_owned(), false);
    }
    match Rows::parse_as::<ChannelRow>(&reply.text(), "uuid") {
        Ok(table) => Ok(Ok(table)),
        Err(err) => none(format!("\"show channels\": {err}"), true),
    }
}

/// Which legs are bridged to each other; `None` when the server does not say. The column
/// `call_uuid` of channels keeps what was true before some transfers, so that it is not enough.
async fn bridged_pairs(connection: &Connection, rows: &[ChannelRow]) -> Option<Vec<CallRow>> {
    let is_bridged = |row: &ChannelRow| {
        row.call_uuid != row.uuid || !row.application.is_empty() || row.state == "CS_EXCHANGE_MEDIA"
    };
    if !rows.iter().any(is_bridged) {
        return Some(Vec::new());
    }
    let reply = connection.send(Command::api("show calls as json").ok()?).await.ok()?;
    if reply.is_denied() {
        return None;
    }
    let table = Rows::parse_as::<CallRow>(&reply.text(), "uuid").ok()?;
    (table.unreadable == 0).then_some(table.rows)
}

/// All headers of a channel; `None` when it is gone, or this login may not ask.
async fn dump(connection: &Connection, id: &Id<SessionInfo>) -> Option<EventData> {
    let command = Command::api(&format!("uuid_dump {id} json")).ok()?;
    match connection.send(command).await.ok()? {
        Reply::Api(body) if body.starts_with(b"{") => Some(EventData::new(Format::Json, body)),
        _ => None,
    }
}

/// How many legs are asked about after a snapshot. It costs the server a fraction of a millisecond
/// each, and nothing else is sent on this connection meanwhile.
const DUMPS: usize = 500;

/// How many questions are under way together.
const AT_ONCE: usize = 32;

/// How long all the questions may take.
const LONGEST: Duration = Duration::from_secs(5);

/// The first pause before a table that could not be had is asked for again, and the longest.
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How far FreeSWITCH's tables may be behind its events.
pub(super) const TABLE_LAG: Duration = Duration::from_secs(1);
