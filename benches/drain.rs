//! How long the server waits for us at most, in every way of reading us slowly or not at all.
//!
//! `cargo bench --bench drain`. A server in this process writes 20,000 events a second to whoever
//! subscribes, and measures its own writes: the longest one is what a FreeSWITCH would have waited.
//! The floor is a client that does nothing but read, in the same run. Client and server share the
//! processors with all else that runs: read the rows beside the floor.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed bench may panic, and one that ran prints its result"
)]

#[cfg(unix)]
#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/drain/flood.rs"]
mod flood;
#[cfg(unix)]
#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/support/mod.rs"]
mod support;
#[cfg(unix)]
#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/pty/terminal.rs"]
mod terminal;
#[cfg(unix)]
#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/drain/ways.rs"]
mod ways;

#[cfg(unix)]
fn main() {
    use std::time::Duration;

    // `cargo test --benches` runs this too: once, briefly.
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let (fills, sleeps, ways) = if is_bench {
        (Duration::from_secs(1), Duration::from_secs(6), ways::WAYS)
    } else {
        (Duration::ZERO, Duration::from_millis(200), &ways::WAYS[..1])
    };
    let show = |waited: Duration, name: &str| {
        println!("{:>6.1} ms  {name}", waited.as_secs_f64() * 1000.0);
    };
    let floor = || {
        let flood = flood::Flood::start();
        read_all(&flood);
        flood.flows("a client that only reads");
        show(waits_in(&flood, sleeps), "(floor) a client that only reads");
    };
    floor();
    for way in ways {
        let held = way.start();
        waits_in(&held.flood, fills);
        show(waits_in(&held.flood, sleeps), way.name);
    }
    floor();
}

/// A client that only reads: what the machine itself costs.
#[cfg(unix)]
fn read_all(flood: &flood::Flood) {
    use std::io::Write as _;

    let mut socket = std::net::TcpStream::connect(("127.0.0.1", flood.port)).unwrap();
    socket.write_all(b"auth x\n\nevent plain ALL\n\n").unwrap();
    std::thread::spawn(move || drop(std::io::copy(&mut socket, &mut std::io::sink())));
}

/// How long a write of the server waited at most in so long a time.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "it measures time, in a thread of its own")]
fn waits_in(flood: &flood::Flood, time: std::time::Duration) -> std::time::Duration {
    use std::time::{Duration, Instant};

    flood.seen.lock().unwrap().longest = Duration::ZERO;
    let until = Instant::now() + time;
    let mut longest = Duration::ZERO;
    while Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
        let seen = flood.seen.lock().unwrap();
        let waiting = seen.queues.iter().filter_map(|queue| queue.writing);
        let waiting = waiting.map(|since| since.elapsed()).max();
        longest = longest.max(seen.longest).max(waiting.unwrap_or_default());
    }
    longest
}

#[cfg(not(unix))]
fn main() {}
