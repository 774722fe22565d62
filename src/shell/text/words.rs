//! Splits a typed line into words; knows no command.

use super::error::CommandError;

/// The words of a line with their places; quotes hold blanks together and stay.
pub(in crate::shell) fn words(text: &str) -> Vec<(usize, &str)> {
    let (mut words, mut start, mut quote) = (Vec::new(), None, None);
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter.is_whitespace() => {
                let word = start.take().and_then(|start| Some((start, text.get(start..at)?)));
                words.extend(word);
                continue;
            }
            None if matches!(letter, '\'' | '"') => quote = Some(letter),
            None => {}
        }
        start.get_or_insert(at);
    }
    words.extend(start.and_then(|start| Some((start, text.get(start..)?))));
    words
}

/// The word of a text that has no other, with its quotes.
pub(in crate::shell) fn only_word(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let mut quote = None;
    let end = text.find(|letter: char| {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter.is_whitespace() => return true,
            None if matches!(letter, '\'' | '"') => quote = Some(letter),
            None => {}
        }
        false
    });
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    (!word.is_empty() && rest.trim_start().is_empty()).then_some(word)
}

/// The first word and what follows it.
pub(in crate::shell) fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

/// The host that `@HOST` in front of a line names, and the line behind it.
pub(in crate::shell) fn split_host(line: &str) -> (Option<&str>, &str) {
    match line.trim_start().strip_prefix('@') {
        Some(tagged) => {
            let (host, rest) = first_word(tagged);
            (Some(host), rest.trim_start())
        }
        None => (None, line),
    }
}

/// As [`first_word`], but quotes hold it together and are taken off.
pub(in crate::shell) fn quoted_word(text: &str) -> Result<(String, &str), CommandError> {
    let text = text.trim_start();
    let Some(quote) = text.chars().next().filter(|first| matches!(first, '\'' | '"')) else {
        let (word, rest) = first_word(text);
        return Ok((word.to_owned(), rest));
    };
    let inner = text.get(1..).unwrap_or_default();
    match inner.split_once(quote) {
        Some((word, rest)) => Ok((word.to_owned(), rest)),
        None => Err(CommandError::usage(format!("the quote {quote} is not closed"))),
    }
}

/// The first word as a shell reads it, `name='two words'` too, and what follows it.
pub(in crate::shell) fn shell_word(text: &str) -> Result<(String, &str), CommandError> {
    let text = text.trim_start();
    let (mut quote, mut is_escaped) = (None, false);
    let end = text.find(|c: char| {
        match (quote, c) {
            _ if is_escaped => is_escaped = false,
            (None | Some('"'), '\\') => is_escaped = true,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, _) => return c.is_whitespace(),
            (Some(_), _) => {}
        }
        false
    });
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    // A `#` is no comment here.
    let guard = if word.starts_with('#') { "\\" } else { "" };
    let words = shlex::split(&format!("{guard}{word}")).ok_or_else(|| {
        CommandError::usage("a quote is not closed").hint("quote values like this: 'Joe Smith'")
    })?;
    Ok((words.into_iter().next().unwrap_or_default(), rest))
}

/// A line at its `;;`, but for those in quotes of commands for which `has_quotes`. A quote that is not
/// closed reaches to the end: what stands in it was not meant to run.
pub(in crate::shell) fn cut_list(line: &str, has_quotes: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(at) = end_of_piece(rest, &has_quotes) {
        let (piece, behind) = rest.split_at(at);
        pieces.push(piece);
        rest = behind.get(MARK.len()..).unwrap_or_default();
    }
    pieces.push(rest);
    pieces
}

fn end_of_piece(line: &str, has_quotes: impl Fn(&str) -> bool) -> Option<usize> {
    let first = line.find(MARK)?;
    if !has_quotes(first_word(split_host(line).1).0) {
        return Some(first);
    }
    let (mut quote, mut is_escaped, mut before) = (None, false, None);
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            _ if is_escaped => is_escaped = false,
            (None | Some('"'), '\\') => is_escaped = true,
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, ';') if before == Some(at) => return at.checked_sub(1),
            (None, ';') => {
                before = Some(at + 1);
                continue;
            }
            (None, _) => {}
        }
        before = None;
    }
    None
}

/// What stands between two commands of a list.
pub(in crate::shell) const MARK: &str = ";;";
