//! Telling a connection that is dead from one whose server is busy.
//!
//! TCP finds a peer that is gone ([`keep_alive`]). A process that is frozen still has its TCP
//! answered by the kernel, and a slow `api` holds its whole connection up, for hours if it likes
//! so what decides is which command waits. Every other verb is
//! answered at once; for an `api` the server is asked on a second socket whether it lives.

use super::keep_alive::LOOKS;

use tokio::time::{Instant, sleep, timeout};

use super::config::Config;
use super::error::{CloseReason, ConnectError};
use super::handshake::Intake;
use super::weak::WeakConnection;
use crate::conn::handshake;
use crate::wire::ReplyShape;

impl WeakConnection {
    /// Waits until the connection is gone and says why; closes it as [`CloseReason::Frozen`] when
    /// a command has no reply for [`Config::dead_after`] and the server turns out to be dead. An `api` may
    /// take as long as it likes while the server (`config`) greets others.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn attend(&self, config: &Config) -> CloseReason {
        let mut seen = self.progress();
        let mut since = Instant::now();
        loop {
            tokio::select! {
                reason = self.closed() => return reason,
                () = sleep(config.dead_after() / LOOKS) => {}
            }
            let now = self.progress();
            let (_, oldest) = now;
            if oldest.is_none() || now != seen {
                (seen, since) = (now, Instant::now());
            } else if since.elapsed() >= config.dead_after() {
                if oldest == Some(ReplyShape::Api) && greets(config).await {
                    since = Instant::now();
                } else if self.progress() == seen {
                    self.abort(CloseReason::Frozen);
                }
            }
        }
    }
}

/// Whether the server greets a new client. What only says that this host knows no way there counts
/// as a yes: it proves nothing.
async fn greets(config: &Config) -> bool {
    let mut stream = match handshake::dial(config).await {
        Ok(stream) => stream,
        Err(ConnectError::NoAddress { .. }) => return true,
        Err(_) => return false,
    };
    let (mut intake, peer) = (Intake::default(), config.address());
    let greeting = handshake::greeting(&mut stream, &mut intake, &peer);
    // Anything that it says, and a socket that it closes, is a sign of life.
    timeout(config.connect_timeout(), greeting).await.is_ok()
}
