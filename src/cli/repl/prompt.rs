//! What the prompt says, and how the editor asks the shell.

use std::collections::HashSet;
use std::ops::Range;

use jiff::ZonedDateTime;
use nu_ansi_term::{Color, Style};
use parking_lot::Mutex;
use unicode_width::UnicodeWidthStr as _;

use super::running::{RunningLines, Shown};
use super::server_completion::ServerCompletion;
use crate::cli::editor::Prompt;
use crate::cli::editor::assist::{Assist, Draft, Purpose};
use crate::cli::terminal;
use crate::listener::Link;
use crate::shell::complete::{Completions, Question};
use crate::shell::highlight::Mark;
use crate::shell::history::Entry;
use crate::shell::{Editing, Part, Place, Shell, Switch, Template, complete, highlight, sanitise};

/// The shell, as the editor sees it.
pub(super) struct Helper {
    shell: Shell,
    color: bool,
    /// States are said in words, and a prompt that is shown stays as it is.
    is_plain: bool,
    /// The prompt that is shown.
    shown: Mutex<String>,
    board: RunningLines,
    /// Columns of the part about what runs, in the prompt that is shown: it cannot grow while a line
    /// is typed.
    room: Mutex<usize>,
    /// Digits of a number of calls that the prompt that is shown has room for.
    digits: Mutex<usize>,
    /// What the editor has of the history: of which switch, how many lines, and the last.
    recalled: Mutex<(String, usize, Option<Entry>)>,
    /// What was said about a history last: it is not said after every line.
    trouble: Mutex<String>,
    server_completion: ServerCompletion,
}

impl Helper {
    fn warn_once(&self, text: &str) {
        let mut said = self.trouble.lock();
        if *said != text {
            tracing::warn!("{text}");
            text.clone_into(&mut said);
        }
    }

    pub(super) fn new(shell: Shell, color: bool, is_plain: bool, board: RunningLines) -> Self {
        Self {
            shell,
            color,
            is_plain,
            shown: Mutex::default(),
            board,
            room: Mutex::default(),
            digits: Mutex::new(DIGITS),
            recalled: Mutex::default(),
            trouble: Mutex::default(),
            server_completion: ServerCompletion::default(),
        }
    }

    /// Where questions to a server run.
    pub(super) fn runs_on(&self, runtime: tokio::runtime::Handle) {
        self.server_completion.runs_on(runtime);
    }

    /// The prompt for a new line.
    pub(super) fn prompt_now(&self, draft: Draft) -> Prompt {
        let runs = self.runs(0);
        *self.room.lock() = runs.width();
        let calls = self
            .shell
            .current()
            .map_or(0, |switch| switch.listener().with(|tracker| tracker.call_count()));
        *self.digits.lock() = calls.to_string().len().max(DIGITS);
        let (raw, styled) = self.prompts();
        styled.clone_into(&mut self.shown.lock());
        Prompt { raw, styled, purpose: Purpose::Command, draft }
    }

    /// Whether the prompt that is shown has room for what runs, and nothing runs any more.
    pub(super) fn has_gap(&self) -> bool {
        !self.is_plain && *self.room.lock() > 0 && self.board.now().is_empty()
    }

    /// A question in the prompt's place.
    pub(super) fn question(&self, text: &str) -> Prompt {
        let raw = format!("{} ", text.trim_end());
        let styled =
            if self.color { Style::new().bold().paint(&raw).to_string() } else { raw.clone() };
        Prompt { raw, styled, purpose: Purpose::Answer, draft: Draft::default() }
    }

