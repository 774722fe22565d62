//! Jobs on their way to the server.

use super::handle::checked;
use super::handle::denied;
use crate::client::Error;
use crate::model;
use crate::model::Id;
use crate::wire::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use super::handle::Client;
use crate::listener::{EventListener, Job};

/// A job whose command is on its way: without [`Announced::keep`] it is taken back, also when its
/// future is dropped, or its outcome is unknown where the server may have got the command.
pub(super) struct Announced<'a> {
    #[cfg(feature = "shell")]
    client: &'a Client,
    listener: &'a EventListener,
    job: &'a Job,
    pub(super) is_out: AtomicBool,
    is_kept: bool,
}

impl<'a> Announced<'a> {
    #[cfg_attr(not(feature = "shell"), expect(unused_variables, reason = "it keeps no list"))]
    pub(super) fn new(client: &'a Client, listener: &'a EventListener, job: &'a Job) -> Self {
        Self {
            #[cfg(feature = "shell")]
            client,
            listener,
            job,
            is_out: AtomicBool::new(false),
            is_kept: false,
        }
    }

    /// The server has queued it.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        if self.is_kept {
        } else if self.is_out.load(Ordering::Relaxed) {
            #[cfg(feature = "shell")]
            self.client.note_started(self.job);
            self.listener.mark_job_unknown(self.job);
        } else {
            self.listener.cancel_job(self.job);
        }
    }
}

impl Client {
    /// Runs a command in the background. Returns as soon as the server has queued it.
    ///
    /// # Cancel safety
    /// Dropping the future takes the job back as long as nothing of its command was written; after that
    /// the job's outcome is unknown until its result comes.
    ///
    /// # Errors
    /// [`Error::NoListener`] and [`Error::ListenerNotRunning`] before anything is sent;
    /// [`Error::Missing`] as for [`Client::api`]; otherwise as [`Client::send`].
    pub async fn bgapi(&self, line: &str) -> Result<Job, Error> {
        self.background(line, None).await
    }

    pub(in crate::client) async fn background(
        &self,
        line: &str,
        session: Option<Id<model::SessionInfo>>,
    ) -> Result<Job, Error> {
        let listener = self.running_listener()?;
        let connection = self.connection()?;
        #[cfg(feature = "shell")]
        self.cleared(Command::api(line).map_err(Error::Illegal)?)?;
        self.check_target(line).await?;
        if !listener.is_subscribed("BACKGROUND_JOB") {
            listener.subscribe(&["BACKGROUND_JOB"]).await?;
        }
        let job = listener.register_job(line, session);
        // Gone since it was looked at: its job would never end.
        if !listener.is_running() {
            listener.cancel_job(&job);
            return Err(Error::ListenerNotRunning);
        }
        // Dropped, it takes the job back.
        let announced = Announced::new(self, &listener, &job);
        let command = Command::bgapi(line, job.id().as_str()).map_err(Error::Illegal)?;
        let shown = command.shown().to_owned();
        self.note_sent(&shown);
        let within = connection.command_timeout();
        let sent = connection.send_noting(command, within, &announced.is_out);
        let reply = sent.await.map_err(Error::Send)?;
        if let Err(err) = denied(reply, shown).and_then(|reply| checked(reply, line)) {
            announced.is_out.store(false, Ordering::Relaxed);
            return Err(err);
        }
        announced.keep();
        #[cfg(feature = "shell")]
        self.note_started(&job);
        Ok(job)
    }
}
