//! `where age>1h and gateway=carrier-a`: which rows are meant.
//!
//! A comparison is `FIELD OP VALUE`, with `=`, `!=`, `~` (contains), `!~`, `<`, `<=`, `>`, `>=`;
//! they are joined by `and`, `or`, `not` and parentheses. A field alone asks whether it is set.
//! Text is compared without regard to case; `/.../` behind `~` is a regular expression. Spans are
//! written `90s`, `2m`, `1h30m`; a plain number is seconds. A time is compared with a point in time
//! (`14:00`, `2026-11-30T14:00:00Z`), or with how long ago it is (`created<5m`). What holds a blank
//! is quoted.
//!
//! # Invariants
//! What is not known is neither true nor false, and only what is certainly true is chosen:
//! `not age<1h` does not choose a row without an age.

mod parse;
pub(in crate::shell) mod pattern;
mod time;

use std::borrow::Cow;
use std::cmp::Ordering;

pub(super) use pattern::Pattern;

use crate::shell::text::error::CommandError;

/// What a field holds, which decides how it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Kind {
    /// Text; where both sides are numbers, `<` and `>` compare them as such.
    Text,
    /// A number.
    Number,
    /// A time span.
    Span,
    /// A point in time.
    Time,
    /// Yes or no.
    Truth,
}

/// A field that a filter may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) struct Field<'a> {
    /// As people read it.
    pub(in crate::shell) title: &'a str,
    /// As machines read it; what [`Filter::holds`] asks for.
    pub(in crate::shell) key: &'a str,
    /// What it holds.
    pub(in crate::shell) kind: Kind,
    /// All that it can hold; empty where that is open.
    pub(in crate::shell) values: &'a [&'a str],
}

/// Which names a filter may use.
#[derive(Debug, Clone, Copy)]
pub(in crate::shell) enum Names<'a> {
    /// These, of rows of this name (`calls`).
    Known(&'a str, &'a [Field<'a>]),
    /// Any: they are headers of events, which hold text.
    Any,
}

/// The value of a field in one row.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::shell) enum Value<'a> {
    /// It is unknown.
    Unknown,
    /// Text; the empty one is known to be empty.
    Text(Cow<'a, str>),
    /// Text, and how people read it: either may be meant.
    Either(Cow<'a, str>, Cow<'a, str>),
    /// A number.
    Number(f64),
    /// Milliseconds.
    Span(f64),
    /// Microseconds since 1970.
    Time(i64),
    /// Yes or no.
    Truth(bool),
}

/// A parsed `where`.
#[derive(Debug, Clone)]
pub(in crate::shell) struct Filter {
    root: Node,
}

#[derive(Debug, Clone)]
enum Node {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    IsSet(String),
    Compare(String, Op, Literal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Equal,
    Unequal,
    Contains,
    Lacks,
    Less,
    AtMost,
    More,
    AtLeast,
}

#[derive(Debug, Clone)]
enum Literal {
    Text(String),
    Pattern(Pattern),
    /// A number, or milliseconds.
    Number(f64),
    Truth(bool),
    /// A point in time, as long as it was typed: the microseconds from the first to the second.
    Time(i64, i64),
    /// As long ago as from this point in time, in microseconds since 1970.
    Ago(i64),
}

impl Filter {
    /// Reads a filter, without the word `where`.
    ///
    /// # Errors
    /// A usage error that says what was expected, and for an unknown field which there are.
    pub(in crate::shell) fn parse(text: &str, names: Names<'_>) -> Result<Self, CommandError> {
        Self::parse_at(text, names, jiff::Timestamp::now())
    }

    /// As [`Filter::parse`], with the time that "5 minutes ago" counts from.
    pub(super) fn parse_at(
        text: &str,
        names: Names<'_>,
        now: jiff::Timestamp,
    ) -> Result<Self, CommandError> {
        parse::parse(text, names, now).map(|root| Self { root })
    }

    /// Whether it certainly holds for a row. `value` gives the value of a field by its key.
    pub(in crate::shell) fn holds<'a>(&self, value: &dyn Fn(&str) -> Value<'a>) -> bool {
        self.root.holds(value) == Some(true)
    }

    /// The keys of the fields that it asks for, each once.
    pub(in crate::shell) fn fields(&self) -> Vec<&str> {
        let mut fields = Vec::new();
        self.root.name_fields(&mut fields);
        fields
    }
}

impl Node {
    fn name_fields<'a>(&'a self, fields: &mut Vec<&'a str>) {
        match self {
            Self::And(one, other) | Self::Or(one, other) => {
                one.name_fields(fields);
                other.name_fields(fields);
            }
            Self::Not(inner) => inner.name_fields(fields),
            Self::IsSet(field) | Self::Compare(field, ..) => {
                if !fields.contains(&field.as_str()) {
                    fields.push(field);
                }
            }
        }
    }

    fn holds<'a>(&self, value: &dyn Fn(&str) -> Value<'a>) -> Option<bool> {
        match self {
            Self::And(one, other) => match (one.holds(value), other.holds(value)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (one, other) => Some(one? && other?),
            },
            Self::Or(one, other) => match (one.holds(value), other.holds(value)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (one, other) => Some(one? || other?),
            },
            Self::Not(inner) => inner.holds(value).map(|holds| !holds),
            Self::IsSet(field) => Some(match value(field) {
                Value::Unknown => false,
                Value::Text(text) | Value::Either(text, _) => !text.is_empty(),
                Value::Number(number) | Value::Span(number) => number > 0.0,
                Value::Time(at) => at > 0,
                Value::Truth(truth) => truth,
            }),
            Self::Compare(field, op, literal) => compare(&value(field), *op, literal),
        }
    }
}