    /// The prompt as it is now, without and with color. Where it is drawn anew, all states are as
    /// wide as the digits of calls, so that they can change while a line is typed.
    fn prompts(&self) -> (String, String) {
        let Some(switch) = self.shell.current() else {
            let raw = format!("not connected{}> ", self.runs_now());
            return (raw.clone(), raw);
        };
        let own = || switch.profile()?.prompt;
        let template = self.shell.settings().prompt.or_else(own);
        let template = match template {
            Some(template) if !self.is_plain || template != Template::standard() => template,
            _ if self.is_plain => Template::in_words(),
            _ => Template::standard(),
        };
        let (mut raw, mut styled) = (String::new(), String::new());
        let own = self.shell.color_of("prompt");
        for part in template.parts() {
            let (text, style) = match part {
                Part::Text(text) => (text.clone(), Style::new()),
                Part::Place(place) => self.fill(*place, &switch),
            };
            // What warns keeps its color.
            let style = own
                .filter(|_| style.foreground.is_none() && style.background.is_none())
                .unwrap_or(style);
            raw.push_str(&text);
            styled.push_str(&if self.color && style != Style::new() {
                style.paint(text).to_string()
            } else {
                text
            });
        }
        (raw, styled)
    }

    /// What stands in a place, and its color.
    fn fill(&self, place: Place, switch: &Switch) -> (String, Style) {
        let env = || switch.profile().and_then(|profile| profile.env);
        let named = if env().as_deref() == Some("prod") {
            Color::White.on(Color::Red).bold()
        } else {
            Style::new().bold()
        };
        let shown = |text: &str| sanitise::line(text).into_owned();
        // As wide as they get, where they can change while a line is typed.
        let padded = |text: String, width: usize| match self.is_plain {
            true => text,
            false => format!("{text:>width$}"),
        };
        let config = switch.client().config();
        let listener = switch.listener();
        let calls = || listener.with(|tracker| tracker.call_count());
        // There may be more than are known.
        let unsure = if switch.knows_all_calls() { "" } else { "?" };
        match place {
            Place::Name => match env() {
                Some(env) => (shown(&format!("{} ({env})", switch.name())), named),
                None => (shown(switch.name()), named),
            },
            Place::Profile => (shown(switch.name()), named),
            Place::Env => (env().unwrap_or_default(), named),
            Place::Host => (shown(config.host()), named),
            Place::Port => (config.port().to_string(), Style::new()),
            Place::User => (shown(config.user().unwrap_or_default()), Style::new()),
            Place::Switchname => (shown(switch.switchname().trim()), named),
            Place::Hostname => (shown(switch.hostname().trim()), named),
            Place::Localhost => (shown(&terminal::hostname()), Style::new()),
            Place::Mark => {
                let is_up = switch.client().is_connected();
                let (mark, word, color) = match (is_up, listener.is_connected()) {
                    (true, true) => ("●", "connected", Color::Green),
                    (true, false) => ("◐", "connected", Color::Yellow),
                    (false, _) => ("○", "disconnected", Color::Red),
                };
                (if self.is_plain { word } else { mark }.to_owned(), color.normal())
            }
            Place::Link => {
                let word = trouble(switch).unwrap_or_else(|| "connected".to_owned());
                (padded(word, "connected".len()), Style::new())
            }
            Place::State => {
                let counted = || self.count(calls()) + unsure;
                let state = trouble(switch).unwrap_or_else(|| match counted().as_str() {
                    "1" => "1 call".to_owned(),
                    count => format!("{count} calls"),
                });
                (padded(state, *self.digits.lock() + " calls".len()), Style::new())
            }
            Place::Calls => {
                (padded(self.count(calls()) + unsure, *self.digits.lock()), Style::new())
            }
            Place::Own => {
                let own = listener.with(|tracker| {
                    let calls: HashSet<_> = tracker.sessions().map(|leg| &leg.call).collect();
                    calls.into_iter().filter(|call| tracker.is_own_call(call)).count()
                });
                (padded(own.to_string(), 2), Style::new())
            }
            Place::Time => (ZonedDateTime::now().strftime("%H:%M:%S").to_string(), Style::new()),
            Place::Runs => (self.runs_now(), Color::Yellow.normal()),
        }
    }

    /// A count in the room that the prompt has for it: by thousands, if it has grown too long.
    fn count(&self, count: usize) -> String {
        let text = count.to_string();
        if self.is_plain || text.len() <= *self.digits.lock() {
            return text;
        }
        format!("{}k", count / 1000)
    }

    /// What runs, in the room that the prompt has for it.
    fn runs_now(&self) -> String {
        let room = *self.room.lock();
        if room > 0 { self.runs(room) } else { String::new() }
    }

