//! Passes calls on to where they were meant for.

use std::sync::Arc;

use crate::apps::kind::{Kind, Param, Takes};
use crate::client::app::Handling;
use crate::client::{App, AppContext, Error, Originate};
use crate::model::{Direction, Event};

/// Bridges each call that comes in to the address in its request line, as a SIP proxy would.
#[derive(Debug, Clone, Default)]
pub struct Proxier {
    profile: Option<String>,
    proxy: Option<String>,
}

pub(super) const KIND: Kind = Kind {
    name: "Proxier",
    about: "bridges calls that come in to the address in their request line",
    params: &[
        Param::new(
            "profile",
            Takes::Text,
            "",
            "the sofia profile to go out on; else the one they came in on",
        ),
        Param::new("proxy", Takes::Text, "", "HOST[:PORT] that the INVITE is sent to"),
    ],
    make: |values| {
        let set = |name| Some(values.text(name).to_owned()).filter(|text| !text.is_empty());
        Ok(Arc::new(Proxier { profile: set("profile"), proxy: set("proxy") }))
    },
};

impl Proxier {
    /// Goes out on this sofia profile, not on the one that a call came in on.
    #[must_use]
    pub fn with_profile(mut self, name: &str) -> Self {
        self.profile = Some(name.to_owned());
        self
    }

    /// Sends the INVITE to `HOST[:PORT]`.
    #[must_use]
    pub fn with_proxy(mut self, to: &str) -> Self {
        self.proxy = Some(to.to_owned());
        self
    }
}

impl App for Proxier {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_PARK"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(async move {
            if session.info().direction == Direction::Outbound {
                return Ok(());
            }
            let to = onward(event, self.profile.as_deref(), self.proxy.as_deref())?;
            session.bridge_or_end(&to).await
        })
    }
}

/// The call that continues to the address in the request line of one that was parked.
pub(super) fn onward(
    event: &Event,
    profile: Option<&str>,
    proxy: Option<&str>,
) -> Result<Originate, Error> {
    let uri =
        event.variable("sip_req_uri").filter(|uri| !uri.is_empty()).ok_or_else(|| Error::App {
            text: "the parked call has no sip_req_uri: it did not come in by SIP".to_owned(),
        })?;
    let came_in = event.variable("sofia_profile_name");
    let profile = profile.or(came_in.as_deref()).unwrap_or("external");
    let to = Originate::to(&uri).with_profile(profile);
    Ok(match proxy {
        Some(proxy) => to.with_proxy(proxy),
        None => to,
    })
}
