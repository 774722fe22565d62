//! What goes wrong between a client and a switch, each by its name.
//!
//! | fault | test |
//! |---|---|
//! | late reply | [`a_late_reply_is_not_taken_for_the_next_commands`] |
//! | cancelled command | [`a_cancelled_command_keeps_its_place_in_the_queue`]; `conn/tests.rs`, `after_a_timed_out_and_a_cancelled_command_...` |
//! | reply to nobody | [`a_reply_to_nobody_is_dropped`] |
//! | split writes | [`writes_split_into_single_bytes_are_whole_frames_again`]; `wire/codec/tests.rs`, `split_at_every_byte` |
//! | merged frames | [`frames_merged_into_one_write_are_told_apart`] |
//! | junk | [`junk_ends_the_connection_and_every_waiting_command`]; `reconnect.rs`, `junk_ends_the_connection_and_it_comes_back` |
//! | truncated frame | [`a_truncated_frame_ends_the_connection_wherever_it_is_cut`] |
//! | oversized headers, body | [`an_oversized_header_block_or_body_ends_the_connection_before_it_is_read`] |
//! | stall | [`a_stalled_server_times_commands_out_and_mixes_none_up`], [`a_stall_fills_a_bounded_queue`] |
//! | half-open connection | [`a_half_open_connection_is_found_and_given_up`], [`a_half_open_command_connection_is_given_up_whatever_waits_on_it`]; `reconnect.rs`, `a_frozen_server_is_told_from_a_quiet_one`, `a_frozen_server_is_told_from_a_slow_api` |
//! | command given up in a stall | [`a_hupall_that_was_given_up_during_a_stall_never_fires`]; `conn/slot.rs` |
//! | leaving a frozen server | [`disconnecting_from_a_frozen_server_is_final`] |
//! | drop in mid-frame | [`a_drop_in_mid_frame_ends_every_waiting_command`]; `reconnect.rs`, `a_connection_cut_in_mid_frame_comes_back` |
//! | restart | [`a_restart_makes_calls_and_jobs_unknown_and_none_is_left`]; `reconnect.rs`, `a_restarted_switch_is_known_by_its_core_uuid` |
//! | permission denied | [`permission_denied_for_api_event_and_log_is_said_and_changes_nothing`] |
//! | disconnect notice | [`a_disconnect_notice_ends_waiting_commands_with_its_text`] |
//! | flood | [`a_flood_does_not_hold_commands_up`] |
//! | nobody left | [`a_client_with_an_app_that_nobody_holds_closes_its_connections`]; `listener/intake.rs`, `watches_that_nobody_reads_are_let_go_of_without_an_event` |
//! | lost events | [`a_gap_in_the_event_sequence_is_seen_and_the_calls_are_looked_at`] |
//! | slow app | [`an_app_that_does_not_keep_up_loses_events_and_they_are_counted`] |
//! | slow consumer | [`a_slow_consumer_loses_its_own_updates_and_no_one_elses`], [`a_log_that_nobody_reads_is_counted`] |

use std::fmt::Write as _;
use std::time::Duration;

use bytes::BytesMut;
use switchy::client::app::Handling;
use switchy::client::{App, AppContext, Error, Originate};
use switchy::conn::{Backoff, CloseReason, Config, Connection, NoEvents, Reply, SendError, Sink};
use switchy::listener::{self, JobError, Link};
use switchy::model::Id;
use switchy::sim::{Fault, Sim};
use switchy::wire::{Command, EventData, LogLine, RequestDecoder, WireError};
use switchy::{Client, EventListener};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::support::{LONG, pair, sim, tracked, until};

#[path = "../../benches/common/lives.rs"]
#[expect(clippy::expect_used, reason = "a recording that is gone is a failed test")]
mod lives;

const SECOND: Duration = Duration::from_secs(1);

/// A server written by hand, for what the simulated one is too well-behaved to do.
struct Server {
    stream: DuplexStream,
    decoder: RequestDecoder,
    buf: BytesMut,
}

impl Server {
    /// A pipe with this much room, and its server's end.
    fn pipe(room: usize) -> (DuplexStream, Self) {
        let (client, stream) = tokio::io::duplex(room);
        (client, Self { stream, decoder: RequestDecoder::new(), buf: BytesMut::new() })
    }

