//! Re-invites: hold and media, as both ends of the wire report them (`transcripts/call_control`).

use crate::sim::channel::reinvite::Reinvite;
use crate::sim::channel::sip::Flow;
use crate::sim::channel::{CallState, Channel, Kind};
use crate::sim::event::{Event, MARK_HOLD, origin};
use crate::sim::world::World;
use crate::sim::world::agenda::Step;

impl World {
    /// `uuid_hold` on or off.
    pub(in crate::sim) fn hold(&mut self, id: u64, on: bool) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if (channel.callstate == CallState::Held) == on {
            return;
        }
        let ask = if on { Reinvite::Hold } else { Reinvite::Unhold };
        if matches!(channel.kind, Kind::Loopback | Kind::Null) {
            // There is no far end to notify; the state of the call stays as it is.
            self.fire_channel(id, name(on), origin(name(on)), Vec::new(), Vec::new(), true);
            return;
        }
        offer(channel, ask);
        self.mark_hold(id, on, origin(name(on)));
        self.send_reinvite(id, ask);
        if !on {
            self.set_callstate(id, CallState::Active);
        }
    }

    /// `uuid_media`.
    pub(in crate::sim) fn move_media(&mut self, id: u64, ask: Reinvite) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if channel.dialog.is_none() {
            return;
        }
        if ask == Reinvite::Media
            && let Some(codecs) = channel.vars.get("ep_codec_string").map(str::to_owned)
        {
            channel.vars.set("absolute_codec_string", codecs);
        }
        offer(channel, ask);
        self.send_reinvite(id, ask);
    }

    fn send_reinvite(&mut self, id: u64, ask: Reinvite) {
        let Some(channel) = self.channels.get(&id) else { return };
        match (channel.kind, channel.peer) {
            (Kind::Sofia, Some(peer)) => self.step_in(20, peer, Step::Reinvite(ask)),
            (Kind::Sofia | Kind::Phone, _) => self.step_in(20, id, Step::Reinvited(ask)),
            (Kind::Loopback | Kind::Null, _) => {}
        }
    }

    /// The re-invite arrives: its offer, what it changes, the answer, the ACK.
    pub(in crate::sim) fn reinvite(&mut self, id: u64, ask: Reinvite) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let Some(dialog) = channel.dialog.clone() else { return };
        if ask == Reinvite::NoMedia {
            channel.vars.set("sip_reinvite_sdp", dialog.offer_of(1 - end(channel)));
        }
        let kept: Vec<(String, String)> = channel
            .vars
            .iter()
            .filter(|(name, _)| name.starts_with("sip_h_"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        channel.vars.extend(kept);
        let flow = if ask == Reinvite::Hold { Flow::ReceiveOnly } else { Flow::Both };
        channel.vars.extend(dialog.offered_again(end(channel), flow));
        match ask {
            Reinvite::Hold => self.mark_hold(id, true, MARK_HOLD),
            Reinvite::Unhold => self.mark_hold(id, false, MARK_HOLD),
            Reinvite::Media | Reinvite::NoMedia => {}
        }
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.vars.extend(dialog.answered_again(end(channel)));
        channel.vars.set("rtp_local_sdp_str", dialog.offer_of(end(channel)));
        let (peer, uuid) = (channel.peer, channel.uuid.clone());
        if ask != Reinvite::NoMedia {
            self.tell_reinvite(uuid);
        }
        if ask == Reinvite::Unhold {
            self.set_callstate(id, CallState::Active);
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.vars.extend(dialog.acknowledged());
        }
        if let Some(peer) = peer {
            self.reinvited(peer, ask);
        }
    }

    /// The 200 of the re-invite is back.
    pub(in crate::sim) fn reinvited(&mut self, id: u64, ask: Reinvite) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let Some(dialog) = channel.dialog.clone() else { return };
        if !channel.inbound {
            channel.vars.extend(dialog.replied());
        }
        let flow = if ask == Reinvite::Hold { Flow::SendOnly } else { Flow::Both };
        channel.vars.extend(dialog.accepted_again(end(channel), flow));
    }

    fn mark_hold(&mut self, id: u64, on: bool, from: crate::sim::event::Origin) {
        let now = self.clock();
        let Some(channel) = self.channels.get_mut(&id) else { return };
        note_hold(channel, on, now);
        self.set_callstate(id, if on { CallState::Held } else { CallState::Unheld });
        self.fire_channel(id, name(on), from, Vec::new(), Vec::new(), true);
    }

    fn tell_reinvite(&mut self, uuid: String) {
        let mut event = Event::bare("CUSTOM");
        event.subclass = Some("sofia::reinvite".to_owned());
        event.push("Event-Subclass", "sofia::reinvite");
        self.write_core(&mut event, "CUSTOM", origin("CUSTOM"));
        event.push("Unique-ID", uuid);
        self.emit(&event);
    }
}

fn name(on: bool) -> &'static str {
    if on { "CHANNEL_HOLD" } else { "CHANNEL_UNHOLD" }
}

/// The end of the dialog that a channel is: 0 dialled, 1 was dialled.
fn end(channel: &Channel) -> usize {
    usize::from(channel.inbound)
}

/// The session description that a re-invite offers.
fn offer(channel: &mut Channel, ask: Reinvite) {
    let Some(dialog) = channel.dialog.clone() else { return };
    let way = if ask == Reinvite::Hold { "sendonly" } else { "sendrecv" };
    let text = format!("{}a={way}\r\n", dialog.offer_of(end(channel)));
    channel.vars.set("rtp_local_sdp_str", text);
}

fn note_hold(channel: &mut Channel, on: bool, now: u64) {
    let Some(profile) = channel.profile.as_mut() else { return };
    if on {
        profile.last_hold = now;
        channel.holds.push((now, 0));
    } else if let Some((from, to)) = channel.holds.last_mut() {
        *to = now;
        profile.hold_accum += now.saturating_sub(*from);
    }
}
