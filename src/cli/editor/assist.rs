//! What the editor asks of the shell, and what it starts with.

use crate::shell::Editing;
use crate::shell::complete::Completions;
use crate::shell::highlight::Mark;
use nu_ansi_term::Style;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What the editor asks the shell. All of it runs on the editor thread, most of it at every key:
/// answer from memory.
pub(crate) trait Assist: Send + Sync {
    /// Answers Tab, for a line and the cursor in it.
    fn complete(&self, line: &str, pos: usize) -> Completions;
    /// Returns what the text before the cursor stands for, if it is an abbreviation.
    fn expansion(&self, left: &str) -> Option<String>;
    /// Returns what may follow, shown but not inserted: the first word of it is at the cursor.
    fn hint(&self, line: &str) -> Option<String>;
    /// Returns what stands out in the line, in order.
    fn marks(&self, line: &str) -> Vec<(Range<usize>, Mark)>;
    /// Keeps a line in the history, unless it is not to be kept.
    fn keep(&self, line: &str);
    /// Returns the history, oldest first, when it is another than at the last call.
    fn recall(&self) -> Option<Vec<String>>;
    /// Says whether Enter leads to a next line of this one.
    fn is_open(&self, line: &str) -> bool;
    /// Returns what a typed line looks like.
    fn input_style(&self) -> Option<Style>;
    /// Returns how the next line is edited.
    fn editing(&self) -> Editing;
    /// Returns the prompt as it is now: as wide as the raw prompt, or that is shown instead.
    fn prompt(&self) -> String;
}

/// What a line is typed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Purpose {
    /// To be run.
    #[default]
    Command,
    /// To answer a question: not completed, not kept.
    Answer,
}

/// A line that is not ended, and where the cursor stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Draft {
    /// What stands before the cursor.
    pub(crate) left: String,
    /// The text after the cursor.
    pub(crate) right: String,
}

/// How the editor is set up.
pub(crate) struct Options {
    /// Color, and hints, which look like typed text without it.
    pub(crate) color: bool,
    /// Who is asked.
    pub(crate) assist: Arc<dyn Assist>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("color", &self.color).finish_non_exhaustive()
    }
}
