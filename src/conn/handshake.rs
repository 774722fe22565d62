//! From an address to a logged-in stream.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use super::config::{Config, Login};
use super::error::ConnectError;
use super::keep_alive::keep_alive;
use crate::wire::{Command, CommandReply, Decoder, Frame, WireError, excerpt};

/// The decoder and the bytes behind the login, handed on to the driver.
#[derive(Debug, Default)]
pub(super) struct Intake {
    pub(super) decoder: Decoder,
    pub(super) buf: BytesMut,
}

/// What a login may do (`userauth`: `esl-allowed-*` of the directory user).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permissions {
    /// Event names, `None` when there is no list.
    pub events: Option<Vec<String>>,
    /// API commands, `None` when there is no list.
    pub api: Option<Vec<String>>,
    /// Whether `log` is allowed; `None` when nothing was said.
    pub log: Option<bool>,
}

/// Connects to the first address of the host that answers.
pub(super) async fn dial(config: &Config) -> Result<TcpStream, ConnectError> {
    let host = config.host().to_owned();
    let addresses: Vec<_> = match lookup_host((config.host(), config.port())).await {
        Ok(addresses) => addresses.collect(),
        Err(err) => return Err(ConnectError::NoAddress { host, reason: Some(err) }),
    };
    match first_of(&addresses, config).await {
        Ok(stream) => Ok(stream),
        Err(None) => Err(ConnectError::NoAddress { host, reason: None }),
        Err(Some(last)) => Err(last),
    }
}

/// One after the other; where another one follows, one that says nothing is soon given up.
async fn first_of(
    addresses: &[SocketAddr],
    config: &Config,
) -> Result<TcpStream, Option<ConnectError>> {
    let mut last = None;
    for (at, address) in addresses.iter().enumerate() {
        let peer = address.to_string();
        let is_last = at + 1 == addresses.len();
        let patience = config.connect_timeout();
        let patience = if is_last { patience } else { patience.min(SOON) };
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Commands are small and waited for: without it each would wait for an ACK.
                if let Err(err) = stream.set_nodelay(true) {
                    tracing::debug!(%err, "no TCP_NODELAY");
                }
                if let Err(err) = keep_alive(&stream, config) {
                    tracing::debug!(%err, "no TCP keepalive");
                }
                return Ok(stream);
            }
            Ok(Err(err)) if err.kind() == io::ErrorKind::ConnectionRefused => {
                last = Some(ConnectError::Refused { peer });
            }
            Ok(Err(reason)) => last = Some(ConnectError::Unreachable { peer, reason }),
            Err(_elapsed) => last = Some(ConnectError::NoAnswer { peer, after: patience }),
        }
    }
    Err(last)
}

/// Longer than a lost packet takes to be sent again.
const SOON: Duration = Duration::from_secs(2);

/// Waits for the greeting, logs in, and says what the login may do.
pub(super) async fn login<R, W>(
    reader: &mut R,
    writer: &mut W,
    config: &Config,
) -> Result<(Intake, Permissions), ConnectError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let after = config.connect_timeout();
    let peer = config.address();
    let (until, mut intake) = (Instant::now() + after, Intake::default());
    match timeout_at(until, greeting(reader, &mut intake, &peer)).await {
        Ok(greeted) => greeted?,
        Err(_elapsed) if intake.decoder.is_mid_frame(&intake.buf) => {
            let start = excerpt(&intake.buf);
            return Err(ConnectError::Unfinished { peer, start, after });
        }
        Err(_elapsed) => return Err(ConnectError::Silent { peer, after }),
    }
    let steps = async {
        let command = match config.login() {
            Login::Password(password) => Command::auth(password.expose()),
            Login::User { user, password } => Command::userauth(user, password.expose()),
        };
        let mut bytes = Vec::new();
        command.map_err(ConnectError::IllegalLogin)?.encode(&mut bytes);
        let broke = |err| ConnectError::ClosedEarly { peer: peer.clone(), reason: Some(err) };
        writer.write_all(&bytes).await.map_err(broke)?;
        let reply = verdict(reader, &mut intake, &peer).await?;
        if !reply.text().starts_with("+OK") {
            return Err(ConnectError::WrongPassword { peer: peer.clone() });
        }
        Ok((intake, permissions(&reply)))
    };
    match timeout_at(until, steps).await {
        Ok(done) => done,
        Err(_elapsed) => Err(ConnectError::Unanswered { peer, after }),
    }
}

pub(super) async fn greeting<R>(
    reader: &mut R,
    intake: &mut Intake,
    peer: &str,
) -> Result<(), ConnectError>
where
    R: AsyncRead + Unpin,
{
    match next_frame(reader, intake, peer).await? {
        Frame::AuthRequest => Ok(()),
        other => Err(not_greeted(&other, peer)),
    }
}

