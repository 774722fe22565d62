//! What a line may do to the server: which server commands harm more than the operator's own
//! calls, and which only read.
//!
//! A line is judged by what it makes FreeSWITCH run, on every path: FreeSWITCH takes command names
//! in any case, runs commands inside others (`bgapi`, `expand`, `sched_api`, `${name(args)}`),
//! applications of inline dial plans, and both in channel variables (`api_on_answer`,
//! `execute_on_answer`, `api_hangup_hook`).

pub(in crate::shell) mod harm;
pub(in crate::shell) mod json;
pub(in crate::shell) mod reach;
mod same;

pub(in crate::shell) use super::read_only::only_reads;
use super::server_command;
use super::server_command::Role;
use reach::Effect;

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

impl Guard {
    /// Why a line for the server needs a confirmation; `None` where it needs none.
    #[must_use]
    pub fn objection(self, line: &str) -> Option<String> {
        danger(line, self)
    }
}

/// Why a server command needs a confirmation; `None` for those that need none.
pub(in crate::shell) fn danger(line: &str, guard: Guard) -> Option<String> {
    if let Some(why) = of(Effect::command(line)) {
        return Some(why);
    }
    let is_strict = guard == Guard::Strict && !line.trim().is_empty() && !only_reads(line);
    is_strict.then(|| "it changes the server, and the guard is strict".to_owned())
}

/// Why an application of the dial plan needs a confirmation.
pub(in crate::shell) fn dangerous_application(name: &str, args: &str) -> Option<String> {
    of(Effect::Application { name: name.to_ascii_lowercase(), args: args.to_owned() })
}

/// What an effect harms at any level of care: the innermost that it runs comes first, since that is
/// what happens.
fn of(effect: Effect) -> Option<String> {
    let Some(effects) = reach::effects(effect) else {
        return Some("it nests too many commands to see what it does".to_owned());
    };
    effects.iter().rev().find_map(harm::of_effect)
}

