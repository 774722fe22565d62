//! What a server sends, written. The simulated switch lives on it.
//!
//! The order of outer headers is that of mod_event_socket: `Content-Length` first for events,
//! `Content-Type` first for everything else (`transcripts/bgjobs`, `logstream`).

use super::Format;
use super::{percent, stray};

/// Appends `Content-Type: command/reply` with `Reply-Text` and further headers; texts may hold
/// [`stray`] bytes. What is too long is cut as `mod_event_socket` cuts it: a text at 511 bytes, a
/// reply with headers at 510 bytes, and then it has no blank line.
pub fn reply(out: &mut Vec<u8>, text: &str, headers: &[(&str, &str)]) {
    const LIMIT: usize = 511;
    out.extend_from_slice(b"Content-Type: command/reply\n");
    let start = out.len();
    out.extend_from_slice(b"Reply-Text: ");
    out.extend(stray::encode(text).iter().take(LIMIT));
    out.push(b'\n');
    for (name, value) in headers {
        push(out, &[name, ": "]);
        out.extend_from_slice(&stray::encode(value));
        out.push(b'\n');
    }
    out.push(b'\n');
    if !headers.is_empty() {
        out.truncate(start + LIMIT - 1);
    }
}

/// Appends a frame of any other content type, `Content-Type` first.
pub fn frame(out: &mut Vec<u8>, content_type: &str, headers: &[(&str, &str)], body: &[u8]) {
    push(out, &["Content-Type: ", content_type, "\n"]);
    if content_type != "auth/request" {
        push(out, &["Content-Length: ", &body.len().to_string(), "\n"]);
    }
    for (name, value) in headers {
        push(out, &[name, ": ", value, "\n"]);
    }
    out.push(b'\n');
    out.extend_from_slice(body);
}

/// Appends an event frame, see [`event_body`].
pub fn event(
    out: &mut Vec<u8>,
    format: Format,
    headers: &[(impl AsRef<str>, impl AsRef<[u8]>)],
    body: Option<&[u8]>,
) {
    let text = event_body(format, headers, body);
    let length = text.len().to_string();
    push(out, &["Content-Length: ", &length, "\nContent-Type: text/event-", format.word(), "\n\n"]);
    out.extend_from_slice(&text);
}

/// Returns an event as text, without the frame around it. `headers` may repeat a name; a value of
/// several elements is passed in the `ARRAY::a|:b` form and becomes an array in JSON and repeated
/// elements in XML.
#[must_use]
pub fn event_body(
    format: Format,
    headers: &[(impl AsRef<str>, impl AsRef<[u8]>)],
    body: Option<&[u8]>,
) -> Vec<u8> {
    match format {
        Format::Plain => plain(headers, body),
        Format::Json => json(headers, body),
        Format::Xml => xml(headers, body),
    }
}

fn plain(headers: &[(impl AsRef<str>, impl AsRef<[u8]>)], body: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 * headers.len());
    for (name, value) in headers {
        push(&mut out, &[name.as_ref(), ": "]);
        match value.as_ref() {
            b"" => out.extend_from_slice(b"_undef_"),
            value => percent::encode_into(&mut out, value),
        }
        out.push(b'\n');
    }
    if let Some(body) = body {
        push(&mut out, &["Content-Length: ", &body.len().to_string(), "\n\n"]);
        out.extend_from_slice(body);
    } else {
        out.push(b'\n');
    }
    out
}

/// One flat object. Duplicate names stay duplicate, bytes that are no UTF-8 pass through as they
/// do in FreeSWITCH (`transcripts/nasty_values`).
fn json(headers: &[(impl AsRef<str>, impl AsRef<[u8]>)], body: Option<&[u8]>) -> Vec<u8> {
    let mut out = vec![b'{'];
    let length = body.map(|body| body.len().to_string());
    let tail = [("Content-Length", length.as_deref().map(str::as_bytes)), ("_body", body)];
    let tail = tail.iter().filter_map(|(name, value)| value.map(|value| (*name, value)));
    let all = headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).chain(tail);
    for (name, value) in all {
        if out.len() > 1 {
            out.push(b',');
        }
        json_string(&mut out, name.as_bytes());
        out.push(b':');
        match value.strip_prefix(b"ARRAY::") {
            Some(items) => {
                let mut open = b'[';
                for item in split_array(items) {
                    out.push(open);
                    json_string(&mut out, item);
                    open = b',';
                }
                out.push(b']');
            }
            None => json_string(&mut out, value),
        }
    }
    out.push(b'}');
    out
}

