//! Server commands that harm more than the operator's own calls.

/// Why a server command needs a confirmation; `None` for the harmless ones.
///
/// FreeSWITCH takes command names in any case.
pub(super) fn danger(line: &str) -> Option<&'static str> {
    let lower = line.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    match words.as_slice() {
        ["bgapi" | "expand", rest @ ..] => danger(&rest.join(" ")),
        ["hupall", ..] => Some("it can hang up every call of the server, not only yours"),
        ["fsctl", "shutdown", "cancel", ..] => None,
        ["fsctl", "shutdown" | "crash" | "hupall" | "reclaim_mem", ..]
        | ["shutdown" | "...", ..] => Some("it ends FreeSWITCH or all its calls"),
        ["fsctl", "pause", ..] => Some("FreeSWITCH takes no new calls until \"fsctl resume\""),
        ["unload" | "reload", ..] => Some("calls and sockets of that module end"),
        ["sofia", "profile", _, "stop" | "restart" | "killgw", ..] => {
            Some("calls and registrations of that profile end")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_harms_is_known_in_any_case_and_behind_wrappers() {
        for line in [
            "hupall",
            "HUPALL accountcode 100",
            "bgapi hupall NORMAL_CLEARING",
            "fsctl shutdown asap",
            "fsctl pause",
            "FsCtl crash",
            "reload mod_sofia",
            "unload mod_event_socket",
            "sofia profile internal restart",
        ] {
            assert!(danger(line).is_some(), "{line}");
        }
        for line in [
            "status",
            "fsctl loglevel 7",
            "fsctl resume",
            "fsctl shutdown cancel",
            "reloadxml",
            "sofia status",
            "sofia profile internal rescan",
            "",
        ] {
            assert!(danger(line).is_none(), "{line}");
        }
    }
}
