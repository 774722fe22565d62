//! `api` round trips over TCP: one at a time and 200 in flight, beside a bare blocking socket that
//! does the same against the same kind of server in the same run.
//!
//! `cargo bench --bench roundtrip`. Read the ratios: server and client share the processors. The
//! bare clients do the least that a client of this protocol can: write a command, find the end of
//! the header, read `Content-Length`, take the body. In flight they keep 200 commands under way:
//! each reply is followed by the next command, written for itself. A bare tokio socket stands
//! between the two: what it takes more than the blocking one is the price of waiting for readiness
//! (one `epoll_wait` for each answer), not ours.
//!
//! `SWITCHY_LIVE=HOST:PORT:PASSWORD` takes a real FreeSWITCH as the server.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::expect_used, reason = "a failed bench may panic")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use switchy::conn::{Config, Connection, Login, NoEvents};
use switchy::wire::Command;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

/// Commands under way together in the second half.
const IN_FLIGHT: usize = 200;

fn main() {
    // `cargo test --benches` runs this too: once, briefly.
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let live = std::env::var("SWITCHY_LIVE").ok();
    let (rounds, trips) = match (is_bench, &live) {
        (true, None) => (9, 20_000),
        (true, Some(_)) => (5, 4_000),
        (false, _) => (1, 400),
    };
    for depth in [1, IN_FLIGHT] {
        for name in ["current_thread", "multi_thread"] {
            let runtime = || runtime(name);
            let serve = |client: &dyn Fn(Config) -> f64| serve(live.as_deref(), client);
            let mut all = Vec::new();
            for _round in 0..rounds {
                let blocking = serve(&|server| blocking(&server, trips, depth));
                let bare = serve(&|server| runtime().block_on(bare(server, trips, depth)));
                let ours = serve(&|server| runtime().block_on(ours(server, trips, depth)));
                all.push([blocking, bare, ours]);
            }
            let [blocking, bare, ours] = all.iter().fold([f64::MAX; 3], |best, round| {
                std::array::from_fn(|at| {
                    let [best, round] = [&best, round].map(|of| of.get(at).copied());
                    best.unwrap_or_default().min(round.unwrap_or_default())
                })
            });
            let mut ratios: Vec<f64> =
                all.iter().map(|[blocking, _, ours]| ours / blocking).collect();
            ratios.sort_by(f64::total_cmp);
            let ratio = ratios.get(rounds / 2).copied().unwrap_or_default();
            println!(
                "{depth:>3} in flight, {name:<14}: blocking {blocking:>6.2} us  bare tokio \
                 {bare:>6.2} us  ours {ours:>6.2} us  median ratio to blocking {ratio:.2}"
            );
        }
    }
}

