//! Resizing, in a real terminal that wraps again what stands on its screen; skipped where there is
//! no tmux.
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthStr as _;

use super::desk::*;
use super::terminal::PROGRAM;
use crate::support::program::program_in;
use crate::support::{LONG, until_blocking};

/// A tmux of its own. Dropping it ends it and what runs in it.
struct Tmux {
    socket: String,
}

impl Tmux {
    /// Starts a program in it; `None` where there is no tmux.
    fn start(home: &Path, columns: u16, program: &str) -> Option<Self> {
        Command::new("tmux").arg("-V").output().ok().filter(|tried| tried.status.success())?;
        let tmux = Self { socket: home.join("tmux").to_str().unwrap().to_owned() };
        let columns = columns.to_string();
        let home = home.to_str().unwrap();
        let program = format!("env HOME='{home}' XDG_STATE_HOME='{home}/state' {program}");
        let (options, size) = (["new-session", "-d"], ["-x", &columns, "-y", "30"]);
        tmux.ask(&[&options[..], &size, &[&program]].concat())?;
        Some(tmux)
    }

    fn ask(&self, args: &[&str]) -> Option<String> {
        // The server and what runs in it have the environment of the one that starts it.
        let home = Path::new(&self.socket).parent().unwrap();
        let mut command = program_in("tmux", home);
        command.args(["-u", "-S", &self.socket, "-f", "/dev/null"]).args(args);
        let said = command.output().unwrap();
        said.status.success().then(|| String::from_utf8_lossy(&said.stdout).into_owned())
    }

    fn keys(&self, keys: &[&str]) {
        self.ask(&[&["send-keys"], keys].concat()).unwrap();
    }

    /// The row of the last prompt, what stands from there on, and the cursor.
    fn line(&self) -> Option<(usize, Vec<String>, (usize, usize))> {
        let screen = self.ask(&["capture-pane", "-p"])?;
        let rows: Vec<&str> = screen.trim_end().lines().map(str::trim_end).collect();
        let start = rows.iter().rposition(|row| row.starts_with("127.0.0.1 ●"))?;
        let line = rows.get(start..)?.iter().map(|row| (*row).to_owned()).collect();
        let cursor = self.ask(&["display-message", "-p", "#{cursor_x} #{cursor_y}"])?;
        let (x, y) = cursor.trim().split_once(' ')?;
        Some((start, line, (x.parse().ok()?, y.parse().ok()?)))
    }

    /// How many prompts begin a row of the screen.
    fn prompts(&self) -> usize {
        let screen = self.ask(&["capture-pane", "-p"]).unwrap();
        screen.lines().filter(|row| row.starts_with("127.0.0.1 ●")).count()
    }

    /// Waits until the program has drawn for this width: two looks see the same.
    fn settle_at(&self, switch: &Switch, columns: &str) {
        let deadline = Instant::now() + Duration::from_secs(90);
        let look = || self.ask(&["capture-pane", "-p"]);
        let width = || self.ask(&["display-message", "-p", "#{pane_width}"]).unwrap();
        let mut before = look();
        loop {
            switch.pass(Duration::from_millis(400));
            let now = look();
            if width().trim() == columns && now == before {
                return;
            }
            before = now;
            assert!(Instant::now() < deadline, "{columns}: {before:?}");
        }
    }

    /// Waits until the line is what it should be, and the cursor where it should be.
    fn wait_until(&self, what: &str, is_so: impl Fn(usize, &[String], (usize, usize)) -> bool) {
        until_blocking(LONG, what, || {
            let line = self.line();
            let is_there =
                line.as_ref().is_some_and(|(start, line, cursor)| is_so(*start, line, *cursor));
            if is_there { Ok(()) } else { Err((line, self.ask(&["capture-pane", "-p"]))) }
        });
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.ask(&["kill-server"]);
    }
}

