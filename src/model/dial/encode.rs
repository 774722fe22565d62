//! Text that FreeSWITCH reads as it was meant.
//!
//! Each function is the inverse of what one kind of command does to its text.

use super::separate::unescape;

/// Why a text cannot be sent so that it arrives unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsendable(
    /// In words.
    pub &'static str,
);

/// Which brackets hold variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brackets {
    /// `{..}`: for the legs of one lane.
    Braces,
    /// `<..>`: for all lanes.
    Angles,
}

impl Brackets {
    /// The sign that opens and the one that closes.
    #[must_use]
    pub fn signs(self) -> (char, char) {
        match self {
            Self::Braces => ('{', '}'),
            Self::Angles => ('<', '>'),
        }
    }

    /// Whether a value may stand in them: they are matched without regard to quotes.
    #[must_use]
    pub fn can_hold(self, value: &str) -> bool {
        let (open, close) = self.signs();
        let mut depth = 0_i64;
        for letter in value.chars() {
            depth += i64::from(letter == open) - i64::from(letter == close);
            if depth < 0 {
                return false;
            }
        }
        depth == 0
    }
}

/// The value of a variable between brackets, as the `bridge` application reads it before its
/// arguments are expanded. For `originate`, [`word`] adds the level that it takes.
///
/// # Errors
/// [`Unsendable`] for a value that no quoting brings across.
pub fn value(value: &str) -> Result<String, Unsendable> {
    plain(value)?;
    if value.is_empty() {
        return Err(Unsendable("FreeSWITCH has no empty variables; leave it out"));
    }
    if value == "ARRAY::" {
        return Err(Unsendable("FreeSWITCH takes it for a list without elements"));
    }
    let value = escape(&escape(value, Some('=')), Some(','));
    // Inside a value, too, `:_:` would begin another lane. A pair of quotes disappears later.
    Ok(if value.contains(":_:") { value.replace(":_", ":''_") } else { value })
}

/// The name of a variable between brackets.
///
/// # Errors
/// [`Unsendable`] for what FreeSWITCH would read as something else.
pub fn name(name: &str) -> Result<&str, Unsendable> {
    let is_part = |letter: char| letter.is_alphanumeric() || "_-.:%+@#*!~".contains(letter);
    let is_name = !name.is_empty() && name.chars().all(is_part) && !name.contains(":_:");
    if is_name && name != "_body" {
        return Ok(name);
    }
    Err(Unsendable("it is not the name of a variable"))
}

/// One word of a command whose arguments are cut at blanks: `originate`, `uuid_transfer`.
#[must_use]
pub fn word(text: &str) -> String {
    let escaped = escape(text, None);
    let has_blank = escaped.contains(' ') || escaped.is_empty() || escaped.starts_with("^^");
    if has_blank { format!("'{escaped}'") } else { escaped }
}

/// The last argument of a command that takes the rest of the line as one: `uuid_setvar`.
///
/// # Errors
/// [`Unsendable`] for a line break.
pub fn rest(text: &str) -> Result<String, Unsendable> {
    plain(text)?;
    Ok(escape(text, None))
}

/// A part of a list with its own delimiter: `uuid_setvar_multi`.
///
/// # Errors
/// [`Unsendable`] for a line break.
pub fn part(text: &str, delimiter: char) -> Result<String, Unsendable> {
    plain(text)?;
    Ok(escape(text, Some(delimiter)))
}

/// A piece of the arguments of a dial plan application, for arguments that FreeSWITCH expands
/// ([`is_expanded`]): `${name}` stays as it is, and no backslash is taken away
/// (`switch_channel_expand_variables_check`, `switch_channel.c`).
#[must_use]
pub fn unexpanded(arguments: &str) -> String {
    arguments.replace('\\', "\\\\").replace('$', "\\$")
}

/// Whether FreeSWITCH looks for variables in the arguments of an application.
#[must_use]
pub fn is_expanded(arguments: &str) -> bool {
    let mut letters = arguments.chars().peekable();
    let mut is_escaped = false;
    while let Some(letter) = letters.next() {
        let next = letters.peek();
        is_escaped |= letter == '\\' && next.is_some_and(|next| "\\nst'".contains(*next));
    }
    is_escaped || names_variable(arguments)
}

/// Whether a value names a variable, `${x}`. FreeSWITCH sets no such value on a new leg, unless
/// `origination_nested_vars` is true (`switch_string_var_check_const`, `switch_utils.h`).
#[must_use]
pub fn names_variable(value: &str) -> bool {
    let mut after_dollar = value.split('$').skip(1);
    after_dollar.any(|text| text.trim_start_matches('\\').starts_with('{'))
}

/// Text that stays on its line.
///
/// # Errors
/// [`Unsendable`] for a line break or a NUL.
pub fn plain(text: &str) -> Result<(), Unsendable> {
    if text.contains(['\r', '\n', '\0']) {
        return Err(Unsendable("it holds a line break or a NUL"));
    }
    Ok(())
}

/// The inverse of one pass of [`super::separate`].
fn escape(text: &str, delimiter: Option<char>) -> String {
    let inner = text.trim_matches(' ');
    let lead = text.len() - text.trim_start_matches(' ').len();
    let mut out = "\\s".repeat(lead);
    let mut letters = inner.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_special = match (letter, letters.peek()) {
            // A backslash means something before some letters only, and at the end it would take
            // the next sign with it.
            ('\\', Some(next)) => {
                unescape(*next, delimiter).is_some()
                    || *next == '\t'
                    || delimiter.is_none() && *next == ' '
            }
            ('\\', None) | ('\'', _) => true,
            _ => Some(letter) == delimiter,
        };
        if is_special || letter == '\t' {
            out.push('\\');
        }
        // At the end of a line a tab would be lost.
        out.push(if letter == '\t' { 't' } else { letter });
    }
    if !inner.is_empty() {
        out.push_str(&"\\s".repeat(text.len() - lead - inner.len()));
    }
    out
}