    async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The next command's verb line; `None` when the client is gone.
    async fn command(&mut self) -> Option<String> {
        loop {
            if let Some(request) = self.decoder.decode(&mut self.buf).unwrap() {
                return Some(request.line().to_owned());
            }
            if self.stream.read_buf(&mut self.buf).await.unwrap() == 0 {
                return None;
            }
        }
    }

    async fn log_in(&mut self) {
        self.write("Content-Type: auth/request\n\n").await;
        assert_eq!(self.command().await.unwrap(), "auth ClueCon");
        self.write(ok("accepted")).await;
    }

    /// Logs a listener in, takes its subscription and says that there are no channels.
    async fn log_listener_in(&mut self) {
        self.log_in().await;
        assert!(self.command().await.unwrap().starts_with("event plain "));
        self.write(ok("event listener enabled plain")).await;
        assert_eq!(self.command().await.unwrap(), "api show channels as json");
        self.write(api("{\"row_count\":0}")).await;
    }
}

fn ok(text: &str) -> String {
    format!("Content-Type: command/reply\nReply-Text: +OK {text}\n\n")
}

fn api(body: &str) -> String {
    format!("Content-Type: api/response\nContent-Length: {}\n\n{body}", body.len())
}

fn event(headers: &str) -> String {
    let length = headers.len() + 1;
    format!("Content-Length: {length}\nContent-Type: text/event-plain\n\n{headers}\n")
}

fn echo(text: impl std::fmt::Display) -> Command {
    Command::api(&format!("echo {text}")).unwrap()
}

/// A connection that is logged in on a server written by hand.
async fn connected(sink: impl Sink) -> (Connection, Server) {
    connected_with(sink, 1 << 16).await
}

async fn connected_with(sink: impl Sink, room: usize) -> (Connection, Server) {
    let (client, mut server) = Server::pipe(room);
    let config = Config::new("test");
    let (connection, ()) = tokio::join!(Connection::over(client, &config, sink), server.log_in());
    (connection.unwrap(), server)
}

/// A listener, and the server that it has logged in to.
async fn listening() -> (EventListener, Server) {
    let (client, mut server) = Server::pipe(1 << 16);
    let listener = EventListener::new("vm-host");
    let connect = async {
        listener.connect_over(client).await.unwrap();
        listener.start().await.unwrap();
    };
    tokio::join!(connect, server.log_listener_in());
    (listener, server)
}

/// Tells what arrives unasked.
struct Tell(mpsc::UnboundedSender<String>);

impl Tell {
    fn pair() -> (Self, mpsc::UnboundedReceiver<String>) {
        let (tell, told) = mpsc::unbounded_channel();
        (Self(tell), told)
    }
}

impl Sink for Tell {
    fn event(&mut self, event: EventData) {
        self.0.send(event.get("Event-Name").unwrap_or_default().into_owned()).unwrap_or_default();
    }

    fn log(&mut self, line: LogLine) {
        self.0.send(line.text().into_owned()).unwrap_or_default();
    }
}

/// Starts commands that wait for replies, and lets the server see them all.
async fn waiting(
    connection: &Connection,
    server: &mut Server,
) -> Vec<tokio::task::JoinHandle<Result<Reply, SendError>>> {
    let mut tasks = Vec::new();
    for number in 0..3 {
        let connection = connection.clone();
        tasks.push(tokio::spawn(async move { connection.send(echo(number)).await }));
        assert_eq!(server.command().await.unwrap(), format!("api echo {number}"));
    }
    tasks
}

/// Sends bytes to a client with waiting commands, closes, and says how each command ended.
async fn ended_by(bytes: &[u8]) -> Vec<CloseReason> {
    let (connection, mut server) = connected(NoEvents).await;
    let tasks = waiting(&connection, &mut server).await;
    let write = async {
        // A client that has seen enough closes: the rest cannot be written then.
        let _gone = server.stream.write_all(bytes).await;
        drop(server);
    };
    let mut reasons = Vec::new();
    let read = async {
        for task in tasks {
            match task.await.unwrap() {
                Err(SendError::Closed { reason, .. }) => reasons.push(reason),
                other => panic!("{other:?}"),
            }
        }
        reasons.push(connection.closed().await);
    };
    timeout(LONG, async { tokio::join!(write, read) }).await.unwrap();
    assert!(!connection.is_open());
    reasons
}

