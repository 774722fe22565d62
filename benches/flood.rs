//! Whole clients against a server that floods: reading and discarding, and an `EventListener`.
//!
//! `cargo bench --bench flood`. The server sends recorded call lives (`transcripts/call_toneplay`,
//! all events, about 4 kB each) with fresh uuids, as fast as the socket takes them. Server and
//! client share the processors, so read the ratio, not the rates.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::expect_used, reason = "a failed bench may panic")]

#[path = "common/lives.rs"]
mod lives;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use lives::Lives;
use switchy::EventListener;
use switchy::conn::Config;
use switchy::listener::DEFAULT_EVENTS;

fn main() {
    // `cargo test --benches` runs this too: once, briefly.
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let (rounds, lives) = if is_bench { (5, 6000) } else { (1, 20) };
    let mut ratios = Vec::new();
    for round in 1..=rounds {
        let floor = measure(lives, discard);
        let tracked = measure(lives, track);
        let ratio = tracked / floor;
        println!(
            "round {round}: discard {floor:>9.0} events/s  track {tracked:>9.0} events/s  ratio {ratio:.2}"
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios.get(ratios.len() / 2).copied().unwrap_or_default());
}

/// Runs a client against a fresh server; events a second.
#[expect(clippy::cast_precision_loss, reason = "rates are rough")]
fn measure(lives: usize, client: fn(SocketAddr) -> Duration) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut source = Lives::load();
    let events = source.events_per_life() * lives;
    let server = std::thread::spawn(move || serve(&listener, &mut source, lives));
    let took = client(address);
    server.join().expect("the server ends");
    events as f64 / took.as_secs_f64()
}

/// Answers like an event socket until the subscription, then floods.
fn serve(listener: &TcpListener, source: &mut Lives, lives: usize) {
    let (mut stream, _) = listener.accept().expect("a client");
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    stream.write_all(b"Content-Type: auth/request\n\n").expect("greeting");
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).expect("a line") == 0 {
            return;
        }
        let reply: &[u8] = match line.split_whitespace().next() {
            None => continue,
            Some("api") => b"Content-Type: api/response\nContent-Length: 15\n\n{\"row_count\":0}",
            Some(_) => b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n",
        };
        stream.write_all(reply).expect("reply");
        if line.starts_with("event") {
            break;
        }
    }
    for _life in 0..lives {
        stream.write_all(source.next_life()).expect("events");
    }
    stream.write_all(DONE).expect("the end");
    // Until the client has read everything and goes.
    let _rest = reader.read_to_end(&mut Vec::new());
}

const DONE: &[u8] = b"Content-Length: 59\nContent-Type: text/event-plain\n\n\
    Event-Subclass: bench%3A%3Adone\nEvent-Name: CUSTOM\nA: bcd\n\n";

/// Reads all bytes and looks at none but the last.
fn discard(address: SocketAddr) -> Duration {
    let mut stream = TcpStream::connect(address).expect("connect");
    let mut buf = vec![0; 256 << 10];
    for command in ["auth ClueCon\n\n", "event plain ALL\n\n"] {
        let _greeting_or_reply = stream.read(&mut buf).expect("read");
        stream.write_all(command.as_bytes()).expect("write");
    }
    let start = Instant::now();
    loop {
        let count = stream.read(&mut buf).expect("read");
        if buf.get(..count).is_some_and(|read| read.ends_with(b"A: bcd\n\n")) {
            return start.elapsed();
        }
    }
}

fn track(address: SocketAddr) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener =
            EventListener::with_config(Config::new("127.0.0.1").with_port(address.port()));
        listener.unsubscribe(DEFAULT_EVENTS).await.expect("local");
        listener.subscribe(&["ALL"]).await.expect("local");
        let mut done = listener.events(&["bench::done"]);
        listener.connect().await.expect("connect");
        let start = Instant::now();
        done.next().await.expect("the end");
        let took = start.elapsed();
        assert_eq!(listener.with(|tracker| tracker.call_count()), 0, "calls are left over");
        took
    })
}
