//! The server side is written by hand here: the simulated switch is a layer above.

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpListener;

use crate::conn::*;
use crate::wire::{EventData, LogLine, WireError};

const GREETING: &str = "Content-Type: auth/request\n\n";
const ACCEPTED: &str = "Content-Type: command/reply\nReply-Text: +OK accepted\n\n";

fn config() -> Config {
    Config::new("test").with_connect_timeout(Duration::from_secs(2))
}

/// Reads from the client until what it sent ends in `end`.
async fn expect(server: &mut DuplexStream, end: &str) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        assert!(server.read_buf(&mut seen).await.unwrap() > 0, "closed after {seen:?}");
    }
    String::from_utf8(seen).unwrap()
}

async fn logged_in(sink: impl Sink) -> (Connection, DuplexStream) {
    let (client, mut server) = tokio::io::duplex(1 << 16);
    let login = async {
        server.write_all(GREETING.as_bytes()).await.unwrap();
        expect(&mut server, "auth ClueCon\n\n").await;
        server.write_all(ACCEPTED.as_bytes()).await.unwrap();
    };
    let config = config();
    let (connection, ()) = tokio::join!(Connection::over(client, &config, sink), login);
    (connection.unwrap(), server)
}

fn api(body: &str) -> Vec<u8> {
    format!("Content-Type: api/response\nContent-Length: {}\n\n{body}", body.len()).into_bytes()
}

async fn fails(greeting: &'static [u8], reply: &'static [u8]) -> ConnectError {
    let (client, mut server) = tokio::io::duplex(1 << 16);
    let serve = async {
        server.write_all(greeting).await.unwrap();
        if !reply.is_empty() {
            expect(&mut server, "\n\n").await;
            server.write_all(reply).await.unwrap();
        }
        server
    };
    let config = config();
    let (connection, _server) = tokio::join!(Connection::over(client, &config, NoEvents), serve);
    connection.unwrap_err()
}

#[limited::test(paused)]
async fn each_way_to_fail_is_told_apart() {
    assert!(matches!(fails(b"", b"").await, ConnectError::Silent { .. }));
    assert!(matches!(fails(GREETING.as_bytes(), b"").await, ConnectError::Unanswered { .. }));
    assert!(matches!(fails(b"SSH-2.0-x\r\n", b"").await, ConnectError::NotEventSocket { .. }));
    let rude =
        b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n";
    let ConnectError::AclRejected { text, .. } = fails(rude, b"").await else { panic!() };
    assert_eq!(text, "Access Denied, go away.");
    let refusal = b"Content-Type: command/reply\nReply-Text: -ERR invalid\n\n";
    let wrong = fails(GREETING.as_bytes(), refusal).await;
    assert!(matches!(wrong, ConnectError::WrongPassword { .. }));
    assert_eq!(wrong.verdict(), Verdict::GiveUp);
    let (client, server) = tokio::io::duplex(64);
    drop(server);
    let early = Connection::over(client, &config(), NoEvents).await.unwrap_err();
    assert!(matches!(early, ConnectError::ClosedEarly { .. }));
    let bad = config().with_password("a\nb");
    let (client, mut server) = tokio::io::duplex(64);
    server.write_all(GREETING.as_bytes()).await.unwrap();
    let illegal = Connection::over(client, &bad, NoEvents).await.unwrap_err();
    assert!(matches!(illegal, ConnectError::IllegalLogin(WireError::IllegalCharacter { .. })));
}

#[limited::test]
async fn a_closed_port_and_an_unknown_host() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let closed = Config::new("127.0.0.1").with_port(port);
    let refused = Connection::open(&closed, NoEvents).await.unwrap_err();
    assert!(matches!(refused, ConnectError::Refused { .. }), "{refused:?}");
    let nowhere = Config::new("no-such-host.invalid");
    let unknown = Connection::open(&nowhere, NoEvents).await.unwrap_err();
    assert!(matches!(unknown, ConnectError::NoAddress { .. }), "{unknown:?}");
}

#[cfg(not(feature = "ssh"))]
#[limited::test]
async fn without_ssh_its_way_is_refused_with_the_name_of_the_feature() {
    for host in ["ssh://ops@pbx1", "ssh://pbx1:2222/10.0.0.5:8022"] {
        let config = Config::new(host);
        let refused = Connection::open(&config, NoEvents).await.unwrap_err();
        assert!(matches!(&refused, ConnectError::NoSsh { peer } if *peer == config.address()));
        assert!(refused.to_string().contains("feature \"ssh\""), "{refused}");
        assert!(refused.hint().contains("feature \"ssh\""), "{}", refused.hint());
        assert_eq!(refused.verdict(), Verdict::GiveUp);
    }
}

#[limited::test(paused)]
async fn a_userauth_reply_that_the_server_cut_is_accepted() {
    let (client, mut server) = tokio::io::duplex(1 << 16);
    let config = config().with_user("u@d").with_password("p");
    let serve = async {
        server.write_all(GREETING.as_bytes()).await.unwrap();
        assert_eq!(expect(&mut server, "\n\n").await, "userauth u@d:p\n\n");
        let cut = "Content-Type: command/reply\nReply-Text: +OK accepted\n\
                   Allowed-Events: CHANNEL_CREATE HEARTBEAT\nAllowed-API: status ver";
        server.write_all(cut.as_bytes()).await.unwrap();
        expect(&mut server, "\n\n").await;
        server.write_all(&api("UP")).await.unwrap();
    };
    let connect = async {
        let connection = Connection::over(client, &config, NoEvents).await.unwrap();
        assert_eq!(connection.permissions().api.as_deref().unwrap()[0], "status");
        connection.send(Command::api("status").unwrap()).await.unwrap()
    };
    let (reply, ()) = tokio::join!(connect, serve);
    assert_eq!(reply.text(), "UP");
}

