//! Which line an update, an event or a line of the log makes.

use nu_ansi_term::{Color, Style};

use super::Narration;
use super::choice::{Form, document};
use super::describe::describe;
use super::mode::Mode;
use super::sampler::{Line, Priority};
use crate::conn::CloseReason;
use crate::listener::{Link, Update};
use crate::model::{Direction, Event, HangupCause, JobState, Outcome, SessionInfo};
use crate::shell::text::sanitise;
use crate::shell::view::ending;
use crate::shell::view::words::{caller, came_back, clock, kind_of, step};
use crate::track::{Change, What};
use crate::wire::LogLine;

impl Narration {
    pub(super) fn change(&self, update: &Update) -> Option<Line> {
        let mode = self.choice.lock().mode;
        match &update.change {
            Change::Session { what, .. } => {
                let session = update.session.as_deref()?;
                // Before anything is left out: it has to see all of a leg.
                let transferred = self.transfers.lock().describe(session, *what);
                // Also events that are not shown say which legs belong to a call.
                let is_told =
                    self.choice.lock().wants_change(session, kind_of(*what), update.is_own);
                if mode != Mode::Calls || !is_told {
                    return None;
                }
                let is_chosen = self.choice.lock().is_narrowed();
                self.session(update, session, *what, is_chosen, transferred)
            }
            Change::Job(_) => {
                let job = update.job.as_deref()?;
                let is_muted = self.choice.lock().muted.contains("JOB");
                let is_answer = self.awaiting.lock().has(job.id.as_str(), &job.command);
                let is_told = mode == Mode::Calls && !job.is_foreign && !is_muted && !is_answer;
                is_told.then(|| {
                    self.job(update, &sanitise::line(job.id.short()), &job.command, &job.state)
                })
            }
            _ => None,
        }
    }

    /// What became of the connection; the prompt shows each attempt to get it back.
    pub(super) fn link(&self, host: &str, link: &Link) -> Option<Line> {
        let (style, text) = match link {
            // The command that paused reports what the pause cost.
            Link::Lost { reason: CloseReason::Paused, attempt: 1, .. } => return None,
            Link::Up { gap: Some(gap) } if gap.was_paused => return None,
            Link::Lost { reason: CloseReason::Paused, attempt: 2, error: Some(error), .. } => {
                let text = format!("{host}: not connected again yet, {error}; events stop here");
                (Color::Red.bold(), text)
            }
            Link::Lost { reason, attempt: 1, .. } => {
                (Color::Red.bold(), format!("{host}: connection lost, {reason}; events stop here"))
            }
            Link::Up { gap: Some(gap) } => {
                (Color::Green.bold(), format!("{host}: {}", came_back(gap)))
            }
            Link::GaveUp { error } => {
                let text = format!("{host}: {error}; type \"connect\" to try again");
                (Color::Red.bold(), text)
            }
            _ => return None,
        };
        let text = self.paint(style, &sanitise::line(&text));
        Some(plain(Priority::Alert, "LINK", text))
    }

    fn session(
        &self,
        update: &Update,
        session: &SessionInfo,
        what: What,
        is_chosen: bool,
        transferred: Option<String>,
    ) -> Option<Line> {
        if let Some(line) = self.ended(update, what, is_chosen) {
            return Some(line);
        }
        // The line of the whole call follows at once.
        if what == What::Ended && !update.is_alive {
            return None;
        }
        let text = step(session, what).or(transferred)?;
        let is_odd =
            what == What::Ended && !session.cause.as_ref().is_none_or(HangupCause::is_normal);
        let (name, usual) = match what {
            What::Answered | What::Bridged => ("answered", Color::Green),
            What::Ended if is_odd => ("failed", Color::Red),
            What::Ended => ("ended", Color::Yellow),
            _ => ("progress", Color::Cyan),
        };
        Some(self.leg_line(update, session, what, (name, usual, is_odd, is_chosen), &text))
    }

