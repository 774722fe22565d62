//! The headers that tracking needs, found in one walk over an event.

use crate::model::Phase;
use crate::wire::{EventData, Field};

/// Which events the tracker treats in their own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Answer,
    Api,
    BackgroundJob,
    Bridge,
    Codec,
    Destroy,
    Execute,
    /// Says where a session is and nothing else.
    State,
    HangupComplete,
    Heartbeat,
    Hold,
    Park,
    Progress,
    Unbridge,
    Unhold,
    Unpark,
    Uuid,
    Other,
}

impl Kind {
    fn of(name: &[u8]) -> Self {
        match name {
            b"CHANNEL_ANSWER" => Self::Answer,
            b"API" => Self::Api,
            b"BACKGROUND_JOB" => Self::BackgroundJob,
            b"CHANNEL_BRIDGE" => Self::Bridge,
            b"CHANNEL_DESTROY" => Self::Destroy,
            b"CHANNEL_EXECUTE" => Self::Execute,
            b"CHANNEL_STATE"
            | b"CHANNEL_CALLSTATE"
            | b"CHANNEL_EXECUTE_COMPLETE"
            | b"PLAYBACK_START"
            | b"PLAYBACK_STOP"
            | b"PRIVATE_COMMAND"
            | b"DTMF" => Self::State,
            b"CHANNEL_HANGUP_COMPLETE" => Self::HangupComplete,
            b"CODEC" => Self::Codec,
            b"HEARTBEAT" => Self::Heartbeat,
            b"CHANNEL_HOLD" => Self::Hold,
            b"CHANNEL_PARK" => Self::Park,
            b"CHANNEL_PROGRESS" => Self::Progress,
            b"CHANNEL_UNBRIDGE" => Self::Unbridge,
            b"CHANNEL_UNHOLD" => Self::Unhold,
            b"CHANNEL_UNPARK" => Self::Unpark,
            b"CHANNEL_UUID" => Self::Uuid,
            _ => Self::Other,
        }
    }

    /// Whether its headers behind `Answer-State` matter even for a session that stays as it is.
    fn tells_more(self) -> bool {
        !matches!(self, Self::State | Self::Codec | Self::Execute | Self::Park | Self::Unpark)
    }
}

/// What one event says, still encoded. The last of two headers with one name wins.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) kind: Kind,
    pub(super) core: Option<Field<'a>>,
    pub(super) timestamp: u64,
    pub(super) sequence: u64,
    pub(super) unique_id: Option<Field<'a>>,
    pub(super) old_unique_id: Option<Field<'a>>,
    pub(super) call_uuid: Option<Field<'a>>,
    pub(super) channel_name: Option<Field<'a>>,
    pub(super) direction: Option<Field<'a>>,
    pub(super) call_state: &'a [u8],
    pub(super) answer_state: &'a [u8],
    pub(super) cause: Option<Field<'a>>,
    pub(super) caller_name: Option<Field<'a>>,
    pub(super) caller_number: Option<Field<'a>>,
    pub(super) destination: Option<Field<'a>>,
    pub(super) context: Option<Field<'a>>,
    pub(super) codec: Option<Field<'a>>,
    pub(super) created: u64,
    pub(super) progress: u64,
    pub(super) progress_media: u64,
    pub(super) answered: u64,
    pub(super) bridged: u64,
    pub(super) hangup: u64,
    pub(super) other_leg: Option<Field<'a>>,
    pub(super) bridge_a: Option<Field<'a>>,
    pub(super) bridge_b: Option<Field<'a>>,
    /// `Channel-State` is CS_DESTROY: the last event of a channel, behind CHANNEL_DESTROY.
    pub(super) is_destroyed: bool,
    /// The event carries channel variables, from here on.
    pub(super) has_variables: bool,
}

impl<'a> Facts<'a> {
    /// Walks the headers up to the first channel variable: what matters stands before them, but
    /// for what [`super::apply`] looks up where it needs it.
    ///
    /// `known` returns the phase of a session that is bound to its call. When such a session stays in
    /// its phase, most events say nothing new behind `Answer-State`, and the walk ends there: that
    /// is more than half of the events of a call, and two thirds of their headers.
    #[inline]
    pub(super) fn of(event: &'a EventData, known: impl Fn(&str) -> Option<Phase>) -> Self {
        let mut facts = Self::nothing();
        event.scan(|field| {
            facts.has_variables = field.name.starts_with(b"variable_");
            if facts.has_variables {
                return false;
            }
            facts.take(field);
            // A leg that was transferred says its new destination with what it runs next.
            let last: &[u8] = match facts.kind {
                Kind::Execute => b"Caller-Destination-Number",
                Kind::Codec => b"Channel-Read-Codec-Name",
                _ => b"Answer-State",
            };
            !(field.name == last && facts.says_no_more(&known))
        });
        facts
    }

