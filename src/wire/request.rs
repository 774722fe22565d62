//! What a client sends, read from the server's side. The simulated switch lives on it.

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::error::WireError;
use super::stray;

/// One packet from a client: a verb line, perhaps headers and a body. Bytes that are no UTF-8 ride
/// in its texts as [`stray`] carries them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Request {
    /// The verb line, without its line end.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The first header of that name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|x| x.1.as_str())
    }

    /// The headers in the order of the packet.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The body, empty where there was no `Content-Length`.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Cuts what clients send into [`Request`]s. LF and CRLF both end a line; line ends between packets
/// are ignored (`mod_event_socket.c`, `read_packet`).
///
/// Each byte is looked at once, however the stream is cut.
#[derive(Debug, Default)]
pub struct RequestDecoder {
    open: Option<(Request, usize)>,
    /// How much of the open header block is whole lines.
    lines: usize,
    /// How much of it was searched for a line's end.
    searched: usize,
}

const HEADER_LIMIT: usize = 10 << 20;
const BODY_LIMIT: usize = 16 << 20;

impl RequestDecoder {
    /// A decoder at the start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next whole packet off the front of `buf`; `None` while it is not complete.
    ///
    /// # Errors
    /// When a header block passes 10 MiB or a body 16 MiB.
    pub fn decode(&mut self, buf: &mut BytesMut) -> Result<Option<Request>, WireError> {
        let (mut request, length) = match self.open.take() {
            Some(open) => open,
            None => match self.header_block(buf)? {
                Some(open) => open,
                None => return Ok(None),
            },
        };
        if buf.len() < length {
            self.open = Some((request, length));
            return Ok(None);
        }
        request.body = buf.split_to(length).freeze();
        Ok(Some(request))
    }

    /// Takes a header block off the front, once it is there up to its empty line.
    fn header_block(&mut self, buf: &mut BytesMut) -> Result<Option<(Request, usize)>, WireError> {
        if self.searched == 0 {
            let leading = buf.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            let _skipped = buf.split_to(leading);
        }
        loop {
            let rest = buf.get(self.searched..).unwrap_or_default();
            let Some(end) = memchr(b'\n', rest) else {
                self.searched = buf.len();
                if buf.len() > HEADER_LIMIT {
                    return Err(WireError::HeaderTooLong { limit: HEADER_LIMIT });
                }
                return Ok(None);
            };
            let line = buf.get(self.lines..self.searched + end).unwrap_or_default();
            let is_last = matches!(line, b"" | b"\r");
            self.searched += end + 1;
            self.lines = self.searched;
            if self.lines > HEADER_LIMIT {
                return Err(WireError::HeaderTooLong { limit: HEADER_LIMIT });
            }
            if is_last {
                break;
            }
        }
        let block = buf.split_to(self.lines);
        (self.lines, self.searched) = (0, 0);
        parsed(&block).map(Some)
    }
}

fn parsed(block: &[u8]) -> Result<(Request, usize), WireError> {
    let lines = block.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lines = lines.filter(|line| !line.is_empty()).map(stray::decode);
    let line = lines.next().unwrap_or_default();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let value = value.trim_start_matches(' ');
            // A header without a value is none.
            (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
        })
        .collect();
    let request = Request { line, headers, body: Bytes::new() };
    // A length that is not a number is none (`mod_event_socket.c`, `read_packet`).
    let length = request.get("Content-Length").map_or("", str::trim);
    let digits = length.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(length.len());
    let digits = length.get(..digits).unwrap_or_default();
    let length = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(usize::MAX) };
    if length > BODY_LIMIT {
        return Err(WireError::BodyTooLong { length: length as u64, limit: BODY_LIMIT });
    }
    Ok((request, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(stream: &[u8], step: usize) -> Vec<Request> {
        let (mut decoder, mut buf, mut found) =
            (RequestDecoder::new(), BytesMut::new(), Vec::new());
        for chunk in stream.chunks(step) {
            buf.extend_from_slice(chunk);
            while let Some(request) = decoder.decode(&mut buf).unwrap() {
                found.push(request);
            }
        }
        found
    }

    #[limited::test]
    fn stray_bytes_and_odd_headers() {
        let found = all(b"x a\xff\nEmpty:\nFoo:  b\xfe\nno colon\nContent-Length: none\n\n", 99);
        assert_eq!(&*stray::encode(found[0].line()), b"x a\xff");
        assert_eq!(found[0].headers().count(), 2);
        assert_eq!(&*stray::encode(found[0].get("foo").unwrap()), b"b\xfe");
        assert!(found[0].body().is_empty());
        let mut buf = BytesMut::from(&b"x\nContent-Length: 99999999999999999999\n\n"[..]);
        assert!(RequestDecoder::new().decode(&mut buf).is_err());
    }

    #[limited::test]
    fn packets_with_either_line_end_however_cut() {
        let stream = b"\nauth x\r\n\r\n\n\nsendevent A\nX: 1\ncontent-length: 3\n\na\n\napi b\n\n";
        let whole = all(stream, 1000);
        assert_eq!(whole.len(), 3);
        assert_eq!(whole[0].line(), "auth x");
        assert_eq!((whole[1].get("x"), whole[1].body()), (Some("1"), &b"a\n\n"[..]));
        assert_eq!(whole[2].line(), "api b");
        for step in 1..stream.len() {
            assert_eq!(all(stream, step), whole, "in steps of {step}");
        }
    }

    #[limited::test]
    fn a_long_header_that_comes_byte_by_byte_is_read_once() {
        // 2 MB: looked at from its start at each byte, that would be 2,000,000,000,000 steps.
        let stream = [b"auth x\nA: ", &vec![b'y'; 2 << 20][..], b"\n\n"].concat();
        let found = all(&stream, 1);
        assert_eq!(found[0].get("A").map(str::len), Some(2 << 20));
    }
}
