//! Fields of a view: behind `--sort` and `--columns`, and in a filter behind `where`.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::place::Place;
use crate::model::{CallInfo, HangupCause};
use crate::shell::commands::grammar;
use crate::shell::view::column::Column;
use crate::shell::view::filter::Kind;
use crate::shell::view::{View, call_rows, fields};

/// What may stand at the end of a word that is about fields, and where in the word it starts; `None`
/// when it is about something else.
pub(super) fn inside(place: &Place<'_>, words: &[&str]) -> Option<(usize, Vec<Candidate>)> {
    let (verb, rest) = words.split_first()?;
    let command = grammar::command(verb)?;
    let view = match (command.get_name(), rest.first()) {
        ("kill", _) => "calls",
        ("events", _) => "channels",
        ("show", Some(what)) => what,
        (name, _) => name,
    };
    let columns = fields::columns(view)?;
    let before = rest.last().copied().unwrap_or_default();
    match before {
        "--sort" | "--columns" => {
            let at = place.word.rfind(',').map_or(0, |comma| comma + 1);
            let word = place.word.get(at..).unwrap_or_default();
            let is_sort = before == "--sort";
            let found =
                if is_sort { sorted(&columns, word) } else { columns.iter().map(named).collect() };
            return Some((at, found));
        }
        _ => {}
    }
    let at = rest.iter().rposition(|word| matches!(*word, "where" | "--where"))?;
    let filter = rest.get(at + 1..)?;
    if place.word.starts_with('-') || filter.iter().any(|word| word.starts_with("--")) {
        return None;
    }
    Some(in_filter(place, view, &columns, filter))
}

/// What may stand at the end of the last word of a filter, behind the words `before`.
fn in_filter(
    place: &Place<'_>,
    view: &str,
    columns: &[Column],
    before: &[&str],
) -> (usize, Vec<Candidate>) {
    let start = place.word.len() - place.word.trim_start_matches(OPENERS).len();
    let word = place.word.get(start..).unwrap_or_default();
    let of = |name: &str| columns.iter().find(|column| column.is_named(name));
    if let Some((name, value)) = compared(word) {
        // The value begins behind a quote, if there is one.
        let at = place.word.len() - value.len();
        return (at, of(name).map_or_else(Vec::new, |column| place.seen(view, column)));
    }
    let mut earlier = before.iter().rev().map(|word| word.trim_start_matches(OPENERS));
    let before = earlier.next().unwrap_or_default();
    match compared(before) {
        // `state = ` or `state= `
        Some((name, "")) => {
            let name = if name.is_empty() { earlier.next().unwrap_or_default() } else { name };
            return (start, of(name).map_or_else(Vec::new, |column| place.seen(view, column)));
        }
        Some(_) => return (start, joiners()),
        None => {}
    }
    match of(before) {
        _ if JOINERS.contains(&before) => {}
        Some(column) => {
            let operators = operators(column).iter().copied().map(Candidate::new);
            return (start, operators.chain(joiners()).collect());
        }
        None if before.is_empty() => {}
        // The value of a comparison with blanks around its operator.
        None => return (start, joiners()),
    }
    let mut all: Vec<Candidate> = columns.iter().map(named).collect();
    all.push(Candidate::new("not"));
    if let Some(column) = of(word) {
        let word = column.word();
        all.extend(operators(column).iter().map(|it| Candidate::new(format!("{word}{it}"))));
    }
    (start, all)
}

/// A word that holds an operator: what stands before it, and the value.
fn compared(word: &str) -> Option<(&str, &str)> {
    let at = word.find(['=', '!', '~', '<', '>'])?;
    let (name, rest) = word.split_at_checked(at)?;
    let value = rest.trim_start_matches(['=', '!', '~', '<', '>']);
    Some((name, value.trim_start_matches(['"', '\''])))
}

fn sorted(columns: &[Column], word: &str) -> Vec<Candidate> {
    let directions = columns
        .iter()
        .filter(|column| word.split(':').next().is_some_and(|name| column.is_named(name)))
        .flat_map(|column| ["asc", "desc"].map(|way| format!("{}:{way}", column.word())))
        .map(Candidate::new);
    columns.iter().map(named).chain(directions).collect()
}

fn named(column: &Column) -> Candidate {
    Candidate::described(column.word(), column.about())
}

