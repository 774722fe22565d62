//! What a client sends: one verb line, perhaps headers and a body.
//!
//! A line feed in an argument would end the line, an empty line would start another command
//! (`mod_event_socket.c`, `read_packet`), so text with CR, LF or NUL is refused here, once, for
//! everybody.

use std::fmt;

use bytes::Bytes;

use super::Format;
use super::error::WireError;

/// What answers a command, for the queue of replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyShape {
    /// A `command/reply`.
    Command,
    /// An `api/response`; or a `command/reply` when permission is denied.
    Api,
}

/// One command, checked and ready for the wire.
///
/// `Debug` and `Display` show the verb line, but never a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    line: String,
    headers: Vec<(String, String)>,
    body: Option<Bytes>,
    shape: ReplyShape,
    secret: bool,
}

impl Command {
    /// `auth PASSWORD`.
    ///
    /// # Errors
    /// [`WireError::IllegalCharacter`] here and in every other constructor.
    pub fn auth(password: &str) -> Result<Self, WireError> {
        Ok(Self { secret: true, ..Self::verb(format!("auth {password}"))? })
    }

    /// `userauth USER@DOMAIN:PASSWORD`.
    pub fn userauth(user: &str, password: &str) -> Result<Self, WireError> {
        word("user", user)?;
        Ok(Self { secret: true, ..Self::verb(format!("userauth {user}:{password}"))? })
    }

    /// `api LINE`: runs in the socket's own thread; nothing else arrives there meanwhile.
    pub fn api(line: &str) -> Result<Self, WireError> {
        Ok(Self { shape: ReplyShape::Api, ..Self::verb(["api ", line].concat())? })
    }

    /// `api LINE` as an operator's console sends it: server aliases and `;;` lists work.
    pub fn console(line: &str) -> Result<Self, WireError> {
        Self::api(line)?.with_header("console_execute", "true")
    }

    /// `bgapi LINE`, with a `Job-UUID` of our own.
    pub fn bgapi(line: &str, job: &str) -> Result<Self, WireError> {
        Self::verb(format!("bgapi {line}"))?.with_header("Job-UUID", job)
    }

    /// `event FORMAT NAMES`. Words behind `CUSTOM` are subclasses: `names` are sorted so that
    /// those with `::` come last, behind one `CUSTOM`.
    pub fn event<S: AsRef<str>>(format: Format, names: &[S]) -> Result<Self, WireError> {
        Self::verb(format!("event {} {}", format.word(), event_words(names)?))
    }

    /// `nixevent NAMES`: the opposite of [`Command::event`], same order.
    pub fn nixevent<S: AsRef<str>>(names: &[S]) -> Result<Self, WireError> {
        Self::verb(format!("nixevent {}", event_words(names)?))
    }

    /// `noevents`: drops all subscriptions; filters stay.
    pub fn noevents() -> Result<Self, WireError> {
        Self::verb("noevents".to_owned())
    }

    /// `filter add HEADER VALUE`. A positive filter hides everything else, job results included.
    pub fn filter(header: &str, value: &str) -> Result<Self, WireError> {
        word("filter header", header)?;
        Self::verb(format!("filter add {header} {value}"))
    }

    /// `filter delete HEADER [VALUE]`, or `filter delete all`.
    pub fn filter_delete(header: &str, value: Option<&str>) -> Result<Self, WireError> {
        word("filter header", header)?;
        Self::verb(match value {
            Some(value) => format!("filter delete {header} {value}"),
            None => format!("filter delete {header}"),
        })
    }

    /// `log LEVEL`, a number or a name.
    pub fn log(level: &str) -> Result<Self, WireError> {
        word("log level", level)?;
        Self::verb(format!("log {level}"))
    }

    /// `nolog`.
    pub fn nolog() -> Result<Self, WireError> {
        Self::verb("nolog".to_owned())
    }

    /// `sendmsg UUID` with its headers; see [`Command::execute`] for the common one.
    pub fn sendmsg(uuid: &str, headers: &[(&str, &str)]) -> Result<Self, WireError> {
        word("uuid", uuid)?;
        let command = Self::verb(format!("sendmsg {uuid}"))?;
        headers.iter().try_fold(command, |command, (name, value)| command.with_header(name, value))
    }

    /// `sendmsg UUID` that queues one dialplan application. `+OK` means queued, not done.
    ///
    /// `event_uuid` comes back as `Application-UUID` in CHANNEL_EXECUTE and
    /// CHANNEL_EXECUTE_COMPLETE (`transcripts/call_control`).
    pub fn execute(
        uuid: &str,
        app: &str,
        arg: &str,
        event_uuid: Option<&str>,
    ) -> Result<Self, WireError> {
        word("application", app)?;
        let mut headers = vec![("call-command", "execute"), ("execute-app-name", app)];
        if !arg.is_empty() {
            headers.push(("execute-app-arg", arg));
        }
        if let Some(id) = event_uuid {
            headers.push(("Event-UUID", id));
        }
        Self::sendmsg(uuid, &headers)
    }

    /// `sendevent NAME` with headers and a body. An unknown name is fired all the same.
    pub fn sendevent(name: &str, headers: &[(&str, &str)], body: &str) -> Result<Self, WireError> {
        word("event name", name)?;
        let mut command = Self::verb(format!("sendevent {name}"))?;
        for (name, value) in headers {
            command = command.with_header(name, value)?;
        }
        if !body.is_empty() {
            command.body = Some(Bytes::copy_from_slice(body.as_bytes()));
        }
        Ok(command)
    }

