//! What the simulated switch costs: calls a second with four subscribers, memory of live calls.
//!
//! `cargo bench --bench sim`. The switch runs on one thread, and that thread's processor time is
//! what counts (Linux): how many whole calls one core tells to four clients that read all events.
//! The floor beside it writes the bytes of recorded call lives (`transcripts/call_toneplay`) to four
//! clients and does nothing else. Memory is the growth of the resident set with live calls of two
//! SIP legs each; its floor is the text of what their legs know, as `uuid_dump` writes it.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::expect_used, reason = "a failed bench may panic")]

#[path = "common/lives.rs"]
mod lives;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lives::Lives;
use switchy::sim::{Config, Notice, Sim};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

const SUBSCRIBERS: usize = 4;
/// Calls a second that are offered where the share of a core is asked.
const PACE: u32 = 200;
/// The event by which a subscriber shows that it has heard all before it; as long as the header that
/// is counted, so that neither is counted twice.
const MARK: &[u8] = b"bench-mark-of-sim";
/// Calls after which the subscribers may catch up: what is told of them must fit their queues.
const BATCH: usize = 100;

/// How many events of a call a subscriber must at least have counted.
const FEWEST_EVENTS: usize = 40;

/// How many of them hear the events.
static SUBSCRIBED: AtomicUsize = AtomicUsize::new(0);

/// How many marks all subscribers together have heard.
static HEARD: AtomicUsize = AtomicUsize::new(0);

