//! How one end of a SIP leg learns that the other one is gone: BYE, CANCEL or a refusal, the SIP
//! status of a cause, the cause of a SIP status. Compared with FreeSWITCH 1.10.12.

use crate::model::HangupCause;
use crate::sim::channel::farewell::{Farewell, cause_of, phrase_of};
use crate::sim::channel::{Kind, sip};
use crate::sim::world::World;
use crate::sim::world::agenda::Tick;

impl World {
    /// The other end of the wire is gone.
    pub(in crate::sim) fn peer_gone(&mut self, id: u64, farewell: &Farewell) {
        let Some(channel) = self.channels.get(&id) else { return };
        match (channel.kind, farewell.answered, channel.inbound) {
            (Kind::Loopback | Kind::Null, ..) => self.hangup(id, &farewell.cause, Tick::Soon),
            (_, true, _) => self.receive_bye(id, farewell),
            (_, false, true) => {
                let vars = sip::cancelled(&farewell.reason);
                self.hangup_with(id, "ORIGINATOR_CANCEL", Tick::Soon, vars);
            }
            (_, false, false) => {
                let cause = farewell.named_cause();
                let cause = cause.unwrap_or_else(|| HangupCause::parse(cause_of(farewell.status)));
                self.refused(id, cause.name(), farewell.status, &farewell.phrase);
            }
        }
    }

    fn receive_bye(&mut self, id: u64, farewell: &Farewell) {
        if let Some(other) = self.bonded(id).and_then(|other| self.channels.get_mut(&other)) {
            other.vars.set("sip_reason", &farewell.reason);
            other.vars.set("sip_hangup_phrase", "OK");
        }
        let cause = farewell.named_cause().unwrap_or(HangupCause::NORMAL_CLEARING);
        let number = cause.number().unwrap_or(16);
        self.hangup_with(id, cause.name(), Tick::Soon, sip::bye(&farewell.reason, number));
        if let Some(channel) = self.channels.get_mut(&id) {
            sip::hung_up_by_peer(&mut channel.vars);
        }
    }

    /// The called end refused.
    pub(in crate::sim) fn refused(&mut self, id: u64, cause: &str, status: u16, phrase: &str) {
        let number = HangupCause::parse(cause).number().unwrap_or(16);
        let with = self.bonded(id);
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let Some(dialog) = channel.dialog.clone() else {
            self.hangup(id, cause, Tick::Soon);
            return;
        };
        // Where no port is open there is no reply: the refusal is the switch's own.
        let is_heard = channel.kind == Kind::Phone || !dialog.to_profile.is_empty();
        if let Some(profile) = channel.profile.as_mut().filter(|_| is_heard) {
            "127.0.0.1".clone_into(&mut profile.network_addr);
        }
        if let Some(with) = with.and_then(|with| self.channels.get_mut(&with)) {
            with.vars.extend([
                ("sip_invite_failure_status", status.to_string().as_str()),
                ("sip_invite_failure_phrase", phrase),
                ("sip_hangup_phrase", phrase),
            ]);
        }
        let vars = dialog.refused(status, phrase, number, is_heard);
        self.hangup_with(id, cause, Tick::Soon, vars);
    }

    /// `respond`: a reply of the dial plan's own choice, which ends the call unless it is a
    /// provisional one.
    pub(in crate::sim) fn respond(&mut self, id: u64, data: &str) {
        let data = data.trim();
        let (code, phrase) = data.split_once(' ').unwrap_or((data, ""));
        let code = code.parse().unwrap_or(488_u16);
        if !(300..700).contains(&code) {
            return;
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            let phrase = if phrase.trim().is_empty() { phrase_of(code) } else { phrase.trim() };
            channel.refusal = Some((code, phrase.to_owned()));
        }
        self.hangup(id, cause_of(code), Tick::Soon);
    }
}
