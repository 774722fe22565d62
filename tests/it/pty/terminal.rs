//! A terminal with the program in it: what is typed goes in, what is seen comes out.
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::Signal;

use crate::support::program::signal;
use crate::support::{LONG, Shown, until_woken};

/// One program in one terminal. Dropping it kills the program.
pub(crate) struct Terminal {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    found: String,
}

/// How large a terminal is.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

struct Seen {
    parser: vt100::Parser,
    /// Everything written so far, for what leaves the screen.
    bytes: Vec<u8>,
    closed: bool,
    frozen: bool,
}

/// The screen at one moment.
pub(crate) struct Screen<'a> {
    pub(crate) screen: &'a vt100::Screen,
    /// Everything written so far, as text without colors.
    pub(crate) log: &'a str,
    pub(crate) closed: bool,
    /// Everything written so far, as it was written.
    raw: &'a str,
}

impl Screen<'_> {
    /// The rows that hold something, from the top.
    pub(crate) fn rows(&self) -> Vec<String> {
        let (_, columns) = self.screen.size();
        let rows = self.screen.rows(0, columns.get());
        rows.map(|row| row.trim_end().to_owned()).filter(|row| !row.is_empty()).collect()
    }

    /// The last row that holds something.
    pub(crate) fn last(&self) -> String {
        self.rows().pop().unwrap_or_default()
    }

    pub(crate) fn shows(&self, text: &str) -> bool {
        self.screen.contents().contains(text)
    }

    /// What was written after the first bytes, as it was written.
    pub(crate) fn raw_since(&self, len: usize) -> &str {
        self.raw.get(len..).unwrap_or_default()
    }

    pub(crate) fn cursor_column(&self) -> usize {
        self.screen.cursor_position().1.into()
    }
}

impl Terminal {
    /// Starts the program in a terminal of its own.
    pub(crate) fn start(home: &Path, size: Size, args: &[String]) -> Self {
        Self::start_in(home, size, args, &[])
    }

    /// As [`start`](Self::start), with more variables in its environment.
    pub(crate) fn start_in(
        home: &Path,
        size: Size,
        args: &[String],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(args);
        Self::with(home, size, command, variables)
    }

    /// A shell with job control, in which the program can be started.
    pub(crate) fn shell(home: &Path, size: Size) -> Self {
        let mut command = CommandBuilder::new("sh");
        command.args(["-m", "-i"]);
        Self::with(home, size, command, &[("PS1", "shell> "), ("PATH", "/usr/bin:/bin")])
    }