#[limited::test(paused)]
async fn a_late_reply_is_not_taken_for_the_next_commands() {
    let sim = sim();
    let (client, _listener) = pair(&sim).await;
    let late = Fault::LateReply { command_prefix: "api echo".to_owned(), by: 5 * SECOND };
    sim.inject(late);
    let timed_out = client.api_within("echo one", SECOND).await.unwrap_err();
    assert!(matches!(timed_out, Error::Send(SendError::TimedOut { .. })), "{timed_out:?}");
    assert_eq!(client.cmd("echo two").await.unwrap(), "two");
    assert_eq!(client.cmd("echo three").await.unwrap(), "three");
}

#[limited::test(paused)]
async fn a_cancelled_command_keeps_its_place_in_the_queue() {
    let sim = sim();
    let (client, _listener) = pair(&sim).await;
    for round in 0..20 {
        let (slow, line) = (client.cmd("msleep 100"), format!("echo {round}"));
        tokio::select! {
            biased;
            done = slow => panic!("{done:?}"),
            () = tokio::time::sleep(Duration::from_millis(10)) => {}
        }
        assert_eq!(client.cmd(&line).await.unwrap(), round.to_string());
    }
}

#[limited::test(paused)]
async fn a_reply_to_nobody_is_dropped() {
    let (tell, mut told) = Tell::pair();
    let (connection, mut server) = connected(tell).await;
    server
        .write([ok("nobody asked"), api("nobody asked"), event("Event-Name: X\n")].concat())
        .await;
    // The event is behind the replies: they have been dealt with.
    assert_eq!(told.recv().await.unwrap(), "X");
    let (reply, ()) = tokio::join!(connection.send(echo("mine")), async {
        server.command().await.unwrap();
        server.write(api("mine")).await;
    });
    assert_eq!(reply.unwrap().text(), "mine");
}

#[limited::test(paused)]
async fn writes_split_into_single_bytes_are_whole_frames_again() {
    let sim = sim();
    sim.inject(Fault::SplitWrites(1));
    let (client, listener) = pair(&sim).await;
    let job = client.originate(&Originate::to("9196@127.0.0.1:5080")).await.unwrap();
    let id = job.get(LONG).await.unwrap();
    tracked(&listener, |listener| {
        listener.call(&Id::new(&id)).is_some_and(|call| call.sessions.len() == 2)
    })
    .await;
    client.call(&Id::new(&id)).unwrap().hangup().await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
}

#[limited::test(paused)]
async fn frames_merged_into_one_write_are_told_apart() {
    let (tell, mut told) = Tell::pair();
    let (connection, mut server) = connected(tell).await;
    let tasks = waiting(&connection, &mut server).await;
    let log = "Content-Type: log/data\nContent-Length: 3\nLog-Level: 5\n\nhi\n";
    let mut merged = String::new();
    for number in 0..3 {
        let event = event(&format!("Event-Name: E{number}\n"));
        let lingers = "Content-Type: text/disconnect-notice\nContent-Disposition: linger\n\
                       Content-Length: 5\n\nbye.\n";
        _ = write!(merged, "{event}{log}{}{lingers}{event}", api(&number.to_string()));
    }
    server.write(merged).await;
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().unwrap().text(), number.to_string());
        for expected in [format!("E{number}"), "hi".to_owned(), format!("E{number}")] {
            assert_eq!(told.recv().await.unwrap(), expected);
        }
    }
    assert!(connection.is_open(), "a notice that lingers ends nothing");
}

#[limited::test(paused)]
async fn junk_ends_the_connection_and_every_waiting_command() {
    for junk in [
        &b"\x00\xff no frame\n\n"[..],
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"Content-Type: api/response\nContent-Length: many\n\n",
        b"Content-Type: api/response\nContent-Length: -1\n\n",
        b"Content-Length: 3\n\nabc",
        b"\r\n\r\n",
        &[b'a'; 200],
    ] {
        for reason in ended_by(junk).await {
            assert!(matches!(reason, CloseReason::Broken(_)), "{junk:?}: {reason:?}");
        }
    }
}

