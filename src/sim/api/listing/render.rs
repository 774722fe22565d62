//! Tables as text, delimited, JSON or XML, and JSON laid out as FreeSWITCH does.

use serde_json::{Map, Value};

/// Columns and rows.
#[derive(Debug, Default)]
pub(in crate::sim) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(columns: &[&str], rows: Vec<Vec<String>>) -> Self {
        Self { columns: columns.iter().map(|name| (*name).to_owned()).collect(), rows }
    }
}

/// Nothing is quoted: a comma in a value shifts the columns, as on the real one.
pub(in crate::sim) fn csv(table: &Table, delimiter: &str) -> String {
    let mut out = String::new();
    if !table.rows.is_empty() {
        out.push_str(&table.columns.join(delimiter));
        out.push('\n');
    }
    for row in &table.rows {
        out.push_str(&row.join(delimiter));
        out.push('\n');
    }
    out.extend([format!("\n{} total.\n", table.rows.len())]);
    out
}

pub(in crate::sim) fn json(table: &Table) -> String {
    if table.rows.is_empty() {
        return "{\"row_count\": 0}\n".to_owned();
    }
    let rows: Vec<Value> = table
        .rows
        .iter()
        .map(|row| {
            let cells = table.columns.iter().zip(row);
            let object: Map<String, Value> =
                cells.map(|(name, value)| (name.clone(), value.clone().into())).collect();
            Value::Object(object)
        })
        .collect();
    let mut whole = Map::new();
    whole.insert("row_count".to_owned(), rows.len().into());
    whole.insert("rows".to_owned(), rows.into());
    Value::Object(whole).to_string()
}

pub(in crate::sim) fn xml(table: &Table) -> String {
    let clean = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if table.rows.is_empty() {
        return "<result row_count=\"0\"/>\n".to_owned();
    }
    let mut out = format!("<result row_count=\"{}\">\n", table.rows.len());
    for (number, row) in (1..).zip(&table.rows) {
        out.extend([format!("  <row row_id=\"{number}\">\n")]);
        for (name, value) in table.columns.iter().zip(row) {
            out.extend([format!("    <{name}>{}</{name}>\n", clean(value))]);
        }
        out.push_str("  </row>\n");
    }
    out.push_str("</result>\n");
    out
}

/// JSON as `cJSON_Print` lays it out.
pub(in crate::sim) fn pretty(value: &Value, depth: usize) -> String {
    let pad = "\t".repeat(depth + 1);
    match value {
        Value::Object(object) if !object.is_empty() => {
            let lines: Vec<String> = object
                .iter()
                .map(|(name, value)| {
                    format!("{pad}{}:\t{}", Value::from(name.as_str()), pretty(value, depth + 1))
                })
                .collect();
            format!("{{\n{}\n{}}}", lines.join(",\n"), "\t".repeat(depth))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| pretty(item, depth + 1)).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}
