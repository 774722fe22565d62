//! No way of reading us slowly reaches the server: the program without a terminal.
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::flood::{Flood, LONGEST};

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

#[limited::test]
fn no_reader_that_sleeps_reaches_the_server() {
    thread::scope(|scope| {
        for way in WAYS {
            scope.spawn(move || check(way)).join().unwrap();
        }
    });
}

fn check(Way { name, args, says }: &Way) {
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
}

fn program(home: &Path, args: &[String]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchy"));
    command.args(args).env_remove("SWITCHY_PASSWORD").env("HOME", home);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Reads until a line says that events were lost, and how many.
fn reads_lost(name: &str, reader: &mut impl Read) {
    let mut text = Vec::new();
    let mut part = vec![0; 1 << 16];
    // What waited comes first: the pipe's, ours, and the events that were kept.
    while text.len() < 400 << 20 {
        let count = reader.read(&mut part).unwrap();
        assert_ne!(count, 0, "{name}: the stream ended");
        text.extend_from_slice(&part[..count]);
        let lost = text.split(|byte| *byte == b'\n').rev().skip(1).take(20).find_map(|line| {
            let line = line.strip_prefix(b"{\"Event-Name\":\"SWITCHY_LOST\",\"count\":")?;
            std::str::from_utf8(line.strip_suffix(b"}")?).ok()?.parse::<u64>().ok()
        });
        if let Some(lost) = lost {
            assert!(lost > 0, "{name}");
            return;
        }
    }
    panic!("{name}: nothing says what was lost");
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
