//! Events as lines that read well: one for each change of a call.

mod awaited;
mod choice;
mod late;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nu_ansi_term::{Color, Style};

pub(super) use awaited::Awaited;
pub(super) use choice::{
    Choice, Condition, Form, Only, document, event_named, header, kind_of_word,
};

use awaited::Awaiting;
use late::Clock;

use super::render::{counted, span};
use super::sampler::{Line, Priority};
use super::sanitise;
use super::switch::Lines;
use super::transcript::Transcript;
use super::{Colors, LogView};
use crate::listener::{EventListener, Gap, Link, Update};
use crate::model::{Direction, Event, HangupCause, JobState, Outcome, Session};
use crate::track::{Change, What};
use crate::wire::LogLine;

/// What is shown above the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mode {
    /// One line a change of a call.
    #[default]
    Calls,
    /// One line an event, of the names that were asked for.
    Raw,
    /// Nothing but the ends of own jobs.
    Off,
}

/// How events are told, shared by all switches of a shell.
#[derive(Debug, Default)]
pub(super) struct Narration {
    lines: Lines,
    choice: Mutex<Choice>,
    log_view: Mutex<LogView>,
    colors: Mutex<Colors>,
    color: AtomicBool,
    many: AtomicBool,
    unseen: AtomicU64,
    awaiting: Mutex<Awaiting>,
    /// The latest lines, without color: also those that were only counted on the screen.
    recent: Mutex<VecDeque<String>>,
    /// What is written down, if anything is.
    transcript: Mutex<Option<Arc<Transcript>>>,
}

impl Narration {
    /// Whether anybody is shown what happens.
    pub(super) fn is_told(&self) -> bool {
        self.lines.0.is_some()
    }

    pub(super) fn new(lines: Lines, color: bool) -> Self {
        let narration = Self { lines, ..Self::default() };
        narration.color.store(color, Ordering::Relaxed);
        narration
    }

    /// Looks at what is shown, or changes it.
    pub(super) fn choose<T>(&self, choose: impl FnOnce(&mut Choice) -> T) -> T {
        choose(&mut lock(&self.choice))
    }

    /// Whether a line of the log is shown.
    pub(super) fn wants_log(&self, log: &LogLine) -> bool {
        lock(&self.choice).wants_log(log) && lock(&self.log_view).shows(log)
    }

    pub(super) fn change_log_view(&self, change: impl FnOnce(&mut LogView)) {
        change(&mut lock(&self.log_view));
    }

    /// Sets what call lines look like.
    pub(super) fn set_colors(&self, colors: Colors) {
        *lock(&self.colors) = colors;
    }

    /// Says that there are several switches, so that lines say which.
    pub(super) fn set_many(&self, many: bool) {
        self.many.store(many, Ordering::Relaxed);
    }

    /// How many lines nobody had room for.
    pub(super) fn unseen(&self) -> u64 {
        self.unseen.load(Ordering::Relaxed)
    }

    /// Changes where the session is written down, and returns what was before.
    pub(super) fn record(&self, to: Option<Arc<Transcript>>) -> Option<Arc<Transcript>> {
        std::mem::replace(&mut *lock(&self.transcript), to)
    }

    /// Where the session is written down.
    pub(super) fn transcript(&self) -> Option<Arc<Transcript>> {
        lock(&self.transcript).clone()
    }

    /// Keeps what a recording tells for `events last`, and shows it nowhere.
    pub(super) fn keep(&self, update: &Update) {
        if let Some(line) = self.change(update) {
            self.remember(sanitise::uncolored(&line.text));
        }
    }

    /// As [`Narration::keep`], for a line of the log.
    pub(super) fn keep_log(&self, log: &LogLine) {
        self.remember(sanitise::uncolored(&self.log_line(log).text));
    }

    /// Keeps, and perhaps shows, what a recorded session did.
    pub(super) fn note(&self, at: u64, text: &str, is_shown: bool) {
        let at = self.paint(Style::new().dimmed(), &clock(at));
        let line = plain(Priority::Own, "REPLAY", format!("{at} {}", sanitise::line(text)));
        if is_shown {
            self.show("", line);
        } else {
            self.remember(sanitise::uncolored(&line.text));
        }
    }