#[limited::test(paused)]
async fn a_truncated_frame_ends_the_connection_wherever_it_is_cut() {
    let frame = api("a body");
    for end in 0..frame.len() {
        for reason in ended_by(&frame.as_bytes()[..end]).await {
            assert!(matches!(reason, CloseReason::EndOfStream), "cut at {end}: {reason:?}");
        }
    }
}

#[limited::test(paused)]
async fn a_drop_in_mid_frame_ends_every_waiting_command() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let slow: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.cmd("msleep 9000").await })
        })
        .collect();
    // The socket has its order: the cut comes when the first one runs.
    let reason = ends_with(&listener, &sim, Fault::CutFrame).await;
    assert!(matches!(reason, CloseReason::EndOfStream), "{reason:?}");
    for slow in slow {
        let lost = slow.await.unwrap().unwrap_err();
        assert!(matches!(lost, Error::Send(SendError::Closed { .. })), "{lost:?}");
    }
}

/// Injects a fault and says why the listener's connection ended.
async fn ends_with(listener: &EventListener, sim: &Sim, fault: Fault) -> CloseReason {
    sim.inject(fault);
    timeout(LONG, listener.closed()).await.unwrap()
}

#[limited::test(paused)]
async fn an_oversized_header_block_or_body_ends_the_connection_before_it_is_read() {
    let header = format!("Content-Type: api/response\nX: {}", "x".repeat(70 << 10));
    for reason in ended_by(header.as_bytes()).await {
        let CloseReason::Broken(WireError::HeaderTooLong { limit }) = reason else {
            panic!("{reason:?}")
        };
        assert_eq!(limit, 64 << 10);
    }
    for length in [(64 << 20) + 1, u64::MAX] {
        let body = format!("Content-Type: api/response\nContent-Length: {length}\n\nabc");
        for reason in ended_by(body.as_bytes()).await {
            let CloseReason::Broken(WireError::BodyTooLong { length: said, .. }) = reason else {
                panic!("{reason:?}")
            };
            assert_eq!(said, length);
        }
    }
}

