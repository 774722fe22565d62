//! What goes wrong in a script, with file and line.

use mlua::{Error, Function};

use crate::client;

/// An error of a verb, as a script gets it.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Failure {
    /// The session has ended. Uncaught, it ends a handler without a word.
    #[error("the session is gone: {cause}")]
    Gone { cause: String },
    /// The verb did not work.
    #[error("{what}: {text}")]
    Verb { what: String, text: String },
    /// The handler went too far. Nothing catches it.
    #[error("{0}")]
    Stopped(String),
}

impl Failure {
    pub(super) fn of(what: &str, err: &client::Error) -> Self {
        if let client::Error::Gone { cause, .. } = err {
            return Self::Gone { cause: cause.clone() };
        }
        let text = err.to_string();
        // What FreeSWITCH says of a channel that ended a moment ago.
        if text.contains("No such channel") || text.contains("invalid session id") {
            return Self::Gone { cause: String::new() };
        }
        Self::Verb { what: what.to_owned(), text }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::external(failure)
    }
}

/// Whether a handler ended because its session did.
pub(super) fn is_gone(err: &Error) -> bool {
    matches!(err.downcast_ref::<Failure>(), Some(Failure::Gone { .. }))
}

/// `ivr.lua:12: what happened`, in one line.
pub(super) fn describe(err: &Error, file: &str) -> String {
    let text = match err {
        Error::CallbackError { traceback, cause } => {
            let inner = describe(cause, file);
            match place(traceback, file) {
                Some(place) if !inner.starts_with(file) => format!("{place} {inner}"),
                _ => inner,
            }
        }
        Error::RuntimeError(text) | Error::MemoryError(text) => text.clone(),
        Error::SyntaxError { message, .. } => message.clone(),
        Error::WithContext { cause, .. } => describe(cause, file),
        Error::ExternalError(err) => err.to_string(),
        other => other.to_string(),
    };
    let head = text.split("\nstack traceback").next().unwrap_or(&text);
    head.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// As [`describe`]; where Lua names no place, as for a lack of memory or an error that is no text,
/// it is that of the function that was called.
pub(super) fn describe_in(function: &Function, err: &Error, file: &str) -> String {
    let text = describe(err, file);
    if text.strip_prefix(file).is_some_and(|rest| rest.starts_with(':')) {
        return text;
    }
    // A file as a whole begins at no line.
    match function.info().line_defined.filter(|line| *line > 0) {
        Some(line) => format!("{file}:{line}: {text}"),
        None => format!("{file}: {text}"),
    }
}

/// The innermost `ivr.lua:12:` of a traceback.
fn place<'a>(traceback: &'a str, file: &str) -> Option<&'a str> {
    traceback.lines().map(str::trim).find_map(|line| {
        let rest = line.strip_prefix(file)?.strip_prefix(':')?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        (digits > 0).then(|| line.get(..file.len() + 1 + digits + 1))?
    })
}