fn runtime(kind: &str) -> Runtime {
    let mut builder = match kind {
        "current_thread" => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.enable_all().build().expect("a runtime")
}

/// Runs a client against a fresh server, or the real one; microseconds for each round trip.
fn serve(live: Option<&str>, client: &dyn Fn(Config) -> f64) -> f64 {
    if let Some(live) = live {
        let (address, password) = live.rsplit_once(':').expect("HOST:PORT:PASSWORD");
        return client(Config::new(address).with_password(password));
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = std::thread::spawn(move || echo(&listener));
    let took = client(Config::new("127.0.0.1").with_port(port));
    server.join().expect("the server ends");
    took
}

/// Greets, and answers each command; all of one read in one write.
fn echo(listener: &TcpListener) {
    let (mut stream, _) = listener.accept().expect("a client");
    stream.set_nodelay(true).expect("nodelay");
    stream.write_all(b"Content-Type: auth/request\n\n").expect("greeting");
    let (mut buf, mut got, mut replies) = (vec![0; 64 << 10], 0, Vec::new());
    loop {
        let count = stream.read(buf.get_mut(got..).expect("room")).unwrap_or_default();
        if count == 0 {
            return;
        }
        got += count;
        let read = buf.get(..got).expect("what was read");
        let (mut start, mut at) = (0, 0);
        replies.clear();
        while let Some(end) = memchr::memmem::find(read.get(at..).unwrap_or_default(), b"\n\n") {
            at += end + 2;
            let command = read.get(start..at - 2).unwrap_or_default();
            match command.strip_prefix(b"api echo ") {
                Some(text) => write!(
                    replies,
                    "Content-Type: api/response\nContent-Length: {}\n\n{}",
                    text.len(),
                    String::from_utf8_lossy(text)
                )
                .expect("memory"),
                None => replies.extend_from_slice(REPLY),
            }
            start = at;
        }
        buf.copy_within(start..got, 0);
        got -= start;
        stream.write_all(&replies).expect("replies");
    }
}

const REPLY: &[u8] = b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n";
/// Every round trip carries the same.
const TEXT: &str = "0123456789";
const COMMAND: &[u8] = b"api echo 0123456789\n\n";

/// What a bare client has read and not looked at yet.
struct Replies {
    buf: Vec<u8>,
    start: usize,
    end: usize,
}

impl Replies {
    fn new() -> Self {
        Self { buf: vec![0; 256 << 10], start: 0, end: 0 }
    }

    /// Where to read to.
    fn room(&mut self) -> &mut [u8] {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        self.buf.get_mut(self.end..).expect("room")
    }

    fn got(&mut self, count: usize) {
        assert!(count > 0, "the server closed");
        self.end += count;
    }

    /// Takes the next frame if it is whole; returns its body.
    fn next(&mut self) -> Option<&[u8]> {
        let read = self.buf.get(self.start..self.end).unwrap_or_default();
        let header = memchr::memmem::find(read, b"\n\n")? + 2;
        let length = read.get(..header).unwrap_or_default().split(|byte| *byte == b'\n');
        let length = length.filter_map(|line| line.strip_prefix(b"Content-Length: ")).next();
        let length = std::str::from_utf8(length.unwrap_or(b"0")).expect("digits");
        let end = header + length.parse::<usize>().expect("a number");
        let body = read.get(header..end)?;
        self.start += end;
        Some(body)
    }
}

fn blocking(server: &Config, trips: usize, depth: usize) -> f64 {
    let mut stream = TcpStream::connect(server.address()).expect("connect");
    stream.set_nodelay(true).expect("nodelay");
    let mut replies = Replies::new();
    for command in [String::new(), login(server)] {
        stream.write_all(command.as_bytes()).expect("login");
        while replies.next().is_none() {
            let count = stream.read(replies.room()).expect("a reply");
            replies.got(count);
        }
    }
    let start = Instant::now();
    for _command in 0..depth {
        stream.write_all(COMMAND).expect("a command");
    }
    let (mut answered, mut sent) = (0, depth);
    while answered < trips {
        let count = stream.read(replies.room()).expect("answers");
        replies.got(count);
        while let Some(body) = replies.next() {
            assert_eq!(body, TEXT.as_bytes());
            answered += 1;
            if sent < trips {
                stream.write_all(COMMAND).expect("a command");
                sent += 1;
            }
        }
    }
    each(start, trips)
}

/// The same over a tokio socket.
async fn bare(server: Config, trips: usize, depth: usize) -> f64 {
    let asking = tokio::spawn(async move {
        let mut stream = tokio::net::TcpStream::connect(server.address()).await.expect("connect");
        stream.set_nodelay(true).expect("nodelay");
        let mut replies = Replies::new();
        for command in [String::new(), login(&server)] {
            stream.write_all(command.as_bytes()).await.expect("login");
            while replies.next().is_none() {
                let count = stream.read(replies.room()).await.expect("a reply");
                replies.got(count);
            }
        }
        let start = Instant::now();
        for _command in 0..depth {
            stream.write_all(COMMAND).await.expect("a command");
        }
        let (mut answered, mut sent) = (0, depth);
        while answered < trips {
            let count = stream.read(replies.room()).await.expect("answers");
            replies.got(count);
            while let Some(body) = replies.next() {
                assert_eq!(body, TEXT.as_bytes());
                answered += 1;
                if sent < trips {
                    stream.write_all(COMMAND).await.expect("a command");
                    sent += 1;
                }
            }
        }
        each(start, trips)
    });
    asking.await.expect("the answers")
}

/// `depth` tasks that each ask one thing after the other.
async fn ours(server: Config, trips: usize, depth: usize) -> f64 {
    let connection = Connection::open(&server, NoEvents).await.expect("connect");
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _asker in 0..depth {
        let connection = connection.clone();
        tasks.spawn(async move {
            for _trip in 0..trips / depth {
                ask(&connection).await;
            }
        });
    }
    tasks.join_all().await;
    each(start, trips)
}

fn login(server: &Config) -> String {
    let (Login::Password(password) | Login::User { password, .. }) = server.login() else {
        return String::new();
    };
    format!("auth {}\n\n", password.expose())
}

async fn ask(connection: &Connection) {
    let command = Command::api(&format!("echo {TEXT}")).expect("a command");
    let reply = connection.send(command).await.expect("a reply");
    assert_eq!(reply.text(), TEXT);
}

#[expect(clippy::cast_precision_loss, reason = "times are rough")]
fn each(start: Instant, trips: usize) -> f64 {
    start.elapsed().as_secs_f64() * 1e6 / trips as f64
}
