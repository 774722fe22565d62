//! What rustyline asks while a line is edited, and what the arbiter learns from being asked.
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io;
use std::io::Write as _;
use std::sync::Arc;

use nu_ansi_term::{Color, Style};
use rustyline::completion::Completer;
use rustyline::config::CompletionType;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Cmd, ConditionalEventHandler, Event, EventContext};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::abbreviations::Expanding;
use super::assist::{Assist, Draft, Options, Purpose};
use super::candidates;
use crate::cli::printer::terminal_arbiter::Arbiter;
use crate::cli::terminal;
use crate::shell::highlight::Mark;
use crate::shell::{cut, sanitise};

/// rustyline's view of the shell, and the arbiter's view of rustyline.
pub(super) struct Helper {
    expanding: Expanding,
    arbiter: Arc<Arbiter>,
    assist: Arc<dyn Assist>,
    color: bool,
    history: HistoryHinter,
    prompt: String,
    purpose: Purpose,
    /// The line as it was last drawn, and the cursor in it.
    line: RefCell<(String, usize)>,
    /// Rows below the first that the line takes.
    wrapped: Cell<usize>,
    /// Candidates still to be listed.
    unlisted: Cell<usize>,
    /// Something stands out in the line.
    is_marked: Cell<bool>,
    /// What is suggested comes from the history.
    is_recalled: Cell<bool>,
    /// What was drawn behind the line, and on how many columns.
    drawn: RefCell<(String, usize)>,
}

impl Helper {
    pub(super) fn new(arbiter: &Arc<Arbiter>, options: &Options, expanding: &Expanding) -> Self {
        Self {
            expanding: expanding.clone(),
            arbiter: Arc::clone(arbiter),
            assist: Arc::clone(&options.assist),
            color: options.color,
            history: HistoryHinter::new(),
            prompt: String::new(),
            purpose: Purpose::default(),
            line: RefCell::default(),
            wrapped: Cell::new(0),
            unlisted: Cell::new(0),
            is_marked: Cell::new(false),
            is_recalled: Cell::new(false),
            drawn: RefCell::default(),
        }
    }

    /// A line is about to be read behind this prompt.
    pub(super) fn begin(&mut self, prompt: &str, purpose: Purpose) {
        prompt.clone_into(&mut self.prompt);
        self.purpose = purpose;
        self.line.take();
        self.drawn.take();
    }

    /// Where the terminal has wrapped the line again for a new width, rustyline clears rows by the old
    /// one. The rows that are there now are cleared here, and the cursor is left where rustyline takes
    /// it to be, with as much room below.
    fn after_resize(&self, columns: usize) {
        let (hint, before) = &*self.drawn.borrow();
        if *before == 0 || *before == columns || !terminal::wraps_again() {
            return;
        }
        let (line, pos) = &*self.line.borrow();
        let left = self.prompt.chars().chain(line.get(..*pos).unwrap_or(line).chars());
        let whole = self.prompt.chars().chain(line.chars()).chain(hint.chars());
        let (old_row, old_column) = end_of(left.clone(), *before);
        let (old_end, _) = end_of(whole.clone(), *before);
        if old_end == 0 && end_of(whole, columns).0 == 0 {
            // One row before and after: nothing has moved, and nothing is drawn again.
            return;
        }
        let (mut row, column) = end_of(left, columns);
        if old_row > 0 && old_column == 0 && column > 0 {
            // rustyline has ended a full row itself.
            row += 1;
        }
        let mut out = io::stdout();
        let up = |rows: usize| if rows > 0 { format!("\x1b[{rows}A") } else { String::new() };
        let text = format!(
            "{}\r\x1b[J{}{}",
            up(row),
            "\n".repeat(old_end),
            up(old_end.saturating_sub(old_row))
        );
        // A terminal that is gone shows nothing anyway.
        drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }

    /// The line as it stands, and how many rows below the first it takes.
    pub(super) fn draft(&self) -> (Draft, usize) {
        let (line, pos) = &*self.line.borrow();
        let (left, right) = line.split_at_checked(*pos).unwrap_or((line, ""));
        (Draft { left: left.to_owned(), right: right.to_owned() }, self.wrapped.get())
    }

    /// How many rows below the first a line takes behind the prompt, without a hint.
    pub(super) fn rows_of(&self, line: &str) -> usize {
        rows_below(self.prompt.chars().chain(line.chars()))
    }

