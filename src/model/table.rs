//! Tables of the server: `show ... as json` and other lists in JSON.
//!
//! A table that cannot be had is an error, never an empty one. A row that cannot be read is left
//! out and counted; the others stay.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Map, Value};

/// One row, columns in the server's order.
pub type Row = Map<String, Value>;

/// The rows of `show X as json`. All values are texts; 0 rows come without `rows`
/// (`transcripts/api_replies`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Rows<T = Row> {
    /// The rows that could be read.
    pub rows: Vec<T>,
    /// How many could not.
    pub unreadable: usize,
}

/// Why a reply is not a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The server said something else, `-ERR SQL disabled, no data available!` for example.
    #[error("{text}")]
    Refused {
        /// Its text.
        text: String,
    },
    /// It said nothing.
    #[error("the server sent an empty reply where a table was expected")]
    Empty,
    /// The reply begins as a table, and is cut or damaged.
    #[error("the reply is cut or damaged after {length} bytes: {reason}")]
    Damaged {
        /// How long it is.
        length: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Not all rows that the reply announces are in it.
    #[error("the reply announces {announced} rows and has {found}")]
    Incomplete {
        /// Its `row_count`.
        announced: u64,
        /// How many there are.
        found: usize,
    },
}

impl Rows {
    /// Reads the reply to `show X as json`.
    ///
    /// # Errors
    /// When it is not a whole table: an `-ERR` text, a reply that is cut, one without its rows.
    pub fn parse(body: &str) -> Result<Self, TableError> {
        let (head, elements) = match whole(body, '{')? {
            Ok(Value::Object(mut table)) => {
                let rows = match table.remove("rows") {
                    Some(Value::Array(rows)) => rows.into_iter().map(Some).collect(),
                    Some(_) => return Err(damaged(body, "its rows are not a list")),
                    None => Vec::new(),
                };
                (Some(table), rows)
            }
            Ok(_) => return Err(damaged(body, "it is not a table")),
            Err(reason) => {
                (None, elements(body, "\"rows\"").ok_or_else(|| damaged(body, &reason))?)
            }
        };
        let announced = head.as_ref().map(|head| head.get("row_count").and_then(Value::as_u64));
        if announced == Some(None) && elements.is_empty() {
            return Err(damaged(body, "it has neither rows nor their number"));
        }
        let found = elements.len();
        if let Some(Some(announced)) = announced
            && u64::try_from(found) != Ok(announced)
        {
            return Err(TableError::Incomplete { announced, found });
        }
        Ok(Self::of(elements))
    }

    /// Reads a reply that is a list of objects, as `conference json_list` gives.
    ///
    /// # Errors
    /// As [`Rows::parse`].
    pub fn parse_list(body: &str) -> Result<Self, TableError> {
        match whole(body, '[')? {
            Ok(Value::Array(items)) => Ok(Self::of(items.into_iter().map(Some).collect())),
            Ok(_) => Err(damaged(body, "it is not a list")),
            Err(reason) => elements(body, "").map(Self::of).ok_or_else(|| damaged(body, &reason)),
        }
    }

    fn of(elements: Vec<Option<Value>>) -> Self {
        let count = elements.len();
        let rows: Vec<Row> = elements
            .into_iter()
            .filter_map(|row| match row? {
                Value::Object(row) => Some(row),
                _ => None,
            })
            .collect();
        Self { unreadable: count - rows.len(), rows }
    }

    /// Reads the reply as rows of a type that have a value in the column `key`.
    ///
    /// # Errors
    /// As [`Rows::parse`].
    pub fn parse_as<T: for<'de> Deserialize<'de>>(
        body: &str,
        key: &str,
    ) -> Result<Rows<T>, TableError> {
        let table = Self::parse(body)?;
        let count = table.rows.len();
        let is_named = |row: &Row| row.get(key).and_then(plain_text).is_some_and(|x| !x.is_empty());
        let named = table.rows.into_iter().filter(is_named);
        let rows: Vec<T> =
            named.filter_map(|row| serde_json::from_value(Value::Object(row)).ok()).collect();
        Ok(Rows { unreadable: table.unreadable + count - rows.len(), rows })
    }
}

/// A value as the text that the server means; `None` for a null, a list or an object.
#[must_use]
pub fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The whole reply; the inner error says why it is not whole JSON although it begins as such.
fn whole(body: &str, begin: char) -> Result<Result<Value, String>, TableError> {
    let text = body.trim();
    if text.is_empty() || text == "-ERR no reply" {
        return Err(TableError::Empty);
    }
    if !text.starts_with(begin) {
        return Err(TableError::Refused { text: text.to_owned() });
    }
    Ok(serde_json::from_str(text)
        .or_else(|_err| serde_json::from_str(&escape_controls(text)))
        .map_err(|err| err.to_string()))
}

fn damaged(body: &str, reason: &str) -> TableError {
    TableError::Damaged { length: body.trim_end().len(), reason: reason.to_owned() }
}

/// JSON forbids control characters in texts; a name that has one costs nothing but this.
fn escape_controls(text: &str) -> String {
    let (mut out, mut is_text, mut is_escaped) = (String::with_capacity(text.len()), false, false);
    for letter in text.chars() {
        let is_control = letter.is_ascii_control();
        if is_text && is_control {
            // Writing into a `String` cannot fail.
            let _written = write!(out, "\\u{:04x}", u32::from(letter));
        } else if is_text || !is_control || letter.is_ascii_whitespace() {
            out.push(letter);
        }
        is_text ^= letter == '"' && !is_escaped;
        is_escaped = is_text && letter == '\\' && !is_escaped;
    }
    out
}

