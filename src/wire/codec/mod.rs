//! What a server sends, cut into frames.
//!
//! A frame is a header block, an empty line and, where the block says `Content-Length`, so many
//! bytes. The kinds are those of mod_event_socket; each was seen in a recording
//! (`transcripts/commands`, `bgjobs`, `logstream`, `auth_bad`), the ACL rejection in
//! `mod_event_socket.c`.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memchr_iter};

use super::error::{WireError, excerpt};
use super::{EventData, Format};

/// One whole frame from a server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// `auth/request`: the greeting; the server waits for a login.
    AuthRequest,
    /// `command/reply`: the answer to every verb but a permitted `api`.
    Reply(CommandReply),
    /// `api/response`: the text that an `api` printed.
    Api(Bytes),
    /// `text/event-plain`, `-json` or `-xml`.
    Event(EventData),
    /// `log/data`: one log line, after `log LEVEL`.
    Log(LogLine),
    /// `text/disconnect-notice`: the server is about to close (unless it lingers).
    Disconnect(Notice),
    /// `text/rude-rejection`: an access list forbids this address.
    Rejected(Bytes),
    /// Any other content type: kept, not judged.
    Other {
        /// The value of `Content-Type`.
        content_type: String,
        /// What followed.
        body: Bytes,
    },
}

/// The answer to a command: `Reply-Text` and sometimes more headers, none of them encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandReply(Bytes);

impl CommandReply {
    /// Takes a header block, for tests and for replies that a layer above makes up.
    #[must_use]
    pub fn new(headers: Bytes) -> Self {
        Self(headers)
    }

    /// The `Reply-Text`, for example `+OK accepted`.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        self.get("Reply-Text").unwrap_or_default()
    }

    /// Any header of the reply (`Job-UUID`, `Allowed-Events`), in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        header(&self.0, name).map(String::from_utf8_lossy)
    }
}

/// One line of the server's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    headers: Bytes,
    text: Bytes,
}

impl LogLine {
    /// A line of these headers, one a line, and this text.
    #[must_use]
    pub fn new(headers: Bytes, text: Bytes) -> Self {
        Self { headers, text }
    }

    /// The level: 0 console, 1 alert, 2 crit, 3 err, 4 warning, 5 notice, 6 info, 7 debug.
    #[must_use]
    pub fn level(&self) -> u8 {
        self.get("Log-Level").and_then(|text| text.parse().ok()).unwrap_or(7)
    }

    /// The uuid of the call it belongs to, or an empty text.
    #[must_use]
    pub fn user_data(&self) -> Cow<'_, str> {
        self.get("User-Data").unwrap_or_default()
    }

    /// The line itself, without the line feed at its end (it may hold others: SIP traces do).
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.text.strip_suffix(b"\n").unwrap_or(&self.text))
    }

    /// Any other header: `Log-File`, `Log-Func`, `Log-Line`, `Text-Channel`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        header(&self.headers, name).map(String::from_utf8_lossy)
    }
}

/// The server says that it is about to close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    headers: Bytes,
    text: Bytes,
}

impl Notice {
    /// Whether the socket stays open for a while (`Content-Disposition: linger`).
    #[must_use]
    pub fn lingers(&self) -> bool {
        header(&self.headers, "Content-Disposition") == Some(b"linger")
    }

    /// What the server says with it.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.text.trim_ascii())
    }
}

/// How much one frame may hold. Above it the decoder gives an error instead of growing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a header block.
    pub header: usize,
    /// Bytes of a body.
    pub body: usize,
}

impl Default for Limits {
    /// 64 KiB of headers (as libesl), 64 MiB of body: `show channels as json` of 40,000 channels
    /// is about 40 MB.
    fn default() -> Self {
        Self { header: 64 << 10, body: 64 << 20 }
    }
}

/// Cuts a byte stream into [`Frame`]s.
#[derive(Debug, Default)]
pub struct Decoder {
    limits: Limits,
    /// How much of the header block was searched for its end already.
    searched: usize,
    /// A header block whose body has not arrived whole.
    open: Option<(Bytes, usize)>,
}

impl Decoder {
    /// A decoder with the default [`Limits`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes the next whole frame off the front of `buf`; `None` while it is not complete.
    ///
    /// The frame shares the memory of `buf`.
    ///
    /// # Errors
    /// Any [`WireError`] of decoding. The stream is lost after it: do not call again.
    pub fn decode(&mut self, buf: &mut BytesMut) -> Result<Option<Frame>, WireError> {
        let (headers, length) = match self.open.take() {
            Some(open) => open,
            None if buf.is_empty() => return Ok(None),
            None => match self.header_block(buf)? {
                Some(open) => open,
                None => return Ok(None),
            },
        };
        if buf.len() < length {
            self.open = Some((headers, length));
            return Ok(None);
        }
        let body = if length == 0 { Bytes::new() } else { buf.split_to(length).freeze() };
        frame(headers, body).map(Some)
    }

