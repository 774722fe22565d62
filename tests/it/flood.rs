//! A server that floods whoever subscribes, and measures how long its writes wait.
#![expect(clippy::disallowed_methods, reason = "it measures time, in threads of its own")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Events and log lines a second, to each connection that asked for some. A program that is not
/// optimised gets fewer and larger ones: as many bytes.
const RATE: usize = if cfg!(debug_assertions) { 2_000 } else { 20_000 };
/// Bytes of each. What the kernels of both sides take without a reader is sent in half a second.
const SIZE: usize = 16_000_000 / RATE;
/// A write that waits longer waits for a reader. One that was not let run is no reader that sleeps.
pub(crate) const LONGEST: Duration =
    Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 50 });

/// Runs until it is dropped.
pub(crate) struct Flood {
    port: u16,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// The longest wait of a write that is over.
    longest: Duration,
    /// When the writes began that are not over, by connection.
    writing: Vec<Option<Instant>>,
    /// Floods that ended, because their sockets did.
    ended: usize,
    sent: usize,
    /// For the end.
    sockets: Vec<TcpStream>,
}

impl Flood {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::downgrade(&seen);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let Some(seen) = shared.upgrade() else { return };
                let socket = socket.unwrap();
                seen.lock().unwrap().sockets.push(socket.try_clone().unwrap());
                thread::spawn(move || serve(&socket, &seen));
            }
        });
        Self { port, seen }
    }

    pub(crate) fn args(&self, more: &[&str]) -> Vec<String> {
        let port = self.port.to_string();
        let own = ["--no-config", "-H", "127.0.0.1", "-P", port.as_str()];
        own.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
    }

    /// A client that only reads: what the machine itself costs.
    pub(crate) fn read_all(&self) {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        socket.write_all(b"auth x\n\nevent plain ALL\n\n").unwrap();
        thread::spawn(move || drop(std::io::copy(&mut socket, &mut std::io::sink())));
    }

    /// Waits until so many more bytes were sent.
    pub(crate) fn flows(&self, what: &str) {
        let before = self.seen.lock().unwrap().sent;
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.seen.lock().unwrap().sent < before + 50 * SIZE {
            assert!(Instant::now() < deadline, "{what}: nothing is taken");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// How long a write waited at most in so long a time.
    pub(crate) fn waits_in(&self, time: Duration) -> Duration {
        self.seen.lock().unwrap().longest = Duration::ZERO;
        let until = Instant::now() + time;
        let mut longest = Duration::ZERO;
        while Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
            let seen = self.seen.lock().unwrap();
            let waiting = seen.writing.iter().flatten().map(Instant::elapsed).max();
            longest = longest.max(seen.longest).max(waiting.unwrap_or_default());
        }
        longest
    }

    /// How many floods ended with their sockets.
    pub(crate) fn ended(&self) -> usize {
        self.seen.lock().unwrap().ended
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        for socket in self.seen.lock().unwrap().sockets.drain(..) {
            drop(socket.shutdown(Shutdown::Both));
        }
        // The listener sees that nobody is left.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn serve(socket: &TcpStream, seen: &Arc<Mutex<Seen>>) {
    let writer = Arc::new(Mutex::new(socket.try_clone().unwrap()));
    let send = |text: &str| writer.lock().unwrap().write_all(text.as_bytes());
    if send("Content-Type: auth/request\n\n").is_err() {
        return;
    }
    let (mut events, mut logs) = (false, false);
    let mut lines = BufReader::new(socket).lines();
    while let Some(Ok(line)) = lines.next() {
        if line.is_empty() || line.contains(": ") {
            continue;
        }
        let reply = |text: &str| format!("Content-Type: command/reply\nReply-Text: {text}\n\n");
        let verb = line.split(' ').next().unwrap_or_default();
        let answer = match verb {
            "api" => {
                let body = match line.trim_start_matches("api ") {
                    "global_getvar core_uuid" => "c0c0c0c0-0000-4000-8000-000000000001".to_owned(),
                    text if text.starts_with("show ") => "{\"row_count\": 0}\n".to_owned(),
                    "version" => "FreeSWITCH Version 1.10.12-release~64bit\n".to_owned(),
                    "long" => "a line of a long answer\n".repeat(20_000),
                    text => format!("+OK {text}\n"),
                };
                format!("Content-Type: api/response\nContent-Length: {}\n\n{body}", body.len())
            }
            "exit" => reply("+OK bye"),
            _ => reply("+OK accepted"),
        };
        if send(&answer).is_err() || verb == "exit" {
            break;
        }
        let began = match verb {
            "event" if !std::mem::replace(&mut events, true) => Some(false),
            "log" if !std::mem::replace(&mut logs, true) => Some(true),
            _ => None,
        };
        if let Some(is_log) = began {
            let (writer, seen) = (Arc::clone(&writer), Arc::clone(seen));
            thread::spawn(move || flood(&writer, &seen, is_log));
        }
    }
    drop(socket.shutdown(Shutdown::Both));
}

fn flood(writer: &Mutex<TcpStream>, seen: &Mutex<Seen>, is_log: bool) {
    let at = {
        let mut seen = seen.lock().unwrap();
        seen.writing.push(None);
        seen.writing.len() - 1
    };
    let batch = RATE / 100;
    let (mut number, mut due) = (1, Instant::now());
    loop {
        let text: String = (number..number + batch).map(|number| frame(number, is_log)).collect();
        number += batch;
        let mut writer = writer.lock().unwrap();
        let start = Instant::now();
        seen.lock().unwrap().writing[at] = Some(start);
        let written = writer.write_all(text.as_bytes());
        drop(writer);
        let mut seen = seen.lock().unwrap();
        seen.writing[at] = None;
        seen.longest = seen.longest.max(start.elapsed());
        seen.sent += text.len();
        if written.is_err() {
            seen.ended += 1;
            return;
        }
        drop(seen);
        due = (due + Duration::from_millis(10)).max(Instant::now() - Duration::from_millis(100));
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

fn frame(number: usize, is_log: bool) -> String {
    let padding = "y".repeat(SIZE - 300);
    if is_log {
        let text = format!("line {number} {padding}\n");
        return format!(
            "Content-Type: log/data\nContent-Length: {}\nLog-Level: 6\nText-Channel: 0\n\
             Log-File: x.c\nLog-Func: f\nLog-Line: 1\nUser-Data: \n\n{text}",
            text.len()
        );
    }
    let at = jiff::Timestamp::now().as_microsecond();
    let body = format!(
        "Event-Name: HEARTBEAT\nCore-UUID: c0c0c0c0-0000-4000-8000-000000000001\n\
         FreeSWITCH-Hostname: flood\nEvent-Date-Timestamp: {at}\nEvent-Sequence: {number}\n\
         Padding: {padding}\n\n"
    );
    format!("Content-Length: {}\nContent-Type: text/event-plain\n\n{body}", body.len())
}
