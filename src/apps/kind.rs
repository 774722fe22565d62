//! Apps by name: what each is called, which parameters it takes, and how one is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::client::App;
use crate::model::HangupCause;
use crate::time_span::{SECOND, parse_in};

/// An app that can be loaded by name.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    pub(super) make: fn(&Values<'_>) -> Result<Arc<dyn App>, ParamError>,
}

/// A parameter of an app.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Param {
    /// Its name. One that ends with `*` stands for all names that begin like it.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Its default, as it would be typed; empty for none.
    pub default: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Takes {
    /// Any text.
    Text,
    /// A tone in the words of `tone_stream`: `%(500,500,440)`.
    Tone,
    /// A whole number in this range.
    Number(u32, u32),
    /// Seconds, with a fraction if need be.
    Seconds,
    /// Whole milliseconds.
    Milliseconds,
    /// `yes` or `no`.
    YesNo,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// DTMF digits.
    Digits,
    /// A SIP response code or a hangup cause.
    Response,
    /// A pattern and what is done where it matches.
    Route,
}

/// Parameters of an app: names and values.
pub type Params<'a> = [(&'a str, &'a str)];

/// A parameter that an app cannot take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamError {
    /// It has none of that name.
    #[error("app {app} has no parameter {name:?}")]
    Unknown {
        /// The app.
        app: &'static str,
        /// The name.
        name: String,
    },
    /// It cannot have that value.
    #[error("{name}={value}: {value:?} is not a {what}")]
    Value {
        /// The parameter.
        name: String,
        /// What it should be.
        what: String,
        /// The value.
        value: String,
    },
    /// It needs one.
    #[error("app {app} needs the parameter {name:?}")]
    Missing {
        /// The app.
        app: &'static str,
        /// The parameter.
        name: &'static str,
    },
}

impl Kind {
    /// Makes one. Nothing of it is registered anywhere when a parameter is wrong.
    ///
    /// # Errors
    /// [`ParamError`], before anything is made.
    pub fn make(&self, params: &Params<'_>) -> Result<Arc<dyn App>, ParamError> {
        for (name, value) in params {
            let Some(param) = self.param(name) else {
                return Err(ParamError::Unknown { app: self.name, name: (*name).to_owned() });
            };
            if !param.takes.accepts(value) {
                return Err(param.refuse(name, value));
            }
        }
        (self.make)(&Values { kind: self, given: params })
    }

    /// The parameter that a name stands for.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|param| match param.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => param.name == name,
        })
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kind").field(&self.name).finish()
    }
}

impl Param {
    /// One of a type, with its default and what it is for.
    pub(super) const fn new(
        name: &'static str,
        takes: Takes,
        default: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, takes, default, about }
    }

    fn refuse(&self, name: &str, value: &str) -> ParamError {
        let (name, value) = (name.to_owned(), value.to_owned());
        ParamError::Value { name, what: self.takes.to_string(), value }
    }
}

impl Takes {
    /// Whether a value can be taken.
    #[must_use]
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Tone => text.starts_with("%(") && text.ends_with(')'),
            Self::Number(least, most) => {
                text.parse().is_ok_and(|number: u32| (least..=most).contains(&number))
            }
            Self::Seconds => seconds(text).is_some(),
            Self::Milliseconds => text.parse::<u32>().is_ok(),
            Self::YesNo => yes(text).is_some(),
            Self::OneOf(words) => words.contains(&text),
            Self::Digits => {
                let is_digit =
                    |letter: char| letter.is_ascii_digit() || "*#ABCDabcd".contains(letter);
                (1..=99).contains(&text.len()) && text.chars().all(is_digit)
            }
            Self::Response => {
                let is_code = text.parse().is_ok_and(|code: u16| (300..700).contains(&code));
                is_code || HangupCause::parse(text).is_known()
            }
            Self::Route => crate::apps::router::Route::parse(text).is_some(),
        }
    }

    /// The words that it takes, if they can be listed.
    #[must_use]
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::YesNo => &["yes", "no"],
            Self::OneOf(words) => words,
            _ => &[],
        }
    }
}

impl fmt::Display for Takes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Tone => f.write_str("tone such as %(500,500,440)"),
            Self::Number(least, most) => write!(f, "number from {least} to {most}"),
            Self::Seconds => f.write_str("number of seconds"),
            Self::Milliseconds => f.write_str("number of milliseconds"),
            Self::YesNo => f.write_str("yes or no"),
            Self::OneOf(words) => f.write_str(&words.join(" or ")),
            Self::Digits => f.write_str("1 to 99 of 0-9 * # A-D"),
            Self::Response => f.write_str("SIP code from 300 to 699, or hangup cause"),
            Self::Route => f.write_str("route: '[FIELD~]PATTERN ACTION [ARGUMENT]'"),
        }
    }
}

/// The values of an app that is made: those given, and the defaults.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    kind: &'a Kind,
    given: &'a Params<'a>,
}

impl<'a> Values<'a> {
    /// The value of a parameter, the latest one given; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &'a str {
        let given = self.given.iter().rev().find(|(known, _)| *known == name);
        let default = || self.kind.params.iter().find(|param| param.name == name);
        given.map_or_else(|| default().map_or("", |param| param.default), |(_, value)| value)
    }

    /// All values given under names of a parameter that ends with `*`, in order.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let start = name.trim_end_matches('*').to_owned();
        let is_it = move |known: &str| known.starts_with(&start);
        self.given.iter().copied().filter(move |(known, _)| is_it(known))
    }

    pub(super) fn number(&self, name: &str) -> u32 {
        self.text(name).parse().unwrap_or_default()
    }

    pub(super) fn seconds(&self, name: &str) -> Duration {
        seconds(self.text(name)).unwrap_or_default()
    }

    pub(super) fn milliseconds(&self, name: &str) -> Duration {
        Duration::from_millis(u64::from(self.number(name)))
    }

    pub(super) fn is(&self, name: &str) -> bool {
        yes(self.text(name)).unwrap_or_default()
    }

    pub(super) fn needs(&self, name: &'static str) -> Result<&'a str, ParamError> {
        match self.text(name) {
            "" => Err(ParamError::Missing { app: self.kind.name, name }),
            text => Ok(text),
        }
    }
}

fn seconds(text: &str) -> Option<Duration> {
    parse_in(text, SECOND).filter(|time| time.as_secs() < 1_000_000)
}

fn yes(text: &str) -> Option<bool> {
    match text {
        "yes" | "true" | "on" | "1" => Some(true),
        "no" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}
