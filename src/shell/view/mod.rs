//! How answers look: one view, six formats.

pub(crate) mod call_rows;
pub(in crate::shell) mod column;
pub(crate) mod ending;
pub(crate) mod fields;
pub(crate) mod filter;
pub(crate) mod output;
pub(in crate::shell) mod select;
pub(crate) mod server_columns;
pub(in crate::shell) mod table;
pub(crate) mod words;

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use unicode_width::UnicodeWidthStr as _;

pub(crate) use column::Column;

use crate::shell::text::sanitise;
use crate::spreadsheet;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people: fitted to the terminal, numbers and ages humanised.
    #[default]
    Table,
    /// One field a line.
    Vertical,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated, with a header line.
    Csv,
    /// The server's own text where there is one, else as csv without a header.
    Raw,
}

/// One value: as people read it, and as it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    shown: String,
    exact: Value,
    unit: Unit,
}

/// What an exact value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Whatever it is.
    Plain,
    /// Milliseconds.
    Span,
    /// A point in time: the microseconds since 1970.
    Time(i64),
}

impl Cell {
    /// A text from the network or from us: shown sanitised, exact as it is.
    #[must_use]
    pub(crate) fn text(text: &str) -> Self {
        Self::shown(text, json!(text))
    }

    /// A value that people read in another form: shown sanitised.
    #[must_use]
    pub(crate) fn shown(shown: impl Into<String>, exact: Value) -> Self {
        let shown = shown.into();
        let unsafe_text = match sanitise::line(&shown) {
            Cow::Borrowed(_) => None,
            Cow::Owned(safe) => Some(safe),
        };
        Self { shown: unsafe_text.unwrap_or(shown), exact, unit: Unit::Plain }
    }

    /// A number.
    #[must_use]
    pub(crate) fn number(number: u64) -> Self {
        Self::shown(number.to_string(), json!(number))
    }

    /// A time span: people read `4.2 s`, machines milliseconds.
    #[must_use]
    pub(crate) fn span(microseconds: u64) -> Self {
        Self { unit: Unit::Span, ..Self::shown(span(microseconds), json!(microseconds / 1000)) }
    }

    /// A point in time, in microseconds since 1970, 0 where it is not known: people read the time
    /// of day, machines `2026-11-22T19:08:00.5Z`.
    #[must_use]
    pub(crate) fn time(at: u64) -> Self {
        let known = i64::try_from(at).ok().filter(|at| *at > 0);
        let Some(time) = known.and_then(|at| jiff::Timestamp::from_microsecond(at).ok()) else {
            return Self::none();
        };
        let unit = Unit::Time(time.as_microsecond());
        Self { unit, ..Self::shown(words::clock(at), json!(time.to_string())) }
    }

    /// Whether people read nothing in it.
    pub(super) fn is_blank(&self) -> bool {
        self.shown.is_empty()
    }

    /// What people read.
    pub(super) fn into_shown(self) -> String {
        self.shown
    }

    /// Nothing.
    #[must_use]
    pub(crate) fn none() -> Self {
        Self::shown("", Value::Null)
    }

    /// What a filter compares.
    pub(super) fn value(&self) -> filter::Value<'_> {
        if let Unit::Time(at) = self.unit {
            return filter::Value::Time(at);
        }
        match &self.exact {
            Value::Null => filter::Value::Unknown,
            Value::Bool(truth) => filter::Value::Truth(*truth),
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or(0.0);
                if self.unit == Unit::Span {
                    filter::Value::Span(number)
                } else {
                    filter::Value::Number(number)
                }
            }
            Value::String(text) if *text == self.shown || self.shown.is_empty() => {
                filter::Value::Text(text.as_str().into())
            }
            Value::String(text) => {
                filter::Value::Either(text.as_str().into(), self.shown.as_str().into())
            }
            other => filter::Value::Text(plain(other).into()),
        }
    }
}

/// A table of cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct View {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    is_single: bool,
    empty: Cow<'static, str>,
    /// What people read below the table.
    foot: String,
    /// How many rows could not be read.
    unreadable: usize,
    /// The time that "5 minutes ago" counts from, in microseconds since 1970.
    now: Option<u64>,
}