    pub(crate) fn with(
        home: &Path,
        Size { columns, rows }: Size,
        mut command: CommandBuilder,
        variables: &[(&str, &str)],
    ) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 })
            .unwrap();
        let found = attributes(pty.master.as_ref());
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", home);
        command.env("XDG_STATE_HOME", home.join("state"));
        for (name, value) in variables {
            command.env(name, value);
        }
        command.cwd(home);
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);

        let size = |n| NonZeroU16::new(n).unwrap();
        let parser = vt100::Parser::new(size(rows), size(columns), 0);
        let seen = Seen { parser, bytes: Vec::new(), closed: false, frozen: false };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let mut output = pty.master.try_clone_reader().unwrap();
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let seen = shared.0.lock().unwrap();
                drop(shared.1.wait_while(seen, |seen| seen.frozen).unwrap());
                let read = output.read(&mut buffer).unwrap_or(0);
                let mut seen = shared.0.lock().unwrap();
                seen.parser.process(&buffer[..read]);
                seen.bytes.extend(&buffer[..read]);
                seen.closed = read == 0;
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        let keys = pty.master.take_writer().unwrap();
        Self { seen, keys, child, master: pty.master, found }
    }

    /// Sends the program a signal from outside.
    pub(crate) fn signal(&self, name: Signal) {
        signal(self.child.process_id().unwrap(), name);
    }

    /// Takes nothing that is written, as a terminal after Ctrl-S, or goes on.
    pub(crate) fn freeze(&self, frozen: bool) {
        self.seen.0.lock().unwrap().frozen = frozen;
        self.seen.1.notify_all();
    }

    /// How much was written so far, for [`since`](Self::since).
    pub(crate) fn len(&self) -> usize {
        self.seen.0.lock().unwrap().bytes.len()
    }

    /// What was written after that, without colors.
    pub(crate) fn since(&self, len: usize) -> String {
        uncolored(&String::from_utf8_lossy(&self.seen.0.lock().unwrap().bytes[len..]))
    }

    /// All that was written so far, with its colors.
    pub(crate) fn bytes(&self) -> String {
        String::from_utf8_lossy(&self.seen.0.lock().unwrap().bytes).into_owned()
    }

    /// Makes the terminal larger or smaller, as a window is.
    pub(crate) fn resize(&self, Size { columns, rows }: Size) {
        let size = |n| NonZeroU16::new(n).unwrap();
        let mut seen = self.seen.0.lock().unwrap();
        seen.parser.screen_mut().set_size(size(rows), size(columns));
        let now = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(now).unwrap();
    }

    /// Writes keys in one go.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until `reached` holds of the screen; shows the whole screen if it never does. `reached`
    /// looks at a copy, so it may ask the terminal for anything else.
    pub(crate) fn wait_until(&self, what: &str, reached: impl Fn(&Screen<'_>) -> bool) {
        let look = || {
            let (screen, raw, closed) = {
                let seen = self.seen.0.lock().unwrap();
                let raw = String::from_utf8_lossy(&seen.bytes).into_owned();
                (seen.parser.screen().clone(), raw, seen.closed)
            };
            // A screen in the middle of a redraw is not one that anybody sees.
            let settled = raw
                .rsplit(BEGIN_UPDATE)
                .next()
                .is_none_or(|rest| rest.contains(END_UPDATE) || rest.len() == raw.len());
            let log = uncolored(&raw);
            if settled && reached(&Screen { screen: &screen, log: &log, closed, raw: &raw }) {
                return Ok(());
            }
            let (contents, cursor) = (screen.contents(), screen.cursor_position());
            let gone = if closed { ", the program has ended" } else { "" };
            Err(Shown(format!("cursor {cursor:?}{gone}, screen:\n{contents}\n")))
        };
        until_woken(LONG, what, look, || self.sleep());
    }

    /// Until something is written; not for long, because not all that is waited for is written.
    fn sleep(&self) {
        let seen = self.seen.0.lock().unwrap();
        drop(self.seen.1.wait_timeout(seen, LOOK).unwrap());
    }

    /// Counts `text` in everything written so far, colors left out.
    pub(crate) fn shown(&self, text: &str) -> usize {
        let seen = self.seen.0.lock().unwrap();
        uncolored(&String::from_utf8_lossy(&seen.bytes)).matches(text).count()
    }

    /// Counts `text` in everything written so far, as it was written.
    pub(crate) fn count(&self, text: &str) -> usize {
        let seen = self.seen.0.lock().unwrap();
        String::from_utf8_lossy(&seen.bytes).matches(text).count()
    }

    /// Everything written so far, colors left out.
    pub(crate) fn text(&self) -> String {
        uncolored(&self.bytes())
    }

    /// Waits for the program to end and returns its exit code.
    pub(crate) fn ended(&mut self) -> u32 {
        self.wait_until("the end", |screen| screen.closed);
        self.child.wait().unwrap().exit_code()
    }

    /// Says whether what is typed stays off the screen.
    pub(crate) fn is_silent(&self) -> bool {
        let attributes = attributes(self.master.as_ref());
        !attributes.split(|c: char| !c.is_alphanumeric()).any(|flag| flag == "ECHO")
    }

    /// Says whether Ctrl-C is a signal now, and no key: no line is edited.
    pub(crate) fn takes_signals(&self) -> bool {
        attributes(self.master.as_ref()).contains("ISIG")
    }

    /// Waits until it is so.
    pub(crate) fn wait_for_silence(&self) {
        until_woken(
            LONG,
            "what is typed stays off the screen",
            || self.is_silent(),
            || self.sleep(),
        );
    }

    /// Says whether the terminal's attributes are as the program found them.
    pub(crate) fn is_restored(&self) -> bool {
        attributes(self.master.as_ref()) == self.found
    }
}

/// Leaves out the sequences that set colors.
fn uncolored(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(part.len());
        match part.get(end..).and_then(|rest| rest.strip_prefix('m')) {
            Some(rest) => out.push_str(rest),
            None => out.extend(["\x1b[", part]),
        }
    }
    out
}

fn attributes(master: &dyn MasterPty) -> String {
    let now = master.get_termios().unwrap();
    format!("{:?} {:?} {:?}", now.local_flags, now.input_flags, now.output_flags)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_switchy");
const LOOK: Duration = Duration::from_millis(50);
const BEGIN_UPDATE: &str = "\x1b[?2026h";
const END_UPDATE: &str = "\x1b[?2026l";