#[limited::test(paused)]
async fn after_a_timed_out_and_a_cancelled_command_the_next_reply_is_the_next_commands() {
    let (connection, mut server) = logged_in(NoEvents).await;
    let late = connection.send_within(Command::api("one").unwrap(), Duration::from_secs(1)).await;
    assert!(matches!(late, Err(SendError::TimedOut { .. })));
    tokio::select! {
        biased;
        _reply = connection.send(Command::api("two").unwrap()) => panic!("answered by nobody"),
        seen = expect(&mut server, "api two\n\n") => assert!(seen.ends_with("api two\n\n")),
    }
    let answers = async {
        expect(&mut server, "api three\n\n").await;
        for body in ["ONE", "TWO", "THREE"] {
            server.write_all(&api(body)).await.unwrap();
        }
    };
    let (reply, ()) = tokio::join!(connection.send(Command::api("three").unwrap()), answers);
    assert_eq!(reply.unwrap().text(), "THREE");
}

#[limited::test(paused)]
async fn many_askers_each_get_their_own_reply() {
    let (connection, mut server) = logged_in(NoEvents).await;
    let echo = async {
        let mut decoder = crate::wire::RequestDecoder::new();
        let mut buf = bytes::BytesMut::new();
        for _command in 0..500 {
            let request = loop {
                match decoder.decode(&mut buf).unwrap() {
                    Some(request) => break request,
                    None => assert!(server.read_buf(&mut buf).await.unwrap() > 0),
                }
            };
            let body = request.line().strip_prefix("api ").unwrap().to_owned();
            server.write_all(&api(&body)).await.unwrap();
        }
    };
    let askers = (0..50).map(|asker| {
        let connection = connection.clone();
        tokio::spawn(async move {
            for round in 0..10 {
                let line = format!("echo {asker} {round}");
                let reply = connection.send(Command::api(&line).unwrap()).await.unwrap();
                assert_eq!(reply.text(), line);
            }
        })
    });
    let askers: Vec<_> = askers.collect();
    echo.await;
    for asker in askers {
        asker.await.unwrap();
    }
}

#[derive(Default, Clone)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Sink for Seen {
    fn event(&mut self, event: EventData) {
        self.0.lock().push(event.get("Event-Name").unwrap().into_owned());
    }
    fn log(&mut self, line: LogLine) {
        self.0.lock().push(line.text().into_owned());
    }
    fn closed(&mut self, reason: &CloseReason) {
        self.0.lock().push(reason.to_string());
    }
}

#[limited::test(paused)]
async fn events_pass_between_replies_and_every_asker_ends_with_the_connection() {
    let seen = Seen::default();
    let (connection, mut server) = logged_in(seen.clone()).await;
    let serve = async {
        expect(&mut server, "\n\n").await;
        let event =
            "Content-Length: 23\nContent-Type: text/event-plain\n\nEvent-Name: HEARTBEAT\n\n";
        server.write_all(event.as_bytes()).await.unwrap();
        let denied = "Content-Type: command/reply\nReply-Text: -ERR permission denied\n\n";
        server.write_all(denied.as_bytes()).await.unwrap();
        let log = "Content-Type: log/data\nContent-Length: 3\nLog-Level: 5\n\nhi\n";
        server.write_all(log.as_bytes()).await.unwrap();
    };
    let (reply, ()) = tokio::join!(connection.send(Command::api("status").unwrap()), serve);
    assert!(reply.unwrap().is_denied());
    let ask = connection.send(Command::api("status").unwrap());
    let hang_up = async {
        expect(&mut server, "\n\n").await;
        let bye = "Content-Type: text/disconnect-notice\nContent-Length: 13\n\nDisconnected.";
        server.write_all(bye.as_bytes()).await.unwrap();
        drop(server);
    };
    let (lost, ()) = tokio::join!(ask, hang_up);
    let Err(SendError::Closed { reason: CloseReason::Notice { notice }, .. }) = lost else {
        panic!("{lost:?}")
    };
    assert_eq!(notice, "Disconnected.");
    assert!(!connection.is_open());
    let after = connection.send(Command::api("status").unwrap()).await;
    assert!(matches!(after, Err(SendError::Closed { .. })));
    connection.closed().await;
    let seen = seen.0.lock().clone();
    assert_eq!(seen[..2], ["HEARTBEAT", "hi"]);
}

/// Takes its time to learn of the end.
struct Slow(Arc<AtomicBool>);

impl Sink for Slow {
    fn event(&mut self, _event: EventData) {}
    fn closed(&mut self, _reason: &CloseReason) {
        let start = std::time::Instant::now();
        while start.elapsed() < Duration::from_millis(50) {
            std::hint::spin_loop();
        }
        self.0.store(true, Ordering::SeqCst);
    }
}

#[limited::test(threads)]
async fn who_waits_for_the_end_finds_the_sink_told() {
    let was_notified = Arc::new(AtomicBool::new(false));
    let (connection, server) = logged_in(Slow(Arc::clone(&was_notified))).await;
    drop(server);
    connection.closed().await;
    assert!(was_notified.load(Ordering::SeqCst));
}
