//! Text inside a command, so that FreeSWITCH reads it as it was meant.

use super::error::Error;
use crate::model::dial::encode::Unsendable;
use crate::model::dial::{DialString, OriginateLine, encode};

/// A part that must be one word, without signs that mean something in a dial string.
pub(super) fn word<'a>(what: &'static str, text: &'a str) -> Result<&'a str, Error> {
    let why = if text.is_empty() {
        "it is empty"
    } else if text.contains(char::is_whitespace) {
        "it holds white space"
    } else if text.contains(['{', '}', '\'', ',', '|', '\\']) || text.contains(":_:") {
        "it holds a sign with a meaning there: one of { } ' , | \\"
    } else {
        return Ok(text);
    };
    Err(refused(what, text, why))
}

/// An argument of a command that FreeSWITCH cuts at blanks: an extension, which may be the inline
/// dial plan `set:foo=1,park:`. It may hold anything but line breaks.
pub(super) fn argument(what: &'static str, text: &str) -> Result<String, Error> {
    if text.trim().is_empty() {
        return Err(refused(what, text, "it is empty"));
    }
    encode::plain(text).map_err(|why| unsendable(what, text, why))?;
    Ok(encode::word(text))
}

/// Whether the words of an `originate`, or a dial string alone, may make more than one leg: see
/// [`DialString::has_many_legs`]. One that cannot be read may.
#[must_use]
pub fn has_many_legs(text: &str) -> bool {
    let line = OriginateLine::parse(text);
    DialString::parse(&line.dial).map_or(true, |dial| dial.has_many_legs())
}

pub(super) fn unsendable(what: &'static str, text: &str, why: Unsendable) -> Error {
    refused(what, text, why.0)
}

pub(super) fn refused(what: &'static str, text: &str, why: &'static str) -> Error {
    Error::DialString { what, text: text.to_owned(), why }
}