/// A line and all commands and applications that it runs, the outermost first, and the commands that
/// have the same effect as one of them; `None` when that
/// cannot be seen: they nest too deep, or the name of one comes out of an expansion.
pub(in crate::shell) fn commands(line: &str) -> Option<Vec<String>> {
    let effects = reach::effects(Effect::command(line))?;
    let lines: Vec<String> = effects.iter().map(Effect::line).collect();
    let is_seen = |line: &String| {
        let (verb, args) = server_command::verb_of(line);
        let is_text =
            server_command::facts(line).role == Some(Role::Script) && harm::is_script_text(args);
        !verb.contains('$') && !is_text
    };
    let more = effects.iter().flat_map(same::as_commands);
    lines.iter().all(is_seen).then(|| lines.iter().cloned().chain(more).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn a_line_of_very_many_expansions_is_judged_at_once() {
        for part in ["${", "${a}", "${a b", "{}${x("] {
            let line = format!("eval {}", part.repeat(100_000 / part.len()));
            assert!(danger(&line, Guard::Normal).is_some() && !only_reads(&line), "{part}");
            assert_eq!(commands(&line), None);
        }
        assert!(danger(&format!("eval {}", "${a} ".repeat(200)), Guard::Normal).is_none());
    }

    #[limited::test]
    fn blanks_and_slashes_before_a_line_change_nothing() {
        for before in ["", "/", " ", "/ ", " / /", "\t/", "/\n", ";", ";\t"] {
            assert_eq!(commands(&format!("{before}hupall")), commands("hupall"), "{before:?}");
            assert_eq!(commands(&format!("{before}$x")), None, "{before:?}");
            for line in ["hupall", "$x", "status;;system ls", "sched_api +1 x fsctl crash"] {
                let line = format!("{before}{line}");
                assert!(danger(&line, Guard::Normal).is_some(), "{line:?}");
                assert!(danger(&format!("status;;{line}"), Guard::Normal).is_some(), "{line:?}");
                assert!(danger(&format!("bgapi {line}"), Guard::Normal).is_some(), "{line:?}");
            }
        }
    }

    #[limited::test]
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
            "status;;;hupall",
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
            "lua ~freeswitch.API():execute('system','ls')",
            "lua ~freeswitch.API():execute('hup'..'all','')",
            "luarun '~x'",
            "fsctl 'shutdown'",
            "fsctl \"shut\"down now",
            "'hupall'",
            "sofia profile internal 'stop'",
            "conference 3000 'kick' \"all\"",
            "expand fsctl ${url_decode(shutdown)}",
            "expand fsctl ${what}",
            "expand sofia profile internal ${what}",
            "expand uuid_setvar x ${name} hupall",
            "originate {api_on_answer=fsctl ${what}}user/1 &park",
            "originate user/1 &set(${name}=hupall)",
            "uuid_broadcast x system!NORMAL_CLEARING::ls",
            "uuid_broadcast x sys'tem'::ls",
            "uuid_transfer x 'sys\"tem:ls' inline",
            "uuid_broadcast x shell_stream://ls",
            "originate user/1 &playback(shell_stream:///bin/ls)",
            "uuid_displace x start shell_stream://ls",
            "tone_detect x busy 440 r +10 system ls 1",
            "uuid_broadcast x tone_detect::busy 440 r +10 system ls 1",
            "sched_api +1 none 'hupall'",
            "json {\"command\":\"execute\",\"data\":{\"uuid\":\"x\",\"app\":\"system\",\"arg\":\"ls\"}}",
            "json {\"command\":\"fsapi\",\"Data\":{\"CMD\":\"hupall\"}}",
            "json {\"command\":\"fsapi\",\"data\":{\"cmd\":\"hupall\",\"cmd\":\"status\"}}",
            "json {\"command\":\"fsapi\",\"data\":{\"cmd\":\"hupall\"}} x",
            "json {\"command\":\"fsapi\",\"data\":{\"\\u0063md\":\"hupall\"}}",
            "uuid_setvar x hold_music shell_stream://ls",
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
            "originate {api_on_answer='uuid_setvar x y z'}user/1000 &park",
            "uuid_setvar x api_on_answer",
            "uuid_setvar x note hupall",
            "originate {execute_on_answer='sched_hangup +60'}user/1000 &park",
            "originate user/system@example.com &park",
            "uuid_transfer x set:a=b,park inline",
            "cond a == b ? yes : no",
            "alias add cs sofia status",
            "json {\"command\":\"status\",\"data\":\"\"}",
            "json {\"command\":\"fsapi\",\"data\":{\"cmd\":\"status\",\"arg\":\"\"}}",
            "uuid_broadcast x hangup!USER_BUSY::",
            "tone_detect x busy 440 r +10 hangup x 1",
            "uuid_setvar x note 'it''s system'",
            "",
        ] {
            assert!(danger(line, Guard::Normal).is_none(), "{line}");
        }
    }

    /// Each path by which a command or an application reaches the server inside something else.
    #[limited::test]
    fn an_effect_is_judged_on_every_path() {
        const COMMANDS: &[&str] = &[
            "hupall",
            "HupAll NORMAL_CLEARING",
            "fsctl crash",
            "reload mod_sofia",
            "sofia profile internal restart",
            "system ls",
            "conference 3000 kick all",
        ];
        const PATHS: &[&str] = &[
            "%",
            "bgapi %",
            "expand %",
            "expand uuid:abc %",
            "sched_api +5 none %",
            "sched_api +5 none bgapi %",
            "alias add x %",
            "cond a == a ? % : status",
            "eval ${expand %}",
            "originate {api_hangup_hook=%}user/1 &park",
            "originate {a=b,API_ON_ANSWER='%'}user/1 &park",
            "originate {a=b,'api_on_answer'='%'}user/1 &park",
            "originate {^^:a=b:api_on_answer_2=%:c=d}user/1 &park",
            "originate <api_on_ring='%'>user/1 &park",
            "originate [api_reporting_hook=%]user/1,user/2 &park",
            "originate user/1|{api_on_media=%}user/2 &park",
            "bgapi originate user/1 &set(api_on_answer=%)",
            "uuid_setvar x api_on_answer %",
            "uuid_setvar x nolocal:api_on_answer %",
            "uuid_setvar_multi x a=b;api_after_bridge=%",
            "global_setvar api_hangup_hook=%",
            "conference 3000 dial {api_on_answer=%}user/1",
            "callcenter_config agent set contact a {api_hangup_hook=%}user/1",
            "uuid_transfer x 'set:api_hangup_hook=%' inline",
            "uuid_transfer x 'm:^:answer^export:nolocal:api_hangup_hook=%' inline",
            "sched_transfer +5 x bind_digit_action:r,1,api:% inline",
            "uuid_dual_transfer x set:api_hangup_hook='%'/inline park/inline",
            "uuid_broadcast x set::api_hangup_hook=%",
            "uuid_setvar x execute_on_answer set api_hangup_hook=%",
            "originate {execute_on_answer='set api_hangup_hook=%'}user/1 &park",
            "originate {record_post_process_exec_api=%}user/1 &park",
        ];
        for path in PATHS {
            for command in COMMANDS {
                let line = path.replace('%', command);
                assert!(danger(&line, Guard::Normal).is_some(), "{line}");
            }
            let line = path.replace('%', "uuid_getvar x y");
            assert_eq!(danger(&line, Guard::Normal), None, "{line}");
        }
    }

    #[limited::test]
    fn an_application_is_judged_on_every_path() {
        for path in [
            "originate user/1 &%(ls)",
            "originate user/1 '%:ls' inline",
            "originate loopback/app=%:ls &park",
            "originate {execute_on_answer=%:ls}user/1 &park",
            "originate {execute_on_ring='% ls'}user/1 &park",
            "originate {bridge_pre_execute_bleg_app=%}user/1 &park",
            "originate {group_confirm_file='exec:% ls'}user/1 &park",
            "uuid_setvar x exec_after_bridge_app %",
            "uuid_setvar x transfer_after_bridge '%:ls':inline",
            "uuid_transfer x m:^:answer^%:ls inline",
            "uuid_dual_transfer x %:ls/inline park/inline",
            "uuid_broadcast x %::ls both",
            "sched_broadcast +1 x %::ls",
            "uuid_transfer x 'bind_meta_app:2 b s %::ls' inline",
            "uuid_transfer x 'limit_execute:hash r id 1 % ls' inline",
        ] {
            for app in ["system", "bgsystem", "SPAWN"] {
                let line = path.replace('%', app);
                assert!(danger(&line, Guard::Normal).is_some(), "{line}");
            }
            let line = path.replace('%', "answer");
            assert_eq!(danger(&line, Guard::Normal), None, "{line}");
        }
        for (name, args) in [
            ("system", "ls"),
            ("set", "api_hangup_hook=hupall"),
            ("export", "nolocal:api_on_answer=fsctl crash"),
            ("multiset", "^^;a=b;execute_on_answer=system ls"),
            ("bridge", "{api_on_answer=hupall}user/1000"),
            ("transfer", "system:ls inline"),
            ("execute_extension", "system:ls inline"),
            ("bind_digit_action", "r,1,exec:system,ls"),
            ("bind_digit_action", "r,1,api:hupall,NORMAL_CLEARING"),
            ("log", "INFO ${hupall()}"),
            ("event", "Event-Name=SHUTDOWN"),
            ("lua", "~freeswitch.API():execute('hupall')"),
        ] {
            assert!(dangerous_application(name, args).is_some(), "{name} {args}");
        }
        for (name, args) in [
            ("set", "foo=hupall"),
            ("event", "Event-Name=CUSTOM,Event-Subclass=x::y"),
            ("bridge", "user/1000"),
            ("playback", "system.wav"),
        ] {
            assert_eq!(dangerous_application(name, args), None, "{name} {args}");
        }
    }

    #[limited::test]
    fn what_cannot_be_seen_is_asked_about() {
        for line in [
            "expand ${name}",
            "originate {api_on_answer=${what}}user/1 &park",
            "uuid_setvar x execute_on_answer ${app} y",
            "bgapi bgapi bgapi bgapi bgapi bgapi bgapi hupall",
        ] {
            assert!(danger(line, Guard::Normal).is_some(), "{line}");
        }
    }

    #[limited::test]
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

    #[limited::test]
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
