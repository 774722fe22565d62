//! How long a key takes from the keyboard to the screen while events stream in above the line: at
//! rest, at 1,000 to 20,000 events a second, and over a link of 64 KiB a second; beside a bare line
//! editor in the same run.
//!
//! `cargo bench --bench echo`. Each key is written to a pseudo-terminal, and has arrived when a
//! terminal emulator shows it left of the cursor. The events come from the simulated switch in this
//! process; how many really came is counted by a second client. The slow link is a reader that
//! takes 512 bytes at a time, and shows them when a link of that speed would have passed them on.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::expect_used, reason = "a failed bench may panic")]
#![expect(clippy::disallowed_methods, reason = "a typist pauses, and a slow link takes its time")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use switchy::sim::{Config, Fault, Notice, Sim};

fn main() {
    if std::env::var_os(FLOOR).is_some() {
        return bare();
    }
    // `cargo test --benches` runs this too: once, briefly.
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let keys = if is_bench { 600 } else { 5 };
    let home = std::env::temp_dir().join(format!("switchy-echo-{}", std::process::id()));
    std::fs::create_dir_all(&home).expect("a folder");
    println!("{keys} keys each; milliseconds from the key to the screen");
    let mut floor = CommandBuilder::new(std::env::current_exe().expect("this program"));
    floor.env(FLOOR, "1");
    show("a bare line editor", measure(floor, &home, None, keys), 0.0);
    for (rate, link) in
        [(0, None), (1_000, None), (5_000, None), (20_000, None), (1_000, Some(64 << 10))]
    {
        let (echoes, came) = under(rate, link, keys, &home);
        let link = if link.is_some() { " on 64 KiB/s" } else { "" };
        show(&format!("switchy at {rate}/s{link}"), echoes, came);
    }
    // What is left of it is in the way of nobody.
    drop(std::fs::remove_dir_all(&home));
}

/// The shell on a switch that fires so many events a second: the echoes, and the events that came.
fn under(rate: u32, link: Option<u32>, keys: usize, home: &Path) -> (Vec<Duration>, f64) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
    let (sim, address) = runtime.block_on(async {
        let sim = Sim::start(Config::new().with_seed(7));
        let address = sim.listen("127.0.0.1:0").await.expect("a port");
        (sim, address)
    });
    let created = Arc::new(AtomicU64::new(0));
    count(address, Arc::clone(&created));
    sim.inject(Fault::Flood { events_per_second: rate });
    let mut notices = sim.notices();

    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_switchy"));
    command.args(["-H", "127.0.0.1", "-P", &address.port().to_string()]);
    let (start, before) = (Instant::now(), created.load(Ordering::Relaxed));
    let echoes = measure(command, home, link, keys);
    let came = created.load(Ordering::Relaxed) - before;
    while let Ok(notice) = notices.try_recv() {
        assert!(!matches!(notice, Notice::TooSlow { .. }), "a client did not keep up: {notice}");
    }
    #[expect(clippy::cast_precision_loss, reason = "rates are rough")]
    let came = (came * EVENTS_PER_LIFE) as f64 / start.elapsed().as_secs_f64();
    (echoes, came)
}

/// Counts the calls that a switch creates, for as long as it lives.
fn count(address: SocketAddr, created: Arc<AtomicU64>) {
    let mut stream = TcpStream::connect(address).expect("connect");
    stream.write_all(b"auth ClueCon\n\nevent plain CHANNEL_CREATE\n\n").expect("write");
    thread::spawn(move || {
        let (mut reader, mut line) = (BufReader::new(stream), Vec::new());
        while let Ok(1..) = reader.read_until(b'\n', &mut line) {
            if line == NAME {
                created.fetch_add(1, Ordering::Relaxed);
            }
            line.clear();
        }
    });
}

