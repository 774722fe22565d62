//! What an app in Lua costs beside the same one in Rust, and whether a Lua IVR holds out.
//!
//! `cargo bench --bench lua`. Both apps answer a call that is parked, on the simulated switch over
//! in-memory sockets; the calls alternate in one run. A reaction is from CHANNEL_PARK in the
//! listener to the first byte of `uuid_answer` on its way to the switch. Then `examples/ivr.lua`
//! gets 50 calls a second: some choose, some say nothing, some hang up; all have to end. Memory is
//! the resident set of the process, with the switch in it.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::expect_used, reason = "a failed bench may panic")]

use std::collections::HashMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use switchy::apps::LuaApp;
use switchy::apps::lua::Options;
use switchy::client::app::Handling;
use switchy::client::{App, AppContext, LoadAs, Originate};
use switchy::conn::Config;
use switchy::model::{Direction, Id};
use switchy::sim::{self, Sim};
use switchy::{Client, EventListener};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::task::JoinSet;

const LONG: Duration = Duration::from_secs(120);

fn main() {
    // `cargo test --benches` runs this too: once, briefly.
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let (pairs, calls, rate) = if is_bench { (500, 1000, 50) } else { (10, 20, 10) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        compare(pairs).await;
        hold_out(calls, rate).await;
    });
}

/// The same as the Lua app of [`compare`].
struct Answer;

impl App for Answer {
    fn name(&self) -> &'static str {
        "rust"
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_PARK"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let session = on.session;
        Box::pin(async move {
            match session.info().direction {
                Direction::Inbound => session.answer_and_wait(LONG).await,
                Direction::Outbound => Ok(()),
            }
        })
    }
}

async fn compare(pairs: usize) {
    let sim = Sim::start(sim::Config::new().with_seed(1));
    let (client, clock, _listener) = connect(&sim).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("answer.lua");
    let text = "function on_park(session)
        if session.direction == 'inbound' then session:answer() end
    end";
    std::fs::write(&path, text).expect("write");
    let lua = LuaApp::open(&path, Options::default()).await.expect("the script");
    let lua: Arc<dyn App> = Arc::new(lua);
    client.load_apps(vec![lua], &LoadAs::new().with_name("lua")).await.expect("load");
    client.load_app(Answer).await.expect("load");
    let mut took: HashMap<&str, Vec<Duration>> = HashMap::new();
    for _pair in 0..pairs {
        for name in ["rust", "lua"] {
            let call = Originate::to("park@127.0.0.1:5090").with_app(name);
            let id = answered(&client, &call).await;
            client.call(&Id::new(&id)).expect("the call").hangup().await.expect("hang up");
            took.entry(name).or_default().append(&mut clock.take());
        }
    }
    let mut medians = Vec::new();
    for name in ["rust", "lua"] {
        let took = took.get_mut(name).expect("reactions");
        println!("{name:>5}: {}", spread(took));
        medians.push(at(took, 50));
    }
    if let [rust, lua] = medians.as_slice() {
        println!("  lua beside rust: median {:?} longer", lua.saturating_sub(*rust));
    }
}