impl View {
    /// A table with these columns. `empty` is what people read when it has no rows.
    #[must_use]
    pub(crate) fn new(columns: &[&'static str], empty: &'static str) -> Self {
        let ranked = columns.iter().zip(0..);
        let columns = ranked.map(|(name, rank)| Column::plain(*name, rank)).collect();
        Self { columns, empty: empty.into(), ..Self::default() }
    }

    /// A table with columns that are described, or known only now.
    #[must_use]
    pub(crate) fn of(columns: impl Into<Vec<Column>>, empty: impl Into<Cow<'static, str>>) -> Self {
        Self { columns: columns.into(), empty: empty.into(), ..Self::default() }
    }

    /// One thing with fields: vertical for people, one object in JSON.
    #[must_use]
    pub(crate) fn single(fields: Vec<(&'static str, Cell)>) -> Self {
        let (names, row): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
        let columns = names.into_iter().map(|name| Column::plain(name, 0)).collect();
        Self { columns, rows: vec![row], is_single: true, ..Self::default() }
    }

    /// Gives a column another name in machine formats: one that says the unit, or has no space.
    #[must_use]
    pub(crate) fn with_key(mut self, title: &str, key: &'static str) -> Self {
        for column in self.columns.iter_mut().filter(|column| column.title == title) {
            column.key = key.into();
        }
        self
    }

    /// Says what people read when it has no rows.
    #[must_use]
    pub(crate) fn with_empty(mut self, empty: &'static str) -> Self {
        self.empty = empty.into();
        self
    }

    /// Leaves columns out of tables, and puts others in.
    #[must_use]
    pub(crate) fn with_hidden(mut self, hidden: &[&str], shown: &[&str]) -> Self {
        for column in &mut self.columns {
            if hidden.contains(&&*column.title) {
                column.is_hidden = true;
            } else if shown.contains(&&*column.title) {
                column.is_hidden = false;
            }
        }
        self
    }

    /// Adds a line for people below the table.
    #[must_use]
    pub(crate) fn with_foot(mut self, foot: impl Into<String>) -> Self {
        self.foot = foot.into();
        self
    }

    /// Says by which clock times are compared: the server's.
    #[must_use]
    pub(crate) fn with_now(mut self, now: u64) -> Self {
        self.now = Some(now);
        self
    }

    /// Says that some rows of the reply could not be read, and are not in it.
    #[must_use]
    pub(crate) fn with_unreadable(mut self, count: usize) -> Self {
        self.unreadable += count;
        self
    }

    /// How many rows of the reply could not be read.
    #[must_use]
    pub(crate) fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// Says that it is one thing with fields, not a table.
    #[must_use]
    pub(crate) fn with_one_row(mut self) -> Self {
        self.is_single = true;
        self
    }

    /// Leaves out the fields that no row has a value for, and those that tables leave out.
    #[must_use]
    pub(crate) fn without_empty(mut self) -> Self {
        for (at, column) in self.columns.iter_mut().enumerate() {
            let mut cells = self.rows.iter().filter_map(|row| row.get(at));
            column.is_hidden |= cells.all(|cell| cell.shown.is_empty());
        }
        let shown: Vec<bool> = self.columns.iter().map(|column| !column.is_hidden).collect();
        let mut is_shown = shown.iter();
        self.columns.retain(|_column| is_shown.next() == Some(&true));
        for row in &mut self.rows {
            let mut is_shown = shown.iter();
            row.retain(|_cell| is_shown.next() == Some(&true));
        }
        self
    }

    /// Its rows as JSON objects.
    #[must_use]
    pub(crate) fn documents(&self) -> Vec<Map<String, Value>> {
        self.objects().collect()
    }

    /// Adds a row, cells in the order of the columns.
    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// How many rows there are.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes it in a format. `width` is that of the terminal, for tables.
    #[must_use]
    pub(crate) fn write(&self, format: Format, width: Option<u16>) -> String {
        // Exact for machines; on a terminal a value cannot begin a new line.
        let exact = |cell| match (exact_text(cell), width) {
            (text, None) => text,
            (text, Some(_)) => sanitise::line(&text).into_owned().into(),
        };
        match format {
            Format::Table if self.is_single => self.vertical(|column| !column.is_hidden),
            Format::Table if self.rows.is_empty() => format!("{}\n", self.empty),
            Format::Table => {
                let mut text = table::write(&self.columns, &self.rows, width);
                if !self.foot.is_empty() {
                    text.push_str(&self.foot);
                    text.push('\n');
                }
                text
            }
            Format::Vertical if self.rows.is_empty() => format!("{}\n", self.empty),
            Format::Vertical => self.vertical(|_column| true),
            Format::Json => {
                let value = if self.is_single {
                    self.objects().next().map_or(Value::Null, Value::Object)
                } else {
                    Value::Array(self.objects().map(Value::Object).collect())
                };
                format!("{value:#}\n")
            }
            Format::Jsonl => {
                self.objects().map(|object| format!("{}\n", Value::Object(object))).collect()
            }
            Format::Csv => {
                let header = self.columns.iter().map(|column| column.key.clone()).collect();
                let rows = self.rows.iter().map(|row| row.iter().map(exact).collect());
                let rows = std::iter::once(header).chain(rows);
                spreadsheet::lines(
                    rows.map(|row: Vec<Cow<'_, str>>| row.into_iter().map(spreadsheet::safe)),
                )
            }
            // Exact: a program that wants no apostrophe before the plus of a number takes this.
            Format::Raw => spreadsheet::lines(self.rows.iter().map(|row| row.iter().map(exact))),
        }
    }

    fn vertical(&self, is_shown: impl Fn(&Column) -> bool) -> String {
        let shown = || self.columns.iter().filter(|column| is_shown(column));
        let width = shown().map(|column| column.title.width()).max().unwrap_or(0);
        let mut text = String::new();
        for (at, row) in self.rows.iter().enumerate() {
            if at > 0 {
                text.push('\n');
            }
            for (column, cell) in
                self.columns.iter().zip(row).filter(|(column, _)| is_shown(column))
            {
                let title = &column.title;
                text.push_str(format!("{title:<width$}  {}", cell.shown).trim_end());
                text.push('\n');
            }
        }
        text
    }

    fn objects(&self) -> impl Iterator<Item = Map<String, Value>> {
        self.rows.iter().map(|row| {
            let fields = self.columns.iter().zip(row);
            fields
                .map(|(column, cell)| (column.key.clone().into_owned(), cell.exact.clone()))
                .collect()
        })
    }
}

fn exact_text(cell: &Cell) -> Cow<'_, str> {
    match &cell.exact {
        Value::String(text) => text.as_str().into(),
        other => plain(other).into(),
    }
}

/// A value without JSON's quotes and brackets: lists with semicolons, objects as `name=value`.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(";"),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}={}", plain(value)));
            fields.collect::<Vec<_>>().join(";")
        }
        other => other.to_string(),
    }
}

