//! From text to a filter, by recursive descent.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::pattern::Pattern;
use super::{Kind, Literal, Names, Node, Op, time};
use crate::shell::text::duration::FORMS;
use crate::shell::text::error::CommandError;
use crate::time_span;

/// Reads the whole text.
pub(super) fn parse(text: &str, names: Names<'_>, now: Timestamp) -> Result<Node, CommandError> {
    let mut parser = Parser { rest: text.trim(), names, depth: 0, now };
    if parser.rest.is_empty() {
        return Err(CommandError::usage("where what?").hint(EXAMPLE));
    }
    let node = parser.any_of()?;
    match parser.rest {
        "" => Ok(node),
        rest => Err(expected("\"and\" or \"or\"", rest)),
    }
}

struct Parser<'a> {
    rest: &'a str,
    names: Names<'a>,
    depth: usize,
    now: Timestamp,
}

impl<'a> Parser<'a> {
    fn any_of(&mut self) -> Result<Node, CommandError> {
        let mut node = self.all_of()?;
        while self.takes(&["or", "||"]) {
            node = Node::Or(Box::new(node), Box::new(self.all_of()?));
        }
        Ok(node)
    }

    fn all_of(&mut self) -> Result<Node, CommandError> {
        let mut node = self.one()?;
        while self.takes(&["and", "&&"]) {
            node = Node::And(Box::new(node), Box::new(self.one()?));
        }
        Ok(node)
    }

    fn one(&mut self) -> Result<Node, CommandError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(CommandError::usage("the filter is nested too deeply"));
        }
        let node = if self.takes(&["not"]) || self.takes_sign("!") {
            Node::Not(Box::new(self.one()?))
        } else if self.takes_sign("(") {
            let node = self.any_of()?;
            if !self.takes_sign(")") {
                return Err(expected("\")\"", self.rest));
            }
            node
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn comparison(&mut self) -> Result<Node, CommandError> {
        let name = self.name()?;
        let (key, kind, values) = self.field(name)?;
        let Some((sign, op)) = OPS.iter().find(|(sign, _)| self.rest.starts_with(sign)) else {
            return Ok(Node::IsSet(key));
        };
        self.rest = self.rest.get(sign.len()..).unwrap_or_default().trim_start();
        let value = self.value(name, sign)?;
        let is_open = values.is_empty() || !matches!(op, Op::Equal | Op::Unequal);
        if !is_open && !values.iter().any(|known| known.eq_ignore_ascii_case(&value)) {
            let err = CommandError::usage(format!("{name} is never {value:?}"));
            let err = err.meant(&value, values.iter().copied(), "");
            return Err(err.hint(format!("{name} is one of: {}", values.join(", "))));
        }
        Ok(Node::Compare(key, *op, literal(name, kind, *op, &value, self.now)?))
    }

    /// A name ends where an operator or a parenthesis begins.
    fn name(&mut self) -> Result<&'a str, CommandError> {
        let is_end = |letter: char| letter.is_whitespace() || "=!~<>()'\"&|".contains(letter);
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err(expected("a field", self.rest));
        }
        self.rest = rest.trim_start();
        Ok(name)
    }

    /// What the rows call it, and what it holds.
    fn field(&self, name: &str) -> Result<(String, Kind, &'a [&'a str]), CommandError> {
        let Names::Known(rows, fields) = self.names else {
            return Ok((name.to_owned(), Kind::Text, &[]));
        };
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        if let Some(field) = fields.iter().find(|field| is(field.title) || is(field.key)) {
            // A unit of milliseconds in the name means milliseconds.
            let is_exact = field.kind == Kind::Span && !is(field.title);
            let kind = if is_exact { Kind::Number } else { field.kind };
            return Ok((field.key.to_owned(), kind, field.values));
        }
        let err = CommandError::usage(format!("{rows} have no field {name:?}"));
        let titles = || fields.iter().map(|field| field.title);
        Err(err
            .meant(name, titles(), "")
            .hint(format!("fields: {}", titles().collect::<Vec<_>>().join(", "))))
    }

    /// A value ends at a blank or a closing parenthesis, unless it is quoted.
    fn value(&mut self, name: &str, sign: &str) -> Result<String, CommandError> {
        let quote = self.rest.chars().next().filter(|first| matches!(first, '\'' | '"'));
        if let Some(quote) = quote {
            let inner = self.rest.get(1..).unwrap_or_default();
            let Some((value, rest)) = inner.split_once(quote) else {
                return Err(CommandError::usage(format!("the quote {quote} is not closed")));
            };
            self.rest = rest.trim_start();
            return Ok(value.to_owned());
        }
        let is_expression = self.rest.starts_with('/') && sign.ends_with('~');
        let end = if is_expression { expression(self.rest) } else { None };
        let is_end = |letter: char| letter.is_whitespace() || letter == ')';
        let end = end.or_else(|| self.rest.find(is_end)).unwrap_or(self.rest.len());
        let (value, rest) = self.rest.split_at(end);
        if value.is_empty() {
            let message = format!("what is {name} compared with, behind {sign:?}?");
            return Err(CommandError::usage(message).hint("an empty text is ''"));
        }
        self.rest = rest.trim_start();
        Ok(value.to_owned())
    }

    /// Takes one of these words, in any case.
    fn takes(&mut self, words: &[&str]) -> bool {
        for word in words {
            let Some(head) = self.rest.get(..word.len()) else { continue };
            let after = self.rest.get(word.len()..).unwrap_or_default();
            let is_sign = !word.starts_with(char::is_alphabetic);
            let is_end = after.is_empty();
            let is_whole =
                is_end || after.starts_with(|next: char| next.is_whitespace() || next == '(');
            if head.eq_ignore_ascii_case(word) && (is_sign || is_whole) {
                self.rest = after.trim_start();
                return true;
            }
        }
        false
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        self.rest = rest.trim_start();
        true
    }
}

