//! Tables for people: no frames, columns fitted to the terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

/// Writes a table. Every line ends in a line feed and in nothing else.
pub(super) fn write<'a, R, C>(
    columns: impl Iterator<Item = &'static str>,
    rows: R,
    width: Option<u16>,
) -> String
where
    R: Iterator<Item = C>,
    C: Iterator<Item = &'a str>,
{
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(columns.map(str::to_uppercase));
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
