//! Text that came from the network, made safe for a terminal.
//!
//! # Invariants
//! What comes out holds no control character (but `\n` and `\t` in a block), nothing that changes the
//! direction of the text around it, and nothing that no one sees: two texts that look the same are
//! the same. Joiners and variation selectors stay where scripts and emoji need them, between letters
//! that are no ASCII.
use std::borrow::Cow;

/// Returns `text` as one line: every control character is made visible.
pub fn line(text: &str) -> Cow<'_, str> {
    made_safe(text, false)
}

/// Returns `text` with its line breaks and tabs kept: for bodies of many lines.
///
/// The CR of a CR LF is dropped; a lone CR would overwrite the line and is made visible.
pub fn block(text: &str) -> Cow<'_, str> {
    made_safe(text, true)
}

/// Returns a JSON text in which what is unsafe is escaped: it means the same, and a terminal shows
/// it as it is. JSON itself escapes the control characters of ASCII.
pub fn json(text: &str) -> Cow<'_, str> {
    let is_escaped = |c: char| !c.is_ascii_control() && is_unsafe(c) || c == '\u{7f}';
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_escaped(c) {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Returns the rows of a text of several lines, also empty ones. Tabs become spaces.
pub fn rows(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split('\n').map(|row| {
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

fn made_safe(text: &str, is_block: bool) -> Cow<'_, str> {
    let stays = |c| is_block && matches!(c, '\n' | '\t');
    let Some(first) = text.find(|c| !stays(c) && (is_unsafe(c) || is_joining(c))) else {
        return Cow::Borrowed(text);
    };
    let (clean, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(clean);
    let mut before = clean.chars().next_back();
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        match c {
            '\r' if is_block && next == Some('\n') => {}
            _ if stays(c) => out.push(c),
            _ if is_joining(c) && !joins(before, c, next) => push_code(&mut out, c),
            _ => push(&mut out, c),
        }
        before = Some(c);
    }
    Cow::Owned(out)
}

/// Says whether `c` could move the cursor, start an escape sequence or reorder its surroundings, or
/// is not seen at all.
pub(crate) fn is_unsafe(c: char) -> bool {
    is_moving(c) || is_invisible(c)
}

/// Says whether `c` could move the cursor, start an escape sequence or reorder its surroundings.
pub(crate) fn is_moving(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Unicode's `Default_Ignorable_Code_Point` and other format characters, without what
/// [`is_joining`] says.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// What shapes its neighbours: the joiners and the variation selectors.
fn is_joining(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// Whether there is something to shape. ASCII never is.
fn joins(before: Option<char>, c: char, next: Option<char>) -> bool {
    let is_variation = |c: char| matches!(c, '\u{fe00}'..='\u{fe0f}');
    let is_seen = |c: char| !c.is_ascii() && !is_unsafe(c) && !is_joining(c);
    let is_behind = before.is_some_and(is_seen);
    if is_variation(c) {
        return is_behind;
    }
    (is_behind || before.is_some_and(is_variation)) && next.is_some_and(is_seen)
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
        _ if is_unsafe(c) => push_code(out, c),
        _ => out.push(c),
    }
}

fn push_code(out: &mut String, c: char) {
    use std::fmt::Write as _;
    // Writing to a String cannot fail.
    _ = write!(out, "‹{:04x}›", u32::from(c));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[limited::test]
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
            // Not seen at all.
            ("al\u{200b}ice", "al‹200b›ice"),
            ("al\u{200d}ice\u{200c}", "al‹200d›ice‹200c›"),
            ("\u{feff}a\u{ad}b\u{2060}c\u{3164}", "‹feff›a‹00ad›b‹2060›c‹3164›"),
            ("1\u{e0041}\u{fe0f}\u{180e}", "1‹e0041›‹fe0f›‹180e›"),
            ("é\u{200d}\u{200d}é", "é‹200d›‹200d›é"),
            // What Persian and emoji need.
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("\u{2764}\u{fe0f}\u{200d}\u{1f525}", "\u{2764}\u{fe0f}\u{200d}\u{1f525}"),
        ] {
            assert_eq!(line(input), expected, "{input:?}");
        }
    }

    #[limited::test]
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

    #[limited::test]
    fn rows_of_a_text() {
        for (input, expected) in [
            ("", &[""][..]),
            ("one", &["one"]),
            ("one\r\n  two\r\n\r\nv=0\r", &["one", "  two", "", "v=0"]),
            ("v=0\r\n", &["v=0", ""]),
            ("a\tb\n\n", &["a       b", "", ""]),
            ("\n\none", &["", "", "one"]),
            ("a\rb\n\x1b[2J\u{202e}", &["a␍b", "␛[2J‹202e›"]),
        ] {
            assert_eq!(rows(input).collect::<Vec<_>>(), expected, "{input:?}");
        }
    }

    #[limited::test]
    fn json_means_the_same_and_holds_nothing_unsafe() {
        let text = "a\u{9b}2J\u{202e}\u{7f}\u{e0041}\u{200b}\x1b[31m\"\\é";
        for document in [serde_json::json!(text), serde_json::json!({text: [text]})] {
            for written in [document.to_string(), format!("{document:#}")] {
                let safe = json(&written);
                assert!(!safe.contains(|c| c != '\n' && is_unsafe(c)), "{safe}");
                let read: serde_json::Value = serde_json::from_str(&safe).unwrap();
                assert_eq!(read, document);
            }
        }
        assert!(matches!(json("{\"é\": 1}\n"), Cow::Borrowed(_)));
    }

    #[limited::test]
    fn clean_text_is_not_copied() {
        assert!(matches!(line("ünïcode 1000"), Cow::Borrowed(_)));
        assert!(matches!(block("two\nlines\t."), Cow::Borrowed(_)));
    }

    proptest! {
        #[limited::test]
        fn nothing_unsafe_is_left(text in "(\\PC|\\pC|[\\r\\n\\t\u{1b}\u{7f}-\u{9f}\u{2028}\u{202e}\u{200b}-\u{200d}\u{fe0f}\u{feff}\u{e0041}ae]){0,60}") {
            prop_assert!(!line(&text).contains(is_unsafe));
            let block = block(&text);
            prop_assert!(!block.contains(|c| !matches!(c, '\n' | '\t') && is_unsafe(c)));
            prop_assert!(!block.contains("\r"));
            let once = line(&text);
            prop_assert_eq!(line(&once), once.as_ref());
        }
    }
}
