//! Calls with verbs. The verbs go over the command connection.

use super::app::AppContext;
use super::hung_up::LegEnd;
use std::fmt;

use super::error::Error;
use super::handle::Client;
use super::session::Session;
use crate::model;
use crate::model::{Ending, HangupCause, Id};

/// A call as it was when it was looked up, with verbs.
///
/// # Examples
/// ```no_run
/// # async fn run(call: switchy::client::Call) -> Result<(), switchy::client::Error> {
/// for session in call.sessions() {
///     session.setvar("note", "ends soon").await?;
/// }
/// call.hangup().await?;
/// println!("{}", call.ended().await?.cause);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Call {
    client: Client,
    call: model::CallInfo,
}

impl Call {
    pub(super) fn new(client: Client, call: model::CallInfo) -> Self {
        Self { client, call }
    }

    /// What was known of it when it was looked up.
    #[must_use]
    pub fn info(&self) -> &model::CallInfo {
        &self.call
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &Id<model::CallInfo> {
        &self.call.id
    }

    /// Its sessions that were alive, in the order of their first event.
    #[must_use]
    pub fn sessions(&self) -> Vec<Session> {
        let sessions = self.call.sessions.iter().cloned();
        sessions.map(|session| Session::new(self.client.clone(), session)).collect()
    }

    /// Hangs up every leg that is still alive, the first one first, and says what became of each.
    /// Legs that joined since the call was looked up are among them. A call that is gone already is
    /// no error.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the legs alive that were not reached.
    ///
    /// # Errors
    /// As [`Client::api`], from the first leg that failed, after all were tried.
    pub async fn hangup(&self) -> Result<Vec<(Id<model::SessionInfo>, LegEnd)>, Error> {
        self.hangup_with(&HangupCause::NORMAL_CLEARING).await
    }

    /// As [`Call::hangup`], with a cause.
    ///
    /// # Cancel safety
    /// As [`Call::hangup`].
    ///
    /// # Errors
    /// [`Error::UnknownCause`], before anything is sent; otherwise as [`Call::hangup`].
    pub async fn hangup_with(
        &self,
        cause: &HangupCause,
    ) -> Result<Vec<(Id<model::SessionInfo>, LegEnd)>, Error> {
        let mut legs = self.sessions();
        let now = self.client.call(self.id()).map(|call| call.sessions());
        for leg in now.unwrap_or_default() {
            if !legs.iter().any(|known| known.id() == leg.id()) {
                legs.push(leg);
            }
        }
        let (mut ends, mut failure) = (Vec::new(), None);
        for leg in legs {
            match leg.end(cause).await {
                Ok(end) => ends.push((leg.id().clone(), end)),
                Err(err) => failure = failure.or(Some(err)),
            }
        }
        failure.map_or(Ok(ends), Err)
    }

    /// Waits until the call has ended, and says how: the cause, who ended it, and when. Returns at
    /// once when it has ended already, and waits on while a connection that is kept up
    /// ([`EventListener::keep_connected`](crate::EventListener::keep_connected)) is lost: the end of
    /// a call that ended meanwhile was not seen, so that [`Ending::by`] is `None` and
    /// [`Ending::at`] is 0 then.
    ///
    /// ```no_run
    /// # async fn run(call: switchy::client::Call) -> Result<(), switchy::client::Error> {
    /// let ending = call.ended().await?;
    /// println!("{} by {}", ending.cause, ending.by.map_or("?", |by| by.word()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// [`Error::EndUnseen`] when the event connection is gone for good, or the call ended so long
    /// ago that the listener has forgotten it; [`Error::NoListener`].
    pub async fn ended(&self) -> Result<Ending, Error> {
        let ending = self.client.listener()?.call_ended(&self.call).await;
        ending.ok_or_else(|| Error::EndUnseen { call: self.id().to_string() })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

impl Client {
    /// A running call by its id or by the id of one of its sessions, with verbs.
    #[must_use]
    pub fn call(&self, id: &Id<model::CallInfo>) -> Option<Call> {
        let call = self.listener().ok()?.call(id)?;
        Some(Call::new(self.clone(), call))
    }
}

impl AppContext<'_> {
    /// The call of the session, as it is now.
    #[must_use]
    pub fn call(&self) -> Option<Call> {
        self.session.call()
    }
}

impl Session {
    /// The call that it belongs to, as it is now.
    #[must_use]
    pub fn call(&self) -> Option<Call> {
        self.client.call(&self.session.call)
    }
}