fn joiners() -> Vec<Candidate> {
    JOINERS.iter().copied().filter(|word| *word != "not").map(Candidate::new).collect()
}

/// How a column is compared.
fn operators(column: &Column) -> &'static [&'static str] {
    match column.kind() {
        Some(Kind::Number | Kind::Span | Kind::Time) => &["=", "!=", "<", "<=", ">", ">="],
        Some(Kind::Truth) => &["=", "!="],
        Some(Kind::Text) | None => &["=", "!=", "~", "!~"],
    }
}

impl Place<'_> {
    /// The values that a column has now, and those that it can have.
    fn seen(&self, view: &str, column: &Column) -> Vec<Candidate> {
        let possible: Vec<&str> = match (column.word(), column.kind()) {
            (_, Some(Kind::Truth)) => vec!["true", "false"],
            ("cause", _) => HangupCause::names().collect(),
            _ => column.values().iter().copied().filter(|value| value.len() > 3).collect(),
        };
        let mut values: BTreeSet<String> = possible.into_iter().map(str::to_owned).collect();
        if let Some(rows) = self.rows(view) {
            let now = rows.documents().into_iter();
            let texts = now.filter_map(|row| row.get(column.key())?.as_str().map(str::to_owned));
            values.extend(texts.filter(|text| !text.is_empty()).take(MOST));
        }
        // What holds a blank has to be quoted, which a half typed word cannot be any more.
        values.retain(|value| !value.contains([' ', '"', '\'', '(', ')']));
        values.into_iter().map(Candidate::new).collect()
    }

    /// The rows of a view that need no question to the server.
    fn rows(&self, view: &str) -> Option<View> {
        let listener = self.switch?.listener();
        let now = listener.server_time();
        let app_name = |_: &str| None;
        listener.with(|tracker| {
            let calls: Vec<CallInfo> = tracker.calls().take(MOST).collect();
            match view {
                "calls" => Some(call_rows::calls(calls.iter(), tracker, Some(now), &app_name)),
                "channels" => Some(call_rows::channels(calls.iter(), tracker, now, &app_name)),
                _ => None,
            }
        })
    }
}

const OPENERS: [char; 3] = ['(', '"', '\''];
const JOINERS: &[&str] = &["and", "or", "not"];
/// Rows that are looked at for values: more would not be listed.
const MOST: usize = 500;

#[cfg(test)]
mod tests {
    use super::super::complete;
    use crate::shell::session::Shell;
    use crate::shell::settings::Settings;

    fn line_after(line: &str) -> Vec<String> {
        let shell = Shell::new(Settings::default(), None, false);
        let found = complete(&shell, line, line.len());
        let kept = line.get(..found.start).unwrap();
        found.candidates.iter().map(|it| format!("{kept}{}", it.replacement)).collect()
    }

    #[limited::test]
    fn columns_and_filters() {
        for (line, expected) in [
            ("calls --sort tal", &["calls --sort talk"][..]),
            ("calls --sort talk:d", &["calls --sort talk:desc"]),
            ("calls --sort state,talk:d", &["calls --sort state,talk:desc"]),
            ("calls --columns id,fr", &["calls --columns id,from", "calls --columns id,from_name"]),
            ("channels where cal", &["channels where call"]),
            ("calls where (le", &["calls where (legs"]),
            ("calls where state=ri", &["calls where state=ringing"]),
            ("calls --where \"state=\"he", &["calls --where \"state=\"held"]),
            ("calls where state = pa", &["calls where state = parked"]),
            ("calls where age>1h a", &["calls where age>1h and"]),
            ("calls where age > 1h o", &["calls where age > 1h or"]),
            ("calls where age>1h and sta", &["calls where age>1h and state"]),
            ("kill where dir=in", &["kill where dir=inbound"]),
            ("calls where age>1h --li", &["calls where age>1h --limit"]),
            ("calls where age>1h --sort tal", &["calls where age>1h --sort talk"]),
        ] {
            assert_eq!(line_after(line), expected, "{line}");
        }
        assert!(line_after("calls where state").contains(&"calls where state!=".to_owned()));
        assert!(line_after("calls where age >").is_empty());
        assert!(line_after("calls where age ").contains(&"calls where age >=".to_owned()));
    }
}
