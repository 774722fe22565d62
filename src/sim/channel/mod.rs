//! One leg as data: its states, its variables, what it runs, and the headers made of them. `call` and
//! `app` change it.

pub(super) mod farewell;
pub(super) mod file;
pub(super) mod menu;
pub(super) mod outgoing;
pub(super) mod profile;
pub(super) mod reading;
pub(super) mod reinvite;
pub(super) mod sip;
pub(super) mod then;

use crate::sim::event::Event;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::HangupCause;
use crate::sim::event::header_map::Pairs;
use profile::{Leg, Profile, write_profile};
use reading::Reading;
use sip::Dialog;

/// The running state of the state machine, with its number (`switch_types.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    New = 0,
    Init = 1,
    Routing = 2,
    SoftExecute = 3,
    Execute = 4,
    ExchangeMedia = 5,
    Park = 6,
    ConsumeMedia = 7,
    Hibernate = 8,
    Reset = 9,
    Hangup = 10,
    Reporting = 11,
    Destroy = 12,
    None = 13,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::New => "CS_NEW",
            Self::Init => "CS_INIT",
            Self::Routing => "CS_ROUTING",
            Self::SoftExecute => "CS_SOFT_EXECUTE",
            Self::Execute => "CS_EXECUTE",
            Self::ExchangeMedia => "CS_EXCHANGE_MEDIA",
            Self::Park => "CS_PARK",
            Self::ConsumeMedia => "CS_CONSUME_MEDIA",
            Self::Hibernate => "CS_HIBERNATE",
            Self::Reset => "CS_RESET",
            Self::Hangup => "CS_HANGUP",
            Self::Reporting => "CS_REPORTING",
            Self::Destroy => "CS_DESTROY",
            Self::None => "CS_NONE",
        }
    }
}

/// The state of the call as a person would name it, with the number of CHANNEL_CALLSTATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallState {
    Down = 0,
    Ringing = 2,
    Early = 3,
    Active = 4,
    Held = 5,
    RingWait = 6,
    Hangup = 7,
    Unheld = 8,
}

impl CallState {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Down => "DOWN",
            Self::Ringing => "RINGING",
            Self::Early => "EARLY",
            Self::Active => "ACTIVE",
            Self::Held => "HELD",
            Self::RingWait => "RING_WAIT",
            Self::Hangup => "HANGUP",
            Self::Unheld => "UNHELD",
        }
    }
}

/// `Answer-State`, as long as the channel is not hung up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Ringing,
    Early,
    Answered,
}

/// The codec that both directions use: name, bit rate.
pub(super) type Codec = (&'static str, &'static str);
/// The codec of loopback halves.
pub(super) const L16: Codec = ("L16", "128000");
/// The codec of SIP legs.
pub(super) const PCMU: Codec = ("PCMU", "64000");

/// Variables in the order of their last setting, as FreeSWITCH keeps them.
#[derive(Debug, Clone, Default)]
pub(super) struct Vars(Pairs);

impl Vars {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.first(name)
    }

    /// Sets a variable; it moves to the end.
    pub(super) fn set(&mut self, name: &str, value: impl AsRef<str>) {
        self.0.set(name, value.as_ref());
    }

    /// Sets a variable where it stands, or at the end.
    pub(super) fn put(&mut self, name: &str, value: impl AsRef<str>) {
        self.0.put(name, value.as_ref());
    }

    /// Adds a value: the second one makes the variable an array.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        match self.get(name) {
            None => self.set(name, value),
            Some(old) => {
                let old = old.strip_prefix("ARRAY::").unwrap_or(old);
                let all = format!("ARRAY::{old}|:{value}");
                self.put(name, all);
            }
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub(super) fn extend<N, V>(&mut self, all: impl IntoIterator<Item = (N, V)>)
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        for (name, value) in all {
            self.set(name.as_ref(), value);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter()
    }
}

/// What kind of wire a channel hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A SIP leg whose other end is a channel of this switch too.
    Sofia,
    /// A SIP leg to a phone that only exists as a plan of answers.
    Phone,
    /// One half of a loopback pair.
    Loopback,
    /// `null/`: answers at once, its media goes nowhere.
    Null,
}

