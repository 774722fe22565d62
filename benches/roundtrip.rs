//! `api` round trips over TCP: one at a time and 200 in flight, beside a bare blocking socket that
//! does the same against the same kind of server in the same run.
//!
//! `cargo bench --bench roundtrip`. Read the ratios: server and client share the processors. A
//! bare tokio socket stands between the two: what it takes more than the blocking one is the price
//! of waiting for readiness (one `epoll_wait` for each answer), not ours. Both bare ones count
//! bytes and look at nothing; in flight they send 200 commands in one write.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::expect_used, reason = "a failed bench may panic")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use switchy::conn::{Config, Connection, NoEvents};
use switchy::wire::Command;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

/// Commands under way together in the second half.
const IN_FLIGHT: usize = 200;

fn main() {
    // `cargo test --benches` runs this too: once, briefly.
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let (rounds, trips) = if is_bench { (9, 20_000) } else { (1, 400) };
    for depth in [1, IN_FLIGHT] {
        for name in ["current_thread", "multi_thread"] {
            let runtime = || runtime(name);
            let mut all = Vec::new();
            for _round in 0..rounds {
                let blocking = serve(|address| blocking(address, trips, depth));
                let bare = serve(|address| runtime().block_on(bare(address, trips, depth)));
                let ours = serve(|address| runtime().block_on(ours(address, trips, depth)));
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

/// Runs a client against a fresh server; microseconds for each round trip.
fn serve(client: impl FnOnce(SocketAddr) -> f64) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || echo(&listener));
    let took = client(address);
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
const COMMAND: &[u8] = b"api echo 0123456789\n\n";
const ANSWER: &[u8] = b"Content-Type: api/response\nContent-Length: 10\n\n0123456789";

/// The least that a program can do: one write, then reads until all answers are there.
fn blocking(address: SocketAddr, trips: usize, depth: usize) -> f64 {
    let mut stream = TcpStream::connect(address).expect("connect");
    stream.set_nodelay(true).expect("nodelay");
    let mut buf = vec![0; 256 << 10];
    let _greeting = stream.read(&mut buf).expect("greeting");
    stream.write_all(b"auth ClueCon\n\n").expect("login");
    let _reply = stream.read(&mut buf).expect("reply");
    let commands = COMMAND.repeat(depth);
    let start = Instant::now();
    for _batch in 0..trips / depth {
        stream.write_all(&commands).expect("commands");
        let mut missing = ANSWER.len() * depth;
        while missing > 0 {
            missing -= stream.read(&mut buf).expect("answers");
        }
    }
    each(start, trips)
}

/// The same over a tokio socket.
async fn bare(address: SocketAddr, trips: usize, depth: usize) -> f64 {
    let asking = tokio::spawn(async move {
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("connect");
        stream.set_nodelay(true).expect("nodelay");
        let mut buf = vec![0; 256 << 10];
        let _greeting = stream.read(&mut buf).await.expect("greeting");
        stream.write_all(b"auth ClueCon\n\n").await.expect("login");
        let _reply = stream.read(&mut buf).await.expect("reply");
        let commands = COMMAND.repeat(depth);
        let start = Instant::now();
        for _batch in 0..trips / depth {
            stream.write_all(&commands).await.expect("commands");
            let mut missing = ANSWER.len() * depth;
            while missing > 0 {
                missing -= stream.read(&mut buf).await.expect("answers");
            }
        }
        each(start, trips)
    });
    asking.await.expect("the answers")
}

async fn ours(address: SocketAddr, trips: usize, depth: usize) -> f64 {
    let config = Config::new("127.0.0.1").with_port(address.port());
    let connection = Connection::open(&config, NoEvents).await.expect("connect");
    // In a task, as in a program: the main thread of a runtime is no worker of it.
    let asking = tokio::spawn(async move {
        let start = Instant::now();
        if depth == 1 {
            for _trip in 0..trips {
                ask(&connection).await;
            }
        } else {
            for _batch in 0..trips / depth {
                let mut tasks = tokio::task::JoinSet::new();
                for _command in 0..depth {
                    let connection = connection.clone();
                    tasks.spawn(async move { ask(&connection).await });
                }
                tasks.join_all().await;
            }
        }
        each(start, trips)
    });
    asking.await.expect("the answers")
}

async fn ask(connection: &Connection) {
    let command = Command::api("echo 0123456789").expect("a command");
    let reply = connection.send(command).await.expect("a reply");
    assert_eq!(reply.text(), "0123456789");
}

#[expect(clippy::cast_precision_loss, reason = "times are rough")]
fn each(start: Instant, trips: usize) -> f64 {
    start.elapsed().as_secs_f64() * 1e6 / trips as f64
}
