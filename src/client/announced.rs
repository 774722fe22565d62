//! Jobs on their way to the server.

use std::sync::atomic::{AtomicBool, Ordering};

use super::Client;
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
            self.listener.doubt_job(self.job);
        } else {
            self.listener.forget_job(self.job);
        }
    }
}