/// The partner of a bridge or of an originate, frozen as the `Other-Leg-*` headers are.
#[derive(Debug, Clone)]
pub(super) struct Other {
    pub(super) role: &'static str,
    pub(super) uuid: String,
    pub(super) name: String,
    pub(super) inbound: bool,
    pub(super) profile: Profile,
}

/// What a running application waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doing {
    /// Nothing: it is done as soon as it has begun.
    Nothing,
    Park,
    /// Runs until the end of the call: echo, hold and the like.
    Endless,
    Sleep,
    /// Sits in a conference.
    Conference,
    Playback {
        file_type: Option<String>,
        loops: Option<String>,
    },
    /// Waits for digits.
    Digits(Box<Reading>),
    /// Records to this file.
    Record(String),
    /// Listens to this channel.
    Eavesdrop(u64),
    /// Waits in a parking lot.
    Valet(Slot),
    /// Waits for an agent.
    Queue,
    /// Waits in a fifo.
    Fifo,
    /// Waits for the legs of an originate, then for the end of the bridge.
    Bridge,
}

/// One application on the stack of a channel.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) app: String,
    pub(super) data: String,
    pub(super) uuid: String,
    pub(super) doing: Doing,
    pub(super) since: u64,
    pub(super) token: u64,
    /// In a box: most applications come from the plan.
    pub(super) command: Option<Box<Command>>,
}

/// A queued `sendmsg` or broadcast.
#[derive(Debug, Clone)]
pub(super) struct Command {
    /// What PRIVATE_COMMAND shows before its own headers.
    pub(super) headers: Pairs,
    pub(super) app: String,
    pub(super) data: String,
    pub(super) uuid: Option<String>,
    pub(super) lock: bool,
    /// How often it runs, negative without end; 0 is a hangup, which does not wait.
    pub(super) loops: i32,
    /// How often it has begun.
    pub(super) lap: i32,
}

/// One leg of a call.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: u64,
    pub(super) uuid: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) inbound: bool,
    pub(super) logical_inbound: bool,
    pub(super) state: State,
    pub(super) number: u8,
    pub(super) callstate: CallState,
    pub(super) answer: Answer,
    pub(super) cause: Option<HangupCause>,
    /// The SIP status and phrase that `respond` chose.
    pub(super) refusal: Option<(u16, String)>,
    pub(super) codec: Option<Codec>,
    pub(super) hit_dialplan: bool,
    pub(super) call_uuid: String,
    pub(super) profile: Option<Profile>,
    pub(super) first: Profile,
    pub(super) sent_callee: (String, String),
    pub(super) callee_direction: &'static str,
    pub(super) vars: Vars,
    pub(super) other: Option<Other>,
    pub(super) dialog: Option<Arc<Dialog>>,
    pub(super) peer: Option<u64>,
    pub(super) originate: Option<u64>,
    pub(super) partner: Option<u64>,
    pub(super) plan: VecDeque<(String, String)>,
    pub(super) commands: VecDeque<Command>,
    pub(super) stack: Vec<Running>,
    pub(super) digits: String,
    pub(super) holds: Vec<(u64, u64)>,
    pub(super) last_app: Option<(String, String)>,
    /// Files that the call is recorded to, and since when.
    pub(super) recordings: Vec<(String, u64)>,
    pub(super) displaced: Vec<String>,
    pub(super) muted: bool,
    /// Since when no sound comes, once `rtp_timeout_sec` asks for it.
    pub(super) silent_since: u64,
    /// The codec outside of a conference.
    pub(super) room: Option<Codec>,
}

impl Channel {
    pub(super) fn new(id: u64, uuid: String, name: String, kind: Kind, inbound: bool) -> Self {
        Self {
            id,
            call_uuid: uuid.clone(),
            uuid,
            name,
            kind,
            inbound,
            logical_inbound: inbound,
            state: State::None,
            number: 0,
            callstate: CallState::Down,
            answer: Answer::Ringing,
            cause: None,
            refusal: None,
            codec: None,
            hit_dialplan: inbound,
            profile: None,
            first: Profile::default(),
            sent_callee: (String::new(), String::new()),
            callee_direction: "",
            vars: Vars::default(),
            other: None,
            dialog: None,
            peer: None,
            originate: None,
            partner: None,
            plan: VecDeque::new(),
            commands: VecDeque::new(),
            stack: Vec::new(),
            digits: String::new(),
            holds: Vec::new(),
            last_app: None,
            recordings: Vec::new(),
            displaced: Vec::new(),
            muted: false,
            silent_since: 0,
            room: None,
        }
    }

