//! A configured value, and where it comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::keys::Kind;
use crate::shell::{CommandError, Template, alert_event, alert_filter};
use crate::time_span::{SECOND, parse_in};

/// Values by key; what stands in a table has the table's name in front: `alias.long`.
pub(crate) type Section = BTreeMap<String, Value>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) data: Data,
    pub(crate) origin: Origin,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Data {
    Text(String),
    Secret(String),
    Number(u64),
    Flag(bool),
    Span(Duration),
    Lines(Vec<String>),
}

/// Where a value was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    BuiltIn,
    Line(Arc<Path>, usize),
    Environment(&'static str),
    Option(&'static str),
}

impl Value {
    pub(crate) fn new(data: Data, origin: Origin) -> Self {
        Self { data, origin }
    }
}

impl Data {
    /// Reads a text as a value of this kind; the error says what it should be.
    pub(super) fn read(kind: Kind, text: &str) -> Result<Self, String> {
        let wrong = |what: &str| Err(format!("{text:?} is not {what}"));
        match kind {
            Kind::Text => Ok(Self::Text(text.to_owned())),
            Kind::Secret => Ok(Self::Secret(text.to_owned())),
            Kind::Template => good(text, Template::parse(text)),
            Kind::Event => good(text, alert_event(text)),
            Kind::Filter => good(text, alert_filter(text)),
            Kind::Names => {
                let is_part = |c: char| c.is_ascii_alphanumeric() || "_-*".contains(c);
                if text.chars().all(is_part) && text.chars().any(|c| c.is_ascii_alphanumeric()) {
                    return Ok(Self::Lines(vec![text.to_owned()]));
                }
                Err(format!(
                    "{text:?} is not the name of a variable: use letters, digits, _, - and *"
                ))
            }
            Kind::Lines => Ok(Self::Lines(vec![text.to_owned()])),
            Kind::Number(least, most) => match text.parse() {
                Ok(number) if (least..=most).contains(&number) => Ok(Self::Number(number)),
                _ => wrong(&format!("a number from {least} to {most}")),
            },
            Kind::Flag => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Ok(Self::Flag(true)),
                "false" | "no" | "off" | "0" => Ok(Self::Flag(false)),
                _ => wrong("true or false"),
            },
            Kind::Span => match parse_in(text, SECOND) {
                Some(span) => Ok(Self::Span(span)),
                None => wrong("a time: seconds, or with a unit (\"500 ms\", \"5 s\", \"2 m\")"),
            },
            Kind::Choice(names) => {
                match names.iter().find(|name| name.eq_ignore_ascii_case(text)) {
                    Some(name) => Ok(Self::Text((*name).to_owned())),
                    None => Err(format!("{text:?} is none of {}", names.join(", "))),
                }
            }
        }
    }
}

/// A text that the shell can read.
fn good<T>(text: &str, read: Result<T, CommandError>) -> Result<Data, String> {
    match read {
        Ok(_) => Ok(Data::Text(text.to_owned())),
        Err(err) => Err([vec![err.message], err.hints].concat().join("; ")),
    }
}

impl fmt::Display for Data {
    /// As a file would have it; a secret is masked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Secret(_) => f.write_str("\"***\""),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Span(span) if span.subsec_millis() == 0 => span.as_secs().fmt(f),
            Self::Span(span) => write!(f, "\"{} ms\"", span.as_millis()),
            Self::Lines(lines) => match lines.as_slice() {
                [line] => write!(f, "{line:?}"),
                lines => write!(f, "{lines:?}"),
            },
        }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::Line(path, line) => write!(f, "{}:{line}", shown(path)),
            Self::Environment(name) => f.write_str(name),
            Self::Option(name) => f.write_str(name),
        }
    }
}

/// A path with `~` for the home directory.
pub(crate) fn shown(path: &Path) -> String {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let below = home.filter(|home| home.parent().is_some());
    match below.and_then(|home| path.strip_prefix(home).ok().map(Path::to_owned)) {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}
