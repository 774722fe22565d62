//! Percent coding, as FreeSWITCH does it for event headers.
//!
//! What is escaped was seen in `transcripts/nasty_values` and in `switch_url_encode`
//! (`src/switch_utils.c`): controls, space, bytes above 0x7e and a list of signs.

use std::borrow::Cow;

use memchr::memchr;

/// Returns `raw` with each `%XX` turned into its byte. A `%` that starts no escape stays.
#[must_use]
pub fn decode_bytes(raw: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr(b'%', raw) else { return Cow::Borrowed(raw) };
    let (head, mut rest) = raw.split_at(first);
    let mut out = Vec::with_capacity(raw.len());
    out.extend_from_slice(head);
    loop {
        match rest {
            [b'%', high, low, tail @ ..] => {
                if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
                    out.push(high << 4 | low);
                    rest = tail;
                } else {
                    out.push(b'%');
                    rest = rest.get(1..).unwrap_or_default();
                }
            }
            [byte, tail @ ..] => {
                out.push(*byte);
                rest = tail;
            }
            [] => return Cow::Owned(out),
        }
    }
}

/// Returns `raw` percent-decoded as text. Bytes that are no UTF-8 become U+FFFD.
#[must_use]
pub fn decode(raw: &[u8]) -> Cow<'_, str> {
    match decode_bytes(raw) {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(err) => String::from_utf8_lossy(err.as_bytes()).into_owned(),
        }),
    }
}

/// Appends `value` to `out` in the form that a plain event carries it.
///
/// An escape that is already there (`%` and two upper-case hex digits) is left as it is, so that
/// `a%20b` and `a b` look the same on the wire: FreeSWITCH loses this difference
/// (`transcripts/nasty_values`), and so do we.
pub fn encode_into(out: &mut Vec<u8>, value: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
    for (at, &byte) in value.iter().enumerate() {
        let kept = byte == b'%'
            && matches!(value.get(at + 1..at + 3), Some([a, b]) if upper(*a) && upper(*b));
        if kept || is_literal(byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

fn is_literal(byte: u8) -> bool {
    (0x21..=0x7e).contains(&byte) && !b"\"#%&+:;<=>?@[\\]^`{|}".contains(&byte)
}

fn upper(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte)
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[limited::test]
    fn decodes_and_keeps_what_is_no_escape() {
        for (raw, text) in [
            ("", ""),
            ("plain", "plain"),
            ("a%20b", "a b"),
            ("%C3%BC", "ü"),
            ("%0A%0d", "\n\r"),
            ("100%", "100%"),
            ("%2", "%2"),
            ("%zz%41", "%zzA"),
            ("%ff", "\u{fffd}"),
            ("%25%32%30", "%20"),
        ] {
            assert_eq!(decode(raw.as_bytes()), text, "{raw}");
        }
    }

    #[limited::test]
    fn encodes_like_freeswitch() {
        for (value, raw) in [
            ("Sun, 22 Nov 2026", "Sun,%2022%20Nov%202026"),
            ("fd00::2", "fd00%3A%3A2"),
            ("a%20b", "a%20b"),
            ("a%2fb", "a%252fb"),
            (
                "{loops=-1}tone_stream://%(251,0,1004)",
                "%7Bloops%3D-1%7Dtone_stream%3A//%25(251,0,1004)",
            ),
            ("ü\n", "%C3%BC%0A"),
        ] {
            let mut out = Vec::new();
            encode_into(&mut out, value.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), raw);
        }
    }

    proptest! {
        #[limited::test]
        fn decode_never_panics_and_inverts_encode(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _text = decode(&bytes);
            let mut out = Vec::new();
            encode_into(&mut out, &bytes);
            if !bytes.contains(&b'%') {
                let decoded = decode_bytes(&out).into_owned();
                prop_assert_eq!(decoded, bytes);
            }
        }
    }
}
