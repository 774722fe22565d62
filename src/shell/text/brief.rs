//! A server command, short enough for one line.

use super::sanitise;
use crate::track::Rules;

/// A command for people: our own variables left out, and not too long.
pub(in crate::shell) fn brief(command: &str) -> String {
    let is_ours = |braces: &str| braces.contains(&format!("{}=", Rules::CALL_VARIABLE));
    let split = command.strip_prefix("originate {").and_then(|rest| rest.split_once('}'));
    let text = match split {
        Some((braces, tail)) if is_ours(braces) => format!("originate {tail}"),
        _ => command.to_owned(),
    };
    let text = sanitise::line(&text);
    match text.char_indices().nth(LONG) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or(&text)),
        None => text.into_owned(),
    }
}

const LONG: usize = 60;
