//! Calls are refused as soon as they come in.

use std::sync::Arc;

use crate::apps::kind::{Kind, Param, Takes};
use crate::client::app::Handling;
use crate::client::{App, AppContext};
use crate::model::{Direction, HangupCause};

/// Refuses the calls that come in to it: with a SIP response, or by a hangup cause.
#[derive(Debug, Clone)]
pub struct CalleeBlockOnInvite {
    response: Response,
}

#[derive(Debug, Clone)]
enum Response {
    Sip(u16),
    Cause(HangupCause),
}

pub(super) const KIND: Kind = Kind {
    name: "CalleeBlockOnInvite",
    about: "refuses calls that come in, with a SIP response or a hangup cause",
    params: &[Param::new(
        "response",
        Takes::Response,
        "404",
        "what the caller gets: a code such as 486, or a cause such as USER_BUSY",
    )],
    make: |values| {
        let text = values.text("response");
        Ok(Arc::new(match text.parse() {
            Ok(code) => CalleeBlockOnInvite::with_code(code),
            Err(_) => CalleeBlockOnInvite::with_cause(HangupCause::parse(text)),
        }))
    },
};

impl CalleeBlockOnInvite {
    /// Refuses with a SIP response, such as 486.
    #[must_use]
    pub fn with_code(code: u16) -> Self {
        Self { response: Response::Sip(code) }
    }

    /// Refuses by a hangup cause.
    #[must_use]
    pub fn with_cause(cause: HangupCause) -> Self {
        Self { response: Response::Cause(cause) }
    }
}

impl App for CalleeBlockOnInvite {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_CREATE"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let session = on.session;
        Box::pin(async move {
            match (session.info().direction, &self.response) {
                (Direction::Inbound, Response::Sip(code)) => session.respond(*code).await,
                (Direction::Inbound, Response::Cause(cause)) => session.hangup_with(cause).await,
                (Direction::Outbound, _) => Ok(()),
            }
        })
    }
}
