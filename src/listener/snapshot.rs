//! What is there: the table of channels, and what the table does not say.
//!
//! `show channels` has no channel variables, so a leg that only a variable binds to its call (our
//! own tracking header, the other half of a loopback) would stand for itself until its next event
//! with variables. `uuid_dump` has them all; it is asked for a bounded number of legs.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Error, EventListener};
use crate::conn::{Connection, Reply};
use crate::model::{ChannelRow, Id, Rows, Session};
use crate::track::Difference;
use crate::wire::{Command, EventData, Format};

impl EventListener {
    /// Merges what the server says is there.
    pub(super) async fn snapshot(
        &self,
        connection: &Connection,
        is_restarted: bool,
    ) -> Result<Difference, Error> {
        let Some(rows) = channel_rows(connection).await? else { return Ok(Difference::default()) };
        let mut difference = self.tracker().resync(&rows, is_restarted);
        self.describe(connection, &rows).await;
        self.tracker().regroup(&rows);
        // Legs that stood for themselves may have found each other.
        difference.new = self.tracker().call_count().saturating_sub(difference.kept);
        tracing::debug!(?difference, "snapshot of channels");
        Ok(difference)
    }

    /// Asks about the sessions that only the snapshot told of. Best effort: what is not answered,
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

/// Asks what channels there are; `None` when this login may not ask.
pub(super) async fn channel_rows(
    connection: &Connection,
) -> Result<Option<Vec<ChannelRow>>, Error> {
    let show = Command::api("show channels as json").map_err(Error::Illegal)?;
    let reply = connection.send(show).await.map_err(Error::Send)?;
    match Rows::parse_as::<ChannelRow>(&reply.text()) {
        Ok(rows) => Ok(Some(rows)),
        Err(err) => {
            tracing::warn!(%err, "no snapshot of channels");
            Ok(None)
        }
    }
}

/// All headers of a channel; `None` when it is gone, or this login may not ask.
async fn dump(connection: &Connection, id: &Id<Session>) -> Option<EventData> {
    let command = Command::api(&format!("uuid_dump {id} json")).ok()?;
    match connection.send(command).await.ok()? {
        Reply::Api(body) if body.starts_with(b"{") => Some(EventData::new(Format::Json, body)),
        _ => None,
    }
}

/// So many legs are asked about after a snapshot. It costs the server a fraction of a millisecond
/// each, and nothing else is sent on this connection meanwhile.
const DUMPS: usize = 500;

/// So many questions are under way together.
const AT_ONCE: usize = 32;

/// How long all the questions may take.
const LONGEST: Duration = Duration::from_secs(5);