    /// The one line that says how a call ended.
    fn ended(&self, update: &Update, what: What, is_chosen: bool) -> Option<Line> {
        let call = update.ended.as_deref()?;
        let (lead, ending) = (call.lead()?, call.ending()?);
        let is_odd = !ending.is_normal();
        let (name, usual) = if is_odd { ("failed", Color::Red) } else { ("ended", Color::Yellow) };
        let text = format!("ended {}", ending::summary(lead, &ending));
        Some(self.leg_line(update, lead, what, (name, usual, is_odd, is_chosen), &text))
    }

    fn leg_line(
        &self,
        update: &Update,
        session: &SessionInfo,
        what: What,
        (name, usual, is_odd, is_chosen): (&str, Color, bool, bool),
        change: &str,
    ) -> Line {
        let style = self.colors.lock().get(name).unwrap_or_else(|| usual.normal());
        let priority = match (is_odd, update.is_own) {
            (true, _) => Priority::Alert,
            (_, true) => Priority::Own,
            (_, false) => priority_of(is_chosen),
        };
        let parties = format!("{} -> {}", caller(session), sanitise::line(&session.destination));
        let text = format!(
            "{} {} {} {}  {}",
            self.paint(Style::new().dimmed(), &clock(update.at)),
            self.paint(Style::new().bold(), &sanitise::line(session.id.short())),
            match session.direction {
                Direction::Inbound => "in ",
                Direction::Outbound => "out",
            },
            parties,
            self.paint(style, change),
        );
        let kind = kind_of(what).to_owned();
        let key = Some(session.call.as_str().to_owned());
        let leg = Some(sanitise::line(session.id.short()).into_owned());
        let merged = Some(self.paint(style, change));
        Line { priority, key, leg, kind, text, merged, at: None, is_requested: false }
    }

    fn job(&self, update: &Update, id: &str, command: &str, state: &JobState) -> Line {
        let (style, text) = match state {
            JobState::Done(Outcome::Ok(text)) => (Color::Green.normal(), text.as_str()),
            JobState::Done(Outcome::Failed(text)) => (Color::Red.normal(), text.as_str()),
            _ => (Color::Yellow.normal(), "outcome unknown"),
        };
        let first = text.lines().next().unwrap_or_default();
        let more = if text.lines().nth(1).is_some() { " ..." } else { "" };
        let verb = command.split_whitespace().next().unwrap_or_default();
        let text = format!(
            "{} job {} {}: {}",
            self.paint(Style::new().dimmed(), &clock(update.at)),
            self.paint(Style::new().bold(), id),
            sanitise::line(verb),
            self.paint(style, &format!("{}{more}", sanitise::line(first))),
        );
        plain(Priority::Own, "JOB", text)
    }

    pub(super) fn raw(&self, event: &Event) -> Option<Line> {
        let (form, priority) = {
            let mut choice = self.choice.lock();
            if !choice.wants_event(event) {
                let is_told = choice.tells_of(event);
                drop(choice);
                return is_told.then(|| self.media(event));
            }
            (choice.form.clone(), priority_of(choice.is_narrowed()))
        };
        let kind = event.name();
        let kind = kind.strip_prefix("CHANNEL_").unwrap_or(&kind);
        let text = self.formed(event, form);
        Some(Line { is_requested: true, ..plain(priority, kind, text) })
    }

    /// What was played, recorded or keyed on a leg, as a line of its call.
    fn media(&self, event: &Event) -> Line {
        let of = |name: &str| sanitise::line(&event.get(name).unwrap_or_default()).into_owned();
        let (id, kind) = (of("Unique-ID"), event.name());
        let is_inbound = event.get("Call-Direction").is_some_and(|it| it == "inbound");
        let text = format!(
            "{} {} {} {} -> {}  {}",
            self.paint(Style::new().dimmed(), &clock(event.timestamp())),
            self.paint(Style::new().bold(), id.get(..8).unwrap_or(&id)),
            if is_inbound { "in " } else { "out" },
            of("Caller-Caller-ID-Number"),
            of("Caller-Destination-Number"),
            self.paint(Color::Cyan.normal(), &media_step(event)),
        );
        plain(Priority::Rest, &kind, text)
    }

