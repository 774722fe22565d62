//! The callee rings, with a tone, and is never answered.

use std::sync::Arc;
use std::time::Duration;

use crate::apps::kind::{Kind, Param, Takes};
use crate::client::app::Handling;
use crate::client::{App, AppContext, Error, Session};
use crate::model::{Direction, HangupCause, Phase};

/// Lets calls ring without an answer: the callee's side sends a ringback, and either side hangs up
/// after a while.
#[derive(Debug, Clone)]
pub struct CalleeRingback {
    ringback: String,
    is_early: bool,
    callee_hup_after: Duration,
    caller_hup_after: Duration,
}

pub(super) const KIND: Kind = Kind {
    name: "CalleeRingback",
    about: "the callee rings and plays a ringback, and is never answered",
    params: &[
        Param::new("ringback", Takes::Tone, TONE, "the tone that the caller hears"),
        Param::new(
            "ring_response",
            Takes::OneOf(&["ring_ready", "pre_answer"]),
            "ring_ready",
            "how it rings; a tone is heard with pre_answer only",
        ),
        Param::new("callee_hup_after", Takes::Seconds, "0", "the callee hangs up then; 0 is never"),
        Param::new("caller_hup_after", Takes::Seconds, "0", "the caller gives up then; 0 is never"),
    ],
    make: |values| {
        Ok(Arc::new(CalleeRingback {
            ringback: values.text("ringback").to_owned(),
            is_early: values.text("ring_response") == "pre_answer",
            callee_hup_after: values.seconds("callee_hup_after"),
            caller_hup_after: values.seconds("caller_hup_after"),
        }))
    },
};

impl CalleeRingback {
    async fn hup_after(session: &Session, after: Duration) -> Result<(), Error> {
        if after.is_zero() {
            return Ok(());
        }
        session.sched_hangup(after, &HangupCause::NORMAL_CLEARING).await
    }
}

impl App for CalleeRingback {
    fn name(&self) -> &'static str {
        KIND.name
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_PARK", "CHANNEL_CALLSTATE"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(async move {
            match (&*event.name(), session.info().direction) {
                // Not when its state says RINGING: what is queued before the park is cut off by it.
                ("CHANNEL_PARK", Direction::Inbound) if session.info().phase < Phase::Answered => {
                    Self::hup_after(session, self.callee_hup_after).await?;
                    if !self.is_early {
                        return session.ring_ready().await;
                    }
                    session.pre_answer().await?;
                    session.playback(&format!("{{loops=-1}}tone_stream://{}", self.ringback)).await
                }
                ("CHANNEL_CALLSTATE", Direction::Outbound) => {
                    // With early media it is EARLY and never RINGING.
                    match event.get("Channel-Call-State").as_deref() {
                        Some("RINGING" | "EARLY") => {
                            Self::hup_after(session, self.caller_hup_after).await
                        }
                        _ => Ok(()),
                    }
                }
                _ => Ok(()),
            }
        })
    }
}

/// The ringback of North America.
const TONE: &str = "%(2000,4000,440,480)";
