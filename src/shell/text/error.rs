//! Why a line had no good answer, in words for the operator.

use super::suggest;
use crate::conn::{ConnectError, SendError, Verdict};
use crate::listener::JobError;
use crate::model::{EVENT_NAMES, HangupCause};
use crate::wire::WireError;
use crate::{client, listener};

/// What kind of failure, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The server refused, or the command failed there.
    Refused,
    /// The line makes no sense.
    Usage,
    /// No connection, or no login.
    Connection,
    /// Nothing came in time.
    TimedOut,
    /// Some of several things were done.
    Partial,
    /// The machine that runs the shell refused: an address in use, a file, a thread.
    System,
    /// The operator stopped it.
    Interrupted,
}

impl Kind {
    /// The exit code of a process that ends with it.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Connection => 3,
            Self::TimedOut => 4,
            Self::Partial => 5,
            Self::System => 70,
            Self::Interrupted => 130,
        }
    }

    /// When a process ends with its exit code.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Refused => "the server refused, or the result is not the one expected",
            Self::Usage => "usage: a line, an option, a file or the configuration is wrong",
            Self::Connection => "no connection or login, or the connection was lost",
            Self::TimedOut => "timeout: no answer or result in time",
            Self::Partial => "partly done, or rows of a table cannot be read",
            Self::System => "this machine refused: an address in use, no memory, no thread",
            Self::Interrupted => "interrupted by Ctrl-C",
        }
    }

    /// Every kind, in the order of the exit codes.
    pub const ALL: [Self; 7] = [
        Self::Refused,
        Self::Usage,
        Self::Connection,
        Self::TimedOut,
        Self::Partial,
        Self::System,
        Self::Interrupted,
    ];
}

/// A failed line: what happened, and what to type next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    /// Which kind.
    pub kind: Kind,
    /// What happened: one line, or the server's own text.
    pub message: String,
    /// What may help.
    pub hints: Vec<String>,
    /// Whether it may work in a moment.
    is_passing: bool,
    /// Whether the login was refused.
    is_wrong_password: bool,
}

impl CommandError {
    /// An error of a kind.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hints: Vec::new(),
            is_passing: false,
            is_wrong_password: false,
        }
    }

    /// A line that makes no sense.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Whether a server did not accept the password.
    #[must_use]
    pub fn is_wrong_password(&self) -> bool {
        self.is_wrong_password
    }

    /// Whether trying again in a moment can help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.is_passing
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the known word that was perhaps meant; where none is near, another hint, unless that is
    /// empty.
    pub(crate) fn meant<'a>(
        self,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
        otherwise: impl Into<String>,
    ) -> Self {
        let near = suggest::nearest(word, known.into_iter());
        let hint = near.map_or_else(|| otherwise.into(), |near| format!("did you mean {near}?"));
        if hint.is_empty() { self } else { self.hint(hint) }
    }
}

impl From<ConnectError> for CommandError {
    fn from(err: ConnectError) -> Self {
        let (hint, is_passing) = (err.hint(), err.verdict() == Verdict::Retry);
        let is_wrong_password = matches!(err, ConnectError::WrongPassword { .. });
        let converted = Self::new(Kind::Connection, err.to_string()).hint(hint);
        Self { is_passing, is_wrong_password, ..converted }
    }
}

impl From<SendError> for CommandError {
    fn from(err: SendError) -> Self {
        match &err {
            SendError::TimedOut { .. } => Self::new(Kind::TimedOut, err.to_string())
                .hint("the server may still carry it out; use \"bgapi\" for what takes long"),
            SendError::NotSent { .. } => Self::new(Kind::TimedOut, err.to_string())
                .hint("it will not be carried out; see what holds the server up"),
            SendError::Closed { .. } => Self::new(Kind::Connection, err.to_string())
                .hint("type \"connect\" to connect again; whether the server did it is not known"),
        }
    }
}

impl From<WireError> for CommandError {
    fn from(err: WireError) -> Self {
        Self::usage(err.to_string())
    }
}

impl From<listener::Error> for CommandError {
    fn from(err: listener::Error) -> Self {
        use listener::Error;
        match err {
            Error::Connect(err) => err.into(),
            Error::Send(err) => err.into(),
            Error::Illegal(err) => err.into(),
            Error::Refused { reply, .. } => Self::new(Kind::Refused, reply),
            Error::Denied { ref command } => denied(&err, command),
            Error::NotConnected => Self::new(Kind::Connection, "the listener is not connected")
                .hint("type \"listen on\""),
            Error::Lost(_) => {
                Self::new(Kind::Connection, err.to_string()).hint("\"connect\" opens it again")
            }
            Error::AlreadyConnected => Self::usage(err.to_string()),
        }
    }
}