#[limited::test(paused)]
async fn a_stalled_server_times_commands_out_and_mixes_none_up() {
    // So little room that the commands themselves cannot be written.
    let (connection, mut server) = connected_with(NoEvents, 64).await;
    let stalled = Instant::now();
    let asked = (0..20).map(|number| {
        let connection = connection.clone();
        tokio::spawn(async move { connection.send_within(echo(number), SECOND).await })
    });
    let mut sent = 0;
    for (number, task) in asked.collect::<Vec<_>>().into_iter().enumerate() {
        match task.await.unwrap() {
            Err(SendError::TimedOut { .. }) => sent = number + 1,
            Err(SendError::NotSent { .. }) => assert!(number >= sent, "out of order"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(stalled.elapsed().as_secs(), 1);
    assert!((1..=6).contains(&sent), "{sent} fit into the pipe");
    assert!(connection.is_open());
    // It goes on, and answers all that it was asked: what was given up unsent it never sees.
    let server = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(line) = server.command().await {
            server.write(api(line.strip_prefix("api echo ").unwrap())).await;
            seen.push(line);
        }
        seen
    });
    for number in 100..200 {
        assert_eq!(connection.send(echo(number)).await.unwrap().text(), number.to_string());
    }
    drop(connection);
    let expected = (0..sent).chain(100..200).map(|number| format!("api echo {number}"));
    assert_eq!(server.await.unwrap(), expected.collect::<Vec<_>>());
}

#[limited::test(paused)]
async fn a_hupall_that_was_given_up_during_a_stall_never_fires() {
    let (connection, mut server) = connected_with(NoEvents, 64).await;
    let stuck = Command::api(&format!("echo {}", "x".repeat(100))).unwrap();
    let hupall = || Command::api("hupall NORMAL_CLEARING").unwrap();
    let begun = connection.send_within(stuck, SECOND).await;
    assert!(matches!(begun, Err(SendError::TimedOut { .. })), "{begun:?}");
    let timed_out = connection.send_within(hupall(), SECOND).await.unwrap_err();
    assert!(matches!(timed_out, SendError::NotSent { .. }), "{timed_out:?}");
    // Ctrl-C: the future is dropped.
    assert!(timeout(SECOND, connection.send(hupall())).await.is_err());
    let ask = async {
        assert_eq!(connection.send(echo("after")).await.unwrap().text(), "after");
        drop(connection);
    };
    let serve = async {
        let mut seen = Vec::new();
        while let Some(line) = server.command().await {
            server.write(api(line.strip_prefix("api echo ").unwrap_or("+OK hangup"))).await;
            seen.push(line);
        }
        seen
    };
    let (seen, ()) = tokio::join!(serve, ask);
    assert_eq!(seen, [format!("api echo {}", "x".repeat(100)), "api echo after".to_owned()]);
}

#[limited::test(paused)]
async fn a_stall_fills_a_bounded_queue() {
    let (connection, mut server) = connected_with(NoEvents, 64).await;
    // More than may wait to be taken, to be written and to be answered together.
    let asked = (0..5000).map(|number| {
        let connection = connection.clone();
        tokio::spawn(async move { connection.send_within(echo(number), SECOND).await })
    });
    for task in asked.collect::<Vec<_>>() {
        let late = task.await.unwrap();
        let is_late = matches!(late, Err(SendError::TimedOut { .. } | SendError::NotSent { .. }));
        assert!(is_late, "{late:?}");
    }
    let mut count = 0;
    let serve = async {
        while let Some(line) = server.command().await {
            count += 1;
            server.write(api(line.strip_prefix("api echo ").unwrap())).await;
        }
    };
    let ask = async {
        assert_eq!(connection.send(echo("after")).await.unwrap().text(), "after");
        drop(connection);
    };
    tokio::join!(serve, ask);
    // What was in the pipe, what fits into it only in part, and the last.
    assert!((2..=8).contains(&count), "{count} commands were sent");
}

#[limited::test(paused)]
async fn a_half_open_connection_is_found_and_given_up() {
    let (client, mut server) = Server::pipe(1 << 16);
    // Nobody listens there: it cannot come back.
    let listener = EventListener::with_config(Config::new("127.0.0.1").with_port(1));
    let connect = async {
        listener.connect_over(client).await.unwrap();
        listener.start().await.unwrap();
        listener.keep_connected(Backoff::new(60 * SECOND, 60 * SECOND)).unwrap();
    };
    tokio::join!(connect, server.log_listener_in());
    // From here on the peer is silent, and its end never closes.
    let vanished = Instant::now();
    let mut link = listener.link();
    let lost = link.wait_for(|link| matches!(link, Link::Lost { .. }));
    let lost = timeout(120 * SECOND, lost).await.unwrap().unwrap().clone();
    let Link::Lost { reason: CloseReason::Frozen, .. } = lost else { panic!("{lost:?}") };
    // 45 s of silence, 10 s for an answer.
    assert!(vanished.elapsed() <= 60 * SECOND, "{:?}", vanished.elapsed());
    drop(server);
}

#[limited::test(paused)]
async fn a_half_open_command_connection_is_given_up_whatever_waits_on_it() {
    // Nobody listens there: who asks whether the server lives learns that it does not.
    let config = Config::new("127.0.0.1").with_port(1);
    for command in ["api msleep 60000", "bgapi status", "sendmsg a"] {
        let (client, mut server) = Server::pipe(1 << 16);
        let (connection, ()) =
            tokio::join!(Connection::over(client, &config, NoEvents), server.log_in());
        let connection = connection.unwrap();
        let vanished = Instant::now();
        let ask = connection.send_within(Command::raw(command).unwrap(), 600 * SECOND);
        let weak = connection.downgrade();
        let (lost, reason) = tokio::join!(ask, weak.attend(&config));
        assert!(matches!(reason, CloseReason::Frozen), "{reason:?}");
        let Err(SendError::Closed { reason: CloseReason::Frozen, .. }) = lost else {
            panic!("{lost:?}")
        };
        let took = vanished.elapsed();
        assert!((30 * SECOND..=41 * SECOND).contains(&took), "{command}: {took:?}");
        drop(server);
    }
}

#[limited::test(paused)]
async fn a_command_connection_that_is_used_or_idle_is_left_alone() {
    let config = Config::new("127.0.0.1").with_port(1);
    let (client, mut server) = Server::pipe(1 << 16);
    let (connection, ()) =
        tokio::join!(Connection::over(client, &config, NoEvents), server.log_in());
    let connection = connection.unwrap();
    let weak = connection.downgrade();
    let attended = tokio::spawn(async move { weak.attend(&config).await });
    let server = tokio::spawn(async move {
        while let Some(line) = server.command().await {
            // Slow, but it goes on: more than one command always waits.
            tokio::time::sleep(20 * SECOND).await;
            server.write(api(line.strip_prefix("api echo ").unwrap())).await;
        }
    });
    let slow = (0..10).map(|number| {
        let connection = connection.clone();
        tokio::spawn(async move { connection.send_within(echo(number), 600 * SECOND).await })
    });
    for task in slow.collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    tokio::time::sleep(3600 * SECOND).await;
    assert!(connection.is_open());
    drop(connection);
    // Who looks after it does not keep it.
    assert!(matches!(attended.await.unwrap(), CloseReason::Dropped));
    server.await.unwrap();
}

#[limited::test(paused)]
async fn disconnecting_from_a_frozen_server_is_final() {
    let (client, mut server) = Server::pipe(1 << 16);
    let listener = EventListener::with_config(Config::new("127.0.0.1").with_port(1));
    let connect = async {
        listener.connect_over(client).await.unwrap();
        listener.start().await.unwrap();
        listener.keep_connected(Backoff::new(SECOND, SECOND)).unwrap();
    };
    tokio::join!(connect, server.log_listener_in());
    let asked = Instant::now();
    listener.disconnect().await;
    assert!(asked.elapsed() <= listener.config().command_timeout(), "{:?}", asked.elapsed());
    // The socket is closed, though the server never said so, and nobody tries again.
    let mut rest = Vec::new();
    timeout(LONG, server.stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    let mut link = listener.link();
    let lost = link.wait_for(|link| !matches!(link, Link::Down));
    assert!(timeout(600 * SECOND, lost).await.is_err());
}

#[limited::test(paused)]
async fn a_restart_makes_calls_and_jobs_unknown_and_none_is_left() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let call = Originate::to("9196@127.0.0.1:5080");
    client.originate(&call).await.unwrap().get(LONG).await.unwrap();
    let job = client.bgapi("msleep 60000").await.unwrap();
    ends_with(&listener, &sim, Fault::Restart).await;
    assert_eq!(job.get(LONG).await, Err(JobError::Unknown));
    assert!(matches!(client.cmd("status").await, Err(Error::NotConnected)));
    listener.connect_over(sim.connect()).await.unwrap();
    listener.start().await.unwrap();
    assert!(listener.calls().is_empty());
    assert_eq!(sim.channels().await, 0);
}

#[limited::test(paused)]
async fn permission_denied_for_api_event_and_log_is_said_and_changes_nothing() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    for command_prefix in ["api status", "bgapi status", "event", "log", "filter"] {
        sim.inject(Fault::Deny { command_prefix: command_prefix.to_owned() });
    }
    let subscribed = listener.subscriptions();
    assert!(matches!(client.cmd("status").await, Err(Error::Denied { .. })));
    assert!(matches!(client.bgapi("status").await, Err(Error::Denied { .. })));
    let denied = [
        listener.subscribe(&["DTMF"]).await,
        listener.log(Some("debug")).await.map(drop),
        listener.filter("Unique-ID", "a").await,
    ];
    for (denied, verb) in denied.into_iter().zip(["event", "log", "filter"]) {
        let Err(listener::Error::Denied { command }) = denied else { panic!("{denied:?}") };
        assert!(command.starts_with(verb), "{command}");
    }
    assert_eq!(listener.subscriptions(), subscribed);
    assert!(listener.jobs().is_empty());
    assert_eq!(client.cmd("echo allowed").await.unwrap(), "allowed");
    // A listener whose first subscription is denied has no connection.
    let barred = EventListener::new("vm-host");
    let error = barred.connect_over(sim.connect()).await.unwrap_err();
    assert!(matches!(error, listener::Error::Denied { .. }), "{error:?}");
    assert!(!barred.is_connected());
}