    fn says_no_more(&self, known: &impl Fn(&str) -> Option<Phase>) -> bool {
        if self.kind.tells_more() {
            return false;
        }
        let id = self.unique_id.and_then(|id| std::str::from_utf8(id.raw).ok());
        let phase = id.and_then(known);
        phase.is_some_and(|phase| self.phase_after(phase) == phase)
    }

    /// How far a session is after this event. `Channel-Call-State` is still the old one in ANSWER
    /// and HANGUP events (`transcripts/call_toneplay`), so `Answer-State` goes first.
    pub(super) fn phase_after(&self, now: Phase) -> Phase {
        let said = match (self.answer_state, self.call_state) {
            (b"hangup", _) => Phase::Hangup,
            (b"answered", b"HELD") if self.kind != Kind::Unhold => Phase::Held,
            (b"answered", _) if self.kind == Kind::Hold => Phase::Held,
            (b"answered", _) => Phase::Answered,
            (b"early", _) => Phase::Early,
            (b"ringing", b"RINGING" | b"EARLY") => Phase::Ringing,
            (b"ringing", _) if self.kind == Kind::Progress => Phase::Ringing,
            _ => Phase::New,
        };
        match (now, said) {
            (Phase::Held, Phase::Answered) => said,
            _ => now.max(said),
        }
    }

    fn nothing() -> Self {
        Facts {
            kind: Kind::Other,
            core: None,
            timestamp: 0,
            sequence: 0,
            unique_id: None,
            old_unique_id: None,
            call_uuid: None,
            channel_name: None,
            direction: None,
            call_state: b"",
            answer_state: b"",
            cause: None,
            caller_name: None,
            caller_number: None,
            destination: None,
            context: None,
            codec: None,
            created: 0,
            progress: 0,
            progress_media: 0,
            answered: 0,
            bridged: 0,
            hangup: 0,
            other_leg: None,
            bridge_a: None,
            bridge_b: None,
            is_destroyed: false,
            has_variables: false,
        }
    }

    /// Takes one header. By the length of its name first, because this runs for every header of
    /// every event: one jump and at most three comparisons.
    #[inline]
    fn take(&mut self, field: Field<'a>) {
        let raw = field.raw;
        match field.name.len() {
            9 => match field.name {
                b"Unique-ID" => self.unique_id = Some(field),
                b"Core-UUID" => self.core = Some(field),
                _ => {}
            },
            10 if field.name == b"Event-Name" => self.kind = Kind::of(raw),
            12 => match field.name {
                b"Channel-Name" => self.channel_name = Some(field),
                b"Answer-State" => self.answer_state = raw,
                b"Hangup-Cause" => self.cause = Some(field),
                _ => {}
            },
            13 => match field.name {
                b"Channel-State" => self.is_destroyed = raw == b"CS_DESTROY",
                b"Old-Unique-ID" => self.old_unique_id = Some(field),
                _ => {}
            },
            14 => match field.name {
                b"Event-Sequence" => self.sequence = number(raw),
                b"Call-Direction" => self.direction = Some(field),
                b"Caller-Context" => self.context = Some(field),
                _ => {}
            },
            17 if field.name == b"Channel-Call-UUID" => self.call_uuid = Some(field),
            18 => match field.name {
                b"Channel-Call-State" => self.call_state = raw,
                b"Bridge-A-Unique-ID" => self.bridge_a = Some(field),
                b"Bridge-B-Unique-ID" => self.bridge_b = Some(field),
                _ => {}
            },
            19 if field.name == b"Other-Leg-Unique-ID" => self.other_leg = Some(field),
            20 if field.name == b"Event-Date-Timestamp" => self.timestamp = number(raw),
            21 if field.name == b"Caller-Caller-ID-Name" => self.caller_name = Some(field),
            23 => match field.name {
                b"Caller-Caller-ID-Number" => self.caller_number = Some(field),
                b"Channel-Read-Codec-Name" => self.codec = Some(field),
                _ => {}
            },
            25 if field.name == b"Caller-Destination-Number" => self.destination = Some(field),
            26..=34 => self.take_time(field),
            _ => {}
        }
    }

    fn take_time(&mut self, field: Field<'a>) {
        let time = match field.name {
            b"Caller-Channel-Hangup-Time" => &mut self.hangup,
            b"Caller-Channel-Created-Time" => &mut self.created,
            b"Caller-Channel-Bridged-Time" => &mut self.bridged,
            b"Caller-Channel-Progress-Time" => &mut self.progress,
            b"Caller-Channel-Answered-Time" => &mut self.answered,
            b"Caller-Channel-Progress-Media-Time" => &mut self.progress_media,
            _ => return,
        };
        *time = number(field.raw);
    }
}

/// Reads decimal digits; 0 for anything else.
#[inline]
fn number(raw: &[u8]) -> u64 {
    raw.iter()
        .try_fold(0_u64, |sum, byte| {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 { None } else { sum.checked_mul(10)?.checked_add(u64::from(digit)) }
        })
        .unwrap_or(0)
}