    fn saw(&self, line: &str, pos: usize) {
        let (known, at) = &mut *self.line.borrow_mut();
        line.clone_into(known);
        *at = pos;
    }

    fn suggestion(
        &self,
        line: &str,
        pos: usize,
        cx: &rustyline::Context<'_>,
    ) -> Option<Suggestion> {
        if !self.color || pos < line.len() || self.purpose == Purpose::Answer {
            return None;
        }
        if line.ends_with('\n') {
            self.is_recalled.set(false);
            let is_open = self.assist.is_open(line.trim_end_matches('\n'));
            let text = if is_open { GOES_ON } else { SEVERAL };
            return self.fitted(line, text, None);
        }
        let recalled = self.history.hint(line, pos, cx).filter(|text| !unclean(text));
        self.is_recalled.set(recalled.is_some());
        let text = recalled.clone().or_else(|| self.assist.hint(line))?;
        self.fitted(line, &sanitise::line(&text), recalled)
    }

    /// A suggestion that ends with the row in which the cursor is: the line shall not take more rows
    /// for text that was not typed.
    fn fitted(&self, line: &str, text: &str, insertable: Option<String>) -> Option<Suggestion> {
        let columns = usize::from(terminal::size().0);
        let (_, column) = end_of(self.prompt.chars().chain(line.chars()), columns);
        let room = columns.saturating_sub(column + 1);
        let text = match cut(text, room) {
            Cow::Borrowed(whole) => whole.to_owned(),
            Cow::Owned(cut) => {
                let left = cut.strip_suffix('…').unwrap_or(&cut);
                // One or two letters fit too much.
                Some(left).filter(|left| left.trim().len() >= TELLING)?;
                cut
            }
        };
        Some(Suggestion { text, insertable })
    }
}

impl rustyline::Helper for Helper {}

impl Completer for Helper {
    type Candidate = candidates::Shown;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<candidates::Shown>)> {
        if let Some(text) = self.expanding.take() {
            return Ok((0, vec![candidates::Shown::only(text)]));
        }
        if self.purpose == Purpose::Answer {
            return Ok((pos, Vec::new()));
        }
        let completions = self.assist.complete(line, pos);
        let start = completions.start;
        if start > pos || !line.is_char_boundary(start) {
            return Ok((pos, Vec::new()));
        }
        let shown = candidates::fit(completions.candidates, terminal::size());
        self.unlisted.set(shown.len());
        Ok((start, shown))
    }
}

pub(super) struct Suggestion {
    /// As it is shown.
    text: String,
    /// From the history, so Right may take it: all of it.
    insertable: Option<String>,
}

impl Hint for Suggestion {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.insertable.as_deref()
    }
}

impl Hinter for Helper {
    type Hint = Suggestion;

    fn hint(&self, line: &str, pos: usize, cx: &rustyline::Context<'_>) -> Option<Suggestion> {
        self.arbiter.editing();
        let columns = usize::from(terminal::size().0);
        self.after_resize(columns);
        self.saw(line, pos);
        let suggestion = self.suggestion(line, pos, cx);
        let hint = suggestion.as_ref().map_or("", |suggestion| &suggestion.text);
        *self.drawn.borrow_mut() = (hint.to_owned(), columns);
        let text = [self.prompt.as_str(), line, hint];
        self.wrapped.set(rows_below(text.iter().flat_map(|part| part.chars())));
        suggestion
    }
}

