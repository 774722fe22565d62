//! Chooses which event lines reach the screen: a few each frame, the rest as a count. Lines that the
//! operator asked for one by one are all shown while the terminal keeps up with their bytes.
//!
//! # Invariants
//! Pure: the clock is an argument. Memory is bounded whatever is pushed and however rarely a frame
//! is taken. Every line pushed is either in a frame, merged into one, or counted in its summary.
use std::mem;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use requested::Requested;
use tally::Tally;

mod requested;
mod tally;

/// How much a line matters; the first are shown first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// An alert: never folded.
    Alarm,
    /// Errors and abnormal causes.
    Alert,
    /// Calls started from this shell.
    Own,
    /// Calls that match the filter.
    Watched,
    /// Everything else.
    Rest,
}

/// One event, rendered.
#[derive(Debug, Clone)]
pub struct Line {
    /// How much it matters.
    pub priority: Priority,
    /// The call: lines of one key in one frame become one line.
    pub key: Option<String>,
    /// Which leg of the call: a step of another leg than the one before says so.
    pub leg: Option<String>,
    /// What it is counted as in a summary: `ANSWER`, `HANGUP`.
    pub kind: String,
    /// The line, sanitised and colored.
    pub text: String,
    /// What is added to an earlier line of the same key: `answered`. The kind when absent.
    pub merged: Option<String>,
    /// When it happened by the clock of this machine; nothing for what is shown whenever it comes.
    pub at: Option<Timestamp>,
    /// Asked for line by line (`log debug`, `events all`): it may have several rows, and is neither
    /// cut nor merged nor sampled while the terminal keeps up.
    pub is_requested: bool,
}

/// What is printed at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Its lines, oldest first.
    pub lines: Vec<FrameLine>,
}

/// One line of a frame, without the line feed at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameLine {
    /// The text; a line that was asked for may have several rows.
    pub text: String,
    /// Whether it was asked for, and so must not be cut.
    pub is_requested: bool,
}

/// How much may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Lines in one frame, the summary included.
    pub lines: usize,
    /// Time between two frames.
    pub every: Duration,
    /// Lines in one frame after a quiet time: what an operator does makes a few at once.
    pub burst: usize,
    /// Bytes in one frame, the summary not included. One line is always shown.
    pub bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { lines: 4, every: Duration::from_millis(100), burst: 12, bytes: 1200 }
    }
}

/// Folds a stream of any rate into frames that a slow terminal can take.
#[derive(Debug)]
pub struct Sampler {
    allowed: Budget,
    budget: Budget,
    waiting: Vec<Entry>,
    folded: Tally,
    requested: Requested,
    /// Lines pushed so far: the order of their arrival.
    arrived: u64,
    last_frame: Option<Instant>,
    quiet_since: Option<Instant>,
    /// Lines that quiet frames left over.
    saved: usize,
}

impl Sampler {
    /// Returns a sampler that never shows more than `budget`.
    pub fn new(budget: Budget) -> Self {
        let allowed = Budget { lines: budget.lines.max(1), ..budget };
        Self {
            allowed,
            budget: allowed,
            waiting: Vec::new(),
            folded: Tally::default(),
            requested: Requested::default(),
            arrived: 0,
            last_frame: None,
            quiet_since: None,
            saved: 0,
        }
    }

    /// Takes one line.
    pub fn push(&mut self, mut line: Line) {
        self.arrived += 1;
        if line.is_requested {
            line.text = cut(line.text, LONGEST_REQUESTED);
            return self.requested.push(Entry::new(line, self.arrived));
        }
        line.text = bounded(line.text);
        if let Some(key) = &line.key
            && let Some(entry) =
                self.waiting.iter_mut().find(|entry| entry.key.as_ref() == Some(key))
        {
            return entry.merge(line);
        }
        if self.waiting.len() < WAITING {
            return self.waiting.push(Entry::new(line, self.arrived));
        }
        // Full: what matters most stays, and of equals the first, which later steps merge into.
        let least = self
            .waiting
            .iter()
            .enumerate()
            .rev()
            .max_by(|(at, a), (bt, b)| a.priority.cmp(&b.priority).then(at.cmp(bt)));
        match least.map(|(at, entry)| (at, entry.priority)) {
            Some((at, priority)) if line.priority < priority => {
                let evicted = self.waiting.remove(at);
                self.folded.add_all(&evicted.kinds);
                self.waiting.push(Entry::new(line, self.arrived));
            }
            _ => self.folded.add(&line.kind, 1),
        }
    }