#[limited::test(paused)]
async fn a_disconnect_notice_ends_waiting_commands_with_its_text() {
    let text = "killed listener because of lost events\n";
    let length = text.len();
    let notice =
        format!("Content-Type: text/disconnect-notice\nContent-Length: {length}\n\n{text}");
    let reasons = ended_by(notice.as_bytes()).await;
    assert_eq!(reasons.len(), 4);
    for reason in reasons {
        let CloseReason::Notice { notice } = reason else { panic!("{reason:?}") };
        assert_eq!(notice, "killed listener because of lost events");
    }
}

#[limited::test(paused)]
async fn a_flood_does_not_hold_commands_up() {
    let sim = sim();
    // Events and commands on one connection: the harder case.
    let (tell, mut told) = Tell::pair();
    let config = Config::new("vm-host");
    let connection = Connection::over(sim.connect(), &config, tell).await.unwrap();
    let events = Command::event(switchy::wire::Format::Plain, &["ALL"]).unwrap();
    connection.send(events).await.unwrap();
    sim.inject(Fault::Flood { events_per_second: 20_000 });
    assert_eq!(told.recv().await.unwrap(), "CHANNEL_CREATE");
    let start = Instant::now();
    for number in 0..50 {
        assert_eq!(connection.send(echo(number)).await.unwrap().text(), number.to_string());
        // Some of the flood passes between them.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200 {
        let connection = connection.clone();
        tasks.spawn(async move {
            let reply = connection.send(echo(number)).await.unwrap();
            assert_eq!(reply.text(), number.to_string());
            number
        });
    }
    let mut order = Vec::new();
    while let Some(done) = tasks.join_next().await {
        order.push(done.unwrap());
    }
    assert_eq!(order, (0..200).collect::<Vec<_>>(), "answered out of order");
    assert!(start.elapsed() < 2 * SECOND, "{:?}", start.elapsed());
    assert!(told.len() > 4000, "only {} events meanwhile", told.len());
}

