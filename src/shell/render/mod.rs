//! How answers look: one view, six formats.

mod table;

use serde_json::{Map, Value, json};

use super::sanitise;

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
pub struct Cell {
    shown: String,
    exact: Value,
}

impl Cell {
    /// A text from the network or from us: shown sanitised, exact as it is.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self { shown: sanitise::line(text).into_owned(), exact: json!(text) }
    }

    /// A value that people read in another form.
    #[must_use]
    pub fn shown(shown: impl Into<String>, exact: Value) -> Self {
        Self { shown: shown.into(), exact }
    }

    /// A number.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self { shown: number.to_string(), exact: json!(number) }
    }

    /// What people read.
    pub(super) fn into_shown(self) -> String {
        self.shown
    }

    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { shown: String::new(), exact: Value::Null }
    }
}

/// A table of cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct View {
    /// What people read, and the name in machine formats.
    columns: Vec<(&'static str, &'static str)>,
    rows: Vec<Vec<Cell>>,
    is_single: bool,
    empty: &'static str,
}

impl View {
    /// A table with these columns. `empty` is what people read when it has no rows.
    #[must_use]
    pub fn new(columns: &[&'static str], empty: &'static str) -> Self {
        let columns = columns.iter().map(|name| (*name, *name)).collect();
        Self { columns, rows: Vec::new(), is_single: false, empty }
    }

    /// One thing with fields: vertical for people, one object in JSON.
    #[must_use]
    pub fn single(fields: Vec<(&'static str, Cell)>) -> Self {
        let (names, row): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
        let columns = names.into_iter().map(|name| (name, name)).collect();
        Self { columns, rows: vec![row], is_single: true, empty: "" }
    }

    /// Gives a column another name in machine formats: one that says the unit, or has no space.
    #[must_use]
    pub fn with_key(mut self, title: &str, key: &'static str) -> Self {
        for (known, name) in &mut self.columns {
            if *known == title {
                *name = key;
            }
        }
        self
    }

    /// Adds a row, cells in the order of the columns.
    pub fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// Writes it in a format. `width` is that of the terminal, for tables.
    #[must_use]
    pub fn write(&self, format: Format, width: Option<u16>) -> String {
        match format {
            Format::Table if self.is_single => self.vertical(),
            Format::Table if self.rows.is_empty() => format!("{}\n", self.empty),
            Format::Table => {
                let rows = self.rows.iter().map(|row| row.iter().map(|cell| cell.shown.as_str()));
                table::write(self.columns.iter().map(|(title, _)| *title), rows, width)
            }
            Format::Vertical => self.vertical(),
            Format::Json => {
                let value = if self.is_single {
                    self.objects().next().unwrap_or(Value::Null)
                } else {
                    Value::Array(self.objects().collect())
                };
                format!("{value:#}\n")
            }
            Format::Jsonl => self.objects().map(|object| format!("{object}\n")).collect(),
            Format::Csv => {
                let header = self.columns.iter().map(|(_, key)| (*key).to_owned());
                let rows = self.rows.iter().map(|row| csv(row.iter().map(exact_text)));
                std::iter::once(csv(header)).chain(rows).collect()
            }
            Format::Raw => self.rows.iter().map(|row| csv(row.iter().map(exact_text))).collect(),
        }
    }

    fn vertical(&self) -> String {
        let width = self.columns.iter().map(|(title, _)| title.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (at, row) in self.rows.iter().enumerate() {
            if at > 0 {
                text.push('\n');
            }
            for ((title, _), cell) in self.columns.iter().zip(row) {
                text.push_str(format!("{title:<width$}  {}", cell.shown).trim_end());
                text.push('\n');
            }
        }
        text
    }

    fn objects(&self) -> impl Iterator<Item = Value> {
        self.rows.iter().map(|row| {
            let fields = self.columns.iter().zip(row);
            let object: Map<String, Value> =
                fields.map(|((_, key), cell)| ((*key).to_owned(), cell.exact.clone())).collect();
            Value::Object(object)
        })
    }
}

fn exact_text(cell: &Cell) -> String {
    match &cell.exact {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// One line of CSV (RFC 4180): quoted where it must be.
fn csv(fields: impl Iterator<Item = String>) -> String {
    let fields: Vec<String> = fields
        .map(|field| {
            if field.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", field.replace('"', "\"\""))
            } else {
                field
            }
        })
        .collect();
    format!("{}\n", fields.join(","))
}

/// A number of things for people: `1 call`, `2 calls`.
#[must_use]
pub fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// A time span for people: `850 ms`, `4.2 s`, `2 m 13 s`, `3 h 12 m`, `5 d 4 h`.
#[must_use]
pub fn span(microseconds: u64) -> String {
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
        view.push(vec![
            Cell::text("a"),
            Cell::text("x, \"y\"\u{1b}[31m"),
            Cell::shown("4.2 s", json!(4_200_000)),
        ]);
        view.push(vec![Cell::text("b"), Cell::none(), Cell::number(7)]);
        view
    }

    #[test]
    fn six_formats() {
        let exact = "x, \"y\"\u{1b}[31m";
        let document: Value = serde_json::from_str(&view().write(Format::Json, None)).unwrap();
        assert_eq!(
            document,
            json!([
                {"id": "a", "name": exact, "age": 4_200_000},
                {"id": "b", "name": null, "age": 7},
            ])
        );
        assert_eq!(view().write(Format::Jsonl, None).lines().count(), 2);
        let csv = view().write(Format::Csv, None);
        assert_eq!(csv, format!("id,name,age\na,\"x, \"\"y\"\"\u{1b}[31m\",4200000\nb,,7\n"));
        assert_eq!(view().write(Format::Raw, None).lines().count(), 2);
        assert_eq!(
            view().write(Format::Vertical, None),
            "id    a\nname  x, \"y\"␛[31m\nage   4.2 s\n\nid    b\nname\nage   7\n"
        );
        let table = view().write(Format::Table, None);
        assert!(table.contains("4.2 s") && !table.contains('\u{1b}'), "{table}");
        assert_eq!(View::new(&["id"], "no calls").write(Format::Table, None), "no calls\n");
        assert_eq!(View::new(&["id"], "").write(Format::Json, None), "[]\n");
    }

    #[test]
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
