//! Server commands that only read: those that a read-only session may send.

use super::danger;
use super::server_command::{Impact, facts_as_typed};
use crate::shell::text::words::first_word;

/// Whether a server command is known to change nothing. What is not known is taken to change
/// something.
pub(in crate::shell) fn only_reads(line: &str) -> bool {
    // A list of commands, and what an expansion runs, may be anything.
    let is_opaque = danger::reach::is_opaque(line);
    if line.contains(";;") || is_opaque || danger::reach::expansions(line).next().is_some() {
        return false;
    }
    match facts_as_typed(line).impact {
        Impact::Reads => true,
        Impact::Depends => arguments_only_read(line),
        Impact::Changes | Impact::Harms => false,
    }
}

/// Whether the arguments of a command decide that it only reads.
fn arguments_only_read(line: &str) -> bool {
    let (verb, rest) = first_word(line);
    let rest = rest.trim();
    match verb.to_ascii_lowercase().as_str() {
        "bgapi" | "expand" | "xml_wrap" => only_reads(rest),
        "json" => json(rest),
        "console_complete" | "console_complete_xml" => danger::harm::is_cursor_inside(rest),
        _ => false,
    }
}

/// `json {"command":"status"}` and others that only read.
fn json(text: &str) -> bool {
    let Some(document) = danger::json::read(text) else { return false };
    let command = danger::json::part(&document, "command").and_then(serde_json::Value::as_str);
    command.is_some_and(|name| matches!(name, "status" | "mediaStats" | "channelData"))
}

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
