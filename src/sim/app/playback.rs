//! What can be played, how long it lasts, and which events report it.

use crate::sim::channel::Doing;
use crate::sim::channel::file::File;
use crate::sim::world::World;
use crate::sim::world::agenda::Step;

impl World {
    /// `playback` and its relatives; a file that is missing ends them at once.
    pub(super) fn start_playback(
        &mut self,
        id: u64,
        data: &str,
        token: u64,
        endless: bool,
    ) -> Doing {
        let file = File::parse(data);
        let Some(channel) = self.channels.get_mut(&id) else { return Doing::Nothing };
        if file.is_missing() {
            channel.vars.set("current_application_response", "FILE NOT FOUND");
            return Doing::Nothing;
        }
        let after = file.headers(None);
        self.fire_full(id, "PLAYBACK_START", Vec::new(), after);
        if let Some(length) = file.length.filter(|_| !endless) {
            self.step_in(length, id, Step::Over(token));
        }
        Doing::Playback { file_type: file.kind, loops: file.loops }
    }

    /// PLAYBACK_STOP for the application on top of the stack.
    pub(in crate::sim) fn stop_playback(&mut self, id: u64, status: &str) {
        let Some(running) = self.channels.get(&id).and_then(|channel| channel.stack.last()) else {
            return;
        };
        let (file, since) = (File::parse(&running.data), running.since);
        self.note_playback(id, &file, since, status);
        if let Some(channel) = self.channels.get_mut(&id) {
            // Also when the call ends meanwhile.
            channel.vars.set("current_application_response", "FILE PLAYED");
        }
    }

    /// PLAYBACK_STOP of a file that has played since a moment.
    pub(super) fn note_playback(&mut self, id: u64, file: &File, since: u64, status: &str) {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let played = now.saturating_sub(since) / 1000;
        let samples = played / 20 * 160;
        channel.vars.extend([
            ("playback_last_offset_pos", samples.to_string()),
            ("playback_seconds", (played / 1000).to_string()),
            ("playback_ms", played.to_string()),
            ("playback_samples", (played * 8).to_string()),
        ]);
        let after = file.headers(Some(status));
        self.fire_full(id, "PLAYBACK_STOP", Vec::new(), after);
    }
}
