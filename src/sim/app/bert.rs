//! The application of `mod_bert`, and its three events.

use crate::sim::channel::Doing;
use crate::sim::event::{Event, origin};
use crate::sim::world::World;
use crate::sim::world::agenda::{Step, Tick};

impl World {
    /// `bert_test`: in sync after a window if the far end sends the same back, else a timeout.
    pub(super) fn start_bert(&mut self, id: u64, token: u64) -> Doing {
        self.mark_answered(id);
        let wait = |name: &str, default: u64| {
            let vars = self.channels.get(&id).map(|channel| &channel.vars);
            let value = vars.and_then(|vars| vars.get(name)?.parse().ok());
            value.filter(|ms| *ms > 0).unwrap_or(default)
        };
        let (window, timeout) = (wait("bert_window_ms", 1000), wait("bert_timeout_ms", 10_000));
        self.step_in(window, id, Step::Bert(token, false));
        self.step_in(timeout.max(window + 1), id, Step::Bert(token, true));
        Doing::Endless
    }

    /// A window is over, or the time to get in sync.
    pub(super) fn bert(&mut self, id: u64, token: u64, is_last: bool) {
        let Some(channel) = self.channels.get(&id) else { return };
        let runs = |id: u64, app: &[&str]| {
            let running = self.channels.get(&id).and_then(|channel| channel.stack.last());
            running.is_some_and(|running| app.contains(&running.app.as_str()))
        };
        let is_mine = channel.stack.last().is_some_and(|running| running.token == token);
        let is_synced = channel.vars.get("sim_bert") == Some("in_sync");
        if !is_mine || is_synced {
            return;
        }
        let hangs_up =
            channel.vars.get("bert_hangup_on_error").is_some_and(|value| value == "true");
        let is_returned = channel.peer.is_some_and(|peer| runs(peer, &["bert_test", "echo"]));
        if is_returned {
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.vars.set("sim_bert", "in_sync");
                channel.vars.set("bert_stats_sync_lost", "false");
            }
            self.fire_bert(id, "mod_bert::in_sync");
        } else if is_last {
            self.fire_bert(id, "mod_bert::timeout");
            if hangs_up {
                self.hangup(id, "MEDIA_TIMEOUT", Tick::Soon);
            }
        }
    }

    fn fire_bert(&mut self, id: u64, subclass: &str) {
        let mut event = Event::bare("CUSTOM");
        event.subclass = Some(subclass.to_owned());
        event.push("Event-Subclass", subclass);
        self.write_core(&mut event, "CUSTOM", origin("CUSTOM"));
        if let Some(channel) = self.channels.get(&id) {
            channel.write_headers(&mut event);
        }
        self.emit(&event);
    }
}