    /// Whether bytes of an unfinished frame were seen: a close now cuts a frame.
    #[must_use]
    pub fn is_mid_frame(&self, buf: &BytesMut) -> bool {
        self.open.is_some() || !buf.is_empty()
    }

    fn header_block(&mut self, buf: &mut BytesMut) -> Result<Option<(Bytes, usize)>, WireError> {
        if self.searched == 0 {
            let leading = buf.iter().take_while(|byte| **byte == b'\n').count();
            if leading > 0 {
                let _skipped = buf.split_to(leading);
            }
        }
        // Looked at again until enough of it is there: however the stream was cut, the same is said.
        if self.searched < NAME && !looks_like_a_header(buf) {
            return Err(WireError::NotEventSocket { start: excerpt(buf) });
        }
        let from = self.searched.saturating_sub(2);
        let Some((end, length)) = end_of_block(buf.get(from..).unwrap_or_default()) else {
            self.searched = buf.len();
            // A block may end with the next byte, which only repeats the line feed.
            if buf.len() > self.limits.header.saturating_add(1) {
                return Err(WireError::HeaderTooLong { limit: self.limits.header });
            }
            return Ok(None);
        };
        self.searched = 0;
        if from + end > self.limits.header {
            return Err(WireError::HeaderTooLong { limit: self.limits.header });
        }
        let mut headers = buf.split_to(from + end + length).freeze();
        headers.truncate(from + end + 1);
        let length = match header(&headers, "Content-Length") {
            None => 0,
            Some(text) => self.body_length(text)?,
        };
        Ok(Some((headers, length)))
    }

    fn body_length(&self, text: &[u8]) -> Result<usize, WireError> {
        let length = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.trim().parse::<u64>().ok())
            .ok_or_else(|| WireError::BadLength { text: excerpt(text) })?;
        match usize::try_from(length) {
            Ok(fits) if fits <= self.limits.body => Ok(fits),
            _ => Err(WireError::BodyTooLong { length, limit: self.limits.body }),
        }
    }
}

fn frame(headers: Bytes, body: Bytes) -> Result<Frame, WireError> {
    let Some(content_type) = header(&headers, "Content-Type") else {
        return Err(WireError::NoContentType { start: excerpt(&headers) });
    };
    Ok(match content_type {
        b"text/event-plain" => Frame::Event(EventData::new(Format::Plain, body)),
        b"text/event-json" => Frame::Event(EventData::new(Format::Json, body)),
        b"text/event-xml" => Frame::Event(EventData::new(Format::Xml, body)),
        b"command/reply" => Frame::Reply(CommandReply(headers)),
        b"api/response" => Frame::Api(body),
        b"log/data" => Frame::Log(LogLine { headers, text: body }),
        b"auth/request" => Frame::AuthRequest,
        b"text/disconnect-notice" => Frame::Disconnect(Notice { headers, text: body }),
        b"text/rude-rejection" => Frame::Rejected(body),
        other => Frame::Other { content_type: String::from_utf8_lossy(other).into_owned(), body },
    })
}

/// Finds `name: value` in a block of header lines.
fn header<'a>(block: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut rest = block;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, tail) = rest.split_at_checked(end)?;
        // The colon decides for most lines.
        if line.get(name.len()) == Some(&b':')
            && let Some((found, value)) = line.split_at_checked(name.len())
            && (found == name.as_bytes() || found.eq_ignore_ascii_case(name.as_bytes()))
        {
            return value.get(1..).map(<[u8]>::trim_ascii);
        }
        rest = tail.get(1..).unwrap_or_default();
    }
    None
}

/// Where the empty line begins that ends a header block, and how long the two line ends are. A
/// proxy or another kind of server may end its lines with CR LF.
fn end_of_block(from: &[u8]) -> Option<(usize, usize)> {
    memchr_iter(b'\n', from).find_map(|at| match from.get(at + 1..)? {
        [b'\n', ..] => Some((at, 2)),
        [b'\r', b'\n', ..] => Some((at, 3)),
        _ => None,
    })
}

/// Whether the first line may still become `Name: value`: a letter first, and no line without `:`.
fn looks_like_a_header(start: &[u8]) -> bool {
    if start.starts_with(b"Content-") {
        return true;
    }
    for &byte in start.iter().take(NAME) {
        match byte {
            b':' => return true,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => {}
            _ => return false,
        }
    }
    start.len() < NAME
}

/// No name of a header is as long as this.
const NAME: usize = 128;

#[cfg(test)]
mod tests;
