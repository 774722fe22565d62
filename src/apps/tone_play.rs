//! The caller plays a tone, the callee echoes it.

use crate::client::app::Handling;
use crate::client::{App, Session};
use crate::model::{Direction, Event, Phase};

/// Plays a tone between two legs over a dial plan that parks every call.
///
/// The callee is answered when it is parked and echoes when it is answered; the caller plays a
/// tone without end when it is both answered and parked (`transcripts/call_toneplay`). Not before:
/// FreeSWITCH ends a playback that begins between the answer and the park.
#[derive(Debug, Clone, Copy, Default)]
pub struct TonePlay;

impl App for TonePlay {
    fn name(&self) -> &'static str {
        "TonePlay"
    }

    fn events(&self) -> &[&str] {
        &["CHANNEL_PARK", "CHANNEL_ANSWER"]
    }

    fn on_event<'a>(&'a self, session: &'a Session, event: &'a Event) -> Handling<'a> {
        Box::pin(async move {
            match (&*event.name(), session.direction) {
                ("CHANNEL_PARK", Direction::Inbound) => session.answer().await,
                ("CHANNEL_ANSWER", Direction::Inbound) => session.echo().await,
                (_, Direction::Outbound)
                    if session.is_parked && session.phase == Phase::Answered =>
                {
                    session.playback(TONE).await
                }
                _ => Ok(()),
            }
        })
    }
}

/// 251 ms of 1004 Hz, again and again.
const TONE: &str = "{loops=-1}tone_stream://%(251,0,1004)";
