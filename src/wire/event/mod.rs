//! An event as it was received: the bytes, and where its headers are in them.
//!
//! Nothing is decoded before it is asked for. [`EventData::fields`] walks the bytes without an
//! allocation; [`EventData::get`] makes an index on its first call and keeps it.
//!
//! Headers are found by name, never by position: `Event-Name` is not always the first one (CUSTOM
//! starts with `Event-Subclass`, `transcripts/call_bridge`). Where a name occurs twice
//! (`Hangup-Cause` in every CHANNEL_HANGUP_COMPLETE), the last one wins, as in JSON.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use bytes::Bytes;
use memchr::{memchr, memmem};

use super::{json, percent};

/// How a server writes events, chosen with the `event` command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `text/event-plain`: `Name: value` lines, values percent-encoded.
    #[default]
    Plain,
    /// `text/event-json`: one flat object, values as they are, duplicate keys included.
    Json,
    /// `text/event-xml`: kept as bytes; its headers are not read.
    Xml,
}

impl Format {
    /// The word for the `event` command.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Json => "json",
            Self::Xml => "xml",
        }
    }
}

/// How the value of one header is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Percent,
    JsonString,
    JsonArray,
    /// A number, `true`, `false`, `null` or an object: taken as it is.
    Verbatim,
}

/// One header of an event, not yet decoded.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Field<'a> {
    /// The name as sent, for example `b"Unique-ID"`.
    pub name: &'a [u8],
    /// The value as sent: still percent-encoded, or with JSON's escapes in it.
    pub raw: &'a [u8],
    coding: Coding,
}

impl<'a> Field<'a> {
    /// Returns the value as text; bytes that are no UTF-8 become U+FFFD.
    ///
    /// FreeSWITCH writes an empty value as `_undef_` in plain events; it is returned as empty. A
    /// JSON array comes back in the `ARRAY::a|:b` form of plain events.
    #[must_use]
    pub fn value(&self) -> Cow<'a, str> {
        match self.coding {
            Coding::Percent if self.raw == b"_undef_" => Cow::Borrowed(""),
            Coding::Percent => percent::decode(self.raw),
            Coding::JsonString => json::unescape(self.raw),
            Coding::JsonArray => {
                let items: Vec<_> = json::strings(self.raw).map(json::unescape).collect();
                Cow::Owned(format!("ARRAY::{}", items.join("|:")))
            }
            Coding::Verbatim => String::from_utf8_lossy(self.raw),
        }
    }

    /// Whether the value is exactly `text`; without an allocation when it holds no escape.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.raw == text.as_bytes() || (self.has_escape() && self.value() == text)
    }

    /// Whether [`Field::value`] differs from [`Field::raw`].
    #[must_use]
    pub fn has_escape(&self) -> bool {
        match self.coding {
            Coding::Percent => memchr(b'%', self.raw).is_some() || self.raw == b"_undef_",
            Coding::JsonString => memchr(b'\\', self.raw).is_some(),
            Coding::JsonArray => true,
            Coding::Verbatim => false,
        }
    }
}

/// One event: its bytes and, once a header was asked for, an index into them.
///
/// A clone shares the bytes. Its buffer may hold other events too: use [`EventData::detached`]
/// before keeping one for long.
#[derive(Clone)]
pub struct EventData {
    format: Format,
    bytes: Bytes,
    index: OnceLock<Box<[Slot]>>,
}

#[derive(Debug, Clone)]
struct Slot {
    name: Range<u32>,
    value: Range<u32>,
    coding: Coding,
}

impl EventData {
    /// Takes the body of a `text/event-*` frame.
    #[must_use]
    pub fn new(format: Format, bytes: Bytes) -> Self {
        Self { format, bytes, index: OnceLock::new() }
    }

