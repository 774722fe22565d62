//! What a line may do to the server: which server commands harm more than the operator's own
//! calls, and which only read.
//!
//! FreeSWITCH takes command names in any case, runs commands inside others (`bgapi`, `expand`,
//! `sched_api`, `${name(args)}` in what it expands), and so they are looked for in there as well.

mod reads;

use super::grammar::first_word;
use crate::model::HangupCause;
pub(super) use reads::only_reads;

/// How careful the shell is before it sends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
#[non_exhaustive]
pub enum Guard {
    /// Stops what harms calls of others, or the server.
    #[default]
    Normal,
    /// Stops every server command that changes something. For servers in production.
    Strict,
}

/// Why a server command needs a confirmation; `None` for those that need none.
pub(super) fn danger(line: &str, guard: Guard) -> Option<String> {
    if let Some(why) = harm(line, 0) {
        return Some(why);
    }
    let is_strict = guard == Guard::Strict && !line.trim().is_empty() && !only_reads(line);
    is_strict.then(|| "it changes the server, and the guard is strict".to_owned())
}

/// Why an application of the dial plan needs a confirmation.
pub(super) fn dangerous_application(name: &str, args: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    if PROGRAMS.contains(&name.as_str()) {
        return Some(A_PROGRAM.to_owned());
    }
    expansions(args).find_map(|inner| harm(&inner, 1))
}

/// What harms at any level of care. Commands in commands are followed a few deep.
fn harm(line: &str, depth: u8) -> Option<String> {
    if depth > DEPTH {
        return Some("it nests too many commands to see what it does".to_owned());
    }
    if let Some(why) = inner(line).iter().find_map(|line| harm(line, depth + 1)) {
        return Some(why);
    }
    let (verb, rest) = verb_of(line);
    match verb.as_str() {
        "originate" | "uuid_broadcast" | "uuid_transfer" | "uuid_dual_transfer"
        | "sched_broadcast" | "sched_transfer" => {
            return applications(rest).find_map(|name| dangerous_application(name, ""));
        }
        "lua" | "luarun" | "python" | "pyrun" | "perl" | "perlrun" | "js" | "jsrun" | "jsapi"
        | "managed" | "managedrun" | "tcl" => {
            let lower = rest.to_ascii_lowercase();
            let is_harmful = ["hupall", "shutdown", "unload", "crash"];
            let found = is_harmful.iter().find(|word| lower.contains(**word))?;
            return Some(format!("the script says {found}"));
        }
        "console_complete" | "console_complete_xml" if !is_cursor_inside(rest) => {
            return Some(
                "FreeSWITCH writes behind the line's end at that c=, and may crash".into(),
            );
        }
        "hupall" => return Some(hupall(rest)),
        _ => {}
    }
    if PROGRAMS.contains(&verb.as_str()) {
        return Some(A_PROGRAM.to_owned());
    }
    let rest = rest.to_ascii_lowercase();
    let words: Vec<&str> = rest.split_whitespace().collect();
    of_words(&verb, &words).map(str::to_owned)
}

/// A line and all commands that it runs, the outermost first.
pub(super) fn commands(line: &str) -> Vec<String> {
    let mut found = vec![line.trim().trim_start_matches('/').to_owned()];
    let mut level = found.clone();
    for _ in 0..DEPTH {
        level = level.iter().flat_map(|line| inner(line)).collect();
        found.extend(level.iter().cloned());
    }
    found
}

/// The commands that a command runs: those of a list as the console takes it, of what is expanded,
/// and the one behind a command that runs another.
fn inner(line: &str) -> Vec<String> {
    if line.contains(";;") {
        return line.split(";;").map(|piece| piece.trim().to_owned()).collect();
    }
    let mut found: Vec<String> = expansions(line).collect();
    let (verb, rest) = verb_of(line);
    match verb.as_str() {
        "api" | "bgapi" | "expand" | "xml_wrap" => found.push(rest.trim().to_owned()),
        "sched_api" => {
            let (_time, rest) = first_word(rest);
            let (_group, command) = first_word(rest);
            // Behind it: in a thread of its own.
            found.push(command.trim().trim_end_matches('&').to_owned());
        }
        "json" => found.extend(in_json(rest)),
        _ => {}
    }
    found
}

/// A command's name in small letters, and what follows. A slash stands in front of fs_cli's.
fn verb_of(line: &str) -> (String, &str) {
    let (verb, rest) = first_word(line);
    (verb.trim_start_matches('/').to_ascii_lowercase(), rest)
}

/// How deep commands in commands are followed.
const DEPTH: u8 = 4;

/// Whether the `c=NUMBER;` that a completion says its cursor stands at, wherever it does, is a place
/// in the line behind it: FreeSWITCH writes there unchecked (`switch_console_complete`).
fn is_cursor_inside(rest: &str) -> bool {
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
        ("fsctl", ["flush_db_handles", ..]) => "whoever uses a database handle loses it",
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
        ("conference", [_, "kick" | "hup", "all", ..]) => "everybody in that conference is hung up",
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
            format!("it hangs up every call with {}, whoever made it", pairs(rest))
        }
    }
}