async fn hold_out(calls: usize, rate: u32) {
    let sim = Sim::start(sim::Config::new().with_seed(1));
    let (client, clock, listener) = connect(&sim).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ivr.lua");
    let menu = ("menu".to_owned(), "tone_stream://%(100,0,440)".to_owned());
    let options = Options::new().with_args([menu]);
    let app: Arc<dyn App> = Arc::new(LuaApp::open(&path, options).await.expect("the script"));
    client.load_apps(vec![app], &LoadAs::new().with_name("ivr")).await.expect("load");
    let mut residents = Vec::new();
    // What is grown once, such as the tracker's memory of ended calls, grows in the first round.
    for _round in 0..3 {
        let (mut tick, mut callers) =
            (tokio::time::interval(Duration::from_secs(1) / rate), JoinSet::new());
        for number in 0..calls {
            tick.tick().await;
            callers.spawn(caller(client.clone(), listener.clone(), number));
        }
        callers.join_all().await;
        let end = Instant::now() + LONG;
        while listener.count_sessions() > 0
            || sim.channels().await > 0
            || note(&client, "running") != "0"
        {
            assert!(Instant::now() < end, "stuck: {:?}", listener.calls());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        residents.push(format!("{} MB, Lua {}", resident() >> 20, note(&client, "memory")));
    }
    let failures = (note(&client, "failures"), note(&client, "last failure"));
    println!("  ivr: 3 x {calls} calls at {rate}/s: none stuck, failures {failures:?}");
    println!("  ivr: {}", spread(&mut clock.take()));
    println!("  ivr: memory after each {calls}: {}", residents.join("; "));
}

/// One caller of three kinds: a choice and a bridge, no choice at all, and one who hangs up.
async fn caller(client: Client, listener: EventListener, number: usize) {
    let id = answered(&client, &Originate::to("park@127.0.0.1:5090").with_app("ivr")).await;
    if number.is_multiple_of(3) {
        let callee = client.call(&Id::new(&id)).and_then(|call| call.sessions().into_iter().nth(1));
        callee.expect("the callee").recv_dtmf("1", Duration::ZERO).await.expect("a digit");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    if number % 3 != 1
        && let Some(call) = client.call(&Id::new(&id))
    {
        call.hangup().await.expect("hang up");
    }
    let end = Instant::now() + LONG;
    while listener.call(&Id::new(&id)).is_some() {
        assert!(Instant::now() < end, "stuck: {:?}", listener.call(&Id::new(&id)));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn answered(client: &Client, call: &Originate) -> String {
    let job = client.originate(call).await.expect("originate");
    job.get(LONG).await.expect("an answer")
}

fn note(client: &Client, name: &str) -> String {
    let app = client.app("ivr").expect("the app");
    let notes = app.parts().first().map(|part| part.notes()).unwrap_or_default();
    notes.into_iter().find(|(known, _)| *known == name).expect("a note").1
}

/// A client on the switch, whose reactions are measured.
async fn connect(sim: &Sim) -> (Client, Clock, EventListener) {
    let config = Config::new("vm-host");
    let listener = EventListener::with_config(config.clone());
    listener.connect_over(sim.connect()).await.expect("connect");
    listener.start().await.expect("start");
    let clock = Clock::default();
    let seen = clock.clone();
    listener.tap(move |event| {
        if event.event.name() == "CHANNEL_PARK"
            && let Some(id) = event.event.unique_id()
        {
            seen.begin(&id);
        }
        true
    });
    let client = Client::with_config(config).with_listener(listener.clone());
    let timed = Timed { stream: sim.connect(), clock: clock.clone() };
    client.connect_over(timed).await.expect("connect");
    (client, clock, listener)
}

/// When sessions were parked, and how long the answer took.
#[derive(Clone, Default)]
struct Clock(Arc<Mutex<Times>>);

#[derive(Default)]
struct Times {
    begun: HashMap<String, Instant>,
    took: Vec<Duration>,
}

impl Clock {
    fn begin(&self, id: &str) {
        self.times().begun.insert(id.to_owned(), Instant::now());
    }

    fn end(&self, id: &str) {
        let mut times = self.times();
        if let Some(begun) = times.begun.remove(id) {
            times.took.push(begun.elapsed());
        }
    }

    fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.times()).took
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that looks for `uuid_answer` in what it writes.
struct Timed {
    stream: DuplexStream,
    clock: Clock,
}

impl AsyncRead for Timed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Timed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        for line in String::from_utf8_lossy(bytes).lines() {
            if let Some((_, id)) = line.split_once("uuid_answer ") {
                self.clock.end(id.trim());
            }
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or_default()
}

fn spread(took: &mut [Duration]) -> String {
    took.sort_unstable();
    let (p50, p90, p99) = (at(took, 50), at(took, 90), at(took, 99));
    format!("{} reactions: p50 {p50:?}  p90 {p90:?}  p99 {p99:?}", took.len())
}

/// The resident set of this process, in bytes; 0 where /proc does not tell.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|text| text.parse().ok());
    pages.unwrap_or(0_usize) * 4096
}
