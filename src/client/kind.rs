//! Errors by what a program does about them.

use super::error::Error;
use crate::conn::SendError;
use crate::listener;

/// What an [`Error`] calls for. New variants of errors have one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The connection cannot be opened, or is lost: try again later.
    Connection,
    /// Something else has to be called before: `connect`, `start`, `with_listener`.
    NotReady,
    /// No reply or no event in time. The server may have done what was asked.
    TimedOut,
    /// The server carried the command out and says that it failed.
    Refused,
    /// This login, or the gate of this client, does not allow it.
    Denied,
    /// What is named does not exist, or does not exist any more.
    NotFound,
    /// An argument that cannot be sent, or that the server would read differently.
    InvalidInput,
    /// An app failed, or its name or id is taken.
    App,
    /// What happened cannot be known.
    Unknown,
}

impl Error {
    /// What it calls for, for code that handles classes of errors.
    ///
    /// # Examples
    /// ```
    /// use switchy::client::ErrorKind;
    /// use switchy::Client;
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let err = Client::new("vm-host").cmd("status").await.unwrap_err();
    /// assert_eq!(err.kind(), ErrorKind::NotReady);
    /// # })
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Connect(_) => ErrorKind::Connection,
            Self::NotConnected | Self::NoListener | Self::ListenerNotRunning => ErrorKind::NotReady,
            Self::Api { .. } | Self::NoDigits { .. } => ErrorKind::Refused,
            Self::Denied { .. } | Self::NotAllowed { .. } => ErrorKind::Denied,
            Self::Missing { .. } | Self::NoSuchApp { .. } | Self::Gone { .. } => {
                ErrorKind::NotFound
            }
            Self::Send(err) => of_send(err),
            Self::NotConfirmed { .. } => ErrorKind::TimedOut,
            Self::Illegal(_)
            | Self::DialString { .. }
            | Self::NoSuchEvent { .. }
            | Self::UnknownCause { .. } => ErrorKind::InvalidInput,
            Self::AppLoaded { .. } | Self::App { .. } | Self::Panicked => ErrorKind::App,
            // What the app could not do counts.
            Self::AppSetup { reason, .. } => reason.kind(),
            Self::EndUnseen { .. } => ErrorKind::Unknown,
            Self::Listener(err) => of_listener(err),
        }
    }
}

fn of_send(err: &SendError) -> ErrorKind {
    match err {
        SendError::TimedOut { .. } | SendError::NotSent { .. } => ErrorKind::TimedOut,
        SendError::Closed { .. } => ErrorKind::Connection,
    }
}

fn of_listener(err: &listener::Error) -> ErrorKind {
    match err {
        listener::Error::Connect(_) | listener::Error::Lost(_) => ErrorKind::Connection,
        listener::Error::AlreadyConnected | listener::Error::NotConnected => ErrorKind::NotReady,
        listener::Error::Refused { .. } => ErrorKind::Refused,
        listener::Error::Denied { .. } => ErrorKind::Denied,
        listener::Error::Send(err) => of_send(err),
        listener::Error::Illegal(_) => ErrorKind::InvalidInput,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conn::CloseReason;

    #[limited::test]
    fn an_error_that_holds_another_is_of_its_kind() {
        let denied = || Error::Denied { command: "api x".to_owned() };
        let set_up = Error::AppSetup { name: "A".to_owned(), reason: Box::new(denied()) };
        for (err, kind) in [
            (denied(), ErrorKind::Denied),
            (set_up, ErrorKind::Denied),
            (listener::Error::Lost(CloseReason::Frozen).into(), ErrorKind::Connection),
            (listener::Error::AlreadyConnected.into(), ErrorKind::NotReady),
            (Error::UnknownCause { cause: "X".to_owned() }, ErrorKind::InvalidInput),
        ] {
            assert_eq!(err.kind(), kind, "{err}");
        }
    }
}
