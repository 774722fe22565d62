//! No way of reading us slowly reaches the server: the program without a terminal.
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::flood::{Flood, LONGEST};
use crate::support::program::switchy_in;

/// A reader that sleeps: what the kernel and the program hold for it is full before.
const SLEEPS: Duration = Duration::from_secs(6);

struct Way {
    name: &'static str,
    /// What the program runs; `FIFO` is a named pipe whose reader sleeps.
    args: &'static [&'static str],
    /// Where it says what was lost, if that is read here.
    says: Option<Says>,
}

#[derive(Clone, Copy)]
enum Says {
    Stdout,
    Fifo,
}

const WAYS: &[Way] = &[
    Way { name: "events as text, a pipe", args: &["-x", "events all --for 600s"], says: None },
    Way { name: "audit, a pipe", args: &["-x", "audit -o jsonl"], says: None },
    Way { name: "the log as text, a pipe", args: &["-x", "log 7 --for 600s"], says: None },
    Way { name: "events, a pipe", args: &["-x", "events all -o jsonl"], says: Some(Says::Stdout) },
    Way { name: "the log, a pipe", args: &["-x", "log 7 -o jsonl"], says: Some(Says::Stdout) },
    Way {
        name: "events, a device that stalls",
        args: &["-x", "events all -o jsonl > FIFO"],
        says: Some(Says::Fifo),
    },
    Way {
        name: "events, a program that reads nothing",
        args: &["-x", "events all -o jsonl | sleep 60"],
        says: None,
    },
    Way {
        name: "a program of the operator's",
        args: &["-x", "events all -o jsonl --count 1", "-x", "! sleep 60"],
        says: None,
    },
    Way {
        name: "a transcript, a device that stalls",
        args: &["-x", "transcript start --append FIFO", "-x", "events all -o jsonl | sleep 60"],
        says: None,
    },
    Way {
        name: "standard error, all that we log",
        args: &["--debug", "7", "-x", "events all -o jsonl | sleep 60"],
        says: None,
    },
];

/// `cargo test --release --test it drain -- --nocapture` shows the table: how long a write of the
/// server waited at most, beside that of a client that does nothing but read.
#[limited::test]
fn no_reader_that_sleeps_reaches_the_server() {
    let floor = {
        let flood = Flood::start();
        flood.read_all();
        flood.flows("a client that only reads");
        flood.waits_in(SLEEPS)
    };
    let mut table = format!("{:>6.1} ms  a client that only reads\n", milliseconds(floor));
    for way in WAYS {
        let waited = check(way);
        writeln!(table, "{:>6.1} ms  {}", milliseconds(waited), way.name).unwrap();
    }
    println!("{table}");
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Returns how long a write of the server waited at most.
fn check(Way { name, args, says }: &Way) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let flood = Flood::start();
    let args: Vec<_> =
        args.iter().map(|arg| arg.replace("FIFO", &fifo.display().to_string())).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let mut child = program(folder.path(), &flood.args(&args));
    // Opened to be read, and not read.
    let uses_fifo = args.iter().any(|arg| arg.contains("fifo"));
    let mut sleeping = uses_fifo.then(|| File::open(&fifo).unwrap());
    flood.flows(name);
    let waited = flood.waits_in(SLEEPS);
    assert!(waited < LONGEST, "{name}: the server waited for {waited:?}");
    assert_eq!(flood.ended(), 0, "{name}: the connection ended");
    // It wakes, and is told what it missed.
    let mut stdout = child.stdout.take().unwrap();
    match says {
        Some(Says::Stdout) => reads_lost(name, &mut stdout),
        Some(Says::Fifo) => reads_lost(name, sleeping.as_mut().unwrap()),
        None => {}
    }
    child.kill().unwrap();
    child.wait().unwrap();
    waited
}

fn program(home: &Path, args: &[String]) -> Child {
    let mut command = switchy_in(home);
    command.args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Reads until a line says that events were lost, and how many.
fn reads_lost(name: &str, reader: &mut impl Read) {
    // What waited comes first: the pipe's, ours, and the events that were kept.
    let mut lines = BufReader::new(reader).take(400 << 20).split(b'\n');
    let lost = lines.find_map(|line| {
        let line = line.unwrap();
        let line = line.strip_prefix(b"{\"Event-Name\":\"SWITCHY_LOST\",\"count\":")?;
        std::str::from_utf8(line.strip_suffix(b"}")?).ok()?.parse::<u64>().ok()
    });
    assert!(lost.is_some_and(|lost| lost > 0), "{name}: nothing says what was lost: {lost:?}");
}

/// A reader that has seen enough ends the stream at once, and Ctrl-C ends one that waits for its
/// reader.
#[limited::test]
fn a_stream_ends_with_its_reader_and_with_ctrl_c() {
    let folder = tempfile::tempdir().unwrap();
    let flood = Flood::start();
    let args = flood.args(&["-x", "events all -o jsonl"]);
    let mut child = program(folder.path(), &args);
    flood.flows("events");
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());

    let mut child = program(folder.path(), &args);
    flood.flows("events");
    flood.waits_in(SLEEPS);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
