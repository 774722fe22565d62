//! Where a log line comes from, and the levels of log lines.

/// Level names by number, from -1 on.
pub(in crate::sim) const LEVELS: [&str; 9] =
    ["DISABLE", "CONSOLE", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"];

/// The number of a level given by number or name. Above 64 it is cut to 63, below 0 to 0; 64 is
/// the number of an invalid one (`switch_log.c`).
pub(in crate::sim) fn level(word: &str) -> Option<i8> {
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
pub(in crate::sim) fn level_name(level: i8) -> &'static str {
    let at = usize::try_from(i16::from(level) + 1).unwrap_or_default();
    LEVELS.get(at).copied().unwrap_or("DEBUG")
}

/// Where a line comes from: file, function, line, text channel.
pub(in crate::sim) type Place = (&'static str, &'static str, &'static str, &'static str);

pub(in crate::sim) const NEW: Place = ("switch_channel.c", "switch_channel_set_name", "1142", "3");

pub(in crate::sim) const RENAME: Place =
    ("switch_channel.c", "switch_channel_set_name", "1140", "3");

pub(in crate::sim) const DIALPLAN: Place = ("mod_dialplan_xml.c", "dialplan_hunt", "639", "3");

pub(in crate::sim) const EXECUTE: Place =
    ("switch_core_session.c", "switch_core_session_exec", "2902", "1");

pub(in crate::sim) const ANSWERED: Place =
    ("switch_channel.c", "switch_channel_perform_mark_answered", "3872", "0");

/// The first half of a loopback pair, logged by the second.
pub(in crate::sim) const ANSWERED_LOOPBACK: Place =
    ("mod_loopback.c", "channel_receive_message", "1021", "0");

/// A leg that answers by itself.
pub(in crate::sim) const ANSWERED_APP: Place = ("mod_dptools.c", "answer_function", "1406", "0");

pub(in crate::sim) const HUPALL: Place =
    ("switch_core_session.c", "switch_core_session_hupall", "407", "0");

pub(in crate::sim) const FLIP: Place = ("switch_channel.c", "switch_channel_flip_cid", "3289", "3");

pub(in crate::sim) const STATE: Place =
    ("switch_channel.c", "switch_channel_perform_set_running_state", "2396", "1");

pub(in crate::sim) const HANGUP: Place =
    ("switch_channel.c", "switch_channel_perform_hangup", "3415", "0");

pub(in crate::sim) const ENDED: Place =
    ("switch_core_session.c", "switch_core_session_thread", "1762", "3");

pub(in crate::sim) const CLOSED: Place =
    ("switch_core_session.c", "switch_core_session_thread", "1766", "0");

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
