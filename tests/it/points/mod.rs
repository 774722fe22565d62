//! What the tutorial promises, point by point: every test says which points it holds (`s37_..`).
//!
//! 1 to 36 are about the objects, 37 to 51 about making calls, 52 to 73 about apps, 74 to 82 about
//! putting all of it together. Most run on the simulated switch with a paused clock.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, Once};

use switchy::Client;
use switchy::client::Originate;
use switchy::model::{Id, SessionInfo};
use switchy::sim::Sim;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tracing::field::{Field, Visit};

use crate::support::LONG;

mod apps;
mod objects;
mod originate;
#[cfg(feature = "shell")]
mod prompt;

/// Points without a test, and why.
const MISSING: &[(u8, &str)] = &[];

#[limited::test]
fn every_point_has_a_test() {
    let mut found = BTreeSet::new();
    for folder in ["tests/it", "src"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    let excused: BTreeSet<u8> = MISSING.iter().map(|(point, _)| *point).collect();
    let both: Vec<_> = found.intersection(&excused).collect();
    assert!(both.is_empty(), "excused, but there are tests: {both:?}");
    let missing: Vec<u8> =
        (1..=82).filter(|point| !found.contains(point) && !excused.contains(point)).collect();
    assert!(missing.is_empty(), "points without a test: {missing:?}");
}

/// Collects the points that the names of tests begin with: `fn s20_s21_..`.
fn collect(folder: &Path, found: &mut BTreeSet<u8>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(path).unwrap();
            for line in text.lines() {
                let line = line.trim_start();
                let line = line.strip_prefix("async ").unwrap_or(line);
                let Some(name) = line.strip_prefix("fn ") else { continue };
                let points =
                    name.split('_').map_while(|word| word.strip_prefix('s')?.parse::<u8>().ok());
                found.extend(points);
            }
        }
    }
}

/// A connection to a switch, and what the client says over it.
fn overheard(sim: &Sim) -> (DuplexStream, Said) {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let said = Said::default();
    let (mut from_client, mut to_client) = tokio::io::split(theirs);
    let (mut from_sim, mut to_sim) = tokio::io::split(sim.connect());
    tokio::spawn(async move {
        let _ended = tokio::io::copy(&mut from_sim, &mut to_client).await;
        let _closed = to_client.shutdown().await;
    });
    let heard = said.clone();
    tokio::spawn(async move {
        let mut bytes = vec![0; 4096];
        while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
            heard.0.lock().unwrap().extend_from_slice(&bytes[..count]);
            if to_sim.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    });
    (ours, said)
}

/// The commands that went over a connection.
#[derive(Debug, Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    /// The commands since the last time.
    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8(bytes).unwrap();
        text.split("\n\n").filter(|command| !command.is_empty()).map(str::to_owned).collect()
    }
}

/// Collects what the library logs in this thread, as `LEVEL target@host : message field=value`.
struct Log;

thread_local! {
    static LINES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

impl Log {
    /// One subscriber serves all tests: those of a thread each come and go with races.
    fn start() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| tracing::subscriber::set_global_default(Collect).unwrap());
        tracing::callsite::rebuild_interest_cache();
        LINES.set(Some(Vec::new()));
        Self
    }

    fn lines(&self) -> Vec<String> {
        LINES.with_borrow(|lines| lines.clone().unwrap_or_default())
    }

    /// How many lines hold all of these texts.
    fn count(&self, texts: &[&str]) -> usize {
        let lines = self.lines();
        lines.iter().filter(|line| texts.iter().all(|text| line.contains(text))).count()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        LINES.set(None);
    }
}

struct Collect;

impl tracing::Subscriber for Collect {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("switchy")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        if LINES.with_borrow(Option::is_none) {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        let (level, target) = (event.metadata().level(), event.metadata().target());
        let Line { host, message, rest } = line;
        LINES.with_borrow_mut(|lines| {
            lines.iter_mut().for_each(|lines| {
                lines.push(format!("{level} {target}{host} : {message}{rest}"));
            });
        });
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[derive(Default)]
struct Line {
    host: String,
    message: String,
    rest: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "host" => self.host = format!("@{value}"),
            _ => self.record_debug(field, &format_args!("{value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => write!(self.message, "{value:?}").unwrap(),
            name => write!(self.rest, " {name}={value:?}").unwrap(),
        }
    }
}

/// A call to the echo of the same switch.
fn echo() -> Originate {
    Originate::to("9196@127.0.0.1:5080")
}

/// A call to the profile that parks everything.
fn park() -> Originate {
    Originate::to("park@127.0.0.1:5090")
}

/// Makes a call and waits for its answer.
async fn called(client: &Client, call: &Originate) -> Id<SessionInfo> {
    let job = client.originate(call).await.unwrap();
    Id::new(&job.get(LONG).await.unwrap())
}
