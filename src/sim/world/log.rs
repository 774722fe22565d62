//! Log lines, as `log` subscribers get them.

pub(in crate::sim) use crate::sim::event::log_place::{
    ANSWERED, ANSWERED_APP, ANSWERED_LOOPBACK, CLOSED, DIALPLAN, ENDED, EXECUTE, FLIP, HANGUP,
    HUPALL, NEW, Place, RENAME, STATE, level, level_name,
};
use bytes::Bytes;

use super::World;
use crate::wire::{encode, stray};

impl World {
    /// Writes a log line with its prefix.
    pub(in crate::sim) fn log(&mut self, level: i8, user_data: &str, place: Place, text: &str) {
        let (file, _, line, _) = place;
        let (stamp, micros) = (self.stamp(self.now), self.now % 1_000_000);
        let name = level_name(level);
        let text = format!("{stamp}.{micros:06} 97.17% [{name}] {file}:{line} {text}\n");
        self.log_raw(level, user_data, place, &text);
    }

    /// Writes a log line as it is: EXECUTE lines have no prefix (`transcripts/logstream`).
    pub(in crate::sim) fn log_raw(&mut self, level: i8, user_data: &str, place: Place, text: &str) {
        if level > self.loglevel {
            return;
        }
        let (file, function, line, channel) = place;
        let mut written = None;
        let mut lost = Vec::new();
        for (id, socket) in &mut self.sockets {
            if socket.log.is_none_or(|wanted| wanted < level) {
                continue;
            }
            let bytes = written.get_or_insert_with(|| {
                let number = level.to_string();
                let headers = [
                    ("Log-Level", &*number),
                    ("Text-Channel", channel),
                    ("Log-File", file),
                    ("Log-Func", function),
                    ("Log-Line", line),
                    ("User-Data", user_data),
                ];
                let mut bytes = Vec::new();
                encode::frame(&mut bytes, "log/data", &headers, &stray::encode(text));
                Bytes::from(bytes)
            });
            if !socket.push(bytes) {
                lost.push(*id);
            }
        }
        for id in lost {
            self.drop_slow(id);
        }
    }

    /// Whether a client reads the log.
    pub(super) fn is_logging(&self) -> bool {
        self.sockets.values().any(|socket| socket.log.is_some())
    }

    /// Writes a log line about a channel.
    pub(in crate::sim) fn log_channel(&mut self, level: i8, id: u64, place: Place, text: &str) {
        if self.is_logging() {
            let uuid = self.channels.get(&id).map(|channel| channel.uuid.clone());
            self.log(level, &uuid.unwrap_or_default(), place, text);
        }
    }
}
