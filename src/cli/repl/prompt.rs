//! What the prompt says, and how the editor asks the shell.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use nu_ansi_term::{Color, Style};
use unicode_width::UnicodeWidthStr as _;

use super::running::{Board, Shown};
use crate::cli::editor::{Assist, Draft, Prompt, Purpose};
use crate::listener::Link;
use crate::shell::complete::{self, Candidate, Completions, Question};
use crate::shell::highlight::{self, Mark};
use crate::shell::history::Entry;
use crate::shell::render::counted;
use crate::shell::{Editing, Shell, sanitise};

/// The shell, as the editor sees it.
pub(super) struct Helper {
    shell: Shell,
    color: bool,
    board: Board,
    /// Columns of the part about what runs, in the prompt that is shown: it cannot grow while a line
    /// is typed.
    room: Mutex<usize>,
    /// What the editor has of the history: of which switch, how many lines, and the last.
    recalled: Mutex<(String, usize, Option<Entry>)>,
    runtime: OnceLock<tokio::runtime::Handle>,
    /// A server is being asked.
    asking: Arc<AtomicBool>,
}

impl Helper {
    pub(super) fn new(shell: Shell, color: bool, board: Board) -> Self {
        Self {
            shell,
            color,
            board,
            room: Mutex::default(),
            recalled: Mutex::default(),
            runtime: OnceLock::new(),
            asking: Arc::default(),
        }
    }

    /// The prompt for a new line.
    pub(super) fn prompt_now(&self, draft: Draft) -> Prompt {
        let runs = self.runs(0);
        *lock(&self.room) = runs.width();
        let (raw, styled) = self.prompts();
        Prompt { raw, styled, purpose: Purpose::Command, draft }
    }

    /// A question in the prompt's place.
    pub(super) fn question(&self, text: &str) -> Prompt {
        let raw = format!("{} ", text.trim_end());
        let styled =
            if self.color { Style::new().bold().paint(&raw).to_string() } else { raw.clone() };
        Prompt { raw, styled, purpose: Purpose::Answer, draft: Draft::default() }
    }

    /// `pbx1 ● 142 calls> `, without and with color. All states are as wide as three digits of
    /// calls, so that they can change while a line is typed.
    fn prompts(&self) -> (String, String) {
        let room = *lock(&self.room);
        let runs = if room > 0 { self.runs(room) } else { String::new() };
        let Some(switch) = self.shell.current() else {
            let raw = format!("not connected{runs}> ");
            return (raw.clone(), raw);
        };
        let listener = switch.listener();
        let is_up = switch.client().is_connected();
        let (mark, style) = match (is_up, listener.is_connected()) {
            (true, true) => ("●", Color::Green.normal()),
            (true, false) => ("◐", Color::Yellow.normal()),
            (false, _) => ("○", Color::Red.normal()),
        };
        let link = listener.link().borrow().clone();
        let state = if let Link::Lost { retry_at, .. } = link {
            let wait = retry_at.saturating_duration_since(tokio::time::Instant::now());
            format!("retry {}s", wait.as_secs() + 1)
        } else if listener.is_connected() {
            let calls = listener.with(|tracker| tracker.call_count());
            counted(calls, "call")
        } else if is_up {
            "no events".to_owned()
        } else {
            "offline".to_owned()
        };
        let name = sanitise::line(switch.name()).into_owned();
        let env = switch.profile().and_then(|profile| profile.env);
        let is_prod = env.as_deref() == Some("prod");
        let name = env.map_or_else(|| name.clone(), |env| format!("{name} ({env})"));
        let state = format!("{state:>0$}", "142 calls".len());
        let raw = format!("{name} {mark} {state}{runs}> ");
        let named = if is_prod { Color::White.on(Color::Red).bold() } else { Style::new().bold() };
        let name = named.paint(name);
        let runs = Color::Yellow.paint(runs);
        let styled = format!("{name} {} {state}{runs}> ", style.paint(mark));
        let styled = if self.color { styled } else { raw.clone() };
        (raw, styled)
    }

