//! Calls and sessions with verbs. The verbs go over the command connection.

use std::fmt;
use std::ops::Deref;

use super::{Client, Error};
use crate::model::{self, HangupCause};
use crate::wire::Command;

/// A call as it was when it was looked up, with verbs.
#[derive(Debug, Clone)]
pub struct Call {
    client: Client,
    call: model::Call,
}

/// A session as it was when it was looked up, with verbs.
#[derive(Debug, Clone)]
pub struct Session {
    client: Client,
    session: model::Session,
}

impl Call {
    pub(super) fn new(client: Client, call: model::Call) -> Self {
        Self { client, call }
    }

    /// Its sessions that were alive, in the order of their first event.
    #[must_use]
    pub fn sessions(&self) -> Vec<Session> {
        let sessions = self.call.sessions.iter().cloned();
        sessions.map(|session| Session::new(self.client.clone(), session)).collect()
    }

    /// Hangs up every leg that is still alive, the first one first. A call that is gone already is
    /// no error.
    ///
    /// # Errors
    /// As [`Client::api`], but for legs that are gone meanwhile.
    pub async fn hangup(&self) -> Result<(), Error> {
        for session in self.sessions() {
            session.hangup().await?;
        }
        Ok(())
    }
}

impl Deref for Call {
    type Target = model::Call;

    fn deref(&self) -> &model::Call {
        &self.call
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}

impl Session {
    pub(super) fn new(client: Client, session: model::Session) -> Self {
        Self { client, session }
    }

    /// The client that its verbs go through.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The call that it belongs to, as it is now.
    #[must_use]
    pub fn call(&self) -> Option<Call> {
        self.client.call(self.session.call.as_str())
    }

    /// `uuid_answer`. Answered is what CHANNEL_ANSWER says, not this reply.
    ///
    /// # Errors
    /// As [`Client::api`], here and in every verb.
    pub async fn answer(&self) -> Result<(), Error> {
        self.verb("uuid_answer", "").await
    }

    /// `uuid_kill` with NORMAL_CLEARING. A session that is gone already is no error.
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn hangup(&self) -> Result<(), Error> {
        self.hangup_with(&HangupCause::NORMAL_CLEARING).await
    }

    /// `uuid_kill` with a cause. FreeSWITCH takes an unknown cause for NORMAL_CLEARING, so one is
    /// refused here.
    ///
    /// # Errors
    /// [`Error::UnknownCause`]; otherwise as [`Client::api`].
    pub async fn hangup_with(&self, cause: &HangupCause) -> Result<(), Error> {
        if !cause.is_known() {
            return Err(Error::UnknownCause { cause: cause.name().to_owned() });
        }
        match self.verb("uuid_kill", cause.name()).await {
            Err(Error::Api { text, .. }) if text.contains("No such channel") => Ok(()),
            other => other,
        }
    }

    /// `uuid_park`. Parked is what CHANNEL_PARK says, not this reply.
    ///
    /// # Errors
    /// As [`Client::api`].
    pub async fn park(&self) -> Result<(), Error> {
        self.verb("uuid_park", "").await
    }

    /// Queues a dialplan application on the channel (`sendmsg`). `Ok` means queued, not done.
    ///
    /// # Errors
    /// [`Error::Api`] with `-ERR invalid session id` when it is gone; otherwise as
    /// [`Client::send`].
    pub async fn execute(&self, app: &str, arg: &str) -> Result<(), Error> {
        let command = Command::execute(self.id.as_str(), app, arg, None).map_err(Error::Illegal)?;
        let shown = format!("execute {app} {arg}");
        let reply = self.client.send(command).await?;
        super::checked(reply, shown.trim_end()).map(drop)
    }

    /// Queues `playback` of a file or stream, for example `tone_stream://%(251,0,1004)`.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn playback(&self, path: &str) -> Result<(), Error> {
        self.execute("playback", path).await
    }

    /// Queues `echo`.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub async fn echo(&self) -> Result<(), Error> {
        self.execute("echo", "").await
    }

    async fn verb(&self, api: &str, arg: &str) -> Result<(), Error> {
        let line = format!("{api} {} {arg}", self.id);
        self.client.api(line.trim_end()).await.map(drop)
    }
}

impl Deref for Session {
    type Target = model::Session;

    fn deref(&self) -> &model::Session {
        &self.session
    }
}