    /// Only counts what waits, but for alerts and what is the operator's own: another program has the
    /// screen, and what will be shown behind that should not be old.
    pub fn fold(&mut self) {
        self.requested.skip();
        let Self { waiting, folded, .. } = self;
        waiting.retain(|entry| {
            let is_kept = entry.priority <= Priority::Own;
            if !is_kept {
                folded.add_all(&entry.kinds);
            }
            is_kept
        });
    }

    /// Returns what to print now, if a frame is due and there is something to say.
    ///
    /// Ask only when the frame can be printed: what is taken is not offered again.
    pub fn frame(&mut self, now: Instant) -> Option<Frame> {
        let due = self.last_frame.is_none_or(|last| now.duration_since(last) >= self.budget.every);
        let is_quiet = self.waiting.is_empty() && self.folded.is_empty();
        if !due || (is_quiet && self.requested.is_empty()) {
            return None;
        }
        self.save(now);
        self.last_frame = Some(now);
        self.recover(now);

        let is_alarm = |entry: &&Entry| entry.priority == Priority::Alarm;
        let alarms = self.waiting.iter().filter(is_alarm).count();
        // Beside them stands at least the summary.
        let most = self.saved.max(self.budget.lines).max(alarms + 1);
        let overflows = self.waiting.len() > most || !self.folded.is_empty();
        self.saved = self.saved.saturating_sub(self.waiting.len().min(most));
        let mut order: Vec<usize> = (0..self.waiting.len()).collect();
        order.sort_by_key(|at| self.waiting.get(*at).map(|entry| entry.priority));
        let mut shown = self.affordable(order, most);
        let overflows = overflows || shown.len() < self.waiting.len();
        shown.truncate(most - usize::from(overflows));

        let mut lines: Vec<_> = self.requested.take().into_iter().map(Entry::into_line).collect();
        for (at, entry) in mem::take(&mut self.waiting).into_iter().enumerate() {
            if shown.contains(&at) {
                lines.push(entry.into_line());
            } else {
                self.folded.add_all(&entry.kinds);
            }
        }
        lines.sort_by_key(|(arrived, _)| *arrived);
        let mut frame = Frame::default();
        frame.summarise(&self.requested.take_skipped());
        frame.lines.extend(lines.into_iter().map(|(_, line)| line));
        if overflows {
            frame.summarise(&mem::take(&mut self.folded));
        }
        Some(frame)
    }

    /// The first of these lines, as many as the bytes of a frame allow.
    fn affordable(&self, order: Vec<usize>, most: usize) -> Vec<usize> {
        // A burst has the bytes of the frames that it was saved from.
        let mut left = self.budget.bytes * most.div_ceil(self.budget.lines.max(1));
        let mut is_first = true;
        let fits = |at: &usize| {
            let entry = self.waiting.get(*at);
            let length = entry.map_or(0, |entry| entry.text.len());
            let is_alarm = entry.is_some_and(|entry| entry.priority == Priority::Alarm);
            let fits = mem::take(&mut is_first) || is_alarm || length <= left;
            left = left.saturating_sub(length);
            fits
        };
        order.into_iter().take_while(fits).collect()
    }

    /// Counts the lines that were not needed since the last frame.
    fn save(&mut self, now: Instant) {
        let frames = self.last_frame.map_or(u128::MAX, |last| {
            now.duration_since(last).as_millis() / self.budget.every.as_millis().max(1)
        });
        let frames = usize::try_from(frames).unwrap_or(usize::MAX);
        let earned = frames.saturating_mul(self.budget.lines);
        self.saved = self.saved.saturating_add(earned).min(self.budget.burst);
    }

