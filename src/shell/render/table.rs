//! Tables for people: no frames, fitted to the terminal.
//!
//! Columns without a value in any row are left out. Where the terminal is too narrow, the least
//! important columns are cut, and then left out; a line below says which.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{Cell, Column};

/// Writes a table. Every line ends in a line feed and in nothing else.
pub(super) fn write(columns: &[Column], rows: &[Vec<Cell>], width: Option<u16>) -> String {
    let mut shown: Vec<Shown<'_>> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| !column.is_hidden)
        .filter_map(|(at, column)| Shown::of(at, column, rows))
        .collect();
    let dropped = width.map_or_else(Vec::new, |width| fit(&mut shown, usize::from(width)));
    let mut text = String::new();
    line(&mut text, &shown, |shown| &shown.title);
    for row in rows {
        line(&mut text, &shown, |shown| row.get(shown.at).map_or("", |cell| &cell.shown));
    }
    if !dropped.is_empty() {
        let names: Vec<_> = dropped.iter().map(|column| &*column.title).collect();
        let note = format!("(no room for {}: \\G or --columns shows them)", names.join(", "));
        let width = width.map_or(usize::MAX, usize::from);
        text.push_str(&cut(&note, width));
        text.push('\n');
    }
    text
}

struct Shown<'a> {
    at: usize,
    column: &'a Column,
    title: String,
    width: usize,
}

impl<'a> Shown<'a> {
    /// A column with its natural width; nothing when all its cells are empty.
    fn of(at: usize, column: &'a Column, rows: &[Vec<Cell>]) -> Option<Self> {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let widest = cells.map(|cell| cell.shown.width()).max().unwrap_or(0);
        let title = column.title.to_uppercase();
        let width = widest.max(title.width());
        (widest > 0).then_some(Self { at, column, title, width })
    }
}

/// Makes columns narrower until all of them fit; those for which there is no room are taken out and
/// returned.
fn fit<'a>(shown: &mut Vec<Shown<'a>>, width: usize) -> Vec<&'a Column> {
    let mut dropped = Vec::new();
    loop {
        let sum = shown.iter().map(|column| column.width + GAP).sum::<usize>();
        let excess = sum.saturating_sub(GAP).saturating_sub(width);
        if excess == 0 {
            break;
        }
        // The later ones of equal rank first.
        let ranked = shown.iter().enumerate();
        let Some((at, last)) = ranked.max_by_key(|(at, column)| (column.column.rank, *at)) else {
            break;
        };
        let least = LEAST.max(last.title.width());
        let is_cut = last.width > least && last.width - least >= excess;
        if shown.len() == 1 || last.column.rank == 0 {
            // What matters most is cut, however little is left of it.
            let widest = shown.iter_mut().max_by_key(|column| column.width);
            if let Some(widest) = widest.filter(|widest| widest.width > 1) {
                widest.width = widest.width.saturating_sub(excess).max(1);
                continue;
            }
            break;
        } else if is_cut && !last.column.is_right() {
            if let Some(last) = shown.get_mut(at) {
                last.width -= excess;
            }
        } else {
            dropped.push(shown.remove(at).column);
        }
    }
    dropped.reverse();
    dropped
}

fn line<'a>(text: &mut String, shown: &'a [Shown<'a>], cell: impl Fn(&'a Shown<'a>) -> &'a str) {
    let start = text.len();
    for (at, column) in shown.iter().enumerate() {
        let value = cut(cell(column), column.width);
        let pad = " ".repeat(column.width.saturating_sub(value.width()));
        if at > 0 {
            text.push_str(BETWEEN);
        }
        if column.column.is_right() {
            text.push_str(&pad);
            text.push_str(&value);
        } else {
            text.push_str(&value);
            text.push_str(&pad);
        }
    }
    let end = start + text.get(start..).map_or(0, |line| line.trim_end().len());
    text.truncate(end);
    text.push('\n');
}

/// A text of at most so many columns; what was cut ends in an ellipsis.
fn cut(text: &str, width: usize) -> std::borrow::Cow<'_, str> {
    if text.width() <= width {
        return text.into();
    }
    let mut room = width.saturating_sub(1);
    let fits = |letter: &char| {
        let needs = letter.width().unwrap_or(0);
        let is_room = needs <= room;
        room = room.saturating_sub(needs);
        is_room
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push('…');
    kept.into()
}

const BETWEEN: &str = "  ";
const GAP: usize = BETWEEN.len();
/// Narrower than this a column says nothing.
const LEAST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn table(width: Option<u16>) -> String {
        let columns = [
            Column::text("id", "").rank(0),
            Column::text("from", "").rank(1),
            Column::text("empty", "").rank(1),
            Column::number("legs", "").rank(2),
            Column::text("channel", "").rank(3),
        ];
        let row = |id: &str, from: &str, legs: u64, channel: &str| {
            vec![
                Cell::text(id),
                Cell::text(from),
                Cell::none(),
                Cell::number(legs),
                Cell::text(channel),
            ]
        };
        let rows = [
            row("46cd8a1e", "日本 Joe", 2, "sofia/external/9196@127.0.0.1:5080"),
            row("1c9662c2", "José", 12, "loopback/1-a"),
        ];
        write(&columns, &rows, width)
    }

    #[test]
    fn fitted_to_the_terminal() {
        assert_eq!(
            table(None),
            "ID        FROM      LEGS  CHANNEL\n\
             46cd8a1e  日本 Joe     2  sofia/external/9196@127.0.0.1:5080\n\
             1c9662c2  José        12  loopback/1-a\n"
        );
        assert_eq!(table(Some(60)), table(None));
        assert_eq!(
            table(Some(40)),
            "ID        FROM      LEGS  CHANNEL\n\
             46cd8a1e  日本 Joe     2  sofia/externa…\n\
             1c9662c2  José        12  loopback/1-a\n"
        );
        assert_eq!(
            table(Some(26)),
            "ID        FROM      LEGS\n\
             46cd8a1e  日本 Joe     2\n\
             1c9662c2  José        12\n\
             (no room for channel: \\G …\n"
        );
        for width in 1..80 {
            for line in table(Some(width)).lines() {
                assert!(line.width() <= usize::from(width).max(1), "{width}: {line:?}");
            }
        }
    }
}