    /// ` · msleep   3 s`, filled up to a width; blank once it has ended. Where nothing is drawn
    /// again: `, msleep runs`.
    fn runs(&self, room: usize) -> String {
        let runs = self.board.now();
        if self.is_plain {
            return match runs.as_slice() {
                [] => String::new(),
                [run] => format!(", {} runs", verb_of(run)),
                runs => format!(", {} commands run", runs.len()),
            };
        }
        let time = |since: &tokio::time::Instant| match since.elapsed().as_secs() {
            seconds @ 0..100 => format!("{seconds} s"),
            seconds @ 100..6000 => format!("{} m", seconds / 60),
            seconds => format!("{} h", seconds / 3600),
        };
        let (what, time) = match runs.as_slice() {
            [] if room == 0 => return String::new(),
            // The place is empty until the prompt is drawn again without it.
            [] => return " ".repeat(room),
            [run] => (verb_of(run), time(&run.since)),
            [Shown { since, .. }, ..] => (format!("{} run", runs.len()), time(since)),
        };
        let text = format!(" · {what} {time:>4}");
        let room = room.saturating_sub(text.width());
        format!(" · {}{what} {time:>4}", " ".repeat(room))
    }
}

impl Assist for Helper {
    fn complete(&self, line: &str, pos: usize) -> Completions {
        let mut known = complete::complete(&self.shell, line, pos);
        if let Some(question) = Question::new(&self.shell, line, pos) {
            for candidate in self.server_completion.ask(question) {
                if !known.candidates.iter().any(|it| it.replacement == candidate.replacement) {
                    known.candidates.push(candidate);
                }
            }
        }
        known
    }

    fn expansion(&self, left: &str) -> Option<String> {
        self.shell.settings().abbreviations.get(left).cloned()
    }

    fn hint(&self, line: &str) -> Option<String> {
        crate::shell::hint(&self.shell, line)
    }

    fn marks(&self, line: &str) -> Vec<(Range<usize>, Mark)> {
        highlight::marks(&self.shell, line)
    }

    fn is_open(&self, line: &str) -> bool {
        crate::shell::needs_more_input(&self.shell, line)
    }

    fn input_style(&self) -> Option<Style> {
        self.shell.color_of("input")
    }

    fn editing(&self) -> Editing {
        self.shell.settings().editing
    }

    fn keep(&self, line: &str) {
        if line.lines().any(|line| self.shell.is_private(line)) {
            return;
        }
        let profile = self.shell.current().and_then(|switch| switch.profile());
        if profile.is_some_and(|profile| !profile.keeps_history) {
            self.shell.history().remember(&self.shell.history_name(), line);
            return;
        }
        if let Err(err) = self.shell.history().add(&self.shell.history_name(), line) {
            self.warn_once(&format!("the history cannot be written: {err}"));
        }
    }

    fn recall(&self) -> Option<Vec<String>> {
        let (history, name) = (self.shell.history(), self.shell.history_name());
        if let Err(err) = history.refresh(&name) {
            self.warn_once(&format!("the history cannot be read: {err}"));
        }
        let mut known = self.recalled.lock();
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
        if self.is_plain { self.shown.lock().clone() } else { self.prompts().1 }
    }
}

/// What is wrong with the link, if anything is.
fn trouble(switch: &Switch) -> Option<String> {
    if switch.is_recording() {
        return Some("recording".to_owned());
    }
    let listener = switch.listener();
    let link = listener.link().borrow().clone();
    if let Link::Lost { retry_at, .. } = link {
        let wait = retry_at.saturating_duration_since(tokio::time::Instant::now());
        Some(format!("retry {}s", wait.as_secs() + 1))
    } else if listener.is_connected() {
        None
    } else if switch.client().is_connected() {
        Some("no events".to_owned())
    } else {
        Some("offline".to_owned())
    }
}

/// The command of a run, in a few letters.
fn verb_of(run: &Shown) -> String {
    let verb = sanitise::line(&run.verb);
    verb.chars().filter(char::is_ascii).take(VERB).collect()
}

/// Digits of a number of calls that there is room for at least.
const DIGITS: usize = 3;
/// Letters of a verb that the prompt shows.
const VERB: usize = 10;
