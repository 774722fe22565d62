//! Display updates: the name and number that a leg is shown, and how the far end of its wire gets them.
//!
//! One FreeSWITCH updates another by INFO (`transcripts/call_bridge`, `call_control`).

use crate::sim::channel::profile::Who;
use crate::sim::channel::{Answer, Channel, Kind};
use crate::sim::event::{CALLEE_ID, DISPLAY};
use crate::sim::world::World;
use crate::sim::world::agenda::Step;

impl World {
    /// Shows both legs of a bridge whom they talk to.
    pub(super) fn show_both(&mut self, first: u64, second: u64) {
        let profile = |id: u64| self.channels.get(&id).and_then(|channel| channel.profile.as_ref());
        let caller = profile(first).map(|it| (it.cid_name.clone(), it.cid_num.clone()));
        self.show(second, &caller.unwrap_or_default());
        let profile = |id: u64| self.channels.get(&id).and_then(|channel| channel.profile.as_ref());
        let callee = profile(second).map(|it| (it.callee_name.clone(), it.callee_num.clone()));
        self.show(first, &callee.unwrap_or_default());
    }

    /// Shows a leg a name and a number. The same is shown only once, and to a SIP leg only after
    /// its answer.
    pub(in crate::sim) fn show(&mut self, id: u64, (name, number): &(String, String)) {
        let partner = self.partner_uuid(id);
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let name = if name.is_empty() { number } else { name };
        channel.vars.set("last_sent_callee_id_name", name);
        channel.vars.set("last_sent_callee_id_number", number);
        let shown = (name.clone(), number.clone());
        let is_sip = matches!(channel.kind, Kind::Sofia | Kind::Phone);
        if !is_sip || channel.answer != Answer::Answered || channel.sent_callee == shown {
            return;
        }
        channel.sent_callee = shown.clone();
        channel.callee_direction = "SEND";
        let (peer, by_info) = (channel.peer, channel.kind == Kind::Sofia);
        let mut before = vec![
            ("Direction", "SEND".to_owned()),
            ("Sent-Callee-ID-Name", shown.0.clone()),
            ("Sent-Callee-ID-Number", shown.1.clone()),
        ];
        before.extend(partner.map(|uuid| ("Bridged-To", uuid)));
        self.fire_channel(id, "CALL_UPDATE", DISPLAY, before, Vec::new(), true);
        if let (Some(peer), true) = (peer, by_info) {
            self.step_in(1, peer, Step::Info(Box::new(shown)));
        }
    }

    /// The INFO arrives: the leg shows another caller from now on, and passes it on.
    pub(in crate::sim) fn informed(&mut self, id: u64, shown: &(String, String)) {
        let partner = self.partner_uuid(id);
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if !channel.inbound && channel.answer != Answer::Answered {
            // The answer is still on its way.
            self.step_in(20, id, Step::Info(Box::new(shown.clone())));
            return;
        }
        let before = sip_info(channel);
        let as_caller = channel.hit_dialplan;
        let Some(profile) = channel.profile.as_mut() else { return };
        let who: &mut Who = profile;
        let (name, number) = if as_caller {
            (&mut who.cid_name, &mut who.cid_num)
        } else {
            (&mut who.callee_name, &mut who.callee_num)
        };
        if (&*name, &*number) != (&shown.0, &shown.1) {
            (*name, *number) = shown.clone();
            let mut update = vec![("Direction", "RECV".to_owned())];
            update.extend(partner.map(|uuid| ("Bridged-To", uuid)));
            self.fire_channel(id, "CALL_UPDATE", CALLEE_ID, update, Vec::new(), true);
            let with = self.channels.get(&id).and_then(|channel| channel.partner);
            if let Some(with) = with {
                self.show(with, shown);
            }
        }
        self.fire_brief(id, "RECV_INFO", before, Vec::new());
    }

    fn partner_uuid(&self, id: u64) -> Option<String> {
        let partner = self.channels.get(&id)?.partner?;
        self.channels.get(&partner).map(|other| other.uuid.clone())
    }
}

/// The headers of RECV_INFO about the SIP message.
fn sip_info(channel: &Channel) -> crate::sim::event::Extra {
    let Some(dialog) = &channel.dialog else { return Vec::new() };
    let (caller, called) = (dialog.from_user.clone(), dialog.user.clone());
    let (from, to, contact) = if channel.inbound {
        (caller, called, "mod_sofia".to_owned())
    } else {
        (called.clone(), caller, called)
    };
    let host = || "127.0.0.1".to_owned();
    vec![
        ("SIP-Content-Type", "message/update_display".to_owned()),
        ("SIP-From-User", from),
        ("SIP-From-Host", host()),
        ("SIP-To-User", to),
        ("SIP-To-Host", host()),
        ("SIP-Contact-User", contact),
        ("SIP-Contact-Host", host()),
    ]
}