impl From<client::Error> for CommandError {
    fn from(err: client::Error) -> Self {
        use client::Error;
        match err {
            Error::Connect(err) => err.into(),
            Error::Send(err) => err.into(),
            Error::Illegal(err) => err.into(),
            Error::Listener(err) => err.into(),
            Error::NotConnected => {
                Self::new(Kind::Connection, "not connected").hint("type \"connect HOST\"")
            }
            Error::NoListener => Self::new(Kind::Refused, err.to_string())
                .hint("type \"listen on\" to assign one, then try again"),
            Error::ListenerNotRunning => Self::new(Kind::Refused, "the listener does not run")
                .hint("type \"listen on\" to start it, then try again"),
            Error::Api { text, .. } => refused(text),
            Error::Missing { what: "session", .. } => {
                Self::new(Kind::Refused, err.to_string()).hint(GONE)
            }
            Error::Missing { .. } => Self::new(Kind::Refused, err.to_string()),
            Error::Denied { ref command } => denied(&err, command),
            Error::DialString { what: "digits", ref text, why } => {
                Self::usage(format!("{text:?} cannot be dialled: {why}"))
            }
            Error::DialString { .. } => {
                Self::usage(err.to_string()).hint("\"help\" and the command shows what it takes")
            }
            Error::AppLoaded { ref name, .. } => Self::new(Kind::Refused, err.to_string())
                .hint(format!("\"load-app {name} --as NAME\" loads a second copy")),
            Error::NoSuchApp { .. } => Self::new(Kind::Refused, err.to_string())
                .hint("type \"apps\" to see what is loaded and what can be"),
            Error::NotConfirmed { .. } => Self::new(Kind::TimedOut, err.to_string())
                .hint("the server has queued it and may still do it"),
            Error::Gone { .. } => Self::new(Kind::Refused, err.to_string())
                .hint("\"calls --ended\" shows how it ended"),
            Error::NotAllowed { .. } => Self::new(Kind::Refused, err.to_string())
                .hint("\"switchy config show\" shows what applies, and which file sets it"),
            Error::AppSetup { .. }
            | Error::EndUnseen { .. }
            | Error::NoDigits { .. }
            | Error::Panicked
            | Error::App { .. } => Self::new(Kind::Refused, err.to_string()),
            Error::NoSuchEvent { ref name, .. } => {
                let otherwise = "subclasses of CUSTOM have a \"::\" in their names";
                let known = EVENT_NAMES.iter().copied();
                Self::new(Kind::Refused, err.to_string()).meant(name, known, otherwise)
            }
            Error::UnknownCause { ref cause } => {
                let otherwise = "for example NORMAL_CLEARING, USER_BUSY, CALL_REJECTED; \"why\" and \
                                 a cause explains it";
                Self::usage(err.to_string()).meant(cause, HangupCause::names(), otherwise)
            }
        }
    }
}

impl From<JobError> for CommandError {
    fn from(err: JobError) -> Self {
        match err {
            JobError::Failed { text } => refused(text),
            JobError::TimedOut { after } => {
                let seconds = after.as_secs_f64();
                Self::new(
                    Kind::TimedOut,
                    format!("no result after {seconds} s; the job still runs"),
                )
                .hint("\"jobs\" shows its result when it comes; --wait SECS waits longer")
            }
            JobError::NotComplete => Self::usage(err.to_string()),
            JobError::NoSession { .. } => Self::new(Kind::Refused, err.to_string()),
            JobError::Unknown => Self::new(Kind::Connection, err.to_string())
                .hint("look with \"calls\" or \"api show channels\" after connecting again"),
        }
    }
}

impl From<std::fmt::Error> for CommandError {
    fn from(_: std::fmt::Error) -> Self {
        Self::new(Kind::Interrupted, "the output is gone")
    }
}

/// The server's own text, with a hint where FreeSWITCH's words mislead.
fn refused(text: String) -> CommandError {
    let hint = if text.ends_with("Command not found!") {
        Some("an unknown command, or a known one that failed: FreeSWITCH says the same of both")
    } else if text.contains("[[error") {
        Some(
            "the XML was not taken, what was loaded before stays; the line is one of \
             freeswitch.xml.fsxml in the server's log folder, which holds all its files in one",
        )
    } else if text.starts_with("+OK") {
        Some("a part of it failed: the lines with -ERR show which")
    } else if text.contains("No such channel") || text.contains("annot locate session") {
        Some(GONE)
    } else if text.starts_with("-ERR") {
        meaning(&text)
    } else {
        None
    };
    let err = CommandError::new(Kind::Refused, text);
    match hint {
        Some(hint) => err.hint(hint),
        None => err,
    }
}

/// What a hangup cause in an `-ERR CAUSE` means.
fn meaning(text: &str) -> Option<&'static str> {
    let cause = text.strip_prefix("-ERR ")?.split_whitespace().next()?;
    if cause == "DESTINATION_OUT_OF_ORDER" {
        return Some(
            "the destination is out of order, or FreeSWITCH began no call: paused, or at its limit of \
             sessions; \"status\" shows which",
        );
    }
    HangupCause::parse(cause).meaning()
}

pub(in crate::shell) const GONE: &str =
    "it has ended, or never was: \"calls\" shows what runs, \"why UUID\" how it ended";

/// What the directory user of this login lacks.
fn denied(err: &dyn std::error::Error, command: &str) -> CommandError {
    let mut words = command.split_whitespace();
    let needs = match (words.next().unwrap_or_default(), words.next()) {
        ("api" | "bgapi", Some(verb)) => format!("{verb} in its esl-allowed-api"),
        ("event" | "nixevent", _) => {
            let names: Vec<_> = command.split_whitespace().skip(2).collect();
            format!("in its esl-allowed-events all, or {}", names.join(" "))
        }
        ("log", _) => "esl-allowed-log".to_owned(),
        (verb, _) => format!("the right to {verb}"),
    };
    // Which of many names it is does not come back.
    let names = command.split_whitespace().count().saturating_sub(2);
    let message = match command.split_once(' ') {
        Some((verb @ ("event" | "nixevent"), _)) if names > 1 => {
            format!("permission denied for \"{verb}\" of {names} events")
        }
        _ => err.to_string(),
    };
    CommandError::new(Kind::Refused, message)
        .hint(format!("the directory user of this login needs {needs}; or log in as another one"))
}
