//! Which rows and columns of a view are wanted, in which order.

use std::cmp::Ordering;

use serde_json::Value;

use super::column::Column;
use super::filter::{Filter, Kind, Names};
use super::{Cell, Unit, View, filter};
use crate::shell::text::error::CommandError;

/// The options that all tables share.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::shell) struct Select {
    /// Only the rows for which this holds; "where FILTER" without dashes is the same
    #[arg(long = "where", value_name = "FILTER")]
    pub(in crate::shell) filter: Option<String>,
    /// Sort by this column, or by several; behind ":desc" the largest come first
    #[arg(
        long,
        value_name = "COLUMN[:desc],..",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    sort: Vec<String>,
    /// Show these columns, in this order
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    columns: Vec<String>,
    /// Show only the first N rows
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Say only how many rows there are
    #[arg(long)]
    pub(in crate::shell) count: bool,
}

impl Select {
    /// How many rows are wanted, where it does not take the others to know which.
    pub(in crate::shell) fn first(&self) -> Option<usize> {
        let is_plain = self.filter.is_none() && self.sort.is_empty() && !self.count;
        self.limit.filter(|_| is_plain)
    }
}

impl View {
    /// Leaves what was asked for. `rows` is what the rows are called: `calls`.
    pub(in crate::shell) fn select(
        mut self,
        rows: &str,
        select: &Select,
    ) -> Result<Self, CommandError> {
        if let Some(text) = &select.filter {
            let filter = self.filter(rows, text)?;
            let kept = std::mem::take(&mut self.rows).into_iter();
            self.rows = kept.filter(|row| holds(&filter, &self.columns, row)).collect();
            self.empty = format!("no {rows} match").into();
            self.foot.clear();
        }
        if select.count {
            let column = Column { kind: Some(Kind::Number), ..Column::plain(rows.to_owned(), 0) };
            let mut view = Self::of([column], "").with_one_row();
            view.push(vec![Cell::number(self.rows.len() as u64)]);
            return Ok(view.with_unreadable(self.unreadable));
        }
        if !select.sort.is_empty() {
            self.sort(rows, &select.sort)?;
        }
        if let Some(limit) = select.limit.filter(|limit| *limit < self.rows.len()) {
            self.foot = format!("{limit} of {} {rows}", self.rows.len());
            self.rows.truncate(limit);
        }
        if !select.columns.is_empty() {
            self.pick(rows, &select.columns)?;
        }
        Ok(self)
    }

    /// Reads a filter over its columns.
    pub(in crate::shell) fn filter(&self, rows: &str, text: &str) -> Result<Filter, CommandError> {
        let kinds = (0..self.columns.len()).map(|at| {
            let values = self.rows.iter().filter_map(|row| row.get(at));
            values.map(Cell::value).find_map(|value| kind(&value)).unwrap_or(Kind::Text)
        });
        let fields: Vec<_> =
            self.columns.iter().zip(kinds).map(|(column, kind)| column.field(kind)).collect();
        let now =
            self.now.and_then(|now| jiff::Timestamp::from_microsecond(now.try_into().ok()?).ok());
        Filter::parse_at(
            text,
            Names::Known(rows, &fields),
            now.unwrap_or_else(jiff::Timestamp::now),
        )
    }

    /// Leaves the rows for which this says so.
    pub(in crate::shell) fn keep(&mut self, kept: Vec<bool>) {
        let mut kept = kept.into_iter();
        self.rows.retain(|_row| kept.next().unwrap_or(false));
    }

