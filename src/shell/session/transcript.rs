//! The transcript of a session: begun, found and ended.

use std::path::Path;
use std::sync::Arc;

use super::Shell;
use crate::shell::feed::transcript::Transcript;
use crate::shell::text::error::CommandError;

impl Shell {
    /// Begins to write the session down.
    ///
    /// # Errors
    /// A usage error when there is a transcript, or the file is there or cannot be written.
    pub async fn start_transcript(&self, path: &Path, append: bool) -> Result<(), CommandError> {
        if let Some(running) = self.transcript() {
            return Err(CommandError::usage(format!(
                "there is a transcript: {}",
                running.status()?
            ))
            .hint("\"transcript stop\" ends it"));
        }
        let secrets = Arc::clone(&self.inner.secrets);
        let transcript = Arc::new(Transcript::start(path, append, secrets)?);
        self.inner.narration.record(Some(Arc::clone(&transcript)));
        for switch in self.switches() {
            // A script has no listener yet, and a transcript without events says little.
            switch.listen_once().await?;
            if switch.listener().is_connected() {
                transcript.hear(switch.as_source());
            }
        }
        Ok(())
    }

    pub(in crate::shell) fn transcript(&self) -> Option<Arc<Transcript>> {
        self.inner.narration.transcript()
    }

    /// Ends the transcript, if there is one, and says what became of it.
    pub(in crate::shell) async fn stop_transcript(&self) -> Option<Result<String, CommandError>> {
        let transcript = self.inner.narration.record(None)?;
        for switch in self.switches() {
            transcript.leave(&switch.as_source());
        }
        Some(transcript.stop().await)
    }
}
