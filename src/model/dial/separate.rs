//! How FreeSWITCH cuts a text into parts, and what it makes of each (`switch_separate_string`,
//! `switch_utils.c`).
//!
//! Each pass removes one level of quotes and backslashes. `originate` makes three of them over the
//! value of a variable: at blanks, at commas, and at the `=`. `bridge` makes the last two.

/// Cuts at a delimiter outside quotes and cleans each part. At blanks, several count as one. `^^:`
/// at the start names another delimiter. An empty part at the end is dropped.
#[must_use]
pub fn separate(text: &str, delimiter: char) -> Vec<String> {
    separate_at_most(text, delimiter, usize::MAX)
}

/// As [`separate`], but the last of `most` parts is all that is left.
#[must_use]
pub fn separate_at_most(text: &str, delimiter: char, most: usize) -> Vec<String> {
    let (delimiter, text) = own_delimiter(text).unwrap_or((delimiter, text));
    let parts = cut(text, delimiter, most);
    parts.into_iter().map(|part| clean(part, Some(delimiter).filter(|it| *it != ' '))).collect()
}

/// The parts as they are written, with their quotes.
pub(super) fn cut(text: &str, delimiter: char, most: usize) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted) = (Vec::new(), 0, false);
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        let rest = text.get(start..).unwrap_or_default();
        if delimiter == ' ' && at == start && letter == ' ' {
            start += 1;
        } else if parts.len() + 1 >= most {
            parts.push(rest);
            return parts;
        } else if letter == '\\' {
            letters.next();
        } else if letter == '\'' {
            // At blanks a lone quote counts, too.
            is_quoted = match is_quoted {
                true => false,
                false => delimiter == ' ' || letters.as_str().contains('\''),
            };
        } else if letter == delimiter && !is_quoted {
            parts.extend(text.get(start..at));
            start = at + letter.len_utf8();
        }
    }
    parts.extend(text.get(start..).filter(|rest| !rest.is_empty()));
    parts
}

/// Takes quotes and backslashes away, and the blanks around the part that neither protects.
fn clean(part: &str, delimiter: Option<char>) -> String {
    let (mut out, mut is_quoted, mut kept) = (String::new(), false, 0);
    let mut letters = part.trim_start_matches(' ').chars();
    while let Some(letter) = letters.next() {
        let escaped = letters.clone().next().filter(|_| letter == '\\');
        if let Some(meant) = escaped.and_then(|next| unescape(next, delimiter)) {
            letters.next();
            out.push(meant);
            kept = out.len();
        } else if letter == '\'' && (is_quoted || letters.as_str().contains('\'')) {
            is_quoted = !is_quoted;
            if is_quoted {
                kept = out.len();
            }
        } else {
            out.push(letter);
            if letter != ' ' || is_quoted {
                kept = out.len();
            }
        }
    }
    out.truncate(kept);
    out
}

/// What a letter after a backslash stands for; `None` where the backslash stays.
pub(super) fn unescape(letter: char, delimiter: Option<char>) -> Option<char> {
    Some(match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        's' => ' ',
        '\'' | '"' | '\\' => letter,
        _ if Some(letter) == delimiter => letter,
        _ => return None,
    })
}

/// `^^:a:b`: the delimiter that the text brings along, and the rest.
fn own_delimiter(text: &str) -> Option<(char, &str)> {
    let mut letters = text.strip_prefix("^^")?.chars();
    let delimiter = letters.next()?;
    Some((delimiter, letters.as_str())).filter(|(_, rest)| !rest.is_empty())
}

/// Where the bracket at the start of a text closes. Quotes do not count, brackets inside do.
pub(super) fn end_of_bracket(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, letter) in text.char_indices() {
        if letter == open {
            depth += 1;
        } else if letter == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        } else if depth == 0 {
            return None;
        }
    }
    None
}
