//! Calls with verbs. The verbs go over the command connection.

use std::fmt;
use std::ops::Deref;

use super::{Client, Error, Session};
use crate::model;

/// A call as it was when it was looked up, with verbs.
#[derive(Debug, Clone)]
pub struct Call {
    client: Client,
    call: model::Call,
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
