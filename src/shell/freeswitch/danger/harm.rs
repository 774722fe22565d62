//! Which commands and applications harm more than the operator's own calls.

use super::reach::Effect;
use crate::model::HangupCause;
use crate::shell::freeswitch::server_command::{
    Facts, Impact, Role, application, facts, has_harmful_words, verb_of,
};

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
    of_facts(facts(line), rest).or_else(|| {
        // In a hook, and behind "expand", its words may come out of an expansion as well.
        let mut words = rest.split_whitespace().take(3);
        let is_unseen = has_harmful_words(&verb) && words.any(|word| word.contains("${"));
        is_unseen.then(|| UNSEEN.to_owned())
    })
}

fn of_application(name: &str, args: &str) -> Option<String> {
    if name.contains('$') {
        return Some(UNSEEN.to_owned());
    }
    let facts = application(name);
    if facts.role == Some(Role::Fires) {
        let lower = args.to_ascii_lowercase();
        let is_it = |event: &&&str| lower.contains(&format!("event-name={event}"));
        let event = ["shutdown", "trap"].iter().find(is_it)?;
        return Some(format!("modules take the event {event} for FreeSWITCH's own"));
    }
    of_facts(facts, args)
}

/// What the table says, and the text of a script.
fn of_facts(facts: &Facts, args: &str) -> Option<String> {
    if facts.impact == Impact::Harms {
        return facts.reason.map(str::to_owned);
    }
    if facts.role != Some(Role::Script) {
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