#[limited::test]
fn a_wrapped_line_survives_resizing_in_a_flood() {
    let (home, switch) = (tempfile::tempdir().unwrap(), Switch::start());
    let program = format!("'{PROGRAM}' {}", switch.args(&["--color=always"]).join(" "));
    let Some(tmux) = Tmux::start(home.path(), 120, &program) else {
        return crate::support::skipped("there is no tmux");
    };
    tmux.wait_until("the prompt", |_, line, _| line.concat().ends_with('>'));
    switch.flood(MANY);
    let text = "nope 日本語日本語日本語日本語 1234567 日本語日本語日本語 abcdefghi jklmnopq rstu vwxyz 日本語日本語 ende";
    tmux.keys(&["-l", text]);
    let unspaced = |text: &str| text.replace(' ', "");
    // Blanks at the end of a row cannot be told from nothing.
    let holds = |line: &[String]| {
        let line = unspaced(&line.concat());
        line.split_once('>').is_some_and(|(_, typed)| typed == unspaced(text))
    };
    let at_end = |start: usize, line: &[String], (x, y): (usize, usize)| {
        let last = line.last().map_or(0, |row| row.width());
        holds(line) && y == start + line.len() - 1 && x == last
    };
    tmux.wait_until("the line", at_end);
    for columns in ["60", "45", "100", "71", "130", "40", "120"] {
        tmux.ask(&["resize-window", "-x", columns, "-y", "30"]).unwrap();
        tmux.wait_until(columns, at_end);
    }
    // The cursor in the first of several rows.
    tmux.keys(&["C-a"]);
    let at_begin = |start: usize, line: &[String], (x, y): (usize, usize)| {
        holds(line) && (x, y) == (PROMPT, start)
    };
    for columns in ["120", "70", "50", "90"] {
        tmux.ask(&["resize-window", "-x", columns, "-y", "30"]).unwrap();
        tmux.wait_until(columns, at_begin);
    }
}

#[limited::test]
fn a_resize_leaves_no_row_of_the_old_prompt() {
    let (home, switch) = (tempfile::tempdir().unwrap(), Switch::start());
    let program = format!("'{PROGRAM}' {}", switch.args(&["--color=always"]).join(" "));
    let Some(tmux) = Tmux::start(home.path(), 100, &program) else { return };
    tmux.wait_until("the prompt", |_, line, _| line.concat().ends_with('>'));
    let long = "originate --wait 10 9196@127.0.0.1:5080 --app TonePlay --proxy 10.0.0.1:5060 --exten 9197 x";
    // A line alone, with a suggestion that wraps with it, and in one row.
    for (text, widths) in [
        (long, ["60", "40", "100"]),
        ("originate ", ["60", "40", "100"]),
        ("originate 9196@127.0.0.1:5080 --wait 10 and a word or two ", ["70", "50", "100"]),
        ("version", ["60", "50", "100"]),
    ] {
        if !text.is_empty() {
            tmux.keys(&["-l", text]);
        }
        let has_text = |line: &[String]| {
            let line = line.concat().replace(' ', "");
            line.contains(&format!(">{}", text.replace(' ', "")))
        };
        tmux.wait_until("the line", |_, line, _| has_text(line));
        let prompts = tmux.prompts();
        for columns in widths {
            tmux.ask(&["resize-window", "-x", columns, "-y", "30"]).unwrap();
            tmux.settle_at(&switch, columns);
            tmux.wait_until(columns, |_, line, _| has_text(line));
            assert_eq!(tmux.prompts(), prompts, "{text:?} at {columns}: {:?}", tmux.line());
            // Behind the line stands its suggestion, cut to the row, and nothing else.
            let rows = tmux.line().unwrap().1;
            let most = (PROMPT + 1 + text.len()) / columns.parse::<usize>().unwrap() + 1;
            assert!(rows.len() <= most, "{text:?} at {columns}: {rows:?}");
        }
        tmux.keys(&["C-c"]);
        let empty = |_: usize, line: &[String], _: (usize, usize)| line.concat().ends_with('>');
        tmux.wait_until("the next prompt", empty);
        tmux.keys(&["C-l"]);
        tmux.wait_until("a clean screen", |start, line, _| {
            start == 0 && line.concat().ends_with('>')
        });
    }
}
