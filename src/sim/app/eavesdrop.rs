//! `eavesdrop`: a leg listens to another one until that ends. Which events report it was seen on
//! FreeSWITCH 1.10.12.

use crate::sim::call::bridge::bug;
use crate::sim::channel::{Doing, L16};
use crate::sim::world::World;
use crate::sim::world::agenda::Step;

/// What the media bug of a listener is called.
const FUNCTION: &str = "eavesdrop";

impl World {
    /// Listens to a call, or to the oldest other one (`all`). A call that is not there ends it at
    /// once; nothing else does but the end of either leg.
    pub(super) fn start_eavesdrop(&mut self, id: u64, data: &str, token: u64) -> Doing {
        let is_up = |other: u64| self.channels.get(&other).is_some_and(|other| other.is_up());
        let target = if data == "all" {
            self.channels.keys().copied().find(|other| *other != id && is_up(*other))
        } else {
            self.find(data).filter(|other| *other != id && is_up(*other))
        };
        let Some(target) = target else { return Doing::Nothing };
        self.tell_codec(id, Some(L16));
        self.spies.entry(target).or_default().push((id, token));
        let bug = self.eavesdrop_bug(target);
        self.fire_full(target, "MEDIA_BUG_START", bug, Vec::new());
        Doing::Eavesdrop(target)
    }

    /// A listener leaves.
    pub(in crate::sim) fn stop_eavesdrop(&mut self, id: u64, target: u64) {
        if let Some(spies) = self.spies.get_mut(&target) {
            spies.retain(|(spy, _)| *spy != id);
            if spies.is_empty() {
                self.spies.remove(&target);
            }
            let bug = self.eavesdrop_bug(target);
            self.fire_full(target, "MEDIA_BUG_STOP", bug, Vec::new());
        }
        let codec = self.channels.get(&id).and_then(|channel| channel.codec);
        self.tell_codec(id, codec);
    }

    /// The leg has hung up: the legs that listen to it continue their plan.
    pub(in crate::sim) fn eavesdropped_gone(&mut self, target: u64) {
        for (spy, token) in self.spies.get(&target).cloned().unwrap_or_default() {
            self.step_in(0, spy, Step::Over(token));
        }
    }

    /// The media bugs of those who listen to a leg: function, target.
    pub(in crate::sim) fn eavesdrop_bugs(&self, target: u64) -> Vec<(&'static str, &str)> {
        let uuid = self.channels.get(&target).map_or("", |channel| &channel.uuid);
        self.spies.get(&target).into_iter().flatten().map(|_| (FUNCTION, uuid)).collect()
    }

    fn eavesdrop_bug(&self, target: u64) -> crate::sim::event::Extra {
        bug(FUNCTION, self.channels.get(&target).map_or("", |channel| &channel.uuid))
    }
}