/// Where `/a b/` ends: behind a slash that a blank, a parenthesis or nothing follows.
fn expression(text: &str) -> Option<usize> {
    let slashes = text.match_indices('/').skip(1).map(|(at, _)| at + 1);
    let ends = |at: &usize| {
        let rest = text.get(*at..).unwrap_or_default();
        rest.is_empty() || rest.starts_with(|next: char| next.is_whitespace() || next == ')')
    };
    slashes.filter(|at| *at > 2).find(ends)
}

/// A value as what its field holds.
fn literal(
    name: &str,
    kind: Kind,
    op: Op,
    value: &str,
    now: Timestamp,
) -> Result<Literal, CommandError> {
    let is_pattern = matches!(op, Op::Contains | Op::Lacks);
    let wrong = |is: &str, example: &str| {
        CommandError::usage(format!("{name} is {is}, {value:?} is not")).hint(example)
    };
    if is_pattern && kind != Kind::Text {
        let message = format!("{name} holds no text, so ~ cannot look into it");
        return Err(CommandError::usage(message).hint("compare with = != < <= > >="));
    }
    match kind {
        Kind::Text if is_pattern => Pattern::parse(value).map(Literal::Pattern),
        Kind::Text => Ok(Literal::Text(value.to_owned())),
        Kind::Number => {
            let number = value.trim_end_matches('%').parse().map(Literal::Number);
            number.map_err(|_err| wrong("a number", "like this: 12"))
        }
        Kind::Span => {
            let number = value.parse::<f64>().ok();
            let seconds = number.or_else(|| Some(time_span::parse(value)?.as_secs_f64()));
            // Whole microseconds: 35ms is 35, not a little more.
            let span = seconds.map(|span| Literal::Number((span * 1e6).round() / 1e3));
            span.ok_or_else(|| wrong("a time span", FORMS))
        }
        Kind::Time => {
            let ago = time_span::parse(value).and_then(|ago| SignedDuration::try_from(ago).ok());
            let ago = ago.and_then(|ago| now.checked_sub(ago).ok());
            let ago = ago.map(|point| Literal::Ago(point.as_microsecond()));
            let at = || time::span(value, now, &TimeZone::system());
            ago.or_else(|| at().map(|(begin, end)| Literal::Time(begin, end))).ok_or_else(|| {
                let example = "like this: 14:00, 14:00:05, 2026-11-30, 2026-11-30T14:00:00Z; 5m is \
                               five minutes ago";
                wrong("a point in time", example)
            })
        }
        Kind::Truth => match value.to_ascii_lowercase().as_str() {
            "yes" | "true" | "on" | "1" => Ok(Literal::Truth(true)),
            "no" | "false" | "off" | "0" => Ok(Literal::Truth(false)),
            _ => Err(wrong("yes or no", "like this: yes")),
        },
    }
}

fn expected(what: &str, rest: &str) -> CommandError {
    let found = if rest.is_empty() { "at the end".to_owned() } else { format!("before {rest:?}") };
    CommandError::usage(format!("expected {what} {found}")).hint(EXAMPLE)
}

/// The longer signs first.
const OPS: &[(&str, Op)] = &[
    ("!=", Op::Unequal),
    ("<>", Op::Unequal),
    ("!~", Op::Lacks),
    ("<=", Op::AtMost),
    (">=", Op::AtLeast),
    ("==", Op::Equal),
    ("=~", Op::Contains),
    ("=", Op::Equal),
    ("~", Op::Contains),
    ("<", Op::Less),
    (">", Op::More),
];

const EXAMPLE: &str = "for example: where age>1h and (gateway=carrier-a or to~1800)";

/// No filter that people write nests deeper.
const DEPTH: usize = 64;