    /// `myevents UUID`. The server closes the socket when that channel ends: rarely what you want.
    pub fn myevents(uuid: &str) -> Result<Self, WireError> {
        word("uuid", uuid)?;
        Self::verb(format!("myevents {uuid}"))
    }

    /// `divert_events on|off` (outbound sockets).
    pub fn divert_events(on: &str) -> Result<Self, WireError> {
        word("on or off", on)?;
        Self::verb(format!("divert_events {on}"))
    }

    /// `linger [SECONDS]` (outbound sockets).
    pub fn linger(seconds: Option<u32>) -> Result<Self, WireError> {
        Self::verb(seconds.map_or_else(|| "linger".to_owned(), |s| format!("linger {s}")))
    }

    /// `nolinger` (outbound sockets).
    pub fn nolinger() -> Result<Self, WireError> {
        Self::verb("nolinger".to_owned())
    }

    /// `exit`: the server answers `+OK bye`, sends a notice and closes.
    pub fn exit() -> Result<Self, WireError> {
        Self::verb("exit".to_owned())
    }

    /// Any other line, as typed behind a slash in fs_cli.
    pub fn raw(line: &str) -> Result<Self, WireError> {
        let first = line.split_ascii_whitespace().next().unwrap_or_default();
        word("command", first)?;
        // The server matches verbs by prefix, in any case (mod_event_socket.c).
        let verb = first.to_ascii_lowercase();
        let shape = if verb == "api" { ReplyShape::Api } else { ReplyShape::Command };
        let secret = verb.starts_with("auth") || verb.starts_with("userauth");
        Ok(Self { shape, secret, ..Self::verb(line.to_owned())? })
    }

    /// Adds a header line.
    ///
    /// # Errors
    /// When the name is no word or the value holds CR, LF or NUL.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, WireError> {
        word("header name", name)?;
        if name.contains(':') {
            return Err(WireError::NotAWord { what: "header name" });
        }
        check("header value", value)?;
        self.headers.push((name.to_owned(), value.to_owned()));
        Ok(self)
    }

    /// What will answer it.
    #[must_use]
    pub fn shape(&self) -> ReplyShape {
        self.shape
    }

    /// Whether it is [`Command::exit`].
    #[must_use]
    pub fn is_exit(&self) -> bool {
        self.line == "exit"
    }

    /// The verb line, with a password replaced by `***`: fit for a log or an error text.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self.line.split_once(' ') {
            Some((verb, _)) if self.secret => match verb.to_ascii_lowercase().as_str() {
                "auth" => "auth ***",
                _ => "userauth ***",
            },
            _ => &self.line,
        }
    }

    /// The application and its arguments that it runs on a leg.
    #[cfg(feature = "shell")]
    pub(crate) fn executes(&self) -> Option<(&str, &str)> {
        let header = |wanted: &str| {
            let mut found =
                self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.next().map(|(_, value)| value.as_str())
        };
        Some((header("execute-app-name")?, header("execute-app-arg").unwrap_or_default()))
    }

    /// Appends the bytes to send.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.line.as_bytes());
        out.push(b'\n');
        for (name, value) in &self.headers {
            for part in [name.as_str(), ": ", value, "\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        if let Some(body) = &self.body {
            out.extend_from_slice(format!("Content-Length: {}\n\n", body.len()).as_bytes());
            out.extend_from_slice(body);
        } else {
            out.push(b'\n');
        }
    }

    fn verb(line: String) -> Result<Self, WireError> {
        check("command", &line)?;
        Ok(Self {
            line,
            headers: Vec::new(),
            body: None,
            shape: ReplyShape::Command,
            secret: false,
        })
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command").field("line", &self.shown()).finish_non_exhaustive()
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

/// Refuses what would end the line.
fn check(what: &'static str, text: &str) -> Result<(), WireError> {
    let name = text.bytes().find_map(|byte| match byte {
        b'\n' => Some("line feed"),
        b'\r' => Some("carriage return"),
        0 => Some("NUL"),
        _ => None,
    });
    name.map_or(Ok(()), |name| Err(WireError::IllegalCharacter { name, what }))
}

/// Refuses what is no single word.
fn word(what: &'static str, text: &str) -> Result<(), WireError> {
    check(what, text)?;
    if text.is_empty() || text.contains([' ', '\t']) {
        return Err(WireError::NotAWord { what });
    }
    Ok(())
}

fn event_words<S: AsRef<str>>(names: &[S]) -> Result<String, WireError> {
    let mut plain = Vec::new();
    let mut custom = Vec::new();
    for name in names.iter().map(AsRef::as_ref) {
        word("event name", name)?;
        if name.contains("::") {
            custom.push(name);
        } else if !name.eq_ignore_ascii_case("CUSTOM") {
            plain.push(name);
        }
    }
    let has_custom = names.iter().any(|name| name.as_ref().eq_ignore_ascii_case("CUSTOM"));
    if has_custom || !custom.is_empty() {
        plain.push("CUSTOM");
        plain.append(&mut custom);
    }
    if plain.is_empty() {
        return Err(WireError::NotAWord { what: "event name" });
    }
    Ok(plain.join(" "))
}

#[cfg(test)]
mod tests;
