//! One event-socket session: login, a queue of replies, and a reader that never waits.
//!
//! One task owns the socket. Every command that was written has a slot in a queue; each reply
//! takes the oldest slot, whether its asker still waits or not. So a command that timed out or was
//! cancelled cannot hand its late reply to the next one.
//!
//! # Invariants
//! - The reader never waits for a consumer: events go to a [`Sink`], which must return at once.
//! - An event is not interpreted here.
//! - Passwords are in no `Debug`, no error and no log line.

mod command_queue;
mod config;
mod driver;
mod error;
mod handshake;
mod keep_alive;
mod liveness;
mod reply_slot;
mod retry;
mod sink;
#[cfg(feature = "ssh")]
mod tunnel;
mod weak;

pub use sink::{NoEvents, Reply, Sink};
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::Instant;

pub use config::{Config, Login, Secret, Way};
pub use error::{CloseReason, ConnectError, SendError, Verdict};
pub use handshake::Permissions;
pub use retry::{Backoff, Retryable, retry};
pub use weak::WeakConnection;

use crate::wire::Command;
use command_queue::CommandQueue;
use driver::Driver;
use reply_slot::{Answer, NoReply};

/// The end of an asker who wants to know whether the server may have got the command.
struct Noting<'a> {
    answer: Answer,
    is_out: &'a AtomicBool,
}

impl Drop for Noting<'_> {
    fn drop(&mut self) {
        self.is_out.store(self.answer.is_out(), Ordering::Relaxed);
    }
}

/// One logged-in session with a server. A clone is another handle to the same one.
///
/// Commands of all handles are written in the order of their arrival and answered in that order.
/// The socket closes when the last handle is gone.
#[derive(Clone)]
pub struct Connection {
    peer: Arc<str>,
    address: Option<SocketAddr>,
    line: Arc<CommandQueue>,
    closed: watch::Receiver<Option<CloseReason>>,
    /// Makes the driver stop, and says why.
    cut: Arc<watch::Sender<Option<CloseReason>>>,
    permissions: Arc<Permissions>,
    command_timeout: Duration,
}

impl Connection {
    /// Connects over TCP, trying each address of the host, and logs in.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    ///
    /// # Errors
    /// One variant of [`ConnectError`] for each way to fail; see its hints.
    pub async fn open(config: &Config, sink: impl Sink) -> Result<Self, ConnectError> {
        match config.way() {
            Way::Tcp => {}
            Way::Unix(path) => return Self::over(unix(config, path).await?, config, sink).await,
            #[cfg(feature = "ssh")]
            Way::Ssh { target, port } => {
                let tunnel = tunnel::ssh(config, target, *port)?;
                return match Self::start(tunnel.reader, tunnel.writer, config, sink).await {
                    Ok(connection) => Ok(connection),
                    Err(err) => Err(tunnel::explained(err, config, tunnel.complaint).await),
                };
            }
            #[cfg(not(feature = "ssh"))]
            Way::Ssh { .. } => return Err(ConnectError::NoSsh { peer: config.address() }),
        }
        let stream = handshake::dial(config).await?;
        let address = stream.peer_addr().ok();
        let (reader, writer) = stream.into_split();
        let connection = Self::start(reader, writer, config, sink).await?;
        Ok(Self { address, ..connection })
    }

