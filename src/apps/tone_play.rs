//! The caller plays a tone, the callee echoes it.

use std::sync::Arc;

use crate::apps::kind::{Kind, Param, Takes};
use crate::client::app::Handling;
use crate::client::{App, AppContext, Error, Session};
use crate::model::{Direction, Event, Phase};

/// Plays a tone between two legs over a dial plan that parks every call.
///
/// The callee is answered when it is parked and echoes when it is answered; the caller plays a
/// tone without end when it is both answered and parked (`transcripts/call_toneplay`). Not before:
/// FreeSWITCH ends a playback that begins between the answer and the park.
#[derive(Debug, Clone, Copy, Default)]
pub struct TonePlay;

impl TonePlay {
    /// The same with another tone, in the words of `tone_stream`: `%(500,500,440)`.
    #[must_use]
    pub fn with_tone(self, tone: &str) -> Tone {
        Tone { tone: tone.to_owned() }
    }
}

pub(super) const KIND: Kind = Kind {
    name: "TonePlay",
    about: "the caller plays a tone, the callee answers and echoes it",
    params: &[Param::new("tone", Takes::Tone, TONE, "what the caller plays, again and again")],
    make: |values| match values.text("tone") {
        TONE => Ok(Arc::new(TonePlay)),
        tone => Ok(Arc::new(TonePlay.with_tone(tone))),
    },
};

/// [`TonePlay`] with a tone of one's own. Made by [`TonePlay::with_tone`].
#[derive(Debug, Clone)]
pub struct Tone {
    tone: String,
}

impl App for TonePlay {
    fn name(&self) -> &'static str {
        "TonePlay"
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_PARK", "CHANNEL_ANSWER"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(react(session, event, TONE))
    }
}

impl App for Tone {
    fn name(&self) -> &str {
        TonePlay.name()
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_PARK", "CHANNEL_ANSWER"]
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(react(session, event, &self.tone))
    }
}

async fn react(session: &Session, event: &Event, tone: &str) -> Result<(), Error> {
    match (&*event.name(), session.info().direction) {
        ("CHANNEL_PARK", Direction::Inbound) => session.answer().await,
        ("CHANNEL_ANSWER", Direction::Inbound) => session.echo().await,
        (_, Direction::Outbound)
            if session.info().is_parked && session.info().phase == Phase::Answered =>
        {
            session.playback(&format!("{{loops=-1}}tone_stream://{tone}")).await
        }
        _ => Ok(()),
    }
}

/// 251 ms of 1004 Hz, again and again.
const TONE: &str = "%(251,0,1004)";
