//! Which commands and applications harm more than the operator's own calls.

use super::reach::{EVENTS, Effect, PROGRAMS, SCRIPTS, unquoted, verb_of};
use crate::model::HangupCause;

/// What one effect harms, apart from what it runs in turn.
pub(super) fn of_effect(effect: &Effect) -> Option<String> {
    match effect {
        Effect::Command(line) => of_command(line),
        Effect::Application { name, args } => of_application(name, args),
    }
}

fn of_command(line: &str) -> Option<String> {
    let (verb, rest) = verb_of(line);
    if verb.contains('$') {
        return Some(UNSEEN.to_owned());
    }
    match verb.as_str() {
        "console_complete" | "console_complete_xml" if !is_cursor_inside(rest) => {
            return Some(
                "FreeSWITCH writes behind the line's end at that c=, and may crash".into(),
            );
        }
        "hupall" => return Some(hupall(rest)),
        _ => {}
    }
    if let Some(why) = of_program(&verb, rest) {
        return Some(why);
    }
    let rest = unquoted(rest).to_ascii_lowercase();
    let words: Vec<&str> = rest.split_whitespace().collect();
    // In a hook, and behind "expand", its words may come out of an expansion as well.
    if WORDED.contains(&verb.as_str()) && words.iter().take(3).any(|word| word.contains("${")) {
        return Some(UNSEEN.to_owned());
    }
    of_words(&verb, &words).map(str::to_owned)
}

fn of_application(name: &str, args: &str) -> Option<String> {
    if name.contains('$') {
        return Some(UNSEEN.to_owned());
    }
    if EVENTS.contains(&name) {
        let lower = args.to_ascii_lowercase();
        let is_it = |event: &&&str| lower.contains(&format!("event-name={event}"));
        let event = ["shutdown", "trap"].iter().find(is_it)?;
        return Some(format!("modules take the event {event} for FreeSWITCH's own"));
    }
    of_program(name, args)
}

/// What is the same for a command and an application.
fn of_program(name: &str, args: &str) -> Option<String> {
    if PROGRAMS.contains(&name) {
        return Some("it runs a program on the server".to_owned());
    }
    if !SCRIPTS.contains(&name) {
        return None;
    }
    if is_script_text(args) {
        return Some("a script in the line can do anything on the server".to_owned());
    }
    let lower = args.to_ascii_lowercase();
    let harmful = ["hupall", "shutdown", "unload", "crash"];
    let found = harmful.iter().find(|word| lower.contains(**word))?;
    Some(format!("the script says {found}"))
}

/// Whether the arguments of a script command are the script itself, not a file: behind `~`.
pub(super) fn is_script_text(args: &str) -> bool {
    args.trim_start_matches([' ', '\'', '"']).starts_with('~')
}

/// Commands whose harm depends on their words.
const WORDED: &[&str] = &["fsctl", "sofia", "conference", "callcenter_config"];

const UNSEEN: &str = "what it runs comes out of an expansion and cannot be seen before";

/// Whether the `c=NUMBER;` that a completion says its cursor stands at, wherever it does, is a place
/// in the line behind it: FreeSWITCH writes there unchecked (`switch_console_complete`).
pub(in crate::shell) fn is_cursor_inside(rest: &str) -> bool {
    let Some((_, behind)) = rest.split_once("c=") else { return true };
    let Some((number, line)) = behind.split_once(';') else { return true };
    let number = number.trim_start();
    let (sign, number) =
        number.split_at_checked(1).filter(|(sign, _)| "+-".contains(sign)).unwrap_or(("", number));
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    let at = digits.parse().unwrap_or(if digits.is_empty() { 0_usize } else { usize::MAX });
    at == 0 || (sign != "-" && at <= line.len())
}

/// What the words of a command do.
fn of_words(verb: &str, words: &[&str]) -> Option<&'static str> {
    Some(match (verb, words) {
        ("fsctl", ["shutdown", "cancel", ..] | ["crash_protection", ..]) => return None,
        ("fsctl", ["shutdown" | "crash" | "hupall" | "reclaim_mem" | "restart", ..])
        | ("shutdown" | "...", _) => "it ends FreeSWITCH or all its calls",
        ("fsctl", ["pause", ..]) => "FreeSWITCH takes no new calls until \"fsctl resume\"",
        ("fsctl", ["max_sessions" | "sps", "0", ..]) => "FreeSWITCH takes no new calls then",
        ("fsctl", ["recover", ..]) => "it makes calls again from what was saved of a crash",
        ("fsctl", ["flush_db_handles", ..]) => "users of a database handle lose it",
        ("unload" | "reload", _) => "calls and sockets of that module end",
        ("sofia", ["profile", "restart", "all", ..]) => "all calls and registrations end",
        ("sofia", ["profile", _, "stop" | "restart" | "killgw" | "flush_inbound_reg", ..]) => {
            "calls, gateways or registrations of that profile end"
        }
        ("sofia", ["profile", _, "unregister", ..]) => {
            "no calls come in through that gateway until it registers again"
        }
        ("sofia", ["global", "standby", "on", ..]) => "no profile takes calls then",
        ("sofia", ["recover", ..]) => "it makes calls again from what was saved of a crash",
        ("conference", [_, "kick" | "hup", "all" | "non_moderator", ..]) => {
            "all members of that conference are hung up"
        }
        ("callcenter_config", ["queue", "unload", ..]) => "the callers of that queue leave it",
        _ => return None,
    })
}

/// What FreeSWITCH's own hupall would do with these words. The first one is always the cause
/// (`mod_commands.c`, `hupall_api_function`).
fn hupall(rest: &str) -> String {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let every = "it hangs up every call of the server, not only yours";
    match words.as_slice() {
        [] => every.to_owned(),
        [cause] if HangupCause::parse(cause).is_known() => every.to_owned(),
        [cause] => format!(
            "the first word is the cause, and {cause:?} is none; FreeSWITCH takes \
             NORMAL_CLEARING for it, and {every}"
        ),
        [cause, rest @ ..] if !HangupCause::parse(cause).is_known() => {
            let meant = format!("hupall NORMAL_CLEARING {cause} {}", rest.join(" "));
            format!(
                "the first word is always the cause, so {cause:?} is taken for one; {}; you may \
                 mean: {meant}",
                if rest.len() < 2 {
                    every.to_owned()
                } else {
                    format!("it hangs up every call with {}", pairs(rest))
                }
            )
        }
        [_, name] => format!("{name:?} has no value, so {every}"),
        [_, rest @ ..] => {
            format!("it hangs up every call with {}, of any party", pairs(rest))
        }
    }
}

/// `a b c d` as `a=b and c=d`.
fn pairs(words: &[&str]) -> String {
    let pairs = words.chunks(2).map(|pair| pair.join("="));
    pairs.collect::<Vec<_>>().join(" and ")
}
