//! No way of reading us slowly reaches the server.
use std::io::{BufRead as _, BufReader, Read};

use rustix::process::Signal;

use self::flood::Flood;
use self::ways::{Held, Says, WAYS, Way, program};
use crate::pty::terminal;
use crate::support::program::signal;
use crate::support::{LONG, until_blocking};

pub(crate) mod flood;
pub(crate) mod ways;

/// How long the server waits for us is measured by the bench `drain`; here its queue moves.
#[limited::test(seconds = 1800)]
fn no_reader_that_sleeps_reaches_the_server() {
    for way in WAYS {
        check(way);
    }
}

fn check(way: &Way) {
    let mut held = way.start();
    if held.is_stopped {
        until_blocking(LONG, &format!("{}: its sockets are closed", way.name), || {
            held.flood.open() == 0
        });
        return;
    }
    held.flood.is_taken(way.name);
    if way.says.is_some() {
        // Our 8192 events may hold all of that; what comes after them is lost.
        held.flood.is_taken(way.name);
    }
    assert_eq!(held.flood.ended(), 0, "{}: the connection ended", way.name);
    // It wakes, and is told what it missed.
    let Held { child, fifo, .. } = &mut held;
    match way.says {
        Some(Says::Stdout) => {
            reads_lost(way.name, child.as_mut().unwrap().stdout.as_mut().unwrap());
        }
        Some(Says::Fifo) => reads_lost(way.name, fifo.as_mut().unwrap()),
        None => {}
    }
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
    until_blocking(LONG, "the first flood is over", || flood.open() == 1);
    // All that holds something for the reader is full.
    flood.is_taken("events");
    signal(child.id(), Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