fn main() {
    // `cargo test --benches` runs this too: once, briefly.
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let (rounds, calls, live) = if is_bench { (3, 4000, 20_000) } else { (1, 20, 50) };
    for round in 1..=rounds {
        let (floor, recorded) =
            thread::spawn(move || write_lives(calls)).join().expect("the floor");
        let ran = thread::spawn(move || simulate(calls, None)).join().expect("the switch");
        println!(
            "round {round}: one core, {SUBSCRIBERS} subscribers: {:>6.0} calls/s \
             ({} events each)  floor {floor:>6.0} calls/s ({recorded} events each)  ratio {:.2}",
            ran.calls_per_second,
            ran.events,
            ran.calls_per_second / floor
        );
    }
    let paced = if is_bench { 2000 } else { 20 };
    let ran = thread::spawn(move || simulate(paced, Some(PACE))).join().expect("the switch");
    println!(
        "{PACE} calls/s, {SUBSCRIBERS} subscribers: {:.0} % of a core, {} events each",
        ran.share * 100.0,
        ran.events
    );
    let kept = thread::spawn(move || keep(live)).join().expect("the live calls");
    println!(
        "{live} live calls of two legs: {} MB, {} bytes a call; as text {} bytes a call; all ended \
         and as many again: {} MB",
        kept.first >> 20,
        kept.first / live,
        kept.text,
        kept.second >> 20
    );
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// What a run of the switch was.
struct Run {
    /// By the processor time of its thread.
    calls_per_second: f64,
    /// Its processor time in its time.
    share: f64,
    /// What each subscriber counted, a call.
    events: usize,
}

/// Runs so many whole calls, at a pace or as fast as they end.
#[expect(clippy::cast_precision_loss, reason = "rates are rough")]
fn simulate(calls: usize, pace: Option<u32>) -> Run {
    runtime().block_on(async {
        let sim = Sim::start(Config::new().with_seed(1));
        let mut notices = sim.notices();
        let address = sim.listen("127.0.0.1:0").await.expect("a port");
        let subscribers = subscribe(address);
        let mut driver = login(&sim).await;
        ask(&mut driver, "event plain BACKGROUND_JOB").await;
        while SUBSCRIBED.load(Ordering::Relaxed) < SUBSCRIBERS {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        SUBSCRIBED.store(0, Ordering::Relaxed);
        let (before, begun) = (cpu(), Instant::now());
        HEARD.store(0, Ordering::Relaxed);
        let (mut placed, mut done, mut tail, mut marks) = (0, 0, Vec::new(), 0);
        while done < calls {
            if pace.is_none() && done == placed && placed > marks * BATCH {
                marks += 1;
                catch_up(&sim, marks, &subscribers).await;
            }
            let until = if pace.is_none() { (marks + 1) * BATCH } else { calls };
            let due = pace.map_or(calls, |pace| {
                usize::try_from(begun.elapsed().as_millis() * u128::from(pace) / 1000 + 1)
                    .unwrap_or(calls)
            });
            // A bounded number at the same time, as a load generator would.
            while placed < calls.min(due).min(until) && placed < done + 50 {
                let line = b"bgapi originate sofia/external/9196@127.0.0.1:5080 &hangup\n\n";
                driver.write_all(line).await.expect("write");
                placed += 1;
            }
            let patience = Duration::from_millis(5);
            let read = read_jobs(&mut driver, &mut tail);
            done += tokio::time::timeout(patience, read).await.unwrap_or(0);
        }
        marks += 1;
        catch_up(&sim, marks, &subscribers).await;
        let (took, passed) = (cpu() - before, begun.elapsed());
        sim.stop();
        while subscribers.iter().any(|subscriber| !subscriber.is_finished()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let counts: Vec<usize> =
            subscribers.into_iter().map(|it| it.join().expect("a subscriber")).collect();
        while let Ok(notice) = notices.try_recv() {
            assert!(!matches!(notice, Notice::TooSlow { .. }), "a subscriber was dropped");
        }
        let least = counts.iter().copied().min().unwrap_or(0);
        assert!(counts.iter().all(|count| *count == least), "not the same for all: {counts:?}");
        assert!(least > calls * FEWEST_EVENTS, "{least} events of {calls} calls");
        Run {
            calls_per_second: calls as f64 / took.as_secs_f64(),
            share: took.as_secs_f64() / passed.as_secs_f64(),
            events: least / calls,
        }
    })
}

/// Waits until all calls have ended and every subscriber has heard of it.
async fn catch_up(sim: &Sim, marks: usize, subscribers: &[JoinHandle<usize>]) {
    while sim.channels().await > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let subclass = String::from_utf8_lossy(MARK).into_owned();
    let name = ("Event-Name".to_owned(), "CUSTOM".to_owned());
    sim.fire(vec![name, ("Event-Subclass".to_owned(), subclass)], None);
    while HEARD.load(Ordering::Relaxed) < marks * SUBSCRIBERS {
        assert!(!subscribers.iter().any(JoinHandle::is_finished), "a subscriber was cut off");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Reads a piece of the driver's stream; returns how many jobs ended in it.
async fn read_jobs(driver: &mut DuplexStream, tail: &mut Vec<u8>) -> usize {
    let mut chunk = vec![0; 64 << 10];
    let count = driver.read(&mut chunk).await.expect("read");
    tail.extend_from_slice(chunk.get(..count).unwrap_or_default());
    let needle = b"Event-Name: BACKGROUND_JOB";
    let found = memchr_count(tail, needle);
    let keep = tail.len().saturating_sub(needle.len() - 1);
    // What is kept is shorter than the needle: nothing is counted twice.
    tail.drain(..keep);
    found
}

fn memchr_count(text: &[u8], needle: &[u8]) -> usize {
    text.windows(needle.len()).filter(|at| *at == needle).count()
}

/// Clients on threads of their own that read all events; each returns how many.
fn subscribe(address: SocketAddr) -> Vec<JoinHandle<usize>> {
    let one = move || {
        let mut stream = TcpStream::connect(address).expect("connect");
        stream.write_all(b"auth ClueCon\n\nevent plain ALL\n\n").expect("write");
        let (mut chunk, mut tail, mut events) = (vec![0; 256 << 10], Vec::new(), 0);
        let (needle, mut heard) = (b"\nEvent-Sequence: ", false);
        while let Ok(count @ 1..) = stream.read(&mut chunk) {
            tail.extend_from_slice(chunk.get(..count).unwrap_or_default());
            if !heard && memchr_count(&tail, b"event listener enabled") > 0 {
                heard = true;
                SUBSCRIBED.fetch_add(1, Ordering::Relaxed);
            } else if !heard {
                continue;
            }
            events += memchr_count(&tail, needle);
            let marks = memchr_count(&tail, MARK);
            HEARD.fetch_add(marks, Ordering::Relaxed);
            tail.drain(..tail.len().saturating_sub(needle.len() - 1));
        }
        events
    };
    (0..SUBSCRIBERS).map(|_| thread::spawn(one)).collect()
}

/// Calls a second of this thread's processor time when all it does is write.
#[expect(clippy::cast_precision_loss, reason = "rates are rough")]
fn write_lives(calls: usize) -> (f64, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let readers: Vec<_> = (0..SUBSCRIBERS)
        .map(|_| {
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).expect("connect");
                let mut chunk = vec![0; 256 << 10];
                while let Ok(1..) = stream.read(&mut chunk) {}
            })
        })
        .collect();
    let mut streams: Vec<TcpStream> =
        (0..SUBSCRIBERS).map(|_| listener.accept().expect("a client").0).collect();
    let mut lives = Lives::load();
    let before = cpu();
    for _call in 0..calls {
        let life = lives.next_life();
        for stream in &mut streams {
            stream.write_all(life).expect("write");
        }
    }
    let took = cpu() - before;
    drop(streams);
    for reader in readers {
        reader.join().expect("a reader");
    }
    (calls as f64 / took.as_secs_f64(), lives.events_per_life())
}

/// The growth of the resident set in bytes: with live calls, and with as many more after their end;
/// the text of one call.
struct Kept {
    first: usize,
    second: usize,
    text: usize,
}

fn keep(calls: usize) -> Kept {
    runtime().block_on(async {
        let sim = Sim::start(Config::new().with_seed(1));
        let mut driver = login(&sim).await;
        let before = resident();
        place(&sim, &mut driver, calls).await;
        let first = resident().saturating_sub(before);
        ask(&mut driver, "api hupall NORMAL_CLEARING").await;
        while sim.channels().await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        place(&sim, &mut driver, calls).await;
        let second = resident().saturating_sub(before);
        let mut text = 0;
        for uuid in ["left", "right"] {
            let line = format!(
                "api originate {{origination_uuid={uuid}}}sofia/external/9196@127.0.0.1:5080 &park"
            );
            ask(&mut driver, &line).await;
            text += ask(&mut driver, &format!("api uuid_dump {uuid}")).await.len();
        }
        Kept { first, second, text }
    })
}

/// Makes live calls.
async fn place(sim: &Sim, driver: &mut DuplexStream, calls: usize) {
    for _call in 0..calls {
        ask(driver, "bgapi originate sofia/external/9196@127.0.0.1:5080 &park").await;
    }
    while sim.channels().await < 2 * calls {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
}

/// An in-memory client that has logged in.
async fn login(sim: &Sim) -> DuplexStream {
    let mut client = sim.connect();
    let mut greeting = vec![0; 100];
    let _greeted = client.read(&mut greeting).await.expect("greeting");
    ask(&mut client, "auth ClueCon").await;
    client
}

/// Sends a command and returns what was read until nothing more is expected: a header block, and
/// the body that it announces.
async fn ask(client: &mut DuplexStream, line: &str) -> Vec<u8> {
    client.write_all(format!("{line}\n\n").as_bytes()).await.expect("write");
    let (mut heard, mut chunk) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        let count = client.read(&mut chunk).await.expect("read");
        heard.extend_from_slice(chunk.get(..count).unwrap_or_default());
        let text = String::from_utf8_lossy(&heard);
        if let Some((head, body)) = text.split_once("\n\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let length = length.and_then(|text| text.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return heard;
            }
        }
    }
}

/// The processor time of this thread; the wall clock where /proc does not tell.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split_whitespace().next().and_then(|text| text.parse().ok());
    nanoseconds.map_or_else(|| START.with(Instant::elapsed), Duration::from_nanos)
}

thread_local! {
    static START: Instant = Instant::now();
}

/// The resident set of this process, in bytes; 0 where /proc does not tell.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|text| text.parse().ok());
    pages.unwrap_or(0_usize) * 4096
}
