//! Tables for people: no frames, fitted to the terminal.
//!
//! Columns without a value in any row are left out. Where the terminal is too narrow, the least
//! important columns are cut, and then left out; a line below says which. What matters most (rank
//! 2 and less) is first said in short (a number without its name, the start of a uuid), moved
//! together and cut.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::Cell;
use super::column::Column;

/// Writes a table. Every line ends in a line feed and in nothing else.
pub(super) fn write(columns: &[Column], rows: &[Vec<Cell>], width: Option<u16>) -> String {
    let shown = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| !column.is_hidden)
        .filter_map(|(at, column)| Shown::of(at, column, rows));
    let mut table = Table { shown: shown.collect(), gap: GAP };
    let dropped = width.map_or_else(Vec::new, |width| table.fit(usize::from(width)));
    let mut text = String::new();
    table.line(&mut text, |shown| shown.title.as_str().into());
    for row in rows {
        table.line(&mut text, |shown| match row.get(shown.at) {
            Some(cell) if shown.is_brief => brief(cell),
            Some(cell) => cell.shown.as_str().into(),
            None => "".into(),
        });
    }
    if !dropped.is_empty() {
        let names: Vec<_> = dropped.iter().map(|column| &*column.title).collect();
        let note = format!("(\\G or --columns shows also: {})", names.join(", "));
        let width = width.map_or(usize::MAX, usize::from);
        text.push_str(&cut(&note, width));
        text.push('\n');
    }
    text
}

/// A cell in short: what it says exactly, where that is shorter (the number of a caller whose name
/// is known), and the start of a uuid.
fn brief(cell: &Cell) -> Cow<'_, str> {
    let shown = cell.shown.as_str();
    if let Some(exact) = cell.exact.as_str().filter(|exact| !exact.is_empty()) {
        let exact = crate::shell::text::sanitise::line(exact);
        if exact.width() < shown.width() {
            return exact;
        }
    }
    let is_uuid = shown.len() == 36
        && shown.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    shown.get(..8).filter(|_| is_uuid).unwrap_or(shown).into()
}

struct Table<'a> {
    shown: Vec<Shown<'a>>,
    /// Between two columns.
    gap: usize,
}

struct Shown<'a> {
    at: usize,
    column: &'a Column,
    title: String,
    width: usize,
    /// How wide it is where there is room.
    natural: usize,
    /// How wide it is in short.
    brief: usize,
    is_brief: bool,
}

impl<'a> Shown<'a> {
    /// A column with its natural width; nothing when all its cells are empty.
    fn of(at: usize, column: &'a Column, rows: &[Vec<Cell>]) -> Option<Self> {
        let cells = || rows.iter().filter_map(|row| row.get(at));
        let widest = cells().map(|cell| cell.shown.width()).max().unwrap_or(0);
        let short = cells().map(|cell| brief(cell).width()).max().unwrap_or(0);
        let title = column.title.to_uppercase();
        let (width, brief) = (widest.max(title.width()), short.max(title.width()));
        let column = Self { at, column, title, width, natural: width, brief, is_brief: false };
        (widest > 0).then_some(column)
    }

    /// How narrow it may become.
    fn least(&self, least: usize) -> usize {
        if self.column.is_right() { self.width } else { least.max(self.title.width()) }
    }
}

impl<'a> Table<'a> {
    /// By how much it is too wide.
    fn excess(&self, width: usize) -> usize {
        let sum = self.shown.iter().map(|column| column.width + self.gap).sum::<usize>();
        sum.saturating_sub(self.gap).saturating_sub(width)
    }

