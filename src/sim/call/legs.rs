//! How legs come to life, ring and get answered; which events report it, in the recorded order.

use crate::sim::channel::outgoing::Outgoing;
use std::sync::Arc;

use crate::sim::channel::profile::{Profile, Who, tame};
use crate::sim::channel::sip::Dialog;
use crate::sim::channel::{Answer, CallState, Channel, Kind, Other, PCMU, State};
use crate::sim::event::REAL_READ_CODEC;
use crate::sim::world::agenda::Step;
use crate::sim::world::{World, log};

impl World {
    /// A new dialog with fresh ids.
    pub(in crate::sim) fn dialog(&mut self, from: (&str, u16), user: &str, target: &str) -> Dialog {
        let (host, port) = match target.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().unwrap_or(5060)),
            None => (target, 5060),
        };
        let mut even = || self.rng.u16(8192..16_383) * 2;
        let media = [even(), even()];
        let base = self.now / 1_000_000;
        Dialog {
            from_profile: from.0.to_owned(),
            from_port: from.1,
            user: user.to_owned(),
            target: target.to_owned(),
            host: host.to_owned(),
            port,
            call_id: {
                let id = self.uuid();
                format!("{}-614b-1240-5daa-aaf3a6986d10", id.get(..8).unwrap_or_default())
            },
            from_tag: self.tag(),
            to_tag: self.tag(),
            branch: self.tag(),
            ack_branch: self.tag(),
            cseq: 123_133_000 + self.rng.u32(..1000),
            media,
            ssrc: [self.rng.u32(..), self.rng.u32(..)],
            session: [0; 2].map(|_| base.saturating_sub(self.rng.u64(..30_000))),
            ..Dialog::default()
        }
    }

    fn tag(&mut self) -> String {
        (0..13).map(|_| self.rng.alphanumeric()).collect()
    }

    /// Makes an outbound SIP leg up to CONSUME_MEDIA (`transcripts/call_toneplay`).
    pub(in crate::sim) fn sofia_leg(
        &mut self,
        mut dialog: Dialog,
        kind: Kind,
        out: &Outgoing,
    ) -> u64 {
        let (session, now) = (self.next_session(), self.clock());
        let uuid = out.uuid.clone().unwrap_or_else(|| self.uuid());
        let name = format!("sofia/{}/{}@{}", dialog.from_profile, dialog.user, dialog.target);
        dialog.from_user.clone_from(&out.cid_num);
        dialog.from_name.clone_from(&out.cid_name);
        if dialog.from_name.is_empty()
            && let Some(name) = self.hostile_name()
        {
            name.clone_into(&mut dialog.from_name);
        }
        let mut channel = Channel::new(session, uuid, name.clone(), kind, false);
        let by = out.by.and_then(|by| self.channels.get(&by));
        let mut profile = outbound_profile(out, &dialog.user, "src/switch_ivr_originate.c", now);
        if let Some(caller) = by.and_then(|by| by.profile.as_ref()) {
            profile.inherit(caller);
        }
        channel.set_profile(profile);
        channel.number = 1;
        channel.vars.extend([
            ("direction", "outbound".to_owned()),
            ("is_outbound", "true".to_owned()),
            ("uuid", channel.uuid.clone()),
            ("call_uuid", channel.uuid.clone()),
            ("session_id", session.to_string()),
        ]);
        channel.vars.extend(dialog.outgoing(&name));
        channel.vars.extend(out.vars.iter().cloned());
        if let Some(by) = by {
            dialled_by(&mut channel, by);
        }
        channel.vars.set("originate_early_media", (!out.ignores_early).to_string());
        if let Some(by) = by {
            channel.vars.set("originating_leg_uuid", &by.uuid);
        }
        channel.vars.set("originate_endpoint", "sofia");
        let offers_video = channel.vars.get("switch_m_sdp").is_some();
        channel.vars.extend(dialog.invited(offers_video));
        channel.dialog = Some(Arc::new(dialog));
        self.add_channel(channel);
        self.log_new(session);
        self.fire_brief(session, "CHANNEL_OUTGOING", Vec::new(), Vec::new());
        self.join_call(session, out.by);
        self.begin_outbound(session);
        session
    }

    /// A leg dialled by another one belongs to its call from here on.
    pub(super) fn join_call(&mut self, id: u64, by: Option<u64>) {
        let call = by.and_then(|by| self.channels.get(&by)).map(|by| by.call_uuid.clone());
        if let (Some(call), Some(channel)) = (call, self.channels.get_mut(&id)) {
            channel.vars.put("call_uuid", call.clone());
            channel.call_uuid = call;
        }
    }

    pub(super) fn begin_outbound(&mut self, id: u64) {
        self.set_state(id, State::Init, 1);
        self.create(id);
        self.fire_full(id, "CHANNEL_ORIGINATE", Vec::new(), Vec::new());
        self.set_state(id, State::Routing, 2);
        self.set_state(id, State::ConsumeMedia, 7);
    }

    pub(super) fn create(&mut self, id: u64) {
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.number = 2;
        }
        self.fire_full(id, "CHANNEL_CREATE", Vec::new(), Vec::new());
    }

    pub(super) fn log_new(&mut self, id: u64) {
        let Some(channel) = self.channels.get(&id) else { return };
        let text = format!("New Channel {} [{}]", channel.name, channel.uuid);
        self.log_channel(5, id, log::NEW, &text);
    }

    /// The INVITE of an outbound leg arrives on one of our own profiles.
    pub(in crate::sim) fn invite(&mut self, caller: u64) {
        let Some(a) = self.channels.get(&caller).filter(|a| a.is_up()) else { return };
        let Some(dialog) = a.dialog.clone() else { return };
        let headers: Vec<(String, String)> = a
            .vars
            .iter()
            .filter(|(name, _)| name.starts_with("sip_h_"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let context = super::dialplan::context(&dialog.to_profile);
        let id = self.inbound_leg(dialog, Kind::Sofia, context, headers);
        if let Some(b) = self.channels.get_mut(&id) {
            b.peer = Some(caller);
        }
        if let Some(a) = self.channels.get_mut(&caller) {
            a.peer = Some(id);
        }
    }

    /// Makes an inbound SIP leg that is about to look into the dial plan.
    pub(in crate::sim) fn inbound_leg(
        &mut self,
        dialog: Arc<Dialog>,
        kind: Kind,
        context: &str,
        headers: Vec<(String, String)>,
    ) -> u64 {
        let (session, now, uuid) = (self.next_session(), self.clock(), self.uuid());
        let number = dialog.from_user.clone();
        let name = format!("sofia/{}/{number}@127.0.0.1", dialog.to_profile);
        let mut channel = Channel::new(session, uuid, name.clone(), kind, true);
        let shown = if dialog.from_name.is_empty() { &number } else { &dialog.from_name };
        channel.set_profile(Profile::new(
            Who {
                username: number.clone(),
                dialplan: "XML".into(),
                cid_name: shown.clone(),
                cid_num: number.clone(),
                orig_name: tame(shown),
                orig_num: number.clone(),
                network_addr: "127.0.0.1".into(),
                ani: number,
                destination: dialog.user.clone(),
                source: "mod_sofia".into(),
                context: context.to_owned(),
                ..Who::default()
            },
            now,
        ));
        channel.vars.extend([
            ("direction", "inbound".to_owned()),
            ("uuid", channel.uuid.clone()),
            ("call_uuid", channel.uuid.clone()),
            ("session_id", session.to_string()),
        ]);
        channel.vars.extend(dialog.received(&name, now));
        channel.vars.extend(dialog.parsed());
        channel.vars.extend(headers);
        channel.vars.extend(dialog.offered());
        channel.dialog = Some(dialog);
        self.add_channel(channel);
        self.log_new(session);
        self.set_state(session, State::New, 0);
        self.set_state(session, State::Init, 1);
        self.create(session);
        self.step_in(0, session, Step::Route);
        session
    }

    /// Rings (`CHANNEL_PROGRESS`), on a leg and on its caller.
    pub(in crate::sim) fn mark_ringing(&mut self, id: u64) {
        let now = self.clock();
        let Some(channel) = self.channels.get_mut(&id).filter(|channel| channel.is_up()) else {
            return;
        };
        let Some(profile) = channel.profile.as_mut() else { return };
        if profile.progress != 0 || channel.answer != Answer::Ringing {
            return;
        }
        profile.progress = now;
        if channel.kind == Kind::Sofia && !channel.inbound {
            hear(channel);
        }
        let (peer, loops, inbound) =
            (channel.peer, channel.kind == Kind::Loopback, channel.inbound);
        let dialog = channel.dialog.clone().filter(|_| inbound);
        if let Some(dialog) = dialog {
            channel.vars.set("sip_to_tag", &dialog.to_tag);
        }
        let by = if inbound { None } else { self.bonded(id) };
        if let (Some(peer), true) = (peer, inbound) {
            if loops {
                self.mark_ringing(peer);
            } else {
                self.step_in(1, peer, Step::Ringing);
            }
        }
        self.fire_full(id, "CHANNEL_PROGRESS", Vec::new(), Vec::new());
        if let Some(by) = by {
            if self.rings_alone(id) {
                self.note_callee(by, id);
            }
            self.step_in(1, by, Step::Ringing);
        }
        if self.channels.get(&id).is_some_and(|channel| channel.callstate == CallState::Down) {
            self.set_callstate(id, CallState::Ringing);
        }
    }

    /// Early media (`CHANNEL_PROGRESS_MEDIA`); the caller hears of it.
    pub(in crate::sim) fn mark_early(&mut self, id: u64) {
        let Some(channel) = self.channels.get(&id) else { return };
        if channel.answer == Answer::Ringing
            && channel.inbound
            && channel.kind == Kind::Sofia
            && let Some(peer) = channel.peer
        {
            self.step_in(1, peer, Step::EarlyMedia);
        }
        self.early(id);
    }

    /// Early media on this leg alone: an answer that follows at once is all that its caller sees.
    fn early(&mut self, id: u64) {
        let now = self.clock();
        let Some(channel) = self.channels.get_mut(&id).filter(|channel| channel.is_up()) else {
            return;
        };
        if channel.answer != Answer::Ringing {
            return;
        }
        let (kind, inbound, peer) = (channel.kind, channel.inbound, channel.peer);
        if inbound && kind == Kind::Loopback {
            if let Some(peer) = peer {
                self.mark_early(peer);
            }
        } else if inbound {
            self.negotiate(id);
        }
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if !inbound && kind == Kind::Sofia {
            hear(channel);
            if let Some(dialog) = &channel.dialog {
                dialog.described(&mut channel.vars);
            }
        }
        channel.answer = Answer::Early;
        if let Some(profile) = channel.profile.as_mut() {
            profile.progress_media = now;
        }
        channel.vars.set("endpoint_disposition", "EARLY MEDIA");
        let originate = channel.originate;
        self.fire_full(id, "CHANNEL_PROGRESS_MEDIA", Vec::new(), Vec::new());
        self.set_callstate(id, CallState::Early);
        if !inbound && kind != Kind::Loopback {
            self.negotiate(id);
        }
        if let (Some(originate), false) = (originate, inbound) {
            self.early_media(originate, id);
        }
    }

    fn negotiate(&mut self, id: u64) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if channel.codec.is_some() {
            return;
        }
        channel.codec = Some(PCMU);
        if !channel.inbound {
            hear(channel);
        }
        self.fire_codecs(id, REAL_READ_CODEC);
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if let Some(dialog) = channel.dialog.clone() {
            if channel.inbound {
                dialog.negotiate(&mut channel.vars);
            } else {
                dialog.accepted(&mut channel.vars);
            }
        }
    }

    /// Answers an inbound leg; its caller hears of it.
    pub(in crate::sim) fn mark_answered(&mut self, id: u64) {
        let Some(channel) = self.channels.get(&id).filter(|channel| channel.is_up()) else {
            return;
        };
        if channel.answer == Answer::Answered {
            return;
        }
        let (kind, inbound, peer) = (channel.kind, channel.inbound, channel.peer);
        if inbound && kind == Kind::Loopback {
            if let Some(peer) = peer {
                self.mark_answered(peer);
            }
        } else if inbound {
            self.early(id);
            if let Some(channel) = self.channels.get_mut(&id)
                && let Some(dialog) = &channel.dialog
            {
                channel.vars.set("rtp_local_sdp_str", dialog.local_answer());
            }
        } else {
            self.negotiate(id);
            self.hear_callee(id);
        }
        let now = self.clock();
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.answer = Answer::Answered;
        if let Some(profile) = channel.profile.as_mut() {
            profile.answered = now;
        }
        let (text, originate) =
            (format!("Channel [{}] has been answered", channel.name), channel.originate);
        self.fire_full(id, "CHANNEL_ANSWER", Vec::new(), Vec::new());
        let place = match (kind, inbound) {
            (_, true) => log::ANSWERED_APP,
            (Kind::Loopback, false) => log::ANSWERED_LOOPBACK,
            _ => log::ANSWERED,
        };
        self.log_channel(5, id, place, &text);
        self.set_callstate(id, CallState::Active);
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.vars.set("endpoint_disposition", "ANSWER");
        }
        self.listen_to_wire(id);
        if inbound && kind == Kind::Sofia {
            if let Some(peer) = peer {
                self.step_in(20, peer, Step::Answered);
            }
        } else if !inbound {
            self.acknowledge(id);
            // Bridged since its early media.
            if let Some(partner) = self.channels.get(&id).and_then(|channel| channel.partner) {
                self.mark_answered(partner);
            }
            if let Some(originate) = originate {
                self.leg_answered(originate, id);
            }
        }
    }

    /// The answer of a leg that is bridged already names the party behind it.
    fn hear_callee(&mut self, id: u64) {
        let peer = self.channels.get(&id).and_then(|channel| channel.peer);
        let far = peer.and_then(|peer| self.channels.get(&peer)).filter(|it| it.partner.is_some());
        let Some(far) = far.and_then(|far| far.profile.as_ref()) else { return };
        let (name, number) = (far.callee_num.clone(), far.callee_num.clone());
        if let Some(own) = self.channels.get_mut(&id).and_then(|it| it.profile.as_mut()) {
            (own.callee_name, own.callee_num) = (name, number);
        }
    }

    /// The ACK reaches the called leg.
    fn acknowledge(&mut self, caller: u64) {
        let Some(peer) = self.channels.get(&caller).and_then(|channel| channel.peer) else {
            return;
        };
        if let Some(channel) = self.channels.get_mut(&peer)
            && let Some(dialog) = channel.dialog.clone()
        {
            channel.vars.extend(dialog.acknowledged());
        }
    }

    /// Caller and callee change places, as on every leg that this switch dialled.
    pub(super) fn flip(&mut self, id: u64) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.hit_dialplan = true;
        channel.callee_direction = "RECV";
        let name = channel.name.clone();
        let Some(profile) = channel.profile.as_mut() else { return };
        let (old_name, old_num) = (profile.cid_name.clone(), profile.cid_num.clone());
        let who: &mut Who = profile;
        std::mem::swap(&mut who.cid_name, &mut who.callee_name);
        std::mem::swap(&mut who.cid_num, &mut who.callee_num);
        let text = format!(
            "{name} Flipping CID from \"{old_name}\" <{old_num}> to \"{}\" <{}>",
            profile.cid_name, profile.cid_num
        );
        if !old_name.is_empty() {
            channel.vars.set("pre_transfer_caller_id_name", old_name);
        }
        channel.vars.set("pre_transfer_caller_id_number", old_num);
        channel.vars.set("channel_cid_flipped", "yes");
        self.log_channel(6, id, log::FLIP, &text);
        let before = vec![("Direction", "RECV".to_owned())];
        self.fire_full(id, "CALL_UPDATE", before, Vec::new());
    }
}

