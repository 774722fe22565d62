//! A channel leaves what it does and goes to another extension.

use super::channel::{Doing, State};
use super::dial::Exten;
use super::world::World;

impl World {
    /// Sends the channel to another extension.
    pub(super) fn transfer(&mut self, id: u64, exten: &Exten) {
        self.transfer_profile(id, exten);
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.number = 2;
            channel.plan.clear();
            channel.logical_inbound = true;
        }
        self.leave_all(id);
        self.set_state(id, State::Routing, 2);
        if self.hunt(id) {
            self.execute(id);
        }
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
        let (now, mark) = (self.now, self.uuid());
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
            profile.last_hold = 0;
            profile.hold_accum = 0;
        }
        channel.vars.set("max_forwards", "70");
        channel.remember_transfer(&source);
        if channel.stack.is_empty() {
            channel.vars.set("call_uuid", channel.call_uuid.clone());
        }
    }
}
