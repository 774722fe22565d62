//! Waiting for the event that confirms what was asked for.

use crate::client::Session;
use std::time::Duration;

use tokio::time::timeout;

use super::error::Error;
use super::handle::Client;
use crate::listener::{EventListener, SessionEvents};
use crate::model;
use crate::model::{Event, Id};

/// A wait for an event of one session. Made before the verb that causes it, so that even an
/// instant event is caught.
///
/// # Examples
/// ```no_run
/// # async fn run(session: switchy::client::Session) -> Result<(), switchy::client::Error> {
/// use std::time::Duration;
///
/// let held = session.expect(&["CHANNEL_HOLD"]).await?;
/// session.hold().await?;
/// held.within(Duration::from_secs(5)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Expect {
    listener: EventListener,
    /// The session, and those whose event is as good.
    sessions: Vec<Id<model::SessionInfo>>,
    /// The header that names the session.
    key: &'static str,
    kinds: Vec<String>,
    header: Option<(String, String)>,
    events: SessionEvents,
    _held: Held,
}

/// Subscriptions that are given back when the last wait ends.
#[derive(Debug)]
struct Held {
    listener: EventListener,
    names: Vec<String>,
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.names.is_empty() && tokio::runtime::Handle::try_current().is_ok() {
            self.listener.release_later(std::mem::take(&mut self.names));
        }
    }
}

impl Client {
    /// Begins to wait for the next of these events (names or CUSTOM subclasses) of a session. What
    /// is not subscribed to yet is subscribed to for as long as it is waited for.
    ///
    /// # Cancel safety
    /// Dropping the future gives the subscriptions back.
    ///
    /// # Errors
    /// [`Error::NoListener`], [`Error::ListenerNotRunning`]; [`Error::Listener`] when the server
    /// refuses the subscription.
    pub async fn expect(
        &self,
        session: &Id<model::SessionInfo>,
        kinds: &[&str],
    ) -> Result<Expect, Error> {
        let listener = self.running_listener()?;
        let held = Held { names: listener.claim(kinds).await?, listener };
        let listener = held.listener.clone();
        let mut watched = kinds.to_vec();
        // The end of the session ends every wait for it.
        watched.push("CHANNEL_DESTROY");
        let mut events = listener.session_events(&watched);
        events.add(UUID, session.as_str());
        Ok(Expect {
            events,
            listener,
            sessions: vec![session.clone()],
            key: UUID,
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            header: None,
            _held: held,
        })
    }
}

impl Expect {
    /// Waits only for an event with this header.
    #[must_use]
    pub fn with(mut self, header: &str, value: &str) -> Self {
        self.header = Some((header.to_owned(), value.to_owned()));
        self
    }

    /// Takes the event of another session as well: CHANNEL_BRIDGE is fired for one of the two.
    #[must_use]
    pub fn or(mut self, other: &Id<model::SessionInfo>) -> Self {
        self.sessions.push(other.clone());
        self.events.add(UUID, other.as_str());
        self.events.add(self.key, other.as_str());
        self
    }

    /// Waits for an event that names the session in another header than `Unique-ID`: ADD_SCHEDULE
    /// has it in `Task-Group`.
    #[must_use]
    pub fn named_by(mut self, header: &'static str) -> Self {
        self.key = header;
        for session in &self.sessions {
            self.events.add(header, session.as_str());
        }
        self
    }

    /// Waits for the event.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait; no verb depends on it.
    ///
    /// # Errors
    /// [`Error::NotConfirmed`] when it does not come in time, [`Error::Gone`] when the session
    /// ends first, [`Error::ListenerNotRunning`] when the connection does.
    pub async fn within(mut self, within: Duration) -> Result<Event, Error> {
        self.next_within(within).await
    }

    /// As [`Expect::within`], for each of several events in turn.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped: the next call gets the event.
    ///
    /// # Errors
    /// As [`Expect::within`].
    pub async fn next_within(&mut self, within: Duration) -> Result<Event, Error> {
        let (listener, kinds) = (self.listener.clone(), self.kinds.join(" or "));
        let uuid = self.sessions.first().map(ToString::to_string).unwrap_or_default();
        let waiting = async {
            tokio::select! {
                event = self.next() => event,
                _reason = listener.closed() => Err(Error::ListenerNotRunning),
            }
        };
        match timeout(within, waiting).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(Error::NotConfirmed { uuid, what: kinds, after: within }),
        }
    }

    async fn next(&mut self) -> Result<Event, Error> {
        while let Some(event) = self.events.next().await {
            let kind = event.kind();
            let is_it = self.is_about(&event, self.key)
                && self.kinds.iter().any(|wanted| *wanted == kind)
                && self.header.as_ref().is_none_or(|(name, value)| {
                    event.get(name).is_some_and(|found| found == *value)
                });
            if is_it {
                drop(kind);
                return Ok(event);
            }
            if kind == "CHANNEL_DESTROY" && self.is_about(&event, UUID) {
                let cause = event.get("Hangup-Cause").unwrap_or_default().into_owned();
                let uuid = event.unique_id().unwrap_or_default().into_owned();
                return Err(Error::Gone { uuid, cause });
            }
        }
        Err(Error::ListenerNotRunning)
    }

    fn is_about(&self, event: &Event, key: &str) -> bool {
        let id = event.get(key);
        id.is_some_and(|id| self.sessions.iter().any(|known| known.as_str() == &*id))
    }
}

/// The header that names the session of an event.
const UUID: &str = "Unique-ID";

impl Session {
    /// Begins to wait for the next of these events of this session. Make it before the verb that
    /// causes the event.
    ///
    /// # Cancel safety
    /// Dropping the future gives the subscriptions back.
    ///
    /// # Errors
    /// As [`Client::expect`].
    pub async fn expect(&self, kinds: &[&str]) -> Result<Expect, Error> {
        self.client.expect(self.id(), kinds).await
    }
}
