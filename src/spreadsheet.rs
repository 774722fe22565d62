//! CSV that people open in a spreadsheet.
//!
//! # Invariants
//! - No cell of [`safe`] runs as a formula: what a caller chose as a name cannot act on the machine of
//!   the person who opens the file.

use std::borrow::Cow;

/// Rows as CSV (RFC 4180 with LF), cells quoted where they must be.
pub(crate) fn lines<Row>(rows: impl IntoIterator<Item = Row>) -> String
where
    Row: IntoIterator<Item: AsRef<str>>,
{
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        // Writing into a `Vec` cannot fail.
        let _written = writer.write_record(row.into_iter().map(Bytes));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A cell with an apostrophe in front if a spreadsheet would run it: `=`, `+`, `-`, `@`, their wide
/// forms, a tab or a line break begin a formula, or are left out before one. A number stays one.
pub(crate) fn safe(cell: Cow<'_, str>) -> Cow<'_, str> {
    let is_run = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    // A plus is that of a phone number, which is text: a spreadsheet would take the plus away.
    let is_number = || cell.starts_with('-') && cell.parse::<f64>().is_ok_and(f64::is_finite);
    if is_run && !is_number() { format!("'{cell}").into() } else { cell }
}

struct Bytes<Cell>(Cell);

impl<Cell: AsRef<str>> AsRef<[u8]> for Bytes<Cell> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn no_cell_is_a_formula() {
        for (cell, written) in [
            ("1003", "1003"),
            ("", ""),
            ("a=b", "a=b"),
            ("Joe", "Joe"),
            ("'x", "'x"),
            ("-7", "-7"),
            ("-0.5", "-0.5"),
            ("-1e3", "-1e3"),
            ("-", "'-"),
            ("-1+2", "'-1+2"),
            ("-1,5", "\"'-1,5\""),
            ("-inf", "'-inf"),
            ("--7", "'--7"),
            ("+49301234", "'+49301234"),
            ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("@SUM(1,2)", "\"'@SUM(1,2)\""),
            ("\t=1+1", "'\t=1+1"),
            ("\r=1+1", "\"'\r=1+1\""),
            ("\n=1+1", "\"'\n=1+1\""),
            ("＝1+1", "'＝1+1"),
            ("a\n=1+1", "\"a\n=1+1\""),
            (" =1+1", " =1+1"),
        ] {
            let line = lines([[safe(cell.into()), "z".into()]]);
            assert_eq!(line, format!("{written},z\n"), "{cell:?}");
        }
    }

    #[limited::test]
    fn what_is_written_is_read_again() {
        let rows =
            [vec!["a", "b,\"c\"", "d\r\ne", ""], vec![""], vec!["ä", "\u{1b}[31m"], vec!["only"]];
        let text = lines(&rows);
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.has_headers(false).flexible(true).from_reader(text.as_bytes());
        let read: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        assert_eq!(read, rows);
    }
}
