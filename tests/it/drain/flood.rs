//! A server that floods every client that subscribes, knows whether its send queues move, and
//! measures how long its writes wait. The bench `drain` has it, too.
#![expect(clippy::disallowed_methods, reason = "it measures time, in threads of its own")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{LONG, until_blocking};

/// Events and log lines a second, to each connection that asked for some. A program that is not
/// optimised gets fewer and larger ones: as many bytes.
const RATE: usize = if cfg!(debug_assertions) { 2_000 } else { 20_000 };
/// Bytes of each. What the kernels of both sides take without a reader is sent in half a second.
const SIZE: usize = 16_000_000 / RATE;
/// More than the kernels of both sides and we ourselves hold for a reader that sleeps: a queue that
/// has sent so much since waits for no reader.
const TAKEN: usize = 48 << 20;

/// Runs until it is dropped.
pub(crate) struct Flood {
    pub(crate) port: u16,
    pub(crate) seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
pub(crate) struct Seen {
    /// The longest wait of a write that is over.
    pub(crate) longest: Duration,
    pub(crate) queues: Vec<Queue>,
    /// For the end.
    sockets: Vec<TcpStream>,
}

/// What one connection is sent.
#[derive(Default)]
pub(crate) struct Queue {
    /// When the write began that is not over.
    pub(crate) writing: Option<Instant>,
    sent: usize,
    /// Its socket has ended.
    is_over: bool,
}

/// What there is besides heartbeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Heartbeats,
    /// Every other event is a digit of one call.
    Digits,
}

impl Flood {
    pub(crate) fn start() -> Self {
        Self::of(Content::Heartbeats)
    }

    pub(crate) fn of(content: Content) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::downgrade(&seen);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let Some(seen) = shared.upgrade() else { return };
                let socket = socket.unwrap();
                seen.lock().unwrap().sockets.push(socket.try_clone().unwrap());
                thread::spawn(move || serve(&socket, &seen, content));
            }
        });
        Self { port, seen }
    }

    /// The arguments that lead to it.
    pub(crate) fn place(&self) -> Vec<String> {
        ["-H", "127.0.0.1", "-P", &self.port.to_string(), "-T", "60s"].map(str::to_owned).to_vec()
    }

    pub(crate) fn args(&self, more: &[&str]) -> Vec<String> {
        let mut args = self.place();
        args.push("--no-config".to_owned());
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        args
    }

    /// Waits until some more events were sent.
    pub(crate) fn flows(&self, what: &str) {
        let sent =
            || self.seen.lock().unwrap().queues.iter().map(|queue| queue.sent).sum::<usize>();
        let before = sent();
        until_blocking(LONG, &format!("{what}: events are taken"), || sent() >= before + 50 * SIZE);
    }

    /// Waits until every connection that is open was sent more than anything holds for a reader
    /// that sleeps.
    pub(crate) fn is_taken(&self, what: &str) {
        let before: Vec<_> = self.seen.lock().unwrap().queues.iter().map(|it| it.sent).collect();
        until_blocking(LONG, &format!("{what}: no send queue of the server is stuck"), || {
            let seen = self.seen.lock().unwrap();
            let moved = |at: usize| seen.queues[at].sent - before.get(at).copied().unwrap_or(0);
            let open = (0..seen.queues.len()).filter(|at| !seen.queues[*at].is_over);
            let open: Vec<_> = open.map(moved).collect();
            let is_so = !open.is_empty() && open.iter().all(|moved| *moved >= TAKEN);
            is_so.then_some(()).ok_or(open)
        });
    }

    /// Waits until a write of the server waits for a reader that stands still.
    pub(crate) fn is_stuck(&self, what: &str) {
        until_blocking(LONG, &format!("{what}: the send queue is full"), || {
            let seen = self.seen.lock().unwrap();
            let since = seen.queues.iter().filter_map(|queue| queue.writing);
            since.map(|at| at.elapsed()).max() > Some(Duration::from_secs(1))
        });
    }

    /// How many floods ended with their sockets.
    pub(crate) fn ended(&self) -> usize {
        self.seen.lock().unwrap().queues.iter().filter(|queue| queue.is_over).count()
    }

    /// How many connections are sent events now.
    pub(crate) fn open(&self) -> usize {
        self.seen.lock().unwrap().queues.iter().filter(|queue| !queue.is_over).count()
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

fn serve(socket: &TcpStream, seen: &Arc<Mutex<Seen>>, content: Content) {
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
            thread::spawn(move || flood(&writer, &seen, (!is_log).then_some(content)));
        }
    }
    drop(socket.shutdown(Shutdown::Both));
}

/// Sends events, or lines of the log where there is no content.
fn flood(writer: &Mutex<TcpStream>, seen: &Mutex<Seen>, content: Option<Content>) {
    let at = {
        let mut seen = seen.lock().unwrap();
        seen.queues.push(Queue::default());
        seen.queues.len() - 1
    };
    let batch = RATE / 100;
    let (mut number, mut due) = (1, Instant::now());
    loop {
        let text: String = (number..number + batch).map(|number| frame(number, content)).collect();
        number += batch;
        let mut writer = writer.lock().unwrap();
        let start = Instant::now();
        seen.lock().unwrap().queues[at].writing = Some(start);
        let written = writer.write_all(text.as_bytes());
        drop(writer);
        let mut seen = seen.lock().unwrap();
        seen.longest = seen.longest.max(start.elapsed());
        let queue = &mut seen.queues[at];
        queue.writing = None;
        queue.sent += text.len();
        queue.is_over = written.is_err();
        if queue.is_over {
            return;
        }
        drop(seen);
        due = (due + Duration::from_millis(10)).max(Instant::now() - Duration::from_millis(100));
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

fn frame(number: usize, content: Option<Content>) -> String {
    let padding = "y".repeat(SIZE - 500);
    let Some(content) = content else {
        let text = format!("line {number} {padding}\n");
        return format!(
            "Content-Type: log/data\nContent-Length: {}\nLog-Level: 6\nText-Channel: 0\n\
             Log-File: x.c\nLog-Func: f\nLog-Line: 1\nUser-Data: \n\n{text}",
            text.len()
        );
    };
    let at = jiff::Timestamp::now().as_microsecond();
    let name = if content == Content::Digits && number.is_multiple_of(2) {
        "DTMF\nUnique-ID: d1d1d1d1-0000-4000-8000-000000000001\nCall-Direction: inbound\n\
         Channel-State: CS_EXECUTE\nAnswer-State: answered\nDTMF-Digit: 1\nDTMF-Duration: 2000"
    } else {
        "HEARTBEAT"
    };
    let body = format!(
        "Event-Name: {name}\nCore-UUID: c0c0c0c0-0000-4000-8000-000000000001\n\
         FreeSWITCH-Hostname: flood\nEvent-Date-Timestamp: {at}\nEvent-Sequence: {number}\n\
         Padding: {padding}\n\n"
    );
    format!("Content-Length: {}\nContent-Type: text/event-plain\n\n{body}", body.len())
}
