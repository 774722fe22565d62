//! The only place where lines are broken to fit a terminal: at spaces, never inside a word that
//! fits.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How one line is broken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wrap {
    /// The width of the terminal.
    pub(crate) columns: u16,
    /// How far the later rows are indented.
    pub(crate) indent: usize,
    /// The number of rows; of what takes more the middle is left out.
    pub(crate) rows: usize,
}

/// How far the later rows of an event or of a line of the log are indented: as wide as the time
/// before an event.
pub(crate) const FEED_INDENT: usize = 9;

/// Breaks the lines of a text that are wider than a terminal. Later rows begin below the last column
/// of their line, if that leaves room. Color sequences take no room.
pub(crate) fn wrap(text: &str, columns: u16) -> Cow<'_, str> {
    // A byte takes at most one column, but for a tab.
    let fits = |line: &str| line.len() <= usize::from(columns) && !line.contains('\t');
    if text.lines().all(fits) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        let indent = last_column(bare, usize::from(columns) / 2);
        Wrap { columns, indent, rows: usize::MAX }.line(bare, &mut out);
        out.push_str(line.get(bare.len()..).unwrap_or_default());
    }
    Cow::Owned(out)
}

/// Where the text of the last column begins, of those that begin by this place: behind two blanks.
fn last_column(line: &str, most: usize) -> usize {
    let (mut column, mut blanks, mut found) = (0, 0, 0);
    let mut letters = line.chars();
    while let Some(letter) = letters.next().filter(|_| column <= most) {
        match letter {
            '\x1b' => _ = letters.by_ref().find(|part| *part == 'm'),
            ' ' => {
                blanks += 1;
                column += 1;
            }
            _ => {
                if blanks >= 2 || blanks == column {
                    found = column;
                }
                blanks = 0;
                column += letter.width().unwrap_or(0);
            }
        }
    }
    found
}

impl Wrap {
    /// Breaks a line, and writes its rows.
    pub(crate) fn line(self, line: &str, out: &mut String) {
        let start = out.len();
        self.all_rows(line, out);
        let rows: Vec<&str> = out.get(start..).unwrap_or_default().split('\n').collect();
        if rows.len() > self.rows {
            let text = self.shortened(&rows);
            out.truncate(start);
            out.push_str(&text);
        }
    }

    /// The first rows, and in the last one as many of the last words as there is room for: a line
    /// begins with whose it is and ends with what came of it. Colors are those of the whole line.
    fn shortened(self, rows: &[&str]) -> String {
        let columns = usize::from(self.columns).max(LEAST);
        let indent = self.indent.min(columns / 2);
        let room = columns.saturating_sub(indent + "… ".width());
        let (kept, rest) = rows.split_at(self.rows.saturating_sub(1).min(rows.len()));
        let words: Vec<&str> =
            rest.iter().flat_map(|row| row.split(' ')).filter(|word| !word.is_empty()).collect();
        let mut wide = 0;
        let fitting = words.iter().rev().take_while(|word| {
            wide += width_of(word) + usize::from(wide > 0);
            wide <= room
        });
        let (left_out, last) = words.split_at(words.len() - fitting.count());
        let colors: String = left_out.iter().flat_map(|word| colors_of(word)).collect();
        let gap = if last.is_empty() { "" } else { " " };
        let row = format!("{}…{colors}{gap}{}", " ".repeat(indent), last.join(" "));
        kept.iter().copied().chain([row.as_str()]).collect::<Vec<_>>().join("\n")
    }

    fn all_rows(self, line: &str, out: &mut String) {
        let columns = usize::from(self.columns).max(LEAST);
        let (mut row, mut column) = (1, 0);
        let (mut word, mut wide) = (String::new(), 0);
        let mut letters = line.chars();
        // The blank behind the last word, so that it is written as well.
        while let Some(letter) = letters.next().or_else(|| (!word.is_empty()).then_some('\0')) {
            match letter {
                '\x1b' => {
                    word.push(letter);
                    for part in letters.by_ref() {
                        word.push(part);
                        if part == 'm' {
                            break;
                        }
                    }
                }
                ' ' | '\t' | '\0' => {
                    let is_blank = out.trim_end_matches(' ').ends_with('\n') || out.is_empty();
                    if column > 0 && column + wide > columns && !(row > 1 && is_blank) {
                        row += 1;
                        out.truncate(out.trim_end_matches(' ').len());
                        out.push('\n');
                        // A word that fits a row, but not the rest of an indented one.
                        column = self.indent.min(columns.saturating_sub(wide));
                        out.extend(std::iter::repeat_n(' ', column));
                    }
                    out.push_str(&word);
                    column += wide;
                    if letter != '\0' {
                        // A tab's place depends on the row that it is on: blanks keep it.
                        let blanks = if letter == '\t' { TAB - column % TAB } else { 1 };
                        out.extend(std::iter::repeat_n(' ', blanks));
                        column += blanks;
                    }
                    word.clear();
                    wide = 0;
                }
                _ => {
                    word.push(letter);
                    wide += letter.width().unwrap_or(0);
                }
            }
        }
    }
}

