//! Commands and applications with the same effect: what forbids one of them forbids the others.

use super::reach::{ENDINGS, Effect, PROGRAMS, unquoted, verb_of};

/// The commands that do what this one does, for rules that name those.
pub(super) fn as_commands(effect: &Effect) -> Vec<String> {
    let line = effect.line();
    let (verb, rest) = verb_of(&line);
    let rest = unquoted(rest).to_ascii_lowercase();
    let words: Vec<&str> = rest.split_whitespace().collect();
    let same: &[&str] = match (effect, verb.as_str(), words.as_slice()) {
        (_, verb, _) if PROGRAMS.contains(&verb) => &["system"],
        (_, verb, _) if ENDINGS.contains(&verb) => &["uuid_kill"],
        (_, "event", _) if rest.contains("event-name=shutdown") => SHUTDOWN,
        (Effect::Application { .. }, ..) | (_, "fsctl", ["shutdown", "cancel", ..]) => &[],
        (_, "fsctl", ["shutdown" | "crash", ..]) | (_, "shutdown" | "...", _) => SHUTDOWN,
        (_, "fsctl", ["hupall", ..])
        | (
            _,
            "sofia",
            ["profile", _, "stop" | "restart", ..] | ["profile", "restart", "all", ..],
        )
        | (_, "unload" | "reload", ["mod_sofia" | "mod_loopback" | "mod_verto", ..]) => ALL,
        (_, "hupall", _) | (_, "conference", [_, "kick" | "hup", ..]) => &["uuid_kill"],
        _ => &[],
    };
    same.iter().map(|command| format!("{command} {rest}")).collect()
}

/// What ends FreeSWITCH ends all calls.
const SHUTDOWN: &[&str] = &["fsctl shutdown", "hupall", "uuid_kill"];

/// What ends all calls, or those of a profile or a module.
const ALL: &[&str] = &["hupall", "uuid_kill"];