fn compare(value: &Value<'_>, op: Op, literal: &Literal) -> Option<bool> {
    if let Value::Either(exact, shown) = value {
        let exact = compare(&Value::Text(exact.as_ref().into()), op, literal);
        let shown = compare(&Value::Text(shown.as_ref().into()), op, literal);
        return match op {
            Op::Unequal | Op::Lacks => Some(exact? && shown?),
            Op::Equal | Op::Contains => Some(exact? || shown?),
            Op::Less | Op::AtMost | Op::More | Op::AtLeast => exact.or(shown),
        };
    }
    let ordering = match (value, literal) {
        (Value::Text(text), Literal::Pattern(pattern)) => {
            return Some((op == Op::Contains) == pattern.is_in(text));
        }
        (Value::Text(text), Literal::Text(wanted)) => ordering(text, wanted, op)?,
        (Value::Number(number) | Value::Span(number), Literal::Number(wanted)) => {
            number.partial_cmp(wanted)?
        }
        (Value::Truth(truth), Literal::Truth(wanted)) => truth.cmp(wanted),
        (Value::Time(at), Literal::Time(begin, end)) => match op {
            Op::Equal | Op::Unequal if (*begin..*end).contains(at) => Ordering::Equal,
            _ => at.cmp(begin),
        },
        // What is later is less long ago.
        (Value::Time(at), Literal::Ago(point)) => point.cmp(at),
        _ => return None,
    };
    Some(match op {
        Op::Equal => ordering.is_eq(),
        Op::Unequal => ordering.is_ne(),
        Op::Less => ordering.is_lt(),
        Op::AtMost => ordering.is_le(),
        Op::More => ordering.is_gt(),
        Op::AtLeast => ordering.is_ge(),
        Op::Contains | Op::Lacks => return None,
    })
}

/// Text beside text: numbers by their value where it matters which is more, else letters.
///
/// An empty text is not less than a number; it is none.
fn ordering(text: &str, wanted: &str, op: Op) -> Option<Ordering> {
    let is_size = !matches!(op, Op::Equal | Op::Unequal);
    if is_size && let Ok(wanted) = wanted.parse::<f64>() {
        return text.trim().parse::<f64>().ok()?.partial_cmp(&wanted);
    }
    let lower = |text: &str| text.to_lowercase();
    Some(if text == wanted { Ordering::Equal } else { lower(text).cmp(&lower(wanted)) })
}

#[cfg(test)]
mod tests;