    /// Makes columns narrower until all of them fit; those for which there is no room are taken
    /// out and returned.
    fn fit(&mut self, width: usize) -> Vec<&'a Column> {
        let mut dropped: Vec<Shown<'a>> = Vec::new();
        loop {
            self.spread();
            let excess = self.excess(width);
            if excess == 0 {
                break;
            }
            // The later ones of equal rank first.
            let ranked = self.shown.iter().enumerate();
            let Some((at, last)) = ranked.max_by_key(|(at, column)| (column.column.rank, *at))
            else {
                break;
            };
            let (rank, least) = (last.column.rank, last.least(LEAST));
            if self.shown.len() == 1 || rank == 0 {
                self.cut_first(width);
                break;
            }
            if rank <= MATTERS {
                if self.squeeze(width, if rank == MATTERS { READABLE } else { LEAST }) {
                    break;
                }
            } else if last.width >= least + excess {
                if let Some(last) = self.shown.get_mut(at) {
                    last.width -= excess;
                }
                break;
            }
            dropped.push(self.shown.remove(at));
        }
        self.take_back(&mut dropped, width);
        dropped.sort_by_key(|column| column.at);
        dropped.into_iter().map(|column| column.column).collect()
    }

    /// Gives every column its natural width.
    fn spread(&mut self) {
        self.gap = GAP;
        for column in &mut self.shown {
            (column.width, column.is_brief) = (column.natural, false);
        }
    }

    /// Puts in again what there is room for now that others are said in short.
    fn take_back(&mut self, dropped: &mut Vec<Shown<'a>>, width: usize) {
        while let Some(at) = dropped.iter().rposition(|column| {
            let sum: usize = self.shown.iter().map(|column| column.width + self.gap).sum();
            sum + column.width <= width
        }) {
            let column = dropped.remove(at);
            let place = self.shown.partition_point(|other| other.at < column.at);
            self.shown.insert(place, column);
        }
    }

    /// Says in short, moves together and cuts what is left, down to `least` each; whether it fits
    /// then.
    fn squeeze(&mut self, width: usize, least: usize) -> bool {
        while self.excess(width) > 0 {
            let wide = self.shown.iter_mut().filter(|column| column.brief < column.width);
            let Some(widest) = wide.max_by_key(|column| column.width - column.brief) else { break };
            (widest.width, widest.is_brief) = (widest.brief, true);
        }
        if self.excess(width) > 0 {
            self.gap = 1;
        }
        while self.excess(width) > 0 {
            let wide = self.shown.iter_mut().filter(|column| column.width > column.least(least));
            let Some(widest) = wide.max_by_key(|column| column.width) else { return false };
            widest.width -= 1;
        }
        true
    }

    /// What matters most is cut, however little is left of it.
    fn cut_first(&mut self, width: usize) {
        while !self.squeeze(width, 1) {
            let widest = self.shown.iter_mut().max_by_key(|column| column.width);
            let Some(widest) = widest.filter(|widest| widest.width > 1) else { break };
            widest.width -= 1;
        }
    }

    fn line<'t>(&'t self, text: &mut String, cell: impl Fn(&'t Shown<'a>) -> Cow<'t, str>) {
        let start = text.len();
        for (at, column) in self.shown.iter().enumerate() {
            let value = cell(column);
            let value = cut(&value, column.width);
            let pad = " ".repeat(column.width.saturating_sub(value.width()));
            if at > 0 {
                text.push_str(&" ".repeat(self.gap));
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
}

/// A text cut to `most` columns; what was cut ends in an ellipsis.
pub(crate) fn cut(text: &str, width: usize) -> Cow<'_, str> {
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

/// Between two columns where there is room.
const GAP: usize = 2;
/// Narrower than this a column says nothing.
const LEAST: usize = 8;
/// Narrower than this it is hard to read.
const READABLE: usize = 10;
/// Columns up to this rank are what a table is for: they are squeezed before one of them goes.
const MATTERS: u8 = 2;

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

    fn narrow(width: Option<u16>) -> String {
        let columns = [
            Column::text("id", ""),
            Column::text("from", "").rank(1),
            Column::text("state", "").rank(2),
            Column::text("app", "").rank(4),
        ];
        let row = vec![
            Cell::text("46cd8a1e-0000-4000-8000-000000000000"),
            Cell::shown("Joe Smith <+18005551234>", serde_json::json!("+18005551234")),
            Cell::text("answered"),
            Cell::text("playback"),
        ];
        write(&columns, &[row], width)
    }

    #[limited::test]
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
             (\\G or --columns shows al…\n"
        );
        // In short, moved together, and cut.
        assert_eq!(
            narrow(Some(30)),
            "ID       FROM         STATE\n\
             46cd8a1e +18005551234 answered\n\
             (\\G or --columns shows also: …\n"
        );
        assert_eq!(
            narrow(Some(24)),
            "ID        FROM\n\
             46cd8a1e  +18005551234\n\
             (\\G or --columns shows …\n"
        );
        assert!(narrow(Some(60)).contains("Joe Smith <+18005551234>"), "{}", narrow(Some(60)));
        for width in 1..80 {
            for line in [table(Some(width)), narrow(Some(width))].concat().lines() {
                assert!(line.width() <= usize::from(width).max(1), "{width}: {line:?}");
            }
        }
    }
}
