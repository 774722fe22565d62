//! `rtp_timeout_sec`: a leg that gets no sound for that long ends with MEDIA_TIMEOUT.

use std::time::Duration;

use crate::sim::channel::{CallState, Channel, Doing, Kind};
use crate::sim::world::World;
use crate::sim::world::agenda::{Action, Step, Tick};

/// How often a leg looks, in milliseconds.
const INTERVAL: u64 = 1000;

impl World {
    /// Looks whether a leg gets sound, ends it when it has got none for too long, and comes back.
    pub(in crate::sim) fn listen_to_wire(&mut self, id: u64) {
        let hears = self.hears(id);
        let now = self.clock();
        let Some(channel) = self.channels.get_mut(&id).filter(|channel| channel.is_up()) else {
            return;
        };
        let Some(limit) = limit(channel) else { return };
        if hears || channel.silent_since == 0 {
            channel.silent_since = now;
        }
        let left = limit.saturating_sub(now.saturating_sub(channel.silent_since)).div_ceil(1000);
        if left == 0 {
            self.hangup(id, "MEDIA_TIMEOUT", Tick::Soon);
        } else {
            // What a media thread finds it finds when it wakes up.
            let pause = Duration::from_millis(left.min(INTERVAL) / 20 * 20);
            let pause = pause.saturating_sub(Duration::from_millis(20)) + self.to_next_tick();
            self.after(pause, Action::Leg(id, Step::Listen));
        }
    }

    /// Whether the far end of a leg sends sound. A leg on hold does not listen for any.
    fn hears(&self, id: u64) -> bool {
        let Some(channel) = self.channels.get(&id) else { return false };
        let far = channel.peer.and_then(|peer| self.channels.get(&peer));
        match channel.kind {
            Kind::Sofia if channel.callstate != CallState::Held => {
                far.is_some_and(|far| self.sounds(far))
            }
            _ => true,
        }
    }

    /// Whether a leg of this switch sends sound: what is parked or asleep does not, and an echo
    /// only returns what it gets.
    fn sounds(&self, channel: &Channel) -> bool {
        if let Some(partner) = channel.partner.and_then(|partner| self.channels.get(&partner)) {
            let far = partner.peer.and_then(|far| self.channels.get(&far));
            return far.is_none_or(|far| far.partner.is_some() || makes_sound(far));
        }
        let echoes = channel.stack.last().is_some_and(|top| top.app.ends_with("echo"));
        let heard = channel.peer.filter(|_| echoes).and_then(|peer| self.channels.get(&peer));
        makes_sound(heard.map_or(channel, |heard| heard))
    }
}

/// The time that a leg may be without sound, in microseconds.
fn limit(channel: &Channel) -> Option<u64> {
    let seconds = channel.vars.get("rtp_timeout_sec")?.trim().parse::<u64>().ok()?;
    (seconds > 0).then(|| seconds.saturating_mul(1_000_000))
}

fn makes_sound(channel: &Channel) -> bool {
    let Some(running) = channel.stack.last() else { return false };
    match running.doing {
        Doing::Playback { .. } | Doing::Conference | Doing::Bridge | Doing::Eavesdrop(_) => true,
        Doing::Digits(_) | Doing::Valet(_) | Doing::Queue | Doing::Fifo => true,
        Doing::Nothing | Doing::Park | Doing::Sleep | Doing::Endless | Doing::Record(_) => false,
    }
}
