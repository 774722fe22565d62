//! Where an answer goes and how it should look.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Format;
use crate::shell::text::error::CommandError;
use crate::shell::text::operator::Operator;
use crate::shell::text::outlet::Pace;

/// Where an answer goes and how it should look.
pub struct Output<'a> {
    /// Takes the text, in parts as they come.
    pub text: &'a mut (dyn fmt::Write + Send),
    /// The format that the process was asked for; a line or `set` may ask for another.
    pub format: Option<Format>,
    /// The width of the terminal, if it is one.
    pub width: Option<u16>,
    /// The height of the terminal, if it is one: longer answers go through a pager.
    pub rows: Option<u16>,
    /// The operator who can be asked; none in a script.
    pub operator: Option<Operator>,
    /// Whether `text` ends up on the standard output of this process, so that programs which a line
    /// starts may write there themselves.
    pub owns_stdout: bool,
    /// What the line itself asked for with `\G`.
    pub(in crate::shell) with_forced_format: Option<Format>,
    /// How fast what is written without end is read.
    pub(in crate::shell) pace: Option<Pace>,
    /// How many lines it is within: files run lines that can run files.
    pub(in crate::shell) depth: u8,
    /// Takes what is said about an answer, where the answer is kept as a value.
    pub(in crate::shell) notes: Option<Arc<Mutex<Vec<String>>>>,
}

impl<'a> Output<'a> {
    /// An answer into `text`: no format asked for, no terminal, no operator to ask.
    #[must_use]
    pub fn new(text: &'a mut (dyn fmt::Write + Send)) -> Self {
        Self {
            text,
            format: None,
            width: None,
            rows: None,
            operator: None,
            owns_stdout: false,
            with_forced_format: None,
            pace: None,
            depth: 0,
            notes: None,
        }
    }

    /// In the format that the process was asked for.
    #[must_use]
    pub fn with_format(self, format: Option<Format>) -> Self {
        Self { format, ..self }
    }

    /// For a terminal of that many columns.
    #[must_use]
    pub fn with_width(self, width: Option<u16>) -> Self {
        Self { width, ..self }
    }

    /// For a terminal of that many rows.
    #[must_use]
    pub fn with_rows(self, rows: Option<u16>) -> Self {
        Self { rows, ..self }
    }

    /// On the standard output of this process.
    #[must_use]
    pub fn on_stdout(self) -> Self {
        Self { owns_stdout: true, ..self }
    }

    /// With the format and the operator of another one; that it is a terminal is not taken over.
    pub(in crate::shell) fn inherit_from(self, other: &Output<'_>) -> Self {
        let (operator, depth) = (other.operator.clone(), other.depth);
        let notes = other.notes.clone();
        Self {
            format: other.format,
            with_forced_format: other.with_forced_format,
            operator,
            depth,
            notes,
            ..self
        }
    }

    /// One line deeper.
    ///
    /// # Errors
    /// A usage error when that is too deep: a file that runs itself never ends.
    pub(in crate::shell) fn within(self, depth: u8) -> Result<Self, CommandError> {
        if depth >= DEPTH {
            return Err(CommandError::usage(format!("lines run lines, {DEPTH} deep"))
                .hint("a file that runs itself, or a profile that connects to itself?"));
        }
        Ok(Self { depth: depth + 1, ..self })
    }

    pub(in crate::shell) fn with_forced_format(self, format: Option<Format>) -> Self {
        Self { with_forced_format: format.or(self.with_forced_format), ..self }
    }

    pub(crate) fn with_pace(self, pace: Pace) -> Self {
        Self { pace: Some(pace), ..self }
    }

    /// With an operator who can be asked.
    #[must_use]
    pub fn with_operator(self, operator: Option<Operator>) -> Self {
        Self { operator, ..self }
    }
}

/// How deep lines may run lines: each level takes its part of the stack.
const DEPTH: u8 = 16;

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("format", &self.format).finish_non_exhaustive()
    }
}
