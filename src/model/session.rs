//! One channel, as the tracker sees it.

use serde::{Deserialize, Serialize};

use super::{CallInfo, EndFacts, HangupCause, Id};

/// Marks the id of a loaded app; the trait is a layer above.
#[derive(Debug)]
pub enum App {}

/// Whether a leg came to the switch or was made by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// A party called the switch.
    Inbound,
    /// The switch called a party.
    #[default]
    Outbound,
}

impl Direction {
    /// The word for it, lower case: FreeSWITCH's own.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// How far a leg is. The later values are never left for an earlier one, but for `Held`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Phase {
    /// Known, nothing rings yet.
    #[default]
    New,
    /// The far end rings.
    Ringing,
    /// Media before the answer.
    Early,
    /// Answered.
    Answered,
    /// Answered and on hold.
    Held,
    /// The end is decided; its cause is known.
    Hangup,
}

impl Phase {
    /// The word for it, lower case.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ringing => "ringing",
            Self::Early => "early",
            Self::Answered => "answered",
            Self::Held => "held",
            Self::Hangup => "hangup",
        }
    }
}

/// What tied a session to its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Association {
    /// Our SIP header came back with the leg.
    Header,
    /// Our channel variable.
    Variable,
    /// The other half of a loopback channel.
    Loopback,
    /// `Channel-Call-UUID` names another session.
    CallUuid,
    /// Nothing else matched: the session is its own call.
    OwnUuid,
}

/// How we came to know a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Origin {
    /// We saw it from its beginning.
    Seen,
    /// It was there when we came: from a snapshot, or from an event in the middle of its life.
    Joined,
}

/// The milestones of a leg, in microseconds since 1970 by the switch's clock; 0 is not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Times {
    /// The channel was made.
    pub created: u64,
    /// Ringing.
    pub progress: u64,
    /// Early media.
    pub progress_media: u64,
    /// Answered.
    pub answered: u64,
    /// Bridged.
    pub bridged: u64,
    /// Left its latest bridge; 0 while in it.
    #[serde(default)]
    pub unbridged: u64,
    /// Hung up.
    pub hangup: u64,
    /// Put on hold, if it is on hold now.
    pub held: u64,
    /// How long it was on hold before, in microseconds.
    pub hold_sum: u64,
}

/// One channel: a leg of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionInfo {
    /// Its `Unique-ID`.
    pub id: Id<Self>,
    /// The call that it belongs to.
    pub call: Id<CallInfo>,
    /// Why it belongs there.
    pub association: Association,
    /// How we came to know it.
    pub origin: Origin,
    /// Relative to the switch.
    pub direction: Direction,
    /// How far it is.
    pub phase: Phase,
    /// Whether it is parked.
    pub is_parked: bool,
    /// Whether it is bridged to [`Self::other_leg`].
    pub is_bridged: bool,
    /// `Channel-Name`, for example `sofia/external/9196@127.0.0.1:5080`.
    pub channel_name: Box<str>,
    /// The caller's name, as the network gave it: hostile until sanitised.
    pub caller_name: Box<str>,
    /// The caller's number.
    pub caller_number: Box<str>,
    /// The number that was called; after a transfer the one that it was transferred to.
    pub destination: Box<str>,
    /// The number that it was made for, whatever became of it later.
    #[serde(default)]
    pub dialled: Box<str>,
    /// The dialplan context.
    pub context: Box<str>,
    /// The application that runs, as of the last CHANNEL_EXECUTE.
    pub application: Box<str>,
    /// Its arguments.
    pub application_data: Box<str>,
    /// The codec that we read with.
    pub codec: Box<str>,
    /// The gateway that it went out or came in through, if any.
    pub gateway: Box<str>,
    /// The leg that it talks to, or talked to last.
    pub other_leg: Option<Id<Self>>,
    /// The app id that it carries, if any.
    pub app: Option<Id<App>>,
    /// Where that id came from: a SIP header, which anybody can send, or a channel variable.
    #[serde(skip)]
    pub app_association: Option<Association>,
    /// Its milestones.
    pub times: Times,
    /// Why it ended.
    pub cause: Option<HangupCause>,
    /// The SIP status at its end (`sip_term_status`).
    pub sip_status: Option<u16>,
    /// Which side ended it (`sip_hangup_disposition`), for example `recv_bye`.
    pub disposition: Box<str>,
    /// What else it says about its end.
    #[serde(default)]
    pub end: EndFacts,
    /// When the last event about it was made, in microseconds since 1970.
    pub last_event: u64,
}

impl SessionInfo {
    /// A session of which only the id is known.
    #[must_use]
    pub fn new(id: Id<Self>) -> Self {
        Self {
            call: id.cast(),
            id,
            association: Association::OwnUuid,
            origin: Origin::Seen,
            direction: Direction::default(),
            phase: Phase::default(),
            is_parked: false,
            is_bridged: false,
            channel_name: Box::default(),
            caller_name: Box::default(),
            caller_number: Box::default(),
            destination: Box::default(),
            dialled: Box::default(),
            context: Box::default(),
            application: Box::default(),
            application_data: Box::default(),
            codec: Box::default(),
            gateway: Box::default(),
            other_leg: None,
            app: None,
            app_association: None,
            times: Times::default(),
            cause: None,
            sip_status: None,
            disposition: Box::default(),
            end: EndFacts::default(),
            last_event: 0,
        }
    }

    /// Whether the switch heard the end from the far side of this leg: `Some(true)` when the far
    /// end hung up or refused, `Some(false)` when the switch did, `None` when it does not say.
    #[must_use]
    pub fn ended_by_far_end(&self) -> Option<bool> {
        match &*self.disposition {
            "recv_bye" | "recv_cancel" | "recv_refuse" => Some(true),
            "send_bye" | "send_cancel" | "send_refuse" => Some(false),
            _ => None,
        }
    }

    /// From the creation to the answer, the end or now, in microseconds. `None` when it did not
    /// ring, or was made or answered at a time that is not known, as for calls of a snapshot.
    #[must_use]
    pub fn ring_time(&self, now: u64) -> Option<u64> {
        let Times { created, progress, progress_media, answered, hangup, .. } = self.times;
        if created == 0 || (answered == 0 && self.phase >= Phase::Answered && hangup == 0) {
            return None;
        }
        if answered == 0 && hangup > 0 && progress == 0 && progress_media == 0 {
            return None;
        }
        let end = [answered, hangup].into_iter().find(|time| *time > 0);
        Some(end.unwrap_or(now).saturating_sub(created))
    }

    /// From the answer to the end (or now), in microseconds; `None` while not answered.
    #[must_use]
    pub fn talk_time(&self, now: u64) -> Option<u64> {
        let end = if self.times.hangup > 0 { self.times.hangup } else { now };
        (self.times.answered > 0).then(|| end.saturating_sub(self.times.answered))
    }

    /// How long it was on hold until its end (or now), in microseconds. `None` when it never was,
    /// or is since a time that we do not know.
    #[must_use]
    pub fn hold_time(&self, now: u64) -> Option<u64> {
        let end = if self.times.hangup > 0 { self.times.hangup } else { now };
        let running = if self.times.held > 0 { end.saturating_sub(self.times.held) } else { 0 };
        Some(self.times.hold_sum + running).filter(|time| *time > 0)
    }

    /// From the creation to the end (or now), in microseconds; `None` when it is unknown when it
    /// was made.
    #[must_use]
    pub fn age(&self, now: u64) -> Option<u64> {
        let end = if self.times.hangup > 0 { self.times.hangup } else { now };
        (self.times.created > 0).then(|| end.saturating_sub(self.times.created))
    }
}
