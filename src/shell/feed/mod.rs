//! Events as lines that read well: one for each change of a call.

pub(crate) mod alerts;
pub(in crate::shell) mod choice;
pub(crate) mod clock_skew;
mod describe;
pub(crate) mod inline_jobs;
mod lines;
pub(in crate::shell) mod mode;
pub(in crate::shell) mod recent;
pub mod sampler;
pub(crate) mod sink;
pub(crate) mod transcript;
mod transfers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jiff::Timestamp;
use nu_ansi_term::{Color, Style};
use parking_lot::Mutex;

pub(super) use choice::{Choice, document, header};

pub(super) use crate::shell::view::words::{caller, clock, ended};
pub(super) use recent::Source;

use clock_skew::Clock;
use inline_jobs::Awaiting;
use lines::plain;
use recent::Recent;
use transfers::Transfers;

use crate::listener::{EventListener, Link, Update};
use crate::model::Event;
use crate::shell::settings::colors::Colors;
use crate::shell::settings::log_view::LogView;
use crate::shell::text::sanitise;
use crate::wire::LogLine;
use sampler::{Line, Priority};
use sink::Lines;
use transcript::Transcript;

/// How events are shown, shared by all switches of a shell.
#[derive(Debug, Default)]
pub(super) struct Narration {
    lines: Lines,
    choice: Mutex<Choice>,
    /// Whether events are shown one by one, whatever they change.
    raw: Arc<AtomicBool>,
    log_view: Mutex<LogView>,
    colors: Mutex<Colors>,
    color: AtomicBool,
    many: AtomicBool,
    unseen: AtomicU64,
    awaiting: Mutex<Awaiting>,
    /// The latest lines, without color: also those that were only counted on the screen.
    recent: Mutex<Recent>,
    transfers: Mutex<Transfers>,
    /// What is written down, if anything is.
    transcript: Mutex<Option<Arc<Transcript>>>,
}

impl Narration {
    /// Whether anybody is shown what happens.
    pub(super) fn has_sink(&self) -> bool {
        self.lines.0.is_some()
    }

    pub(super) fn new(lines: Lines, color: bool) -> Self {
        let narration = Self { lines, ..Self::default() };
        narration.color.store(color, Ordering::Relaxed);
        narration
    }

    /// Looks at what is shown, or changes it.
    pub(super) fn choose<T>(&self, choose: impl FnOnce(&mut Choice) -> T) -> T {
        let mut choice = self.choice.lock();
        let chosen = choose(&mut choice);
        let shows = choice.shows_events();
        self.raw.store(shows, Ordering::Relaxed);
        chosen
    }

    /// Whether a line of the log is shown above the prompt.
    pub(super) fn wants_log(&self, log: &LogLine) -> bool {
        !is_blank(log) && self.choice.lock().wants_log(log) && self.log_view.lock().shows(log)
    }

    /// Whether a line of the log belongs to a stream of the log.
    pub(super) fn streams_log(&self, log: &LogLine) -> bool {
        self.choice.lock().chooses_log(log) && self.log_view.lock().shows(log)
    }

    /// A line of the log without color, as its rows.
    pub(super) fn log_text(&self, log: &LogLine) -> String {
        sanitise::uncolored(&self.log_line(log).text)
    }

    /// An event in the form that was chosen, without color.
    pub(super) fn event_text(&self, event: &Event) -> String {
        let form = self.choice.lock().form.clone();
        sanitise::uncolored(&self.formed(event, form))
    }

    pub(super) fn change_log_view(&self, change: impl FnOnce(&mut LogView)) {
        change(&mut self.log_view.lock());
    }

    /// Sets what call lines look like.
    pub(super) fn set_colors(&self, colors: Colors) {
        *self.colors.lock() = colors;
    }

    /// Says that there are several switches, so that lines say which.
    pub(super) fn set_many(&self, many: bool) {
        self.many.store(many, Ordering::Relaxed);
    }

    /// How many lines were dropped because the channel was full.
    pub(super) fn unseen(&self) -> u64 {
        self.unseen.load(Ordering::Relaxed)
    }

    /// Changes where the session is written down, and returns what was before.
    pub(super) fn record(&self, to: Option<Arc<Transcript>>) -> Option<Arc<Transcript>> {
        std::mem::replace(&mut *self.transcript.lock(), to)
    }

    /// Where the session is written down.
    pub(super) fn transcript(&self) -> Option<Arc<Transcript>> {
        self.transcript.lock().clone()
    }

    /// Keeps the lines of a recording for `events last`, and shows it nowhere.
    pub(super) fn keep(&self, update: &Update) {
        if let Some(line) = self.change(update) {
            self.remember(Source::Events, &line.text);
        }
    }

    /// As [`Narration::keep`], for a line of the log.
    pub(super) fn keep_log(&self, log: &LogLine) {
        if !is_blank(log) {
            self.remember(Source::Log, &self.log_line(log).text);
        }
    }

    /// Keeps, and perhaps shows, what a recorded session did.
    pub(super) fn note(&self, at: u64, text: &str, is_shown: bool) {
        let at = self.paint(Style::new().dimmed(), &clock(at));
        let line = plain(Priority::Own, "REPLAY", format!("{at} {}", sanitise::line(text)));
        if is_shown {
            self.show("", Source::Events, line);
        } else {
            self.remember(Source::Events, &line.text);
        }
    }