#[limited::test(paused)]
async fn a_gap_in_the_event_sequence_is_seen_and_the_calls_are_looked_at() {
    let sim = Sim::start(switchy::sim::Config::new().with_seed(4));
    let listener = EventListener::new("vm-host");
    listener.subscribe(&["ALL"]).await.unwrap();
    listener.connect_over(sim.connect()).await.unwrap();
    listener.start().await.unwrap();
    listener.keep_connected(Backoff::new(SECOND, SECOND)).unwrap();
    let driver = Client::new("vm-host");
    driver.connect_over(sim.connect()).await.unwrap();
    for uuid in ["stays", "goes"] {
        let line = format!("originate {{origination_uuid={uuid}}}null/x &park");
        driver.api(&line).await.unwrap();
    }
    tracked(&listener, |listener| listener.calls().len() == 2).await;
    assert_eq!(listener.missing_events(), 0);
    // Its end is never told, as when the switch's queue is full.
    sim.inject(Fault::LoseEvents(1.0));
    driver.api("uuid_kill goes").await.unwrap();
    until(LONG, "the end of the channel", async || sim.channels().await == 1).await;
    sim.inject(Fault::LoseEvents(0.0));
    driver.api("status").await.unwrap();
    // Far sooner than it would be found out by the regular look.
    tracked(&listener, |listener| listener.calls().len() == 1).await;
    assert!(listener.missing_events() > 0);
    assert_eq!(listener.calls().len(), 1, "the other call is alive");
}