/// Why there is no session, in the server's own words.
fn not_greeted(frame: &Frame, peer: &str) -> ConnectError {
    let peer = peer.to_owned();
    let start = match frame {
        Frame::Rejected(body) => {
            let text = String::from_utf8_lossy(body).trim().to_owned();
            return ConnectError::AclRejected { peer, text };
        }
        Frame::Disconnect(notice) => {
            return ConnectError::Dismissed { peer, text: notice.text().into_owned() };
        }
        Frame::AuthRequest => "auth/request".to_owned(),
        Frame::Reply(reply) => reply.text().into_owned(),
        Frame::Api(body) => excerpt(body),
        Frame::Event(event) => {
            format!("text/event, {}", event.get("Event-Name").unwrap_or_else(|| "no name".into()))
        }
        Frame::Log(line) => line.text().into_owned(),
        Frame::Other { content_type, body } => format!("{content_type} {}", excerpt(body)),
    };
    ConnectError::NotEventSocket { peer, start: excerpt(start.as_bytes()) }
}

async fn verdict<R>(
    reader: &mut R,
    intake: &mut Intake,
    peer: &str,
) -> Result<CommandReply, ConnectError>
where
    R: AsyncRead + Unpin,
{
    loop {
        match timeout(CUT_REPLY, next_frame(reader, intake, peer)).await {
            Ok(frame) => match frame? {
                Frame::Reply(reply) => return Ok(reply),
                frame @ (Frame::Disconnect(_) | Frame::Rejected(_)) => {
                    return Err(not_greeted(&frame, peer));
                }
                _ => {}
            },
            // mod_event_socket cuts a long userauth reply at 512 bytes, and with it the empty
            // line: what has come is all that will.
            Err(_elapsed) if intake.buf.starts_with(ACCEPTED) => {
                let cut = intake.buf.split().freeze();
                intake.decoder = Decoder::new();
                return Ok(CommandReply::new(cut));
            }
            Err(_elapsed) => {}
        }
    }
}

async fn next_frame<R>(
    reader: &mut R,
    intake: &mut Intake,
    peer: &str,
) -> Result<Frame, ConnectError>
where
    R: AsyncRead + Unpin,
{
    loop {
        match intake.decoder.decode(&mut intake.buf) {
            Ok(Some(frame)) => return Ok(frame),
            Ok(None) => {}
            Err(WireError::NotEventSocket { start }) => {
                return Err(ConnectError::NotEventSocket { peer: peer.to_owned(), start });
            }
            Err(err) => {
                let start = err.to_string();
                return Err(ConnectError::NotEventSocket { peer: peer.to_owned(), start });
            }
        }
        let closed = |reason| ConnectError::ClosedEarly { peer: peer.to_owned(), reason };
        match reader.read_buf(&mut intake.buf).await {
            Ok(0) => return Err(closed(None)),
            Ok(_) => {}
            Err(err) => return Err(closed(Some(err))),
        }
    }
}

fn permissions(reply: &CommandReply) -> Permissions {
    let list = |name| {
        let text = reply.get(name)?;
        let words: Vec<_> =
            text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        (!words.iter().any(|word| word.eq_ignore_ascii_case("all"))).then_some(words)
    };
    Permissions {
        events: list("Allowed-Events"),
        api: list("Allowed-API"),
        log: reply.get("Allowed-LOG").map(|text| text == "true"),
    }
}

/// How long an accepted login without its empty line may stay so before it is taken as cut.
const CUT_REPLY: Duration = Duration::from_millis(500);
const ACCEPTED: &[u8] = b"Content-Type: command/reply\nReply-Text: +OK accepted\n";

#[cfg(test)]
mod tests {
    use super::*;

    /// On Linux one whose queue is full says nothing to those who come later.
    #[limited::test]
    #[cfg(target_os = "linux")]
    async fn an_address_that_says_nothing_does_not_hold_up_the_next() {
        use socket2::{Domain, Socket, Type};
        let deaf = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        deaf.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        deaf.listen(0).unwrap();
        let deaf = deaf.local_addr().unwrap().as_socket().unwrap();
        let _queued = TcpStream::connect(deaf).await.unwrap();
        let live = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let live = live.local_addr().unwrap();
        let config = Config::new("x").with_connect_timeout(Duration::from_secs(600));
        let stream = timeout(Duration::from_secs(60), first_of(&[deaf, live], &config)).await;
        assert_eq!(stream.unwrap().unwrap().peer_addr().unwrap(), live);
        // Alone, or as the last, it gets all the time there is.
        let config = config.with_connect_timeout(Duration::from_millis(50));
        let failed = first_of(&[live, deaf][1..], &config).await.unwrap_err();
        assert!(matches!(failed, Some(ConnectError::NoAnswer { .. })), "{failed:?}");
        assert!(first_of(&[], &config).await.unwrap_err().is_none());
    }
}
