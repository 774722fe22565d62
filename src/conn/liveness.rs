//! Telling a connection that is dead from one whose server is busy.
//!
//! TCP finds a peer that is gone ([`keep_alive`]). A process that is frozen still has its TCP
//! answered by the kernel, and a slow `api` holds its whole connection up, for hours if it likes
//! so what decides is which command waits. Every other verb is
//! answered at once; for an `api` the server is asked on a socket of its own whether it lives.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::handshake::{self, Intake};
use super::{CloseReason, Config, ConnectError, WeakConnection};
use crate::wire::ReplyShape;

impl WeakConnection {
    /// Waits until the connection is gone and says why; closes it as [`CloseReason::Frozen`] when
    /// a command has no reply for [`Config::dead_after`] and the server turns out to be dead. An `api` may
    /// take as long as it likes while the server (`config`) greets others. Safe to cancel.
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

/// Lets the kernel find out that the peer is gone: by probes while nothing is sent, and while
/// something is, by how long it stays unacknowledged. Without it that takes a quarter of an hour.
pub(super) fn keep_alive(stream: &TcpStream, config: &Config) -> std::io::Result<()> {
    let socket = SockRef::from(stream);
    // The kernel counts in whole seconds.
    let idle = config.dead_after().max(Duration::from_secs(1));
    let between = (idle / PROBES).max(Duration::from_secs(1));
    let probes = TcpKeepalive::new().with_time(idle).with_interval(between);
    #[cfg(not(target_os = "windows"))]
    let probes = probes.with_retries(PROBES);
    socket.set_tcp_keepalive(&probes)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket.set_tcp_user_timeout(Some(idle))?;
    Ok(())
}

/// How often it is looked at, while nothing comes.
const LOOKS: u32 = 6;

/// How many questions of TCP an idle peer may leave unanswered.
const PROBES: u32 = 3;
