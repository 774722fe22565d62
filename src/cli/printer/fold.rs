//! Long lines of events, broken at the terminal's width.

use crate::shell::sampler::{Frame, FrameLine};
use crate::shell::{FEED_INDENT, Wrap};

/// Breaks lines that are wider than a terminal at spaces, the later rows indented; of what takes more
/// than three rows the middle is left out. Color sequences take no room.
#[cfg(test)]
pub(crate) fn fold(text: &str, columns: u16) -> String {
    fold_to(text, columns, ROWS)
}

/// A frame of events, its lines broken as by [`fold`]; what the operator asked for is not cut.
pub(crate) fn fold_frame(frame: &Frame, columns: u16) -> String {
    let rows = |is_requested| if is_requested { usize::MAX } else { ROWS };
    let folded = |line: &FrameLine| fold_to(&line.text, columns, rows(line.is_requested)) + "\n";
    frame.lines.iter().map(folded).collect()
}

fn fold_to(text: &str, columns: u16, rows: usize) -> String {
    let wrap = Wrap { columns, indent: FEED_INDENT, rows };
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        wrap.line(line.trim_end_matches('\n'), &mut out);
        if line.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

/// Rows of one line at most.
const ROWS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn lines_break_at_spaces() {
        for (text, expected) in [
            ("short\n", "short\n"),
            ("one two three four five six\n", "one two three four\n         five six\n"),
            ("exactly twenty chars\n", "exactly twenty chars\n"),
            ("日本語 日本語 日本語 日本語", "日本語 日本語 日本語\n         日本語"),
            ("\x1b[31mone two three\x1b[0m four", "\x1b[31mone two three\x1b[0m four"),
            ("", ""),
        ] {
            assert_eq!(fold(text, 20), expected, "{text:?}");
        }
        let long = fold(&"word ".repeat(40), 20);
        assert_eq!(long.lines().count(), 3, "{long}");
        assert!(
            long.starts_with("word word") && long.ends_with("\n         … word word"),
            "{long}"
        );
        let line = |is_requested| FrameLine { text: "word ".repeat(40), is_requested };
        let whole = fold_frame(&Frame { lines: vec![line(true), line(false)] }, 20);
        assert_eq!(whole.matches("word").count(), 40 + long.matches("word").count(), "{whole}");
        let unbreakable = "x".repeat(50);
        assert_eq!(fold(&unbreakable, 20), unbreakable);
    }
}