    pub(super) fn direction(&self) -> &'static str {
        if self.inbound { "inbound" } else { "outbound" }
    }

    pub(super) fn is_up(&self) -> bool {
        self.cause.is_none()
    }

    /// Gives the channel its caller profile; `show channels` keeps the first one.
    pub(super) fn set_profile(&mut self, profile: Profile) {
        if self.profile.is_none() {
            self.first = profile.clone();
        }
        self.profile = Some(profile);
    }

    /// Notes where a transfer came from; every further one makes the history an array.
    pub(super) fn remember_transfer(&mut self, source: &str) {
        let history = match self.vars.get("transfer_history") {
            Some(old) if old.starts_with("ARRAY::") => format!("{old}|:{source}"),
            Some(old) => format!("ARRAY::{old}|:{source}"),
            None => source.to_owned(),
        };
        self.vars.set("transfer_history", history);
        self.vars.set("transfer_source", source);
    }

    /// Writes the channel headers, without variables, in the recorded order.
    pub(super) fn write_headers(&self, event: &mut Event) {
        event.push("Channel-State", self.state.name());
        event.push("Channel-Call-State", self.callstate.name());
        event.push("Channel-State-Number", self.number.to_string());
        event.push("Channel-Name", &*self.name);
        event.push("Unique-ID", &*self.uuid);
        event.push("Call-Direction", self.direction());
        event.push("Presence-Call-Direction", self.direction());
        event.push("Channel-HIT-Dialplan", self.hit_dialplan.to_string());
        if let Some(presence) = self.vars.get("presence_id") {
            event.push("Channel-Presence-ID", presence);
        }
        event.push("Channel-Call-UUID", &*self.call_uuid);
        event.push("Answer-State", self.answer_state());
        if let Some(cause) = &self.cause {
            event.push("Hangup-Cause", cause.name());
        }
        if let Some((name, bits)) = self.codec {
            event.push("Channel-Read-Codec-Name", name);
            event.push("Channel-Read-Codec-Rate", "8000");
            event.push("Channel-Read-Codec-Bit-Rate", bits);
            event.push("Channel-Write-Codec-Name", name);
            event.push("Channel-Write-Codec-Rate", "8000");
            event.push("Channel-Write-Codec-Bit-Rate", bits);
        }
        if let Some(profile) = &self.profile
            && self.state != State::New
        {
            let own = Leg { uuid: &self.uuid, name: &self.name, inbound: self.inbound };
            write_profile(event, "Caller", &own, self.logical_inbound, profile);
        }
        if let Some(other) = &self.other {
            event.push("Other-Type", other.role);
            let leg = Leg { uuid: &other.uuid, name: &other.name, inbound: other.inbound };
            write_profile(event, "Other-Leg", &leg, true, &other.profile);
        }
    }

    /// Writes the `variable_*` headers.
    pub(super) fn write_variables(&self, event: &mut Event) {
        event.headers.append("variable_", &self.vars.0);
    }

    pub(super) fn answer_state(&self) -> &'static str {
        match (&self.cause, self.answer) {
            (Some(_), _) => "hangup",
            (None, Answer::Ringing) => "ringing",
            (None, Answer::Early) => "early",
            (None, Answer::Answered) => "answered",
        }
    }
}

/// Where a parked call waits: lot and extension.
pub(super) type Slot = (String, String);

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn a_variable_moves_to_the_end_when_it_is_set_again() {
        let mut vars = Vars::default();
        vars.extend([("a", "1".to_owned()), ("b", "2".to_owned())]);
        vars.set("A", "3");
        let names: Vec<_> = vars.iter().collect();
        assert_eq!(names, [("b", "2"), ("A", "3")]);
        vars.put("b", "4");
        assert_eq!(vars.iter().next(), Some(("b", "4")));
    }
}
