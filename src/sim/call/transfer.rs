//! A channel leaves what it does and goes to another extension.

use std::time::Duration;

use crate::sim::channel::then::Exten;
use crate::sim::channel::{Answer, CallState, Channel, Doing, Running, State};
use crate::sim::world::World;
use crate::sim::world::agenda::{Action, SILENT, Tick};
use crate::sim::world::request::ApiCall;

impl World {
    /// Sends the channel to another extension.
    pub(in crate::sim) fn transfer(&mut self, id: u64, exten: &Exten) {
        self.transfer_profile(id, exten);
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.number = 2;
        channel.plan.clear();
        // A called leg becomes a caller: it shows the party that it called from now on.
        let (flips, inbound) = (!channel.hit_dialplan, channel.inbound);
        channel.logical_inbound |= !flips;
        let partner = channel.partner;
        if let Some(partner) = partner.and_then(|partner| self.channels.get_mut(&partner)) {
            partner.vars.remove("signal_bond");
        }
        self.leave_all(id);
        self.leave_partner(id);
        if inbound {
            self.set_callstate(id, CallState::Ringing);
        }
        self.set_state(id, State::Routing, 2);
        let is_answered =
            self.channels.get(&id).is_some_and(|channel| channel.answer == Answer::Answered);
        if inbound && is_answered {
            self.set_callstate(id, CallState::Active);
        }
        if self.hunt(id) {
            if flips {
                self.flip(id);
            }
            self.execute(id);
        }
    }

    /// `uuid_park`: a channel state, and no application (`switch_ivr_park_session`).
    pub(in crate::sim) fn park(&mut self, id: u64) {
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.plan.clear();
        }
        self.leave_all(id);
        self.leave_partner(id);
        self.set_state(id, State::Park, 6);
        self.fire_full(id, "CHANNEL_PARK", Vec::new(), Vec::new());
        let (uuid, token, since) = (self.uuid(), self.token(), self.now);
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.stack.push(Running {
            app: SILENT.to_owned(),
            data: String::new(),
            uuid,
            doing: Doing::Park,
            since,
            token,
            command: None,
        });
        self.proceed(id);
    }

    /// The called leg of a bridge leaves it: the other one continues its plan.
    pub(super) fn leave_partner(&mut self, id: u64) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let partner = channel.partner.take();
        if partner.is_some() || channel.vars.get("last_bridge_to").is_some() {
            part(channel);
        }
        if let Some(partner) = partner {
            self.partner_gone(partner, id, "NORMAL_CLEARING");
        }
    }

    /// Both legs of a bridge are about to leave it: none ends because the other one does.
    pub(in crate::sim) fn unpair(&mut self, id: u64) {
        let partner = self.channels.get(&id).and_then(|channel| channel.partner);
        for id in [Some(id), partner].into_iter().flatten() {
            let Some(channel) = self.channels.get_mut(&id) else { continue };
            if channel.stack.iter().all(|running| running.doing != Doing::Bridge) {
                channel.partner = None;
                part(channel);
            }
        }
    }

    /// `uuid_deflect` of an answered SIP leg: the far end is asked to call another party instead. A
    /// phone does, and so does a leg that is bridged: its partner is transferred. A leg of this
    /// switch that is alone cannot, and hangs up; so does the leg that asked, in any case.
    pub(in crate::sim) fn deflect(&mut self, id: u64, uri: &str, asked: &ApiCall) {
        let peer = self.channels.get(&id).and_then(|channel| channel.peer);
        let partner = peer.and_then(|peer| self.channels.get(&peer)?.partner);
        let status = match (peer, partner) {
            (Some(peer), None) => {
                self.hangup(peer, "NORMAL_CLEARING", Tick::Soon);
                "403 Forbidden"
            }
            (_, Some(partner)) => {
                let user = uri.strip_prefix("sip:").unwrap_or(uri);
                let user = user.split_once('@').map_or(user, |(user, _)| user);
                self.transfer(partner, &Exten::of_words(&[user.to_owned()]));
                "202 Accepted"
            }
            (None, None) => "202 Accepted",
        };
        self.hangup(id, "BLIND_TRANSFER", Tick::Soon);
        let text = format!("+OK:SIP/2.0 {status}\r\n\n");
        self.after(Duration::from_millis(100), Action::Answer(Box::new(asked.clone()), text));
    }

    /// Ends all that a channel runs, the innermost first.
    pub(super) fn leave_all(&mut self, id: u64) {
        while let Some(running) =
            self.channels.get_mut(&id).and_then(|channel| channel.stack.last_mut())
        {
            if let Some(command) = running.command.as_mut() {
                command.loops = 1;
            }
            match running.doing.clone() {
                Doing::Park => self.fire_full(id, "CHANNEL_UNPARK", Vec::new(), Vec::new()),
                Doing::Playback { .. } => self.stop_playback(id, "break"),
                Doing::Bridge => self.stop_bridge(id),
                Doing::Conference => self.leave_conference(id),
                Doing::Valet(slot) => self.leave_valet(id, &slot),
                Doing::Queue => self.leave_queue(id),
                Doing::Fifo => self.leave_fifo(id),
                Doing::Digits(_) => self.leave_reading(id, "break"),
                Doing::Record(path) => self.stop_recorder(id, &path),
                Doing::Eavesdrop(target) => self.stop_eavesdrop(id, target),
                Doing::Nothing | Doing::Endless | Doing::Sleep => {}
            }
            self.complete(id);
        }
    }

    /// What a transfer changes in the caller profile and the variables.
    pub(super) fn transfer_profile(&mut self, id: u64, exten: &Exten) {
        let (now, mark) = (self.clock(), self.uuid());
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let Exten { number, dialplan, context } = exten;
        let source = format!("{}:{mark}:bl_xfer:{number}/{context}/{dialplan}", now / 1_000_000);
        if let Some(profile) = channel.profile.as_mut() {
            profile.rdnis = std::mem::replace(&mut profile.destination, number.clone());
            dialplan.clone_into(&mut profile.dialplan);
            profile.transfer_source.clone_from(&source);
            context.clone_into(&mut profile.context);
            profile.index += 1;
            profile.profile_created = now;
            profile.bridged = 0;
            profile.last_hold = 0;
            profile.hold_accum = 0;
        }
        // The party called before has no part in this.
        channel.other = None;
        channel.vars.set("max_forwards", "70");
        channel.remember_transfer(&source);
        if channel.stack.is_empty() {
            channel.vars.set("call_uuid", channel.call_uuid.clone());
        }
    }
}

/// A leg that leaves its bridge alive is a separate call again.
fn part(channel: &mut Channel) {
    channel.vars.remove("signal_bond");
    channel.vars.remove("bridge_to");
    channel.call_uuid.clone_from(&channel.uuid);
    channel.vars.put("call_uuid", &channel.uuid);
}