#[limited::test(paused)]
async fn a_slow_consumer_loses_its_own_updates_and_no_one_elses() {
    let (listener, mut server) = listening().await;
    // These two never read.
    let mut changes = listener.changes();
    let mut events = listener.events::<&str>(&[]);
    // This one does.
    let mut reader = listener.events(&["CHANNEL_DESTROY", "CHANNEL_CREATE", "test::done"]);
    let reading = tokio::spawn(async move {
        let (mut created, mut destroyed) = (0, 0);
        while let Some(event) = reader.next().await {
            match &*event.kind() {
                "CHANNEL_CREATE" => created += 1,
                "CHANNEL_DESTROY" => destroyed += 1,
                _ => break,
            }
        }
        (created, destroyed, reader.take_lost())
    });
    let mut lives = lives::Lives::load();
    let (calls, per_life) = (1000, lives.events_per_life());
    // Every write is taken: a client that waited for its consumers would block it.
    for _call in 0..calls {
        timeout(LONG, server.write(lives.next_life())).await.unwrap();
    }
    let done = event("Event-Name: CUSTOM\nEvent-Subclass: test%3A%3Adone\n");
    timeout(LONG, server.write(done)).await.unwrap();
    assert_eq!(timeout(LONG, reading).await.unwrap().unwrap(), (2 * calls, 2 * calls, 0));
    // The tracker is right whoever reads.
    assert!(listener.calls().is_empty());
    let totals = listener.totals();
    let sent = u64::try_from(calls * per_life).unwrap() + 1;
    assert_eq!((totals.sessions, totals.events), (2 * calls as u64, sent));
    // What was lost is known: to each for itself, and in total.
    let (of_events, of_changes) = (events.take_lost(), changes.take_lost());
    assert_eq!(of_events, sent - 8192);
    assert!(of_changes > 0);
    assert_eq!(listener.lost_updates(), of_events + of_changes);
    // They go on with the oldest that they had room for.
    assert_eq!(events.next().await.unwrap().name(), "CHANNEL_OUTGOING");
    assert!(changes.next().await.is_some());
    assert_eq!(events.take_lost(), 0);
}

#[limited::test(paused)]
async fn a_log_that_nobody_reads_is_counted() {
    let (listener, mut server) = listening().await;
    let mut logs = listener.logs();
    let mut done = listener.events(&["DONE"]);
    let line = "Content-Type: log/data\nContent-Length: 3\nLog-Level: 5\n\nhi\n".repeat(1000);
    for _thousand in 0..10 {
        timeout(LONG, server.write(&line)).await.unwrap();
    }
    server.write(event("Event-Name: DONE\n")).await;
    timeout(LONG, done.next()).await.unwrap().unwrap();
    assert_eq!(listener.lost_updates(), 10_000 - 8192);
    assert_eq!(logs.take_lost(), 10_000 - 8192);
    assert_eq!(logs.next().await.unwrap().text(), "hi");
}

#[limited::test(paused)]
async fn a_client_with_an_app_that_nobody_holds_closes_its_connections() {
    let (commands, mut server) = Server::pipe(1 << 16);
    let (events, mut event_server) = Server::pipe(1 << 16);
    let listener = EventListener::new("vm-host");
    let client = Client::new("vm-host").with_listener(listener.clone());
    tokio::join!(
        async {
            client.connect_over(commands).await.unwrap();
            listener.connect_over(events).await.unwrap();
            listener.start().await.unwrap();
        },
        server.log_in(),
        event_server.log_listener_in(),
    );
    client.load_app(Stuck).await.unwrap();
    drop((client, listener));
    for server in [&mut server, &mut event_server] {
        let mut rest = Vec::new();
        timeout(LONG, server.stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    }
}

/// An app whose first event is never dealt with.
struct Stuck;

impl App for Stuck {
    fn name(&self) -> &str {
        "Stuck"
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_EXECUTE"]
    }

    fn on_event<'a>(&'a self, _on: AppContext<'a>) -> Handling<'a> {
        Box::pin(std::future::pending())
    }
}

#[limited::test(paused)]
async fn an_app_that_does_not_keep_up_loses_events_and_they_are_counted() {
    let (listener, mut server) = listening().await;
    let client = Client::new("vm-host").with_listener(listener.clone());
    let app = client.load_app(Stuck).await.unwrap();
    let mut done = listener.events(&["DONE"]);
    let header = format!(
        "Event-Name: CHANNEL_EXECUTE\nUnique-ID: a\nApplication: echo\nvariable_switchy_app: {app}\n"
    );
    for _event in 0..1000 {
        server.write(event(&header)).await;
    }
    server.write(event("Event-Name: DONE\n")).await;
    timeout(LONG, done.next()).await.unwrap().unwrap();
    // 256 wait, one or none is with the app.
    assert!((1000 - 257..=1000 - 256).contains(&listener.lost_updates()));
    assert_eq!(listener.totals().events, 1001);
}