    fn show(&self, host: &str, mut line: Line) {
        if self.many.load(Ordering::Relaxed) && !host.is_empty() {
            line.text = format!("{} {}", self.paint(Style::new().dimmed(), host), line.text);
        }
        self.remember(sanitise::uncolored(&line.text));
        if !self.lines.offer(line) {
            self.unseen.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Says from when to when the process stood still.
    pub(super) fn stood_still(&self, from: Timestamp, to: Timestamp) {
        let clock = |at: Timestamp| clock(u64::try_from(at.as_microsecond()).unwrap_or(0));
        let text = format!("events between {} and {} were not shown", clock(from), clock(to));
        self.tell("", &text);
    }

    /// Tells something about the stream of events itself.
    pub(super) fn tell(&self, host: &str, text: &str) {
        let text = self.paint(Color::Yellow.bold(), &sanitise::line(text));
        self.show(host, plain(Priority::Alert, "LINK", text));
    }

    /// Tells what the operator asked to be told of, and returns it without color.
    pub(super) fn alarm(&self, host: &str, at: u64, text: &str, rings: bool) -> String {
        let text = sanitise::line(text);
        let line = format!("{} {text}", clock(at));
        let is_many = self.many.load(Ordering::Relaxed);
        let start = if is_many { format!("{host} {}", clock(at)) } else { clock(at) };
        self.remember(format!("{start} {text}"));
        let (start, told) =
            (self.paint(Style::new().dimmed(), &start), self.paint(Color::Red.bold(), &text));
        // It takes no room on the screen.
        let bell = if rings { "\x07" } else { "" };
        let shown = format!("{bell}{start} {told}");
        if !self.lines.offer(plain(Priority::Alarm, "ALERT", shown)) {
            self.unseen.fetch_add(1, Ordering::Relaxed);
        }
        line
    }

    fn remember(&self, text: String) {
        let mut recent = lock(&self.recent);
        if recent.len() >= RECENT {
            recent.pop_front();
        }
        recent.push_back(text);
    }

    /// The latest lines, shown or only counted, oldest first.
    pub(super) fn recent(&self, count: usize) -> Vec<String> {
        let recent = lock(&self.recent);
        recent.iter().skip(recent.len().saturating_sub(count)).cloned().collect()
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.color.load(Ordering::Relaxed) {
            style.paint(text).to_string()
        } else {
            text.to_owned()
        }
    }
}

/// Tells what a listener sees until it is gone.
pub(super) fn follow(host: &str, listener: &EventListener, narration: Arc<Narration>) {
    if narration.lines.0.is_none() {
        return;
    }
    let host = host.to_owned();
    let (mut changes, mut logs) = (listener.changes(), listener.logs());
    let mut events = listener.events::<&str>(&[]);
    let mut link = listener.link();
    let mut clock = Clock::default();
    // It ends with the listener, or when the operator disconnects.
    let _task = tokio::spawn(async move {
        loop {
            let line = tokio::select! {
                update = changes.next() => match update {
                    Some(update) => {
                        let line = narration.change(&update);
                        // What became of an own job is told whenever it comes.
                        let at = || clock.local(update.at).filter(|_| update.job.is_none());
                        line.map(|line| Line { at: at(), ..line })
                    }
                    None => break,
                },
                event = events.next() => match event {
                    Some(event) => {
                        let at = event.timestamp();
                        clock.saw(at, Timestamp::now());
                        narration.raw(&event).map(|line| Line { at: clock.local(at), ..line })
                    }
                    None => break,
                },
                log = logs.next() => match log {
                    Some(log) if narration.wants_log(&log) => Some(narration.log_line(&log)),
                    Some(_) => None,
                    None => break,
                },
                changed = link.changed() => match changed {
                    Ok(()) => {
                        let now = link.borrow_and_update().clone();
                        match narration.link(&host, &now) {
                            Some(line) => narration.show("", line),
                            None if matches!(now, Link::Down) => break,
                            None => {}
                        }
                        None
                    }
                    Err(_gone) => break,
                },
            };
            let lost = changes.take_lost() + events.take_lost();
            narration.unseen.fetch_add(lost, Ordering::Relaxed);
            if let Some(line) = line {
                narration.show(&host, line);
            }
        }
    });
}

impl Narration {
    fn change(&self, update: &Update) -> Option<Line> {
        let mode = lock(&self.choice).mode;
        match &update.change {
            Change::Session { what, .. } => {
                let session = update.session.as_deref()?;
                // Also what is not told says which legs belong to a call.
                let is_told =
                    lock(&self.choice).wants_change(session, kind_of(*what), update.is_own);
                if mode != Mode::Calls || !is_told {
                    return None;
                }
                let is_chosen = lock(&self.choice).is_narrowed();
                self.session(update, session, *what, is_chosen)
            }
            Change::Job(_) => {
                let job = update.job.as_deref()?;
                let is_muted = lock(&self.choice).muted.contains("JOB");
                let is_answer = lock(&self.awaiting).has(job.id.as_str(), &job.command);
                let is_told = mode == Mode::Calls && !job.is_foreign && !is_muted && !is_answer;
                is_told.then(|| {
                    self.job(update, &sanitise::line(job.id.short()), &job.command, &job.state)
                })
            }
            _ => None,
        }
    }

    /// What became of the connection; the prompt shows each attempt to get it back.
    fn link(&self, host: &str, link: &Link) -> Option<Line> {
        let (style, text) = match link {
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
        session: &Session,
        what: What,
        is_chosen: bool,
    ) -> Option<Line> {
        let told = step(session, what)?;
        let is_odd =
            what == What::Ended && !session.cause.as_ref().is_none_or(HangupCause::is_normal);
        let (name, usual) = match what {
            What::Answered | What::Bridged => ("answered", Color::Green),
            What::Ended if is_odd => ("failed", Color::Red),
            What::Ended => ("ended", Color::Yellow),
            _ => ("progress", Color::Cyan),
        };
        let style = lock(&self.colors).get(name).unwrap_or_else(|| usual.normal());
        let priority = match (is_odd, update.is_own) {
            (true, _) => Priority::Alert,
            (_, true) => Priority::Own,
            (_, false) => told_by(is_chosen),
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
            self.paint(style, &told),
        );
        let kind = kind_of(what).to_owned();
        let key = Some(session.call.as_str().to_owned());
        let leg = Some(sanitise::line(session.id.short()).into_owned());
        let merged = Some(self.paint(style, &told));
        Some(Line { priority, key, leg, kind, text, merged, at: None })
    }

    fn job(&self, update: &Update, id: &str, command: &str, state: &JobState) -> Line {
        let (style, told) = match state {
            JobState::Done(Outcome::Ok(text)) => (Color::Green.normal(), text.as_str()),
            JobState::Done(Outcome::Failed(text)) => (Color::Red.normal(), text.as_str()),
            _ => (Color::Yellow.normal(), "outcome unknown"),
        };
        let first = told.lines().next().unwrap_or_default();
        let more = if told.lines().nth(1).is_some() { " ..." } else { "" };
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

    fn raw(&self, event: &Event) -> Option<Line> {
        let (form, priority) = {
            let mut choice = lock(&self.choice);
            if !choice.wants_event(event) {
                return None;
            }
            (choice.form.clone(), told_by(choice.is_narrowed()))
        };
        let kind = event.name();
        let kind = kind.strip_prefix("CHANNEL_").unwrap_or(&kind);
        let text = match form {
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
        };
        Some(plain(priority, kind, text))
    }

    fn raw_line(&self, event: &Event) -> String {
        let uuid = event.unique_id().unwrap_or_default();
        let short = uuid.get(..8).unwrap_or(&uuid);
        let name = event.get("Channel-Name").or_else(|| event.get("Job-UUID")).unwrap_or_default();
        format!(
            "{} {} {} {}",
            self.paint(Style::new().dimmed(), &clock(event.timestamp())),
            self.paint(Style::new().bold(), &sanitise::line(short)),
            self.paint(Color::Cyan.normal(), &sanitise::line(&event.kind())),
            sanitise::line(&name),
        )
    }

    fn log_line(&self, log: &LogLine) -> Line {
        let priority = if log.level() <= 3 { Priority::Alert } else { Priority::Rest };
        let (prefix, style) = {
            let view = lock(&self.log_view);
            (view.prefix_of(log), view.style_of(log.level()))
        };
        plain(priority, "log", prefix + &self.paint(style, &sanitise::line(&log.text())))
    }
}

/// How much a line matters that an operator chose by a filter, or did not.
fn told_by(is_chosen: bool) -> Priority {
    if is_chosen { Priority::Watched } else { Priority::Rest }
}

fn plain(priority: Priority, kind: &str, text: String) -> Line {
    Line { priority, key: None, leg: None, kind: kind.to_owned(), text, merged: None, at: None }
}

/// What happened, in words; `None` for what goes without saying.
fn step(session: &Session, what: What) -> Option<String> {
    let now = session.last_event;
    Some(match what {
        What::New => "new".to_owned(),
        What::Ringing => later("ringing", session),
        What::Early => later("early media", session),
        What::Answered => match session.ring_time(now).or_else(|| age(session)) {
            Some(rang) => format!("answered after {}", span(rang)),
            None => "answered".to_owned(),
        },
        What::Bridged => match &session.other_leg {
            Some(other) => later(&format!("bridged to {}", sanitise::line(other.short())), session),
            None => later("bridged", session),
        },
        What::Unbridged => later("unbridged", session),
        What::Held => later("held", session),
        What::Unheld => later("off hold", session),
        What::Parked => later("parked", session),
        What::Ended => ended(session),
        What::Unparked | What::Executes | What::Hangup | What::Gone { .. } | What::Renamed => {
            return None;
        }
    })
}

/// What happened, and how long after the beginning of the leg.
fn later(what: &str, session: &Session) -> String {
    age(session).map_or_else(|| what.to_owned(), |age| format!("{what} +{}", span(age)))
}

/// From the creation of a leg to its last event, in microseconds.
fn age(session: &Session) -> Option<u64> {
    let created = session.times.created;
    (created > 0).then(|| session.last_event.saturating_sub(created))
}

/// `reconnected after 17.0 s; 38 calls ended, 12 new; events may be missing`
fn came_back(gap: &Gap) -> String {
    let lasted = span(u64::try_from(gap.lasted.as_micros()).unwrap_or(u64::MAX));
    let mut text = format!(
        "reconnected after {lasted}; {} ended, {} new; events may be missing",
        counted(gap.calls.ended, "call"),
        gap.calls.new
    );
    if gap.is_restarted {
        text.push_str("; FreeSWITCH was restarted");
    }
    if gap.jobs > 0 {
        text = format!("{text}; the outcome of {} is unknown", counted(gap.jobs, "job"));
    }
    text
}

/// The end of a leg: cause, in words, by whom, SIP status, how long.
pub(super) fn ended(session: &Session) -> String {
    let cause = session.cause.clone().unwrap_or_else(|| HangupCause::parse("NONE"));
    let mut notes = Vec::new();
    let by = match (session.ended_by_far_end(), session.direction) {
        (Some(true), Direction::Inbound) => Some("by the caller"),
        (Some(true), Direction::Outbound) => Some("by the callee"),
        (Some(false), _) => Some("by the switch"),
        (None, _) => None,
    };
    match (cause.is_normal(), by) {
        (true, Some(by)) => notes.push(format!("hung up {by}")),
        (true, None) => notes.push("hung up".to_owned()),
        (false, by) => {
            notes.extend(cause.meaning().map(str::to_owned));
            notes.extend(by.map(str::to_owned));
        }
    }
    notes.extend(session.sip_status.map(|status| format!("SIP {status}")));
    let now = session.last_event;
    notes.extend(session.ring_time(now).map(|rang| format!("rang {}", span(rang))));
    match session.talk_time(now) {
        Some(talk) => notes.push(format!("talked {}", span(talk))),
        None => notes.push("never answered".to_owned()),
    }
    format!("hangup {} ({})", sanitise::line(cause.name()), notes.join(", "))
}

/// The caller's number, with the name where it says more.
pub(super) fn caller(session: &Session) -> String {
    let (name, number) =
        (sanitise::line(&session.caller_name), sanitise::line(&session.caller_number));
    if name.is_empty() || name == number {
        number.into_owned()
    } else if number.is_empty() {
        name.into_owned()
    } else {
        format!("{name} <{number}>")
    }
}

fn kind_of(what: What) -> &'static str {
    match what {
        What::New => "CREATE",
        What::Ringing => "RINGING",
        What::Early => "EARLY",
        What::Answered => "ANSWER",
        What::Bridged => "BRIDGE",
        What::Unbridged => "UNBRIDGE",
        What::Held => "HOLD",
        What::Unheld => "UNHOLD",
        What::Parked => "PARK",
        What::Unparked => "UNPARK",
        What::Executes => "EXECUTE",
        What::Hangup | What::Ended => "HANGUP",
        What::Gone { .. } => "DESTROY",
        What::Renamed => "UUID",
    }
}

/// `02:13`, or `1:02:13` from an hour on.
pub(super) fn minutes(microseconds: u64) -> String {
    let seconds = microseconds / 1_000_000;
    match seconds / 3600 {
        0 => format!("{:02}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// `19:15:39`, in the time zone of this machine.
pub(super) fn clock(at: u64) -> String {
    let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_microsecond(at).ok());
    at.map_or_else(
        || "--:--:--".to_owned(),
        |at| at.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string(),
    )
}

/// Lines kept for `events last`.
const RECENT: usize = 1000;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_lines_are_kept_without_color() {
        let narration = Narration::new(Lines::default(), true);
        for n in 0..RECENT + 7 {
            let text = narration.paint(Color::Red.bold(), &n.to_string());
            narration.show("", plain(Priority::Rest, "X", format!("{text} → {text}")));
        }
        assert_eq!(narration.recent(2), ["1005 → 1005", "1006 → 1006"]);
        assert_eq!(narration.recent(usize::MAX).len(), RECENT);
    }
}