/// A number of things for people: `1 call`, `2 calls`.
#[must_use]
pub(crate) fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// A time span for people: `850 ms`, `4.2 s`, `2 m 13 s`, `3 h 12 m`, `5 d 4 h`.
#[must_use]
pub(crate) fn span(microseconds: u64) -> String {
    let milliseconds = microseconds / 1000;
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        60..3600 => format!("{} m {} s", seconds / 60, seconds % 60),
        3600..86400 => format!("{} h {} m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86400, seconds % 86400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let mut view = View::new(&["id", "name", "age"], "no calls");
        view.push(vec![Cell::text("a"), Cell::text("x, \"y\"\u{1b}[31m"), Cell::span(4_200_000)]);
        view.push(vec![Cell::text("b"), Cell::none(), Cell::number(7)]);
        view
    }

    #[limited::test]
    fn six_formats() {
        let exact = "x, \"y\"\u{1b}[31m";
        let document: Value = serde_json::from_str(&view().write(Format::Json, None)).unwrap();
        assert_eq!(
            document,
            json!([
                {"id": "a", "name": exact, "age": 4200},
                {"id": "b", "name": null, "age": 7},
            ])
        );
        assert_eq!(view().write(Format::Jsonl, None).lines().count(), 2);
        let csv = view().write(Format::Csv, None);
        assert_eq!(csv, format!("id,name,age\na,\"x, \"\"y\"\"\u{1b}[31m\",4200\nb,,7\n"));
        assert_eq!(view().write(Format::Raw, None).lines().count(), 2);
        assert_eq!(
            view().write(Format::Vertical, None),
            "id    a\nname  x, \"y\"␛[31m\nage   4.2 s\n\nid    b\nname\nage   7\n"
        );
        let table = view().write(Format::Table, None);
        assert!(table.contains("4.2 s") && !table.contains('\u{1b}'), "{table}");
        assert_eq!(View::new(&["id"], "no calls").write(Format::Table, None), "no calls\n");
        assert_eq!(View::new(&["id"], "").write(Format::Json, None), "[]\n");
        let nested = json!({"a": [1, "x"], "b": null});
        let nested = View::single(vec![("n", Cell::shown("", nested))]);
        assert_eq!(nested.write(Format::Csv, None), "n\na=1;x;b=\n");
    }

    #[limited::test]
    fn spans() {
        for (microseconds, text) in [
            (0, "0 ms"),
            (850_000, "850 ms"),
            (4_250_000, "4.2 s"),
            (133_000_000, "2 m 13 s"),
            (11_520_000_000, "3 h 12 m"),
            (446_400_000_000, "5 d 4 h"),
        ] {
            assert_eq!(span(microseconds), text);
        }
    }
}