    /// Logs in over a stream that is connected already: a tunnel, or an in-memory pipe in tests.
    ///
    /// # Cancel safety
    /// Dropping the future closes the stream.
    ///
    /// # Errors
    /// As [`Connection::open`], but for the TCP part.
    pub async fn over<S>(stream: S, config: &Config, sink: impl Sink) -> Result<Self, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (reader, writer) = tokio::io::split(stream);
        Self::start(reader, writer, config, sink).await
    }

    async fn start<R, W>(
        mut reader: R,
        mut writer: W,
        config: &Config,
        sink: impl Sink,
    ) -> Result<Self, ConnectError>
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let (intake, permissions) = handshake::login(&mut reader, &mut writer, config).await?;
        let line = Arc::new(CommandQueue::new(writer));
        let (closing, closed) = watch::channel(None);
        let (cut, cuts) = watch::channel(None);
        let driver = Driver::new(reader, intake, Arc::clone(&line), sink, closing);
        // The task ends with the socket or with the last handle; `closed` has the outcome.
        let _task = tokio::spawn(driver.run(cuts));
        Ok(Self {
            peer: config.address().into(),
            address: None,
            line,
            closed,
            cut: Arc::new(cut),
            permissions: Arc::new(permissions),
            command_timeout: config.command_timeout(),
        })
    }

    /// Sends a command and waits for its reply, at most for the configured time.
    ///
    /// # Cancel safety
    /// Dropping the future takes the command back as long as nothing of it was written; after that
    /// the server may carry it out, and its reply is discarded.
    ///
    /// # Errors
    /// [`SendError::TimedOut`] after the deadline (the server may still carry it out),
    /// [`SendError::NotSent`] when the server took nothing all the time (it will not),
    /// [`SendError::Closed`] when the connection is gone or goes meanwhile.
    pub async fn send(&self, command: Command) -> Result<Reply, SendError> {
        self.send_within(command, self.command_timeout).await
    }

    /// As [`Connection::send`], with another deadline.
    ///
    /// # Cancel safety
    /// As [`Connection::send`].
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub async fn send_within(
        &self,
        command: Command,
        within: Duration,
    ) -> Result<Reply, SendError> {
        self.send_noting(command, within, &AtomicBool::new(false)).await
    }

    /// As [`Connection::send_within`]; `is_out` says, also when the future is dropped, whether the
    /// server may have got a part of the command.
    pub(crate) async fn send_noting(
        &self,
        command: Command,
        within: Duration,
        is_out: &AtomicBool,
    ) -> Result<Reply, SendError> {
        // Without a deadline where the time goes beyond the end of the clock.
        let until = Instant::now().checked_add(within);
        let failed = |command: &Command, missing: NoReply| {
            let command = command.shown().to_owned();
            match missing {
                NoReply::Lost => SendError::Closed { command, reason: self.close_reason() },
                NoReply::NotSent => SendError::NotSent { command, after: within },
                NoReply::TimedOut => SendError::TimedOut { command, after: within },
            }
        };
        let room = match self.line.reserve(until).await {
            Ok(room) => room,
            Err(missing) => return Err(failed(&command, missing)),
        };
        let (slot, answer) = reply_slot::pair(command, until, room);
        let mut noting = Noting { answer, is_out };
        self.line.enqueue(slot);
        (&mut noting.answer).await.map_err(|missing| failed(noting.answer.command(), missing))
    }

    /// How long [`Connection::send`] waits.
    pub(crate) fn command_timeout(&self) -> Duration {
        self.command_timeout
    }

    /// `HOST:PORT` of the server, as configured.
    #[must_use]
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// The address that the host's name stood for; `None` over a stream of the caller.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// What this login may do; everything unless it was a `userauth` with lists.
    #[must_use]
    pub fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    /// Whether the other is a handle to the same session.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.cut, &other.cut)
    }

    /// Whether the socket is open, as far as we know.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed.borrow().is_none()
    }

    /// Whether a command that was written has no reply yet.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.line.progress().1.is_some()
    }

    /// Waits until the connection is gone and its sink was notified; returns why.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn closed(&self) -> CloseReason {
        weak::closed(self.closed.clone()).await
    }

    /// A handle that does not keep the connection open.
    #[must_use]
    pub fn downgrade(&self) -> WeakConnection {
        WeakConnection {
            closed: self.closed.clone(),
            cut: Arc::downgrade(&self.cut),
            line: Arc::clone(&self.line),
        }
    }

    /// Closes the socket at once, without a word to the server. A caller that waits for a reply gets
    /// `reason`.
    pub fn abort(&self, reason: CloseReason) {
        self.cut.send_replace(Some(reason));
    }

    /// Sends `exit` and waits for the server to close; after the command time-out, or when this is
    /// cancelled, the socket is closed all the same.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection all the same.
    pub async fn close(&self) {
        let cut = Cut(self);
        let leave = async {
            if let Ok(exit) = Command::exit() {
                let _reply = self.send(exit).await;
            }
            self.closed().await
        };
        let _in_time = tokio::time::timeout(self.command_timeout, leave).await;
        drop(cut);
        self.closed().await;
    }

    /// Why the connection is gone; of one that is open, what its drop would be.
    pub(crate) fn close_reason(&self) -> CloseReason {
        self.closed.borrow().clone().unwrap_or(CloseReason::Dropped)
    }
}

/// Connects to a Unix socket.
#[cfg(unix)]
async fn unix(config: &Config, path: &Path) -> Result<tokio::net::UnixStream, ConnectError> {
    let (peer, after) = (config.address(), config.connect_timeout());
    match tokio::time::timeout(after, tokio::net::UnixStream::connect(path)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(err)) if err.kind() == std::io::ErrorKind::ConnectionRefused => {
            Err(ConnectError::Refused { peer })
        }
        Ok(Err(reason)) => Err(ConnectError::Unreachable { peer, reason }),
        Err(_elapsed) => Err(ConnectError::NoAnswer { peer, after }),
    }
}

#[cfg(not(unix))]
async fn unix(config: &Config, _: &Path) -> Result<tokio::net::TcpStream, ConnectError> {
    let reason = std::io::ErrorKind::Unsupported.into();
    Err(ConnectError::Unreachable { peer: config.address(), reason })
}

/// Closes the socket when it is dropped.
struct Cut<'a>(&'a Connection);

impl Drop for Cut<'_> {
    fn drop(&mut self) {
        self.0.abort(CloseReason::Dropped);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("peer", &self.peer)
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