/// The elements of the list behind `key` of a document that is not whole JSON, each by itself; one
/// that cannot be read is `None`. Nothing when the list does not end: then the reply is cut.
fn elements(body: &str, key: &str) -> Option<Vec<Option<Value>>> {
    let text = escape_controls(body.trim());
    let list = match key {
        "" => text.get(1..)?,
        key => {
            let (_, behind) = text.split_once(key)?;
            behind.trim_start().strip_prefix(':')?.trim_start().strip_prefix('[')?
        }
    };
    let (mut found, mut begin, mut depth) = (Vec::new(), 0, 0_usize);
    let (mut is_text, mut is_escaped) = (false, false);
    for (at, letter) in list.char_indices() {
        if is_text {
            is_text = letter != '"' || is_escaped;
            is_escaped = letter == '\\' && !is_escaped;
            continue;
        }
        match letter {
            '"' => is_text = true,
            '{' | '[' => depth += 1,
            ']' | ',' if depth == 0 => {
                let element = list.get(begin..at)?.trim();
                if letter == ',' || !element.is_empty() || !found.is_empty() {
                    found.push(serde_json::from_str(element).ok());
                }
                if letter == ']' {
                    return Some(found);
                }
                begin = at + 1;
            }
            '}' | ']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ChannelRow;

    fn channels(body: &str) -> Result<(Vec<String>, usize), TableError> {
        let table = Rows::parse_as::<ChannelRow>(body, "uuid")?;
        Ok((table.rows.into_iter().map(|row| row.uuid).collect(), table.unreadable))
    }

    #[limited::test]
    fn rows_with_and_without_rows() {
        assert_eq!(Rows::parse("{\"row_count\": 0}").unwrap(), Rows::default());
        let body = r#"{"row_count":1,"rows":[{"uuid":"a","name":"sofia/x","new_column":"1"}]}"#;
        let table = Rows::parse_as::<ChannelRow>(body, "uuid").unwrap();
        assert_eq!((table.rows[0].uuid.as_str(), table.unreadable), ("a", 0));
        assert_eq!(Rows::parse_list("[]").unwrap(), Rows::default());
        assert_eq!(Rows::parse_list("[{\"a\":1},7]").unwrap().unreadable, 1);
    }

    #[limited::test]
    fn what_is_not_a_whole_table_is_an_error() {
        let whole = r#"{"row_count":2,"rows":[{"uuid":"a","name":"x"},{"uuid":"b"}]}"#;
        assert_eq!(channels(whole), Ok((vec!["a".to_owned(), "b".to_owned()], 0)));
        for end in 0..whole.len() {
            let cut = channels(whole.get(..end).unwrap());
            // Only the last brace is no loss: all rows are there.
            assert_eq!(cut.is_err(), end + 1 < whole.len(), "{end}: {cut:?}");
        }
        let body = "-ERR SQL disabled, no data available!\n";
        let refused = TableError::Refused { text: body.trim().to_owned() };
        assert_eq!(channels(body), Err(refused));
        for body in ["", " \n", "-ERR no reply\n"] {
            assert_eq!(channels(body), Err(TableError::Empty), "{body:?}");
        }
        for body in ["{}", "{\"rows\":null}", "{\"rows\":{}}", "{\"error\":\"x\"}", "[1]", "<a/>"] {
            assert!(channels(body).is_err(), "{body}");
        }
        let fewer = channels(r#"{"row_count":3,"rows":[{"uuid":"a"}]}"#);
        assert_eq!(fewer, Err(TableError::Incomplete { announced: 3, found: 1 }));
        let none = channels(r#"{"row_count":3}"#);
        assert_eq!(none, Err(TableError::Incomplete { announced: 3, found: 0 }));
        for body in ["", "[", "[{}", "{}", "-ERR x", "[{\"a\":\"b]"] {
            assert!(Rows::parse_list(body).is_err(), "{body}");
        }
    }

    #[limited::test]
    fn an_odd_row_costs_itself_alone() {
        for (odd, kept, lost) in [
            (r#"{"uuid":"odd","created_epoch":1796040000}"#, true, 0),
            (r#"{"uuid":"odd","name":null}"#, true, 0),
            (r#"{"uuid":"odd","name":["x"]}"#, true, 0),
            (r#"{"uuid":"odd"}"#, true, 0),
            ("{\"uuid\":\"odd\",\"name\":\"a\u{1}b\tc\nd\"}", true, 0),
            ("{\"uuid\":\"odd\",\"name\":\"a\u{fffd}b\"}", true, 0),
            (r#"{"uuid":null,"name":"x"}"#, false, 1),
            (r#"{"name":"x"}"#, false, 1),
            (r#"{"uuid":""}"#, false, 1),
            ("null", false, 1),
            ("\"text\"", false, 1),
            (r#"{"uuid":"odd","name":"\x"}"#, false, 1),
            (r#"{"uuid":"odd","name":nan}"#, false, 1),
            (r#"{"uuid":"odd" "name":"x"}"#, false, 1),
            ("", false, 1),
        ] {
            let body = format!(
                "{{\"row_count\":3,\"rows\":[{{\"uuid\":\"a\"}},{odd},{{\"uuid\":\"z, ]}}\\\"\"}}]}}"
            );
            let (mut uuids, unreadable) = channels(&body).unwrap();
            assert_eq!(uuids.iter().any(|uuid| uuid == "odd"), kept, "{odd}");
            uuids.retain(|uuid| uuid != "odd");
            assert_eq!((uuids, unreadable), (vec!["a".into(), "z, ]}\"".into()], lost), "{odd}");
        }
    }
}