/// Types into a program, and returns how long each key took.
fn measure(
    mut command: CommandBuilder,
    home: &Path,
    link: Option<u32>,
    keys: usize,
) -> Vec<Duration> {
    command.env("TERM", "xterm-256color");
    command.env("HOME", home);
    command.env("XDG_STATE_HOME", home);
    let mut terminal = Terminal::start(command, link);
    terminal.wait(|line| line.ends_with("> "));
    let mut echoes = Vec::with_capacity(keys);
    let mut letters = TEXT.char_indices().cycle();
    for number in 0..keys {
        let (at, letter) = letters.next().expect("it is endless");
        if at == 0 && number > 0 {
            terminal.write("\x15");
            terminal.wait(|line| line.ends_with("> "));
        }
        // Not in step with the frames.
        thread::sleep(Duration::from_millis(40 + (number as u64 * 37) % 41));
        let typed = TEXT.get(..=at).unwrap_or(TEXT);
        let start = Instant::now();
        terminal.write(letter.encode_utf8(&mut [0; 4]));
        let shown = terminal.wait(|line| line.ends_with(typed));
        echoes.push(shown.duration_since(start));
    }
    echoes
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds are small")]
fn show(what: &str, mut echoes: Vec<Duration>, came: f64) {
    echoes.sort();
    let at = |part: usize| {
        let place = (echoes.len() * part / 100).min(echoes.len().saturating_sub(1));
        echoes.get(place).map_or(0.0, |took| took.as_micros() as f64 / 1000.0)
    };
    let (median, most, worst) = (at(50), at(99), at(100));
    println!(
        "{what:<28} p50 {median:>6.1}  p99 {most:>6.1}  max {worst:>6.1}  {came:>7.0} events/s"
    );
}

/// A program in a terminal. Dropping it kills the program.
struct Terminal {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
}

struct Seen {
    parser: vt100::Parser,
    at: Instant,
}

impl Terminal {
    fn start(command: CommandBuilder, link: Option<u32>) -> Self {
        let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).expect("a terminal");
        let child = pty.slave.spawn_command(command).expect("the program");
        let size = |n| NonZeroU16::new(n).expect("not nothing");
        let parser = vt100::Parser::new(size(40), size(120), 0);
        let seen = Arc::new((Mutex::new(Seen { parser, at: Instant::now() }), Condvar::new()));
        let mut output = pty.master.try_clone_reader().expect("a reader");
        let keys = pty.master.take_writer().expect("a writer");
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            // It goes with the terminal.
            let _master = pty.master;
            let mut buffer = vec![0; if link.is_some() { 512 } else { 8192 }];
            let mut free_at = Instant::now();
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if let Some(bytes_per_second) = link {
                    let takes = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
                    let takes = Duration::from_secs_f64(takes / f64::from(bytes_per_second));
                    free_at = free_at.max(Instant::now()) + takes;
                    thread::sleep(free_at.saturating_duration_since(Instant::now()));
                }
                let mut seen = shared.0.lock().expect("no panic");
                seen.parser.process(buffer.get(..count).unwrap_or_default());
                seen.at = Instant::now();
                shared.1.notify_all();
            }
        });
        Self { seen, keys, child }
    }

    fn write(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("keys");
    }

    /// Waits until the row of the cursor reads so up to the cursor; returns since when it does.
    fn wait(&self, reads: impl Fn(&str) -> bool) -> Instant {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut seen = self.seen.0.lock().expect("no panic");
        loop {
            let screen = seen.parser.screen();
            let (row, column) = screen.cursor_position();
            let line = screen.contents_between(row, 0, row, column);
            if reads(&line) {
                return seen.at;
            }
            assert!(Instant::now() < deadline, "not seen:\n{}", screen.contents());
            seen = self.seen.1.wait_timeout(seen, Duration::from_secs(1)).expect("no panic").0;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}

/// The floor: the line editor of the shell, and nothing else.
fn bare() {
    let mut editor = rustyline::DefaultEditor::new().expect("a terminal");
    while editor.readline("127.0.0.1 ●   0 calls> ").is_ok() {}
}

/// What is typed: a command with words that are known, hinted at and looked up.
const TEXT: &str = "originate {origination_caller_id_name=Zoe}user/1000 &park";
/// Set in the process that is the floor.
const FLOOR: &str = "SWITCHY_ECHO_FLOOR";
/// In the flood each call has so many events, one of them with this name.
const EVENTS_PER_LIFE: u64 = 12;
const NAME: &[u8] = b"Event-Name: CHANNEL_CREATE\n";
