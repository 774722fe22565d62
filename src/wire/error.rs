//! What can be wrong with bytes from a server, or with text meant for one.

/// Bytes that are no event socket's, or text that must not reach one.
///
/// After a decode error the position in the stream is unknown: the connection has to be closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The peer does not speak the event socket protocol (an SSH or HTTP server, say).
    #[error("not an event socket: it says \"{}\"", printable(start))]
    NotEventSocket {
        /// The first bytes that it sent, made printable.
        start: String,
    },
    /// A header block went on past the limit without its empty line.
    #[error("the headers of a frame are longer than the limit of {limit} bytes")]
    HeaderTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A frame announced a body above the limit.
    #[error("a frame announces a body of {length} bytes, the limit is {limit}")]
    BodyTooLong {
        /// What the frame announced, in bytes.
        length: u64,
        /// The limit, in bytes.
        limit: usize,
    },
    /// `Content-Length` is not a number.
    #[error("content length \"{}\" is not a number", printable(text))]
    BadLength {
        /// The value as received, made printable.
        text: String,
    },
    /// A header block has no `Content-Type`.
    #[error("a frame without content type: \"{}\"", printable(start))]
    NoContentType {
        /// The start of the block, made printable.
        start: String,
    },
    /// Text for the wire holds a character that would end the command or start another one.
    #[error("{name} in {what}: it would end the command")]
    IllegalCharacter {
        /// Which character: `line feed`, `carriage return` or `NUL`.
        name: &'static str,
        /// What held it: `command`, `header name`, `header value`.
        what: &'static str,
    },
    /// A part of a command that must not be empty is empty, or holds a space where none may be.
    #[error("{what} is empty or holds a space")]
    NotAWord {
        /// Which part.
        what: &'static str,
    },
}

/// A server's words within a sentence: one line, without control characters.
pub(crate) fn printable(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_control() || letter.is_whitespace());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The first bytes of `data` for an error text: short.
pub(crate) fn excerpt(data: &[u8]) -> String {
    let end = data.len().min(60);
    String::from_utf8_lossy(data.get(..end).unwrap_or(data)).into_owned()
}