/// `a b c d` as `a=b and c=d`.
fn pairs(words: &[&str]) -> String {
    let pairs = words.chunks(2).map(|pair| pair.join("="));
    pairs.collect::<Vec<_>>().join(" and ")
}

/// The commands that FreeSWITCH runs where it expands a text: `${name(args)}` and `${name args}`
/// (`switch_event.c`, `switch_event_expand_headers_check`).
fn expansions(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("${").filter_map(|(at, mark)| {
        let rest = text.get(at + mark.len()..)?;
        let mut depth = 1_usize;
        let end = rest.find(|letter| {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let inside = end.and_then(|end| rest.get(..end)).unwrap_or(rest);
        // A variable has no arguments.
        let (name, args) = inside.split_once([' ', '('])?;
        let args = args.rsplit_once(')').map_or(args, |(args, _)| args);
        Some(format!("{name} {args}"))
    })
}

/// The applications that a dial plan in a command names: `&name(args)`, `name::args` and
/// `name:args` of the inline dial plan.
fn applications(text: &str) -> impl Iterator<Item = &str> {
    let marks = |letter: char| " &'\",(".contains(letter);
    text.split(marks).map(|word| word.split(':').next().unwrap_or(word))
}

/// The command in `{"command":"fsapi","data":{"cmd":"hupall","arg":""}}`.
fn in_json(text: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(text.trim()).ok()?;
    let data = document.get("data")?;
    let part = |name: &str| data.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    Some(format!("{} {}", part("cmd"), part("arg")))
}

/// Commands and applications that run a program on the server.
const PROGRAMS: &[&str] = &[
    "system",
    "bg_system",
    "bgsystem",
    "spawn",
    "bg_spawn",
    "bgspawn",
    "spawn_stream",
    "spawn_bg",
];

const A_PROGRAM: &str = "it runs a program on the server";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_harms_is_known_in_any_case_and_behind_wrappers() {
        for line in [
            "hupall",
            "HUPALL accountcode 100",
            "bgapi hupall NORMAL_CLEARING",
            "/hupall",
            "/bgapi hupall",
            "expand hupall",
            "sched_api +5 none hupall",
            "sched_api +5 none bgapi fsctl crash",
            "sched_api @60 none hupall&",
            "eval ${hupall NORMAL_CLEARING}",
            "eval a ${b} ${ext${c}} ${eval ${system ls}}",
            "eval ${expand hupall}",
            "console_complete originate {abc=5;x",
            "console_complete c=99999;sofia",
            "console_complete c=-1;sofia",
            "console_complete c=99999999999999999999999;sofia",
            "uuid_dual_transfer x system:ls inline",
            "eval ${hupall()}",
            "echo x ${system(rm -rf x)}",
            "status;;hupall",
            "json {\"command\":\"fsapi\",\"data\":{\"cmd\":\"hupall\",\"arg\":\"\"}}",
            "fsctl shutdown asap",
            "fsctl pause",
            "FsCtl crash",
            "fsctl max_sessions 0",
            "reload mod_sofia",
            "unload mod_event_socket",
            "sofia profile internal restart",
            "sofia profile restart all",
            "sofia profile internal flush_inbound_reg",
            "sofia profile external killgw example.com",
            "system ls",
            "bg_system ls",
            "originate loopback/9196 &system(ls)",
            "uuid_broadcast x system::ls",
            "uuid_transfer x system:ls inline",
            "conference 3000 kick all",
            "lua ~freeswitch.API():execute('hupall','')",
        ] {
            assert!(danger(line, Guard::Normal).is_some(), "{line}");
        }
        for line in [
            "status",
            "fsctl loglevel 7",
            "fsctl resume",
            "fsctl shutdown cancel",
            "fsctl max_sessions 1000",
            "reloadxml",
            "sofia status",
            "sofia profile internal rescan",
            "uuid_kill x",
            "conference 3000 list",
            "eval ${hostname}",
            "originate {a=b}user/1000 &park",
            "lua hello.lua",
            "eval ${a} (b) ${c[0]} ${d:1:2}",
            "console_complete c=5;sofia",
            "console_complete c=2;sofia status",
            "",
        ] {
            assert!(danger(line, Guard::Normal).is_none(), "{line}");
        }
    }

    #[test]
    fn a_hupall_with_a_forgotten_cause_is_explained() {
        for (line, words) in [
            ("hupall accountcode 100", "you may mean: hupall NORMAL_CLEARING accountcode 100"),
            ("hupall accountcode 100", "every call of the server"),
            ("hupall NORMAL_CLEARING accountcode", "\"accountcode\" has no value"),
            ("hupall NORMAL_CLEARING accountcode 100", "every call with accountcode=100"),
            ("hupall NORMAL_CLEARING a 1 b 2", "a=1 and b=2"),
        ] {
            let why = danger(line, Guard::Normal).unwrap();
            assert!(why.contains(words), "{line}: {why}");
        }
    }

    #[test]
    fn a_strict_guard_stops_all_that_changes() {
        for (line, is_stopped) in [
            ("reloadxml", true),
            ("uuid_kill x", true),
            ("global_setvar a=b", true),
            ("status", false),
            ("show channels", false),
            ("", false),
        ] {
            assert_eq!(danger(line, Guard::Strict).is_some(), is_stopped, "{line}");
        }
    }
}
