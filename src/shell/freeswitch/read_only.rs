//! Server commands that only read: those that a read-only session may send.

use super::danger;
use crate::shell::text::words::first_word;

/// Whether a server command is known to change nothing. What is not known is taken to change
/// something.
pub(in crate::shell) fn only_reads(line: &str) -> bool {
    // A list of commands, and what an expansion runs, may be anything.
    let is_opaque = danger::reach::is_opaque(line);
    if line.contains(";;") || is_opaque || danger::reach::expansions(line).next().is_some() {
        return false;
    }
    let (verb, rest) = first_word(line);
    let verb = verb.to_ascii_lowercase();
    let rest = rest.trim();
    let lower = rest.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    match (verb.as_str(), words.as_slice()) {
        ("bgapi" | "expand" | "xml_wrap", [_, ..]) => only_reads(rest),
        ("sofia", words) => sofia(words),
        ("fsctl", words) => fsctl(words),
        ("conference", words) => conference(words),
        ("json", _) => json(rest),
        ("nat_map", [] | ["status"])
        | ("uuid_buglist" | "uuid_dump" | "uuid_exists" | "uuid_getvar", _)
        | ("load", [])
        | ("db" | "hash", ["list", ..])
        | ("limit_hash", ["usage", ..]) => true,
        ("db" | "hash", [first, ..]) => first.starts_with("select/"),
        ("callcenter_config", ["agent" | "queue" | "tier" | "member", what, ..]) => {
            matches!(*what, "list" | "count")
        }
        ("console_complete" | "console_complete_xml", _) => danger::harm::is_cursor_inside(rest),
        ("fifo", [first, ..]) => first.starts_with("list") || *first == "count",
        ("verto", [first, ..]) => matches!(*first, "status" | "xmlstatus"),
        (verb, _) => READS.contains(&verb),
    }
}

fn sofia(words: &[&str]) -> bool {
    match words {
        ["status" | "xmlstatus" | "jsonstatus" | "help" | "loglevel", ..] => {
            // `sofia loglevel all 9` sets one.
            words.first() != Some(&"loglevel") || words.len() < 3
        }
        ["profile", _, "gwlist", ..] | ["profile", _] => true,
        _ => false,
    }
}

fn fsctl(words: &[&str]) -> bool {
    match words {
        [
            "pause_check" | "ready_check" | "shutdown_check" | "last_sps" | "crash_protection",
            ..,
        ] => words.len() == 1 || words.first() == Some(&"pause_check"),
        // Without a value they print theirs.
        [
            "loglevel" | "max_sessions" | "sps" | "min_idle_cpu" | "debug_level" | "verbose_events",
        ] => true,
        _ => false,
    }
}

fn conference(words: &[&str]) -> bool {
    match words {
        [] => true,
        [one] => matches!(*one, "list" | "xml_list" | "json_list" | "help"),
        ["list", "count" | "summary" | "delim", ..] => true,
        [_, verb, ..] => matches!(*verb, "list" | "xml_list" | "json_list" | "get" | "count"),
    }
}

/// `json {"command":"status"}` and others that only read.
fn json(text: &str) -> bool {
    let Some(document) = danger::json::read(text) else { return false };
    let command = danger::json::part(&document, "command").and_then(serde_json::Value::as_str);
    command.is_some_and(|name| matches!(name, "status" | "mediaStats" | "channelData"))
}

/// Commands that read, whatever their arguments.
const READS: &[&str] = &[
    "acl",
    "banner",
    "cond",
    "create_uuid",
    "domain_data",
    "domain_exists",
    "echo",
    "enum",
    "enum_auto",
    "eval",
    "expr",
    "file_exists",
    "find_user_xml",
    "getcputime",
    "getenv",
    "global_getvar",
    "group_call",
    "help",
    "host_lookup",
    "hostname",
    "in_group",
    "interface_ip",
    "is_lan_addr",
    "limit_hash_usage",
    "limit_status",
    "limit_usage",
    "list_users",
    "md5",
    "module_exists",
    "msleep",
    "pool_stats",
    "quote_shell_arg",
    "regex",
    "say_string",
    "show",
    "sofia_contact",
    "sofia_count_reg",
    "sofia_dig",
    "sofia_username_of",
    "sql_escape",
    "status",
    "strepoch",
    "strftime",
    "strftime_tz",
    "strmicroepoch",
    "switchname",
    "time_test",
    "tolower",
    "toupper",
    "uptime",
    "url_decode",
    "url_encode",
    "user_data",
    "user_exists",
    "valet_info",
    "version",
    "vm_boxcount",
    "vm_list",
    "xml_locate",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn what_reads_is_told_from_what_changes() {
        for line in [
            "status",
            "SHOW channels as json",
            "bgapi status",
            "sofia status profile internal reg",
            "sofia xmlstatus gateway x",
            "sofia profile internal gwlist up",
            "fsctl pause_check",
            "fsctl loglevel",
            "conference list",
            "conference 3000 json_list",
            "json {\"command\":\"status\",\"data\":\"\"}",
            "uuid_getvar x y",
            "eval ${hostname}",
            "hash select/a/b",
            "callcenter_config queue list agents support@default",
            "console_complete c=5;sofia",
        ] {
            assert!(only_reads(line), "{line}");
        }
        for line in [
            "uuid_kill x",
            "originate user/1 &park",
            "sofia profile internal rescan",
            "sofia global siptrace on",
            "sofia loglevel all 9",
            "fsctl loglevel 7",
            "fsctl pause",
            "conference 3000 kick 1",
            "bgapi uuid_kill x",
            "expand uuid_kill x",
            "eval ${uuid_kill(x)}",
            "eval ${uuid_kill x}",
            "eval ${${name} x}",
            "callcenter_config agent del list",
            "callcenter_config queue reload list",
            "console_complete c=77;sofia",
            "status;;uuid_kill x",
            "json {\"command\":\"fsapi\",\"data\":{\"cmd\":\"hupall\"}}",
            "json {\"command\":\"fsapi\",\"command\":\"status\",\"data\":{\"cmd\":\"hupall\"}}",
            "json {\"Command\":\"fsapi\",\"command\":\"status\",\"data\":{\"cmd\":\"hupall\"}}",
            "json {\"c\\u006fmmand\":\"fsapi\",\"command\":\"status\"}",
            "json {\"command\":\"execute\",\"data\":{\"app\":\"hangup\"}}",
            "hash insert/a/b/c",
            "hash delete/a/b",
            "lua x.lua",
            "uuid_setvar x y z",
            "reloadxml",
            "log notice x",
            "a_command_of_tomorrow",
            "",
        ] {
            assert!(!only_reads(line), "{line}");
        }
    }
}
