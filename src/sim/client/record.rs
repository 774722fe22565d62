//! What clients and the switch say to each other, written down as JSON lines.

use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;
use tokio::time::Instant;

use crate::wire::Request;

/// A shared book. Each entry is one line: `{"t": seconds, "conn": number, "from": "client" or
/// "server", "data": bytes as latin-1}`, the form of the recordings in `tests/transcripts` with the
/// number of the connection added. Passwords of logins are written as `***`.
#[derive(Clone)]
pub(in crate::sim) struct Record {
    book: Arc<Mutex<Option<Book>>>,
    start: Instant,
}

type Book = Box<dyn Write + Send>;

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}

impl Record {
    /// No book yet: nothing is written.
    pub(in crate::sim) fn new() -> Self {
        Self { book: Arc::default(), start: Instant::now() }
    }

    /// Opens a book; it replaces the one before.
    pub(in crate::sim) fn open(&self, book: Book) {
        *self.book.lock() = Some(book);
    }

    /// Writes down a request, as it was understood.
    pub(in crate::sim) fn request(&self, conn: u64, request: &Request) {
        if self.book.lock().is_none() {
            return;
        }
        let mut text = masked(request.line());
        text.push('\n');
        for (name, value) in request.headers() {
            text.extend([name, ": ", value, "\n"]);
        }
        text.push('\n');
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(request.body());
        self.write(conn, "client", &bytes);
    }

    /// Writes down what the switch has written to a socket.
    pub(in crate::sim) fn written(&self, conn: u64, bytes: &[u8]) {
        self.write(conn, "server", bytes);
    }

    fn write(&self, conn: u64, from: &str, bytes: &[u8]) {
        let mut slot = self.book.lock();
        let Some(book) = slot.as_mut() else { return };
        let micros = u32::try_from(self.start.elapsed().as_micros() % 1_000_000).unwrap_or(0);
        let t = format!("{}.{micros:06}", self.start.elapsed().as_secs());
        let t: f64 = t.parse().unwrap_or_default();
        let data: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        let line = json!({ "t": t, "conn": conn, "from": from, "data": data });
        // One write a line: a reader of the growing file sees whole lines.
        if let Err(error) =
            book.write_all(format!("{line}\n").as_bytes()).and_then(|()| book.flush())
        {
            tracing::warn!(%error, "the recording ends here");
            *slot = None;
        }
    }
}

/// The verb line without the password of a login: `auth ***`, `userauth user@domain:***`,
/// `userauth user:***@domain`.
fn masked(line: &str) -> String {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    if verb.eq_ignore_ascii_case("auth") {
        return format!("{verb} ***");
    }
    if !verb.eq_ignore_ascii_case("userauth") {
        return line.to_owned();
    }
    match rest.split_once(':') {
        Some((user, _)) if user.contains('@') => format!("{verb} {user}:***"),
        Some((user, secret)) => match secret.rsplit_once('@') {
            Some((_, domain)) => format!("{verb} {user}:***@{domain}"),
            None => format!("{verb} {user}:***"),
        },
        None => format!("{verb} ***"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn passwords_are_masked() {
        for (line, shown) in [
            ("auth ClueCon", "auth ***"),
            ("AUTH a b", "AUTH ***"),
            ("userauth 1000@lan:pw", "userauth 1000@lan:***"),
            ("userauth 1000:p@w@lan", "userauth 1000:***@lan"),
            ("userauth pw", "userauth ***"),
            ("api status", "api status"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }
}
