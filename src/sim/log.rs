//! Log lines, as `log` subscribers get them.

use bytes::Bytes;

use super::world::World;
use crate::wire::{encode, stray};

/// Level names by number, from -1 on.
const LEVELS: [&str; 9] =
    ["DISABLE", "CONSOLE", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"];

/// The number of a level given by number or name. Above 64 it is cut to 63, below 0 to 0; 64 is
/// the number of an invalid one (`switch_log.c`).
pub(super) fn level(word: &str) -> Option<i8> {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    if digits.chars().all(|letter| letter == '.' || letter.is_ascii_digit()) {
        let whole = digits.split('.').next().unwrap_or_default();
        let number = whole.parse().unwrap_or(if whole.is_empty() { 0 } else { 63 });
        return match number {
            _ if word.starts_with('-') => Some(0),
            64 => None,
            65.. => Some(63),
            number => Some(number),
        };
    }
    LEVELS.iter().zip(-1..).find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, at)| at)
}

/// The name of a level.
pub(super) fn level_name(level: i8) -> &'static str {
    let at = usize::try_from(i16::from(level) + 1).unwrap_or_default();
    LEVELS.get(at).copied().unwrap_or("DEBUG")
}

/// Where a line comes from: file, function, line, text channel.
pub(super) type Place = (&'static str, &'static str, &'static str, &'static str);

pub(super) const NEW: Place = ("switch_channel.c", "switch_channel_set_name", "1142", "3");
pub(super) const RENAME: Place = ("switch_channel.c", "switch_channel_set_name", "1140", "3");
pub(super) const DIALPLAN: Place = ("mod_dialplan_xml.c", "dialplan_hunt", "639", "3");
pub(super) const EXECUTE: Place =
    ("switch_core_session.c", "switch_core_session_exec", "2902", "1");
pub(super) const ANSWERED: Place =
    ("switch_channel.c", "switch_channel_perform_mark_answered", "3872", "0");
/// The first half of a loopback pair, told by the second.
pub(super) const ANSWERED_LOOPBACK: Place =
    ("mod_loopback.c", "channel_receive_message", "1021", "0");
/// A leg that answers by itself.
pub(super) const ANSWERED_APP: Place = ("mod_dptools.c", "answer_function", "1406", "0");
pub(super) const HUPALL: Place =
    ("switch_core_session.c", "switch_core_session_hupall", "407", "0");
pub(super) const FLIP: Place = ("switch_channel.c", "switch_channel_flip_cid", "3289", "3");
pub(super) const STATE: Place =
    ("switch_channel.c", "switch_channel_perform_set_running_state", "2396", "1");
pub(super) const HANGUP: Place = ("switch_channel.c", "switch_channel_perform_hangup", "3415", "0");
pub(super) const ENDED: Place =
    ("switch_core_session.c", "switch_core_session_thread", "1762", "3");
pub(super) const CLOSED: Place =
    ("switch_core_session.c", "switch_core_session_thread", "1766", "0");

impl World {
    /// Writes a log line with its prefix.
    pub(super) fn log(&mut self, level: i8, user_data: &str, place: Place, text: &str) {
        let (file, _, line, _) = place;
        let (stamp, micros) = (self.stamp(self.now), self.now % 1_000_000);
        let name = level_name(level);
        let text = format!("{stamp}.{micros:06} 97.17% [{name}] {file}:{line} {text}\n");
        self.log_raw(level, user_data, place, &text);
    }

    /// Writes a log line as it is: EXECUTE lines have no prefix (`transcripts/logstream`).
    pub(super) fn log_raw(&mut self, level: i8, user_data: &str, place: Place, text: &str) {
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

    /// Whether somebody reads the log.
    pub(super) fn is_logging(&self) -> bool {
        self.sockets.values().any(|socket| socket.log.is_some())
    }

    /// Writes a log line about a channel.
    pub(super) fn log_channel(&mut self, level: i8, id: u64, place: Place, text: &str) {
        if self.is_logging() {
            let uuid = self.channels.get(&id).map(|channel| channel.uuid.clone());
            self.log(level, &uuid.unwrap_or_default(), place, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn levels_by_number_and_name() {
        let words = ["7", "debug", "ERR", "99", "nosuch", "-1", "64", "3.5", "disable", "300"];
        let found = words.map(level);
        let numbers = [7, 7, 3, 63, 64, 0, 64, 3, -1, 63];
        assert_eq!(found, numbers.map(|number| Some(number).filter(|number| *number != 64)));
    }
}
