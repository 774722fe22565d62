//! Server commands that take long: at the prompt they go by bgapi, so that nothing waits for them.

use crate::shell::text::words::first_word;

/// Whether a server command may well take longer than anybody wants to wait: it dials, sleeps,
/// loads, or asks another server. FreeSWITCH answers nothing else on a connection meanwhile.
///
/// A command that ends the server, or what brings results, is not one: its result would be lost.
pub(in crate::shell) fn is_slow(line: &str) -> bool {
    let (verb, rest) = first_word(line.trim());
    let verb = verb.to_ascii_lowercase();
    let rest = rest.to_ascii_lowercase();
    let words: Vec<&str> = rest.split_whitespace().collect();
    match (verb.as_str(), words.as_slice()) {
        ("load" | "reload" | "unload", [module, ..]) => !module.contains("event_socket"),
        ("conference", [_, "dial", ..]) => true,
        ("sofia", ["profile", _, "start" | "restart" | "stop" | "rescan", ..]) => true,
        ("sofia", ["recover", ..]) | ("nat_map", ["reinit" | "republish", ..]) => true,
        (verb, _) => SLOW.contains(&verb),
    }
}

/// Whether what a typed line sends is such a command.
pub(in crate::shell) fn sends_slow(line: &str) -> bool {
    let is_ours = |word: &str| {
        word.eq_ignore_ascii_case("api")
            || word.starts_with(['-', '@'])
            || word.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut line = line.trim();
    loop {
        match first_word(line) {
            (word, rest) if !word.is_empty() && is_ours(word) => line = rest,
            _ => return is_slow(line),
        }
    }
}

const SLOW: &[&str] = &[
    "curl",
    "dig",
    "enum",
    "enum_auto",
    "http_get",
    "http_put",
    "js",
    "jsapi",
    "jsrun",
    "lcr",
    "lua",
    "msleep",
    "originate",
    "perl",
    "python",
    "reloadxml",
    "system",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn what_takes_long() {
        for (line, expected) in [
            ("msleep 5000", true),
            ("MSLEEP 1", true),
            (" originate user/1000 &park", true),
            ("sofia profile internal restart", true),
            ("sofia status", false),
            ("sofia profile internal siptrace on", false),
            ("conference 3000 list", false),
            ("conference 3000 dial user/1000", true),
            ("reload mod_sofia", true),
            ("reload mod_event_socket", false),
            ("fsctl shutdown", false),
            ("status", false),
            ("", false),
        ] {
            assert_eq!(is_slow(line), expected, "{line:?}");
        }
    }

    #[limited::test]
    fn what_a_line_sends() {
        assert!(sends_slow("api --timeout 600 msleep 5000") && sends_slow("@pbx1 reloadxml"));
        assert!(!sends_slow("api status") && !sends_slow("api") && !sends_slow("bgapi msleep 1"));
    }
}
