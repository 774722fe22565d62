//! TCP keep-alive of a connection.

use super::config::Config;
use socket2::{SockRef, TcpKeepalive};
use std::time::Duration;
use tokio::net::TcpStream;

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
pub(in crate::conn) const LOOKS: u32 = 6;

/// How many questions of TCP an idle peer may leave unanswered.
pub(in crate::conn) const PROBES: u32 = 3;