    /// The form in which the server sent it.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The bytes as received.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns a copy that holds on to its own bytes only, not to the read buffer.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self::new(self.format, Bytes::copy_from_slice(&self.bytes))
    }

    /// Walks the headers in the order of the bytes.
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        let whole = &self.bytes[..];
        match self.format {
            Format::Plain => Fields(Walk::Plain(whole)),
            Format::Json => Fields(Walk::Json(json::Members::new(whole))),
            Format::Xml => Fields(Walk::Plain(&[])),
        }
    }

    /// Shows each header to `look`, in the order of the bytes, until it returns `false`. The way
    /// to take several headers out of an event at once, without an index.
    #[inline]
    pub fn scan<'a>(&'a self, mut look: impl FnMut(Field<'a>) -> bool) {
        if self.format != Format::Plain {
            let _all = self.fields().all(look);
            return;
        }
        let mut rest = &self.bytes[..];
        while let Some(field) = next_line(&mut rest) {
            if !look(field) {
                return;
            }
        }
    }

    /// Returns the first header of exactly that name, not decoded. It makes no index and stops
    /// where it finds it: for the headers that every event starts with.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<Field<'_>> {
        let mut found = None;
        self.scan(|field| {
            if field.name == name.as_bytes() {
                found = Some(field);
            }
            found.is_none()
        });
        found
    }

    /// Returns the header of that name (in any case), decoded; the last one where it occurs twice.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.field(name).map(|field| field.value())
    }

    /// Returns the header of that name (in any case), not decoded.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Field<'_>> {
        let wanted = name.as_bytes();
        let slot = self.index().iter().rev().find(|slot| {
            slot.name.len() == wanted.len() && self.slice(&slot.name).eq_ignore_ascii_case(wanted)
        })?;
        Some(Field {
            name: self.slice(&slot.name),
            raw: self.slice(&slot.value),
            coding: slot.coding,
        })
    }

    /// Returns the elements of an array header (`ARRAY::a|:b` or a JSON array); a single value
    /// that is no array as one element. Elements that hold `|:` cannot be told apart in plain.
    #[must_use]
    pub fn array(&self, name: &str) -> Vec<String> {
        let Some(field) = self.field(name) else { return Vec::new() };
        if field.coding == Coding::JsonArray {
            return json::strings(field.raw).map(|raw| json::unescape(raw).into_owned()).collect();
        }
        let value = field.value();
        match value.strip_prefix("ARRAY::") {
            Some(items) => items.split("|:").map(str::to_owned).collect(),
            None => vec![value.into_owned()],
        }
    }

    /// Returns the body inside the event (the text of a BACKGROUND_JOB, for example).
    #[must_use]
    pub fn body(&self) -> Option<Cow<'_, str>> {
        match self.format {
            Format::Plain => {
                let end = memmem::find(&self.bytes, b"\n\n")?;
                let rest = self.bytes.get(end + 2..)?;
                // A header of the event's own may be called Content-Length too: the last is right.
                let length: usize = self.get("Content-Length")?.parse().ok()?;
                Some(String::from_utf8_lossy(rest.get(..length).unwrap_or(rest)))
            }
            Format::Json => self.get("_body"),
            Format::Xml => None,
        }
    }

    fn slice(&self, range: &Range<u32>) -> &[u8] {
        self.bytes.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    fn index(&self) -> &[Slot] {
        self.index.get_or_init(|| {
            let base = self.bytes.as_ptr() as usize;
            let span = |part: &[u8]| {
                let start = u32::try_from(part.as_ptr() as usize - base).unwrap_or(u32::MAX);
                start..start.saturating_add(u32::try_from(part.len()).unwrap_or(u32::MAX))
            };
            self.fields()
                .map(|field| Slot {
                    name: span(field.name),
                    value: if field.raw.is_empty() { 0..0 } else { span(field.raw) },
                    coding: field.coding,
                })
                .collect()
        })
    }
}

impl PartialEq for EventData {
    fn eq(&self, other: &Self) -> bool {
        self.format == other.format && self.bytes == other.bytes
    }
}

impl Eq for EventData {}

impl fmt::Debug for EventData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.fields().map(|x| (String::from_utf8_lossy(x.name), x.value())))
            .finish()
    }
}

/// The headers of an event, in order. Made by [`EventData::fields`].
#[derive(Debug, Clone)]
pub struct Fields<'a>(Walk<'a>);

#[derive(Debug, Clone)]
enum Walk<'a> {
    Plain(&'a [u8]),
    Json(json::Members<'a>),
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        match &mut self.0 {
            Walk::Plain(rest) => next_line(rest),
            Walk::Json(members) => members.next().map(|member| Field {
                name: member.name,
                raw: member.raw,
                coding: match member.kind {
                    json::Kind::String => Coding::JsonString,
                    json::Kind::Array => Coding::JsonArray,
                    json::Kind::Other => Coding::Verbatim,
                },
            }),
        }
    }
}

/// Takes the next `Name: value` line; a line that is none is skipped, the empty line ends it.
#[inline]
fn next_line<'a>(rest: &mut &'a [u8]) -> Option<Field<'a>> {
    loop {
        let end = memchr(b'\n', rest)?;
        let (line, tail) = rest.split_at(end);
        *rest = tail.get(1..).unwrap_or_default();
        if line.is_empty() {
            *rest = &[];
            return None;
        }
        let Some(colon) = memchr(b':', line) else { continue };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default();
        let raw = value.strip_prefix(b" ").unwrap_or(value);
        return Some(Field { name, raw, coding: Coding::Percent });
    }
}

#[cfg(test)]
mod tests;