fn json_string(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'"');
    for &byte in value {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            0..=31 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

fn xml(headers: &[(impl AsRef<str>, impl AsRef<[u8]>)], body: Option<&[u8]>) -> Vec<u8> {
    let mut out = b"<event>\n  <headers>\n".to_vec();
    for (name, value) in headers {
        let value = value.as_ref();
        let items = value.strip_prefix(b"ARRAY::").map_or_else(|| vec![value], split_array);
        for item in items {
            push(&mut out, &["    <", name.as_ref(), ">"]);
            percent::encode_into(&mut out, item);
            push(&mut out, &["</", name.as_ref(), ">\n"]);
        }
    }
    out.extend_from_slice(b"  </headers>\n");
    if let Some(body) = body {
        let length = body.len().to_string();
        push(&mut out, &["  <Content-Length>", &length, "</Content-Length>\n  <body>"]);
        xml_text(&mut out, body);
        out.extend_from_slice(b"</body>\n");
    }
    out.extend_from_slice(b"</event>\n");
    out
}

/// Text of an element, as `switch_xml.c` writes it: characters beyond ASCII by number, bytes that
/// are none left out.
fn xml_text(out: &mut Vec<u8>, text: &[u8]) {
    for letter in text.utf8_chunks().flat_map(|chunk| chunk.valid().chars()) {
        match letter {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '\r' => out.extend_from_slice(b"&#xD;"),
            '\0'..='\x7f' => out.extend(u8::try_from(letter)),
            _ => out.extend_from_slice(format!("&#x{:X};", u32::from(letter)).as_bytes()),
        }
    }
}

fn split_array(items: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = items;
    while let Some(at) = memchr::memmem::find(rest, b"|:") {
        let (head, tail) = rest.split_at(at);
        parts.push(head);
        rest = tail.get(2..).unwrap_or_default();
    }
    parts.push(rest);
    parts
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::wire::{Decoder, Frame};

    #[limited::test]
    fn what_the_server_writes_the_client_reads() {
        let headers =
            [("Event-Name", "CUSTOM"), ("A", "x y\n\u{1}é"), ("E", ""), ("L", "ARRAY::1|:2")];
        for format in [Format::Plain, Format::Json] {
            let mut out = Vec::new();
            event(&mut out, format, &headers, Some(b"+OK\n"));
            let mut buf = BytesMut::from(&out[..]);
            let Ok(Some(Frame::Event(event))) = Decoder::new().decode(&mut buf) else { panic!() };
            for (name, value) in headers {
                assert_eq!(event.get(name).as_deref(), Some(value), "{name} in {format:?}");
            }
            assert_eq!(event.array("L"), ["1", "2"]);
            assert_eq!(event.body().as_deref(), Some("+OK\n"));
        }
    }

    #[limited::test]
    fn a_body_of_any_bytes() {
        let body = "<&> \"ä\r\n€".as_bytes();
        let headers: [(&str, &str); 0] = [];
        let xml = event_body(Format::Xml, &headers, Some(&[body, b"\xff"].concat()));
        let xml = String::from_utf8(xml).unwrap();
        assert!(xml.contains("  <body>&lt;&amp;&gt; \"&#xE4;&#xD;\n&#x20AC;</body>\n"), "{xml}");
        let json = event_body(Format::Json, &headers, Some(b"\xff\x01"));
        assert_eq!(json, b"{\"Content-Length\":\"2\",\"_body\":\"\xff\\u0001\"}");
    }

    #[limited::test]
    fn a_reply_that_is_too_long_is_cut() {
        let (mut out, long) = (Vec::new(), "x".repeat(600));
        reply(&mut out, &long, &[]);
        assert_eq!(out.len(), "Content-Type: command/reply\nReply-Text: \n\n".len() + 511);
        out.clear();
        reply(&mut out, "+OK", &[("A", &long)]);
        assert_eq!(out.len(), "Content-Type: command/reply\n".len() + 510);
    }

    #[limited::test]
    fn outer_headers_stand_in_the_recorded_order() {
        let mut out = Vec::new();
        reply(&mut out, "+OK Job-UUID: j", &[("Job-UUID", "j")]);
        frame(&mut out, "api/response", &[], b"1");
        event(&mut out, Format::Plain, &[("Event-Name", "X")], None);
        frame(&mut out, "auth/request", &[], b"");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "Content-Type: command/reply\nReply-Text: +OK Job-UUID: j\nJob-UUID: j\n\n\
             Content-Type: api/response\nContent-Length: 1\n\n1\
             Content-Length: 15\nContent-Type: text/event-plain\n\nEvent-Name: X\n\n\
             Content-Type: auth/request\n\n"
        );
    }
}