pub(super) fn outbound_profile(out: &Outgoing, user: &str, source: &str, now: u64) -> Profile {
    let who = Who {
        cid_name: out.cid_name.clone(),
        cid_num: out.cid_num.clone(),
        orig_name: if out.by.is_some() { String::new() } else { tame(&out.cid_name) },
        orig_num: out.cid_num.clone(),
        callee_name: "Outbound Call".into(),
        callee_num: user.to_owned(),
        ani: out.cid_num.clone(),
        destination: user.to_owned(),
        source: source.to_owned(),
        context: "default".into(),
        ..Who::default()
    };
    Profile::new(who, now)
}

/// What a leg that another one dials knows of it.
pub(super) fn dialled_by(channel: &mut Channel, by: &Channel) {
    channel.other = Some(frozen(by, "originator", false));
    if let Some(kind) = by.vars.get("sip_cid_type") {
        channel.vars.set("sip_cid_type", kind);
    }
    channel.vars.set("max_forwards", "69");
    match (by.codec, by.vars.get("ep_codec_string")) {
        (Some((name, _)), _) => channel.vars.set("originator_codec", format!("{name}@8000h@20i")),
        (None, Some(codecs)) => channel.vars.set("originator_codec", codecs),
        (None, None) => {}
    }
    channel.vars.extend([("originator", &by.uuid), ("signal_bond", &by.uuid)]);
    if let Some(description) = by.vars.get("switch_r_sdp") {
        channel.vars.set("switch_m_sdp", description);
    }
    channel.vars.set("call_uuid", &by.call_uuid);
    if let Some(names) = by.vars.get("export_vars") {
        channel.vars.set("export_vars", names);
        for name in names.split(',') {
            if let Some(value) = by.vars.get(name) {
                channel.vars.set(name, value);
            }
        }
    }
}

/// What an outbound leg learns from the first reply of the called end.
fn hear(channel: &mut Channel) {
    if channel.vars.get("sip_reply_host").is_some() {
        return;
    }
    let Some(profile) = channel.profile.as_mut() else { return };
    profile.callee_name = profile.destination.clone();
    profile.network_addr = "127.0.0.1".to_owned();
    if let Some(dialog) = &channel.dialog {
        channel.vars.extend(dialog.replied());
    }
}

/// A leg as its partner's events show it. The times of an originator are not known there.
pub(in crate::sim) fn frozen(channel: &Channel, role: &'static str, timed: bool) -> Other {
    let profile = channel.profile.as_ref();
    let profile = if timed { profile.cloned() } else { profile.map(Profile::untimed) };
    Other {
        role,
        uuid: channel.uuid.clone(),
        name: channel.name.clone(),
        inbound: channel.inbound,
        profile: profile.unwrap_or_default(),
    }
}
