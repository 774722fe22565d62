//! Bytes that are no UTF-8, carried through text: each rides as one character of U+F780..=U+F7FF.
//!
//! FreeSWITCH passes such bytes on as they are (`transcripts/nasty_values`), so a server that is
//! written with text must be able to give them back.

use std::borrow::Cow;

/// Returns the text of bytes; one that belongs to no character becomes U+F700 plus its value.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(
            chunk.invalid().iter().filter_map(|byte| char::from_u32(0xf700 + u32::from(*byte))),
        );
    }
    out
}

/// Returns the bytes of a text, the reverse of [`decode`].
#[must_use]
pub fn encode(text: &str) -> Cow<'_, [u8]> {
    if !text.contains(|letter| ('\u{f780}'..='\u{f7ff}').contains(&letter)) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match u8::try_from(u32::from(letter).wrapping_sub(0xf700)) {
            Ok(byte) if byte >= 0x80 => out.push(byte),
            _ => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn there_and_back() {
        for bytes in [&b"plain"[..], b"", b"a\xff\xc3\xa9\xc3", b"\x80\xfe end"] {
            assert_eq!(&*encode(&decode(bytes)), bytes);
        }
        assert_eq!(decode(b"a\xff"), "a\u{f7ff}");
        assert_eq!(&*encode("a\u{f7ff}é"), b"a\xff\xc3\xa9");
    }
}