    /// The numbers of the rows for which a filter holds.
    pub(in crate::shell) fn matches(&self, filter: &Filter) -> Vec<usize> {
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| holds(filter, &self.columns, row)).map(|(at, _)| at).collect()
    }

    fn sort(&mut self, rows: &str, orders: &[String]) -> Result<(), CommandError> {
        let mut keys = Vec::new();
        for order in orders.iter().map(|order| order.trim()).filter(|order| !order.is_empty()) {
            let (name, is_descending) = match order.rsplit_once(':') {
                Some((name, "desc")) => (name, true),
                Some((name, "asc")) => (name, false),
                Some((_, way)) => {
                    let err = CommandError::usage(format!("{way:?} is not an order"));
                    return Err(err.hint("\"--sort COLUMN\" or \"--sort COLUMN:desc\""));
                }
                // As other programs write it.
                None => order.strip_prefix('-').map_or((order, false), |name| (name, true)),
            };
            keys.push((self.position(rows, name)?, is_descending));
        }
        self.rows.sort_by(|a, b| {
            keys.iter().fold(Ordering::Equal, |order, (at, is_descending)| {
                order.then_with(|| beside(a.get(*at), b.get(*at), *is_descending))
            })
        });
        Ok(())
    }

    fn pick(&mut self, rows: &str, names: &[String]) -> Result<(), CommandError> {
        let names = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        let picked: Vec<usize> =
            names.map(|name| self.position(rows, name)).collect::<Result<_, _>>()?;
        let columns = picked.iter().filter_map(|at| self.columns.get(*at).cloned());
        self.columns = columns
            .zip(0..)
            .map(|(column, rank)| Column { rank, is_hidden: false, ..column })
            .collect();
        for row in &mut self.rows {
            *row = picked.iter().filter_map(|at| row.get(*at).cloned()).collect();
        }
        Ok(())
    }

    fn position(&self, rows: &str, name: &str) -> Result<usize, CommandError> {
        if let Some(at) = self.columns.iter().position(|column| column.is_named(name)) {
            return Ok(at);
        }
        let titles = || self.columns.iter().map(Column::word);
        let err = CommandError::usage(format!("{rows} have no column {name:?}"));
        Err(err
            .meant(name, titles(), "")
            .hint(format!("columns: {}", titles().collect::<Vec<_>>().join(", "))))
    }
}

fn holds(filter: &Filter, columns: &[Column], row: &[Cell]) -> bool {
    filter.holds(&|key| {
        let at = columns.iter().position(|column| column.key == key);
        let cell = at.and_then(|at| row.get(at));
        match cell.map(|cell| (cell, cell.value())) {
            // Milliseconds that are asked for as a number are one.
            Some((cell, filter::Value::Unknown)) if is_text(columns, at) && cell.is_empty() => {
                filter::Value::Text("".into())
            }
            Some((_, value)) => value,
            None => filter::Value::Unknown,
        }
    })
}

/// A text that is not there is an empty one.
fn is_text(columns: &[Column], at: Option<usize>) -> bool {
    at.and_then(|at| columns.get(at)).is_some_and(|column| column.kind == Some(Kind::Text))
}

fn kind(value: &filter::Value<'_>) -> Option<Kind> {
    match value {
        filter::Value::Unknown => None,
        filter::Value::Text(_) | filter::Value::Either(..) => Some(Kind::Text),
        filter::Value::Number(_) => Some(Kind::Number),
        filter::Value::Span(_) => Some(Kind::Span),
        filter::Value::Time(_) => Some(Kind::Time),
        filter::Value::Truth(_) => Some(Kind::Truth),
    }
}

/// Two cells in the order that was asked for. What is not known comes last either way.
fn beside(a: Option<&Cell>, b: Option<&Cell>, is_descending: bool) -> Ordering {
    let is_known = |cell: Option<&Cell>| cell.is_some_and(|cell| cell.exact != Value::Null);
    match (is_known(a), is_known(b)) {
        (true, true) if is_descending => compare(b, a),
        (true, true) => compare(a, b),
        (known, other) => other.cmp(&known),
    }
}

/// Numbers by value, also those that the server sent as text; all else by its letters.
fn compare(a: Option<&Cell>, b: Option<&Cell>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else { return Ordering::Equal };
    match (a.number_of(), b.number_of()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => match (&a.exact, &b.exact) {
            (Value::String(a), Value::String(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
            (a, b) => super::plain(a).cmp(&super::plain(b)),
        },
    }
}

impl Cell {
    fn number_of(&self) -> Option<f64> {
        if let Unit::Time(at) = self.unit {
            // Exact to the microsecond until the year 2255.
            #[expect(clippy::cast_precision_loss, reason = "53 bits hold it")]
            return Some(at as f64);
        }
        match &self.exact {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn is_empty(&self) -> bool {
        self.exact == Value::Null
    }
}