    /// Learns how long the terminal took for the last frame, and shows less if that was long.
    pub fn printed_in(&mut self, took: Duration) {
        self.requested.printed_in(took);
        if took <= SLOW {
            return;
        }
        self.quiet_since = self.last_frame;
        self.budget.burst = 0;
        self.saved = 0;
        self.budget.lines = (self.budget.lines / 2).max(LEAST.lines).min(self.allowed.lines);
        self.budget.bytes = (self.budget.bytes / 2).max(LEAST.bytes).min(self.allowed.bytes);
        self.budget.every = (self.budget.every * 2).min(LEAST.every).max(self.allowed.every);
    }

    /// Returns what may be shown at present: the budget given, or less on a slow terminal.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// One line more for each quiet second; back to the full rate when all lines are back.
    fn recover(&mut self, now: Instant) {
        let Some(since) = self.quiet_since else { return };
        let seconds = now.saturating_duration_since(since).as_secs();
        if seconds == 0 {
            return;
        }
        self.quiet_since = Some(now);
        let more = usize::try_from(seconds).unwrap_or(usize::MAX);
        self.budget.lines = self.budget.lines.saturating_add(more).min(self.allowed.lines);
        if self.budget.lines == self.allowed.lines {
            self.budget = self.allowed;
            self.quiet_since = None;
        }
    }
}

/// A line that waits for the next frame, with the steps that joined it.
#[derive(Debug)]
struct Entry {
    priority: Priority,
    key: Option<String>,
    leg: Option<String>,
    text: String,
    steps: usize,
    kinds: Tally,
    arrived: u64,
    is_requested: bool,
}

impl Frame {
    fn summarise(&mut self, tally: &Tally) {
        if !tally.is_empty() {
            self.lines.push(FrameLine { text: tally.line(), is_requested: false });
        }
    }
}

impl Entry {
    fn new(line: Line, arrived: u64) -> Self {
        let mut kinds = Tally::default();
        kinds.add(&line.kind, 1);
        let Line { priority, key, leg, text, is_requested, .. } = line;
        Self { priority, key, leg, text, steps: 0, kinds, arrived, is_requested }
    }

    /// Bytes on the screen.
    fn size(&self) -> usize {
        self.text.len() + 1
    }

    fn merge(&mut self, line: Line) {
        self.priority = self.priority.min(line.priority);
        self.kinds.add(&line.kind, 1);
        self.steps += 1;
        if self.steps <= STEPS {
            reset(&mut self.text);
            let step = bounded(line.merged.unwrap_or(line.kind));
            self.text.push_str(" → ");
            if line.leg != self.leg {
                self.text.extend(line.leg.iter().flat_map(|leg| [leg, " "]));
                self.leg = line.leg;
            }
            self.text.push_str(&step);
        }
    }

    fn into_line(mut self) -> (u64, FrameLine) {
        if self.steps > STEPS {
            self.text.push_str(" → …");
        }
        reset(&mut self.text);
        (self.arrived, FrameLine { text: self.text, is_requested: self.is_requested })
    }
}

/// Ends the colors of `text`, when it has any that are not ended.
fn reset(text: &mut String) {
    if text.contains('\x1b') && !text.ends_with(RESET) {
        text.push_str(RESET);
    }
}

/// Cuts what no line should be, and keeps it one line.
fn bounded(mut text: String) -> String {
    if text.contains(['\n', '\r']) {
        text = text.replace('\n', "␊").replace('\r', "␍");
    }
    cut(text, LONGEST)
}

/// Cuts a text to `most` bytes.
fn cut(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        let mut end = text.floor_char_boundary(longest);
        // Half a color sequence would swallow what follows it.
        if let Some((before, sequence)) = text.split_at(end).0.rsplit_once('\x1b')
            && !sequence.contains('m')
        {
            end = before.len();
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

/// A slower frame than this halves the budget.
const SLOW: Duration = Duration::from_millis(150);
/// The budget never gets smaller than this.
const LEAST: Budget = Budget { lines: 3, every: Duration::from_millis(200), burst: 0, bytes: 400 };
/// Lines that may wait for a frame: more than any frame shows.
const WAITING: usize = 128;
/// Steps shown of one call in one frame.
const STEPS: usize = 8;
/// Bytes of one line.
const LONGEST: usize = 2048;
/// Bytes of a line that was asked for: more than the largest SIP message.
const LONGEST_REQUESTED: usize = 256 << 10;
const RESET: &str = "\x1b[0m";

#[cfg(test)]
mod tests;
