//! `uuid_bridge` and `intercept`: two legs leave what they do and are joined.

use super::legs::frozen;
use crate::sim::channel::{Doing, Running, State};
use crate::sim::event::SOFT_EXECUTE;
use crate::sim::world::World;
use crate::sim::world::agenda::{SILENT, Tick};

impl World {
    /// Joins two legs (`transcripts/call_control`).
    pub(in crate::sim) fn bridge_calls(&mut self, first: u64, second: u64) {
        self.bridge_legs(first, second, false);
    }

    /// Joins two legs; one that an application hands over waits for the other one in a state of its
    /// own.
    pub(in crate::sim) fn bridge_legs(&mut self, first: u64, second: u64, waits: bool) {
        self.prepare(first, second, "originatee");
        self.prepare(second, first, "originator");
        if let Some(channel) = self.channels.get_mut(&first) {
            channel.logical_inbound = true;
        }
        if let Some(channel) = self.channels.get_mut(&second).filter(|it| !it.inbound) {
            channel.hit_dialplan = false;
        }
        for id in [second, first] {
            self.leave_all(id);
            // The leg it was bridged to continues without it.
            self.leave_partner(id);
            self.set_state(id, State::Hibernate, 8);
            self.set_state(id, State::Reset, 9);
        }
        for (id, other) in [(first, second), (second, first)] {
            self.set_state(id, State::SoftExecute, 3);
            let data = self.channels.get(&other).map(|channel| channel.uuid.clone());
            let after = vec![
                ("Application", "uuid_bridge".to_owned()),
                ("Application-Data", data.clone().unwrap_or_default()),
            ];
            self.fire_channel(id, "CHANNEL_EXECUTE", SOFT_EXECUTE, Vec::new(), after, true);
        }
        let (uuid, token, since) = (self.uuid(), self.token(), self.now);
        let data = self.channels.get(&second).map(|channel| channel.uuid.clone());
        if let Some(channel) = self.channels.get_mut(&first) {
            channel.stack.push(Running {
                app: SILENT.to_owned(),
                data: data.unwrap_or_default(),
                uuid,
                doing: Doing::Bridge,
                since,
                token,
                command: None,
            });
        }
        if waits {
            self.set_state(second, State::ConsumeMedia, 7);
        }
        self.couple(first, second);
        if waits {
            self.note_callee(first, second);
        }
        let before = self.bridge_headers(first, second);
        self.fire_full(first, "CHANNEL_BRIDGE", before, Vec::new());
        self.bond(first, second);
        self.set_state(second, State::ExchangeMedia, 5);
        self.show_both(first, second);
    }

    /// A leg is about to be joined to another one.
    fn prepare(&mut self, id: u64, with: u64, role: &'static str) {
        let (mark, seconds) = (self.uuid(), self.now / 1_000_000);
        let Some(other) = self.channels.get(&with) else { return };
        let (uuid, name, leg) = (other.uuid.clone(), other.name.clone(), frozen(other, role, true));
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let source = format!("{seconds}:{mark}:uuid_br:{uuid}");
        channel.other = Some(leg);
        channel.vars.extend([
            ("signal_bond", &uuid),
            ("bridge_channel", &name),
            ("bridge_uuid", &uuid),
        ]);
        if let Some(profile) = channel.profile.as_mut() {
            profile.transfer_source.clone_from(&source);
            channel.vars.extend([
                ("original_destination_number", &profile.destination),
                ("original_caller_id_name", &profile.cid_name),
                ("original_caller_id_number", &profile.cid_num),
            ]);
        }
        channel.remember_transfer(&source);
        channel.plan.clear();
    }

    /// `intercept`: the leg takes another one over, and whatever that one was bridged to ends.
    pub(in crate::sim) fn intercept(&mut self, id: u64, uuid: &str) {
        let found = self.find(uuid).filter(|other| *other != id);
        let Some(other) = found else {
            self.hangup(id, "NORMAL_CLEARING", Tick::Soon);
            return;
        };
        let old = self.channels.get_mut(&other).and_then(|channel| channel.partner.take());
        self.bridge_legs(id, other, true);
        if let Some(old) = old {
            if let Some(channel) = self.channels.get_mut(&old) {
                channel.partner = None;
            }
            self.hangup(old, "PICKED_OFF", Tick::Soon);
        }
    }
}
