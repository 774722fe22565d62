//! Waiting for the event that confirms what was asked for.

use std::time::Duration;

use tokio::time::timeout;

use super::{Client, Error};
use crate::listener::{EventListener, Events};
use crate::model::{self, Event, Id};

/// A wait for an event of one session. Made before the verb that causes it, so that even an
/// instant event is caught.
#[derive(Debug)]
pub struct Expect {
    listener: EventListener,
    session: Id<model::Session>,
    kinds: Vec<String>,
    header: Option<(String, String)>,
    events: Events,
}

impl Client {
    /// Begins to wait for the next of these events (names or CUSTOM subclasses) of a session. What
    /// is not subscribed to yet is subscribed to.
    ///
    /// # Errors
    /// [`Error::NoListener`], [`Error::ListenerNotRunning`]; [`Error::Listener`] when the server
    /// refuses the subscription.
    pub async fn expect(
        &self,
        session: &Id<model::Session>,
        kinds: &[&str],
    ) -> Result<Expect, Error> {
        let listener = self.running_listener()?;
        let known = listener.subscriptions();
        let is_known = |kind: &str| known.iter().any(|name| name == kind || name == "ALL");
        let new: Vec<&str> = kinds.iter().copied().filter(|kind| !is_known(kind)).collect();
        if !new.is_empty() {
            listener.subscribe(&new).await?;
        }
        let mut watched = kinds.to_vec();
        // The end of the session ends every wait for it.
        watched.push("CHANNEL_DESTROY");
        Ok(Expect {
            events: listener.events(&watched),
            listener,
            session: session.clone(),
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            header: None,
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

    /// Waits for the event. Safe to cancel.
    ///
    /// # Errors
    /// [`Error::NotConfirmed`] when it does not come in time, [`Error::Gone`] when the session
    /// ends first, [`Error::ListenerNotRunning`] when the connection does.
    pub async fn within(mut self, within: Duration) -> Result<Event, Error> {
        let (listener, kinds) = (self.listener.clone(), self.kinds.join(" or "));
        let uuid = self.session.to_string();
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
            if event.unique_id().as_deref() != Some(self.session.as_str()) {
                continue;
            }
            let kind = event.kind();
            let is_it = self.kinds.iter().any(|wanted| *wanted == kind)
                && self.header.as_ref().is_none_or(|(name, value)| {
                    event.get(name).is_some_and(|found| found == *value)
                });
            if is_it {
                drop(kind);
                return Ok(event);
            }
            if kind == "CHANNEL_DESTROY" {
                let cause = event.get("Hangup-Cause").unwrap_or_default().into_owned();
                return Err(Error::Gone { uuid: self.session.to_string(), cause });
            }
        }
        Err(Error::ListenerNotRunning)
    }
}