    /// ` · msleep   3 s`, filled up to a width; `done` once it has ended.
    fn runs(&self, room: usize) -> String {
        let runs = self.board.now();
        let time = |since: &tokio::time::Instant| match since.elapsed().as_secs() {
            seconds @ 0..100 => format!("{seconds} s"),
            seconds @ 100..6000 => format!("{} m", seconds / 60),
            seconds => format!("{} h", seconds / 3600),
        };
        let (what, time) = match runs.as_slice() {
            [] if room == 0 => return String::new(),
            [] => (String::new(), "done".to_owned()),
            [Shown { line, since }] => {
                let verb = line.split_whitespace().find(|word| !word.starts_with('@'));
                (sanitise::line(verb.unwrap_or_default()).into_owned(), time(since))
            }
            [Shown { since, .. }, ..] => (format!("{} run", runs.len()), time(since)),
        };
        let what: String = what.chars().filter(char::is_ascii).take(VERB).collect();
        let text = format!(" · {what} {time:>4}");
        let room = room.saturating_sub(text.width());
        format!(" · {}{what} {time:>4}", " ".repeat(room))
    }
}

impl Helper {
    /// Asks the server, and waits a moment only: a server that is busy is not asked again before it
    /// has answered.
    fn ask(&self, question: Question) -> Vec<Candidate> {
        let Some(runtime) = self.runtime.get() else { return Vec::new() };
        if self.asking.swap(true, Ordering::Acquire) {
            return Vec::new();
        }
        let (answer, answered) = mpsc::sync_channel(1);
        let asking = Arc::clone(&self.asking);
        let _task = runtime.spawn(async move {
            let candidates = question.ask().await;
            asking.store(false, Ordering::Release);
            // Too late for this Tab.
            let _is_used = answer.send(candidates).is_ok();
        });
        answered.recv_timeout(TAB).unwrap_or_default()
    }

    /// Where questions to a server run.
    pub(super) fn runs_on(&self, runtime: tokio::runtime::Handle) {
        // Set once.
        let _is_first = self.runtime.set(runtime).is_ok();
    }
}

impl Assist for Helper {
    fn complete(&self, line: &str, pos: usize) -> Completions {
        let mut known = complete::complete(&self.shell, line, pos);
        if let Some(question) = Question::new(&self.shell, line, pos) {
            for candidate in self.ask(question) {
                if !known.candidates.iter().any(|it| it.replacement == candidate.replacement) {
                    known.candidates.push(candidate);
                }
            }
        }
        known
    }

    fn hint(&self, line: &str) -> Option<String> {
        crate::shell::hint(&self.shell, line)
    }

    fn marks(&self, line: &str) -> Vec<(Range<usize>, Mark)> {
        highlight::marks(&self.shell, line)
    }

    fn is_open(&self, line: &str) -> bool {
        crate::shell::is_open(&self.shell, line)
    }

    fn editing(&self) -> Editing {
        self.shell.settings().editing
    }

    fn keep(&self, line: &str) {
        if let Err(err) = self.shell.history().add(&self.shell.history_name(), line) {
            tracing::warn!(%err, "the history cannot be written");
        }
    }

    fn recall(&self) -> Option<Vec<String>> {
        let (history, name) = (self.shell.history(), self.shell.history_name());
        if let Err(err) = history.refresh(&name) {
            tracing::warn!(%err, "the history cannot be read");
        }
        let mut known = lock(&self.recalled);
        history.with(&name, |entries| {
            let now = (name.clone(), entries.len(), entries.last().cloned());
            if *known == now {
                return None;
            }
            *known = now;
            Some(entries.iter().map(|entry| entry.line.clone()).collect())
        })
    }

    fn prompt(&self) -> String {
        self.prompts().1
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long Tab waits for a server.
const TAB: Duration = Duration::from_millis(150);
/// Letters of a verb that the prompt shows.
const VERB: usize = 10;