/// How many columns a word takes; colors take none.
fn width_of(word: &str) -> usize {
    word.width().saturating_sub(colors_of(word).map(|color| color.width()).sum())
}

/// The color sequences of a word.
fn colors_of(word: &str) -> impl Iterator<Item = &str> {
    word.match_indices('\x1b').filter_map(|(at, _)| {
        let color = word.get(at..)?;
        color.get(..=color.find('m')?)
    })
}

/// A tab reaches to the next multiple of it.
const TAB: usize = 8;
/// Narrower terminals are taken for this wide.
const LEAST: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn lines_break_at_words_below_their_last_column() {
        for (text, columns, expected) in [
            ("short\n", 20, "short\n"),
            ("one two three four five\nsix", 20, "one two three four\nfive\nsix"),
            ("ok  one two three four", 20, "ok  one two three\n    four"),
            ("  ok  one two three four", 20, "  ok  one two three\n      four"),
            ("a  b  one two three four", 20, "a  b  one two three\n      four"),
            ("    one two three four", 20, "    one two three\n    four"),
            ("a\tb", 20, "a       b"),
            ("one\ttwo\tthree\tfour", 20, "one     two\nthree   four"),
            // A first column that leaves no room.
            ("a heading of words  one", 20, "a heading of words\none"),
            // A word that fits only an empty row.
            ("ok   seventeen-letters-x", 20, "ok\n seventeen-letters-x"),
            ("x seventeen-letters-and-more y", 20, "x\nseventeen-letters-and-more\ny"),
            (
                "\x1b[31mone two three\x1b[0m four five",
                20,
                "\x1b[31mone two three\x1b[0m four\nfive",
            ),
        ] {
            assert_eq!(wrap(text, columns), expected, "{text:?}");
        }
    }

    #[limited::test]
    fn no_word_that_fits_is_broken_and_none_is_lost() {
        let text = "warn     exposure     it listens on 127.0.0.1, loopback only by default\n\
                    \n  --user <USER>  A user for userauth, with the switch's password or an own one\n\
                    {\"a\": \"b c\"} \x1b[2mhint: mod_tone_stream NORMAL_CLEARING 日本語 日本語\x1b[0m";
        for columns in 20..=120 {
            let wrapped = wrap(text, columns);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&wrapped), words(text), "{columns}");
            for line in wrapped.lines() {
                let mut bare = line.to_owned();
                while let Some(at) = bare.find('\x1b') {
                    let end = bare.get(at..).unwrap().find('m').unwrap();
                    bare.replace_range(at..=at + end, "");
                }
                let wide = unicode_width::UnicodeWidthStr::width(bare.trim_end());
                let is_one = bare.split_whitespace().count() == 1;
                assert!(wide <= usize::from(columns) || is_one, "{columns}: {line:?}");
            }
        }
    }

    #[limited::test]
    fn of_a_line_that_is_too_long_the_middle_is_left_out() {
        for (text, rows, expected) in [
            ("one two three four five", 1, "… three four five"),
            ("one two three fourty more", 1, "… three fourty more"),
            ("one two three four5 more", 1, "… three four5 more"),
            ("one two three four five six", 2, "one two three four\nfive six"),
            (
                "one two three four five six seven eight nine",
                2,
                "one two three four\n… seven eight nine",
            ),
            ("one two three four sixteen-letters-x", 1, "… sixteen-letters-x"),
            ("one two three four and-twentyfour-letters-x", 1, "…"),
            (
                "\x1b[1mone\x1b[0m two \x1b[31mthree four five six\x1b[0m",
                1,
                "…\x1b[1m\x1b[0m\x1b[31m four five six\x1b[0m",
            ),
        ] {
            let mut out = "before\n".to_owned();
            Wrap { columns: 20, indent: 0, rows }.line(text, &mut out);
            assert_eq!(out, format!("before\n{expected}"));
        }
    }
}
