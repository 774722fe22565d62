//! Parking lots: `valet_park` and `valet_info`. What it fires was read off FreeSWITCH 1.10.12.

use crate::sim::channel::file::File;
use crate::sim::channel::{Doing, Slot};
use crate::sim::event::Event;
use crate::sim::world::World;

/// What a parked or queued call hears.
pub(super) const MUSIC: &str = "local_stream://moh";

impl World {
    /// `valet_park LOT EXTENSION` or `LOT auto in FIRST LAST`: the call waits there, unless another
    /// one does: then the two are joined as soon as the application is over.
    pub(super) fn start_valet(&mut self, id: u64, data: &str) -> Doing {
        let Some(slot) = self.valet_slot(data) else { return Doing::Nothing };
        if let Some(parked) = self.parked_at(&slot, id) {
            let uuid = self.channels.get(&id).map(|channel| channel.uuid.clone());
            self.fire_valet(parked, &slot, "bridge", uuid);
            return Doing::Nothing;
        }
        self.lots.insert(slot.clone(), id);
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.vars.set("valet_lot_extension", &slot.1);
        }
        self.fire_valet(id, &slot, "hold", None);
        self.start_music(id);
        Doing::Valet(slot)
    }

    /// Joins the call with the one that is parked there.
    pub(super) fn pick_up(&mut self, id: u64, data: &str) {
        let slot = self.valet_slot(data);
        if let Some(parked) = slot.and_then(|slot| self.parked_at(&slot, id)) {
            self.bridge_legs(parked, id, true);
        }
    }

    pub(in crate::sim) fn leave_valet(&mut self, id: u64, slot: &Slot) {
        self.stop_music(id);
        self.lots.remove(slot);
        self.fire_valet(id, slot, "exit", None);
    }

    fn parked_at(&self, slot: &Slot, other_than: u64) -> Option<u64> {
        self.lots.get(slot).copied().filter(|parked| *parked != other_than)
    }

    /// The slot that the words name; `auto` is the first free one.
    fn valet_slot(&self, data: &str) -> Option<Slot> {
        let words: Vec<&str> = data.split_whitespace().collect();
        let (lot, extension) = match words.as_slice() {
            [lot, "auto", "in", first, last] => {
                let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
                let mut all = (first..=last).map(|number| ((*lot).to_owned(), number.to_string()));
                return all.find(|slot| !self.lots.contains_key(slot));
            }
            [lot, extension] => (lot, extension),
            _ => return None,
        };
        Some(((*lot).to_owned(), (*extension).to_owned()))
    }

    fn fire_valet(&mut self, id: u64, slot: &Slot, action: &str, to: Option<String>) {
        let line = match action {
            "hold" => "684",
            "bridge" => "579",
            _ => "749",
        };
        let mut event = Event::bare("CUSTOM");
        event.subclass = Some("valet_parking::info".to_owned());
        event.push("Event-Subclass", "valet_parking::info");
        self.write_core(
            &mut event,
            "CUSTOM",
            ("mod_valet_parking.c", "valet_parking_function", line),
        );
        event.push("Valet-Lot-Name", &slot.0);
        event.push("Valet-Extension", &slot.1);
        event.push("Action", action);
        if let Some(to) = to {
            event.push("Bridge-To-UUID", to);
        }
        if let Some(channel) = self.channels.get(&id) {
            channel.write_headers(&mut event);
            channel.write_variables(&mut event);
        }
        self.emit(&event);
    }

    /// Music begins for a call that waits.
    pub(super) fn start_music(&mut self, id: u64) {
        let after = File::parse(MUSIC).headers(None);
        self.fire_full(id, "PLAYBACK_START", Vec::new(), after);
    }

    pub(super) fn stop_music(&mut self, id: u64) {
        let since = self.channels.get(&id).and_then(|it| it.stack.last()).map(|it| it.since);
        self.note_playback(id, &File::parse(MUSIC), since.unwrap_or(self.now), "done");
    }

    /// `valet_info [LOT]`.
    pub(in crate::sim) fn valet_info(&self, lot: &str) -> String {
        let mut text = "<lots>\n".to_owned();
        let mut open: Option<&str> = None;
        for ((name, extension), id) in &self.lots {
            if !lot.is_empty() && name != lot {
                continue;
            }
            if open != Some(name) {
                text.push_str(if open.is_some() { "  </lot>\n" } else { "" });
                text.extend(["  <lot name=\"", name, "\">\n"]);
                open = Some(name);
            }
            let uuid = self.channels.get(id).map_or("", |channel| &channel.uuid);
            text.extend(["    <extension uuid=\"", uuid, "\">", extension, "</extension>\n"]);
        }
        text.push_str(if open.is_some() { "  </lot>\n" } else { "" });
        text.push_str("</lots>\n");
        text
    }
}