    /// An event in one of the forms.
    pub(super) fn formed(&self, event: &Event, form: Form) -> String {
        match form {
            Form::Line => self.raw_line(event),
            Form::Json => sanitise::line(&document(event).to_string()).into_owned(),
            Form::Headers(names) => {
                let of = |name: &String| {
                    let value = event.get(name).unwrap_or_default();
                    format!("{name}={}", sanitise::line(&value))
                };
                let clock = self.paint(Style::new().dimmed(), &clock(event.timestamp()));
                format!("{clock} {}", names.iter().map(of).collect::<Vec<_>>().join(" "))
            }
        }
    }

    fn raw_line(&self, event: &Event) -> String {
        let uuid = event.unique_id().unwrap_or_default();
        let short = uuid.get(..8).unwrap_or(&uuid);
        let short = match short {
            "" => String::new(),
            short => format!("{} ", self.paint(Style::new().bold(), &sanitise::line(short))),
        };
        let said = describe(event);
        let gap = if said.is_empty() { "" } else { "  " };
        format!(
            "{} {short}{}{gap}{said}",
            self.paint(Style::new().dimmed(), &clock(event.timestamp())),
            self.paint(Color::Cyan.normal(), &sanitise::line(&event.kind())),
        )
    }

    /// A line of the log; what has several rows (SIP messages, dumps) keeps them.
    pub(super) fn log_line(&self, log: &LogLine) -> Line {
        let priority = if log.level() <= WARNING { Priority::Alert } else { Priority::Rest };
        let (mut text, style) = {
            let view = self.log_view.lock();
            (view.prefix_of(log), view.style_of(log.level()))
        };
        for (at, row) in sanitise::rows(&log.text()).enumerate() {
            text.push_str(if at == 0 { "" } else { "\n" });
            if !row.is_empty() {
                // Indented, so that no row of a message passes for a line of the shell.
                text.push_str(if at == 0 { "" } else { "  " });
                text.push_str(&self.paint(style, &row));
            }
        }
        Line { is_requested: true, ..plain(priority, "log", text) }
    }
}

/// What was played, recorded or keyed, in words.
fn media_step(event: &Event) -> String {
    let of = |name: &str| sanitise::line(&event.get(name).unwrap_or_default()).into_owned();
    let file = of(if event.name().starts_with("RECORD") {
        "Record-File-Path"
    } else {
        "Playback-File-Path"
    });
    match &*event.name() {
        "DTMF" => format!("digit {}", of("DTMF-Digit")),
        "PLAYBACK_START" => format!("plays {file}"),
        "PLAYBACK_STOP" => match &*of("Playback-Status") {
            "" | "done" => format!("played {file}"),
            status => format!("playback of {file} ended: {status}"),
        },
        "RECORD_START" => format!("records to {file}"),
        _ => match &*of("variable_record_seconds") {
            "" => format!("recorded {file}"),
            seconds => format!("recorded {file} ({seconds} s)"),
        },
    }
}

/// How much a line matters that an operator chose by a filter, or did not.
fn priority_of(is_chosen: bool) -> Priority {
    if is_chosen { Priority::Watched } else { Priority::Rest }
}

pub(super) fn plain(priority: Priority, kind: &str, text: String) -> Line {
    Line {
        priority,
        key: None,
        leg: None,
        kind: kind.to_owned(),
        text,
        merged: None,
        at: None,
        is_requested: false,
    }
}

/// The level of warnings: what is worse has a lower one.
const WARNING: u8 = 4;