    fn show(&self, host: &str, source: Source, mut line: Line) {
        if self.many.load(Ordering::Relaxed) && !host.is_empty() {
            line.text = format!("{} {}", self.paint(Style::new().dimmed(), host), line.text);
        }
        self.remember(source, &line.text);
        if !self.lines.offer(line) {
            self.unseen.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Says from when to when the process stood still.
    pub(super) fn stood_still(&self, from: Timestamp, to: Timestamp) {
        let clock = |at: Timestamp| clock(u64::try_from(at.as_microsecond()).unwrap_or(0));
        let text = format!("events between {} and {} were not shown", clock(from), clock(to));
        self.report("", &text);
    }

    /// Reports something about the stream of events itself.
    pub(super) fn report(&self, host: &str, text: &str) {
        let text = self.paint(Color::Yellow.bold(), &sanitise::line(text));
        self.show(host, Source::Events, plain(Priority::Alert, "LINK", text));
    }

    /// Shows an alert, and returns it without color.
    pub(super) fn alarm(&self, host: &str, at: u64, text: &str, rings: bool) -> String {
        let text = sanitise::line(text);
        let line = format!("{} {text}", clock(at));
        let is_many = self.many.load(Ordering::Relaxed);
        let start = if is_many { format!("{host} {}", clock(at)) } else { clock(at) };
        self.remember(Source::Events, &format!("{start} {text}"));
        let (start, alert) =
            (self.paint(Style::new().dimmed(), &start), self.paint(Color::Red.bold(), &text));
        // It takes no room on the screen.
        let bell = if rings { "\x07" } else { "" };
        let shown = format!("{bell}{start} {alert}");
        if !self.lines.offer(plain(Priority::Alarm, "ALERT", shown)) {
            self.unseen.fetch_add(1, Ordering::Relaxed);
        }
        line
    }

    fn remember(&self, source: Source, text: &str) {
        self.recent.lock().push(source, &sanitise::uncolored(text));
    }

    /// The latest lines of a source, shown or only counted, oldest first.
    pub(super) fn recent(&self, count: usize, source: Source) -> Vec<String> {
        self.recent.lock().last(count, source)
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.color.load(Ordering::Relaxed) {
            style.paint(text).to_string()
        } else {
            text.to_owned()
        }
    }
}

/// Whether a frame of the log is only a line break, which fs_cli does not show either.
pub(super) fn is_blank(log: &LogLine) -> bool {
    log.text().is_empty()
}

/// Shows the events of a listener until it is gone.
pub(super) fn follow(host: &str, listener: &EventListener, narration: Arc<Narration>) {
    if narration.lines.0.is_none() {
        return;
    }
    let host = host.to_owned();
    let (mut changes, mut logs) = (listener.changes(), listener.logs());
    // A copy of every event costs too much where none is shown by itself.
    let raw = Arc::clone(&narration.raw);
    let mut events = listener.events_for(move |_| raw.load(Ordering::Relaxed));
    let mut link = listener.link();
    let mut clock = Clock::default();
    // It ends with the listener, or when the operator disconnects.
    let _task = tokio::spawn(async move {
        loop {
            let (source, line) = tokio::select! {
                update = changes.next() => match update {
                    Some(update) => {
                        clock.saw(update.at, Timestamp::now());
                        let line = narration.change(&update);
                        // The result of an own job is shown whenever it comes.
                        let at = || clock.local(update.at).filter(|_| update.job.is_none());
                        (Source::Events, line.map(|line| Line { at: at(), ..line }))
                    }
                    None => break,
                },
                event = events.next() => match event {
                    Some(event) => {
                        let at = event.timestamp();
                        clock.saw(at, Timestamp::now());
                        let line = narration.raw(&event);
                        (Source::Events, line.map(|line| Line { at: clock.local(at), ..line }))
                    }
                    None => break,
                },
                log = logs.next() => match log {
                    Some(log) => {
                        let line = narration.wants_log(&log).then(|| narration.log_line(&log));
                        (Source::Log, line)
                    }
                    None => break,
                },
                changed = link.changed() => match changed {
                    Ok(()) => {
                        let now = link.borrow_and_update().clone();
                        match narration.link(&host, &now) {
                            Some(line) => narration.show("", Source::Events, line),
                            None if matches!(now, Link::Down) => break,
                            None => {}
                        }
                        (Source::Events, None)
                    }
                    Err(_gone) => break,
                },
            };
            let lost = changes.take_lost() + events.take_lost() + logs.take_lost();
            narration.unseen.fetch_add(lost, Ordering::Relaxed);
            if let Some(line) = line {
                narration.show(&host, source, line);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn the_latest_lines_are_kept_without_color() {
        let narration = Narration::new(Lines::default(), true);
        for n in 0..20_007 {
            let text = narration.paint(Color::Red.bold(), &n.to_string());
            let line = plain(Priority::Rest, "X", format!("{text} → {text}"));
            narration.show("", Source::Events, line);
        }
        assert_eq!(narration.recent(2, Source::Events), ["20005 → 20005", "20006 → 20006"]);
        assert!(narration.recent(usize::MAX, Source::Events).len() >= 20_000);
        assert!(narration.recent(9, Source::Log).is_empty());
    }
}