impl Highlighter for Helper {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let marks = if self.color && self.purpose == Purpose::Command {
            self.assist.marks(line)
        } else {
            Vec::new()
        };
        self.is_marked.set(!marks.is_empty());
        let own = self.assist.input_style().filter(|_| self.color);
        if marks.is_empty() && own.is_none() {
            return clean(line);
        }
        let plain = |text: &str| match own {
            Some(style) if !text.is_empty() => style.paint(clean(text)).to_string(),
            _ => clean(text).into_owned(),
        };
        let (mut out, mut at) = (String::with_capacity(line.len() + 32), 0);
        for (range, mark) in marks {
            out.push_str(&plain(line.get(at..range.start).unwrap_or_default()));
            let text = clean(line.get(range.clone()).unwrap_or_default());
            out.push_str(&style(mark).paint(text).to_string());
            at = range.end;
        }
        out.push_str(&plain(line.get(at..).unwrap_or_default()));
        Cow::Owned(out)
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        default: bool,
    ) -> Cow<'b, str> {
        self.arbiter.drawn();
        if !default {
            return Cow::Borrowed(prompt);
        }
        if self.purpose == Purpose::Answer {
            return Cow::Borrowed(prompt);
        }
        let now = self.assist.prompt();
        let same_width = sanitise::uncolored(&now).width() == sanitise::uncolored(prompt).width();
        let chosen = if same_width { Cow::Owned(now) } else { Cow::Borrowed(prompt) };
        if self.color { chosen } else { Cow::Owned(sanitise::uncolored(&chosen)) }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        let dimmed = Style::new().dimmed();
        if self.is_recalled.get() {
            return Cow::Owned(dimmed.paint(hint).to_string());
        }
        // The argument at the cursor, and those behind it.
        let start = hint.len() - hint.trim_start().len();
        let end =
            hint.get(start..).and_then(|rest| rest.find(' ')).map_or(hint.len(), |at| start + at);
        let (first, rest) = hint.split_at_checked(end).unwrap_or((hint, ""));
        Cow::Owned(format!("{}{}", Style::new().italic().paint(first), dimmed.paint(rest)))
    }

    /// Pads the list behind its last candidate: after it rustyline clears as many rows as the line
    /// took, though the line has stayed above the list.
    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        let left = self.unlisted.get().saturating_sub(1);
        self.unlisted.set(left);
        match self.wrapped.get() {
            rows if left == 0 && rows > 0 => Cow::Owned(candidate.to_owned() + &"\n".repeat(rows)),
            _ => Cow::Borrowed(candidate),
        }
    }

    fn highlight_char(&self, line: &str, pos: usize, _: CmdKind) -> bool {
        // Asked before each redraw that a key causes.
        self.arbiter.key();
        self.saw(line, pos);
        // What stands out changes with any letter.
        self.is_marked.get() || (self.color && line.len() < LONG)
    }
}

impl Validator for Helper {
    fn validate(&self, cx: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        if self.purpose == Purpose::Command && self.assist.is_open(cx.input()) {
            return Ok(ValidationResult::Incomplete);
        }
        self.arbiter.leaving();
        Ok(ValidationResult::Valid(None))
    }
}

/// Closes the arbiter when Ctrl-D is about to end the line.
pub(super) struct Leave(pub(super) Arc<Arbiter>);

impl ConditionalEventHandler for Leave {
    fn handle(&self, _: &Event, _: u16, _: bool, cx: &EventContext<'_>) -> Option<Cmd> {
        if cx.line().is_empty() {
            self.0.leaving();
        }
        None
    }
}

fn style(mark: Mark) -> Style {
    match mark {
        Mark::Known => Style::new().bold(),
        Mark::Unknown => Color::Red.underline(),
        Mark::Unbalanced => Color::Red.reverse(),
        Mark::Alive => Color::Green.normal(),
        Mark::Ended => Color::DarkGray.strikethrough(),
    }
}

/// As wide as what rustyline counts: nothing for a control character.
fn clean(text: &str) -> Cow<'_, str> {
    if !unclean(text) {
        return Cow::Borrowed(text);
    }
    let stays = |c: &char| matches!(c, '\n' | '\t') || !sanitise::is_moving(*c);
    Cow::Owned(text.chars().filter(stays).collect())
}

/// Said on the empty line below one that is not complete.
const GOES_ON: &str = "(the line continues here; Ctrl-C drops it)";

/// Said on the empty line below several that are.
const SEVERAL: &str = "(Enter asks whether to run these lines; Ctrl-C drops them)";

/// Letters of a suggestion that are shown at least.
const TELLING: usize = 3;

/// A longer line is not drawn anew at every letter.
const LONG: usize = 1000;

/// Says whether a line holds what would not stay in its place.
fn unclean(text: &str) -> bool {
    text.contains(sanitise::is_moving)
}

/// Returns how many rows below the first a text takes on this terminal, as rustyline counts.
fn rows_below(text: impl Iterator<Item = char>) -> usize {
    end_of(text, usize::from(terminal::size().0)).0
}

/// The row and column in which the next letter stands.
fn end_of(text: impl Iterator<Item = char>, columns: usize) -> (usize, usize) {
    let (mut row, mut column) = (0, 0);
    for c in text {
        let width = c.width().unwrap_or(0);
        column += width;
        if c == '\n' || column > columns {
            row += 1;
            column = width;
        }
    }
    if column == columns { (row + 1, 0) } else { (row, column) }
}
