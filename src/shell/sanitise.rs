//! Text that came from the network, made safe for a terminal.
//!
//! # Invariants
//! What comes out holds no control character (but `\n` and `\t` in a block) and nothing that
//! changes the direction of the text around it.
use std::borrow::Cow;

/// Returns `text` as one line: every control character is made visible.
pub fn line(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_unsafe) else { return Cow::Borrowed(text) };
    let (clean, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(clean);
    for c in rest.chars() {
        push(&mut out, c);
    }
    Cow::Owned(out)
}

/// Returns `text` with its line breaks and tabs kept: for bodies of many lines.
///
/// The CR of a CR LF is dropped; a lone CR would overwrite the line and is made visible.
pub fn block(text: &str) -> Cow<'_, str> {
    let is_unsafe = |c| !matches!(c, '\n' | '\t') && is_unsafe(c);
    let Some(first) = text.find(is_unsafe) else { return Cow::Borrowed(text) };
    let (clean, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(clean);
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\t' => out.push(c),
            _ => push(&mut out, c),
        }
    }
    Cow::Owned(out)
}

/// Returns the rows of a text of several lines, without empty ones at its end. Tabs become spaces.
pub fn rows(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.trim_end_matches(['\r', '\n']).split('\n').map(|row| {
        let row = row.strip_suffix('\r').unwrap_or(row);
        if row.contains('\t') { Cow::Owned(line(&untabbed(row)).into_owned()) } else { line(row) }
    })
}

/// Tabs as the spaces that a terminal would show.
fn untabbed(row: &str) -> String {
    let mut out = String::with_capacity(row.len() + 16);
    let mut column = 0;
    for c in row.chars() {
        if c == '\t' {
            let spaces = TAB - column % TAB;
            out.extend(std::iter::repeat_n(' ', spaces));
            column += spaces;
        } else {
            out.push(c);
            column += 1;
        }
    }
    out
}

/// Columns between the stops of a terminal.
const TAB: usize = 8;

/// Says whether `c` could move the cursor, start an escape sequence or reorder its surroundings.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns `text` without our own colors.
pub(crate) fn uncolored(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once('m').map_or(part, |(_, rest)| rest))
}

fn push(out: &mut String, c: char) {
    match c {
        '\0'..='\u{1f}' => out.extend(char::from_u32(0x2400 + u32::from(c))),
        '\u{7f}' => out.push('\u{2421}'),
        _ if is_unsafe(c) => {
            use std::fmt::Write as _;
            // Writing to a String cannot fail.
            _ = write!(out, "‹{:04x}›", u32::from(c));
        }
        _ => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines() {
        for (input, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("Jos\u{e9} 日本 👩‍🚀", "Jos\u{e9} 日本 👩‍🚀"),
            ("a\nb", "a␊b"),
            ("a\r\nb\tc", "a␍␊b␉c"),
            ("\x1b[2J\x1b]0;x\x07", "␛[2J␛]0;x␇"),
            ("\0\x7f", "␀␡"),
            ("\u{85}\u{9b}31m", "‹0085›‹009b›31m"),
            ("\u{202e}gnp.exe", "‹202e›gnp.exe"),
            ("\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}", "‹2066›‹2069›‹200e›‹200f›‹061c›"),
            ("a\u{2028}b\u{2029}", "a‹2028›b‹2029›"),
        ] {
            assert_eq!(line(input), expected, "{input:?}");
        }
    }

    #[test]
    fn blocks() {
        for (input, expected) in [
            ("a\n\tb\n", "a\n\tb\n"),
            ("a\r\nb\r\n", "a\nb\n"),
            ("a\rb", "a␍b"),
            ("a\r\r\nb", "a␍\nb"),
            ("\x1b[H\n", "␛[H\n"),
            ("\u{202e}\r", "‹202e›␍"),
        ] {
            assert_eq!(block(input), expected, "{input:?}");
        }
    }

    #[test]
    fn rows_of_a_text() {
        for (input, expected) in [
            ("", &[""][..]),
            ("one", &["one"]),
            ("one\r\n  two\r\n\r\nv=0\r\n", &["one", "  two", "", "v=0"]),
            ("a\tb\n\n\n", &["a       b"]),
            ("a\rb\n\x1b[2J\u{202e}", &["a␍b", "␛[2J‹202e›"]),
        ] {
            assert_eq!(rows(input).collect::<Vec<_>>(), expected, "{input:?}");
        }
    }

    #[test]
    fn clean_text_is_not_copied() {
        assert!(matches!(line("ünïcode 1000"), Cow::Borrowed(_)));
        assert!(matches!(block("two\nlines\t."), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left(text in "(\\PC|\\pC|[\\r\\n\\t\u{1b}\u{7f}-\u{9f}\u{2028}\u{202e}]){0,60}") {
            prop_assert!(!line(&text).contains(is_unsafe));
            let block = block(&text);
            prop_assert!(!block.contains(|c| !matches!(c, '\n' | '\t') && is_unsafe(c)));
            prop_assert!(!block.contains("\r"));
            let once = line(&text);
            prop_assert_eq!(line(&once), once.as_ref());
        }
    }
}
