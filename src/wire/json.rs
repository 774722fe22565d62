//! A reader of the flat JSON object that FreeSWITCH sends as an event.
//!
//! Why not a JSON crate: the object may hold bytes that are no UTF-8 and keys that occur twice
//! (`transcripts/nasty_values`, `transcripts/call_answered_json`), and it has to be walked without
//! an allocation. Bodies of API replies are read with `serde_json`.

use std::borrow::Cow;

use memchr::memchr2;

/// What kind of value a member has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Array,
    Other,
}

/// One `"name": value`. For a string, `raw` is what stands between its quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) name: &'a [u8],
    pub(super) raw: &'a [u8],
    pub(super) kind: Kind,
}

/// Walks the members of one object; stops at the first byte that is no JSON.
#[derive(Debug, Clone)]
pub(super) struct Members<'a> {
    rest: &'a [u8],
}

impl<'a> Members<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let text = skip_space(text);
        Self { rest: text.strip_prefix(b"{").unwrap_or_default() }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let mut rest = skip_space(self.rest);
        if let Some(tail) = rest.strip_prefix(b",") {
            rest = skip_space(tail);
        }
        self.rest = &[];
        let (name, tail) = string(rest)?;
        let value = skip_space(skip_space(tail).strip_prefix(b":")?);
        let (raw, kind, tail) = match value.first()? {
            b'"' => {
                let (raw, tail) = string(value)?;
                (raw, Kind::String, tail)
            }
            first => {
                let end = value_end(value)?;
                let (raw, tail) = value.split_at(end);
                let kind = if *first == b'[' { Kind::Array } else { Kind::Other };
                (raw.trim_ascii_end(), kind, tail)
            }
        };
        self.rest = tail;
        Some(Member { name, raw, kind })
    }
}

/// Walks the strings of an array, still escaped; elements of other kinds are left out.
pub(super) fn strings(array: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = array;
    std::iter::from_fn(move || {
        let start = rest.iter().position(|byte| *byte == b'"')?;
        let (raw, tail) = string(rest.get(start..)?)?;
        rest = tail;
        Some(raw)
    })
}

/// Returns the text of a string; bytes that are no UTF-8 become U+FFFD, as do lone surrogates.
pub(super) fn unescape(raw: &[u8]) -> Cow<'_, str> {
    if !raw.contains(&b'\\') {
        return String::from_utf8_lossy(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&escape, tail)) = rest.split_first() else { break };
        rest = tail;
        match escape {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let mut buffer = [0; 4];
                let letter = code_point(&mut rest).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes());
            }
            other => out.push(other),
        }
    }
    Cow::Owned(match String::from_utf8(out) {
        Ok(text) => text,
        Err(err) => String::from_utf8_lossy(err.as_bytes()).into_owned(),
    })
}

/// Takes `XXXX`, and a second half behind `\u` where the first is a high surrogate.
fn code_point(rest: &mut &[u8]) -> Option<char> {
    let first = four_hex(rest)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first);
    }
    let mut ahead = rest.strip_prefix(b"\\u")?;
    let second = four_hex(&mut ahead)?;
    if !(0xdc00..0xe000).contains(&second) {
        return None;
    }
    *rest = ahead;
    char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
}

fn four_hex(rest: &mut &[u8]) -> Option<u32> {
    let digits = rest.get(..4)?;
    let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    *rest = rest.get(4..)?;
    Some(code)
}

/// Splits `"text"rest` into what stands between the quotes and the rest.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"\"")?;
    let mut at = 0;
    loop {
        let found = at + memchr2(b'"', b'\\', inner.get(at..)?)?;
        if inner.get(found) == Some(&b'"') {
            return Some((inner.get(..found)?, inner.get(found + 1..)?));
        }
        at = found + 2;
    }
}

/// The end of a value that is no string: the first `,` or `}` outside of its brackets.
fn value_end(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => {
                let (raw, _) = string(text.get(at..)?)?;
                at += raw.len() + 1;
            }
            b'[' | b'{' => depth += 1,
            b',' | b'}' if depth == 0 => return Some(at),
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
}

fn skip_space(text: &[u8]) -> &[u8] {
    text.trim_ascii_start()
}
