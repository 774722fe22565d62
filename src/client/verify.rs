//! Commands that FreeSWITCH answers with `+OK` though there is nothing they could be done to: what
//! they name is looked up.

use super::error::Error;
use super::handle::Client;
use crate::wire::Command;

impl Client {
    /// Refuses `uuid_hold` of a session that is not there, which FreeSWITCH answers with `+OK
    /// Success` (`transcripts/api_replies`). Who may not ask is not refused.
    pub(super) async fn check_target(&self, line: &str) -> Result<(), Error> {
        let Some(uuid) = held(line) else { return Ok(()) };
        match self.answer(&format!("uuid_exists {uuid}")).await.as_deref() {
            Some("false") => Err(missing("session", uuid, "uuid_hold")),
            _ => Ok(()),
        }
    }

    /// Refuses a `startgw` that started nothing: FreeSWITCH answers `+OK start gateway X complete`
    /// whether the configuration has X or not (seen on 1.10.12).
    pub(super) async fn check_result(&self, line: &str) -> Result<(), Error> {
        let Some(gateway) = started(line) else { return Ok(()) };
        match self.answer(&format!("sofia status gateway {gateway}")).await.as_deref() {
            Some("Invalid Gateway!") => Err(missing("gateway", gateway, "startgw")),
            _ => Ok(()),
        }
    }

    async fn answer(&self, line: &str) -> Option<String> {
        let reply = self.send(Command::api(line).ok()?).await.ok()?;
        Some(reply.text().trim().to_owned())
    }
}

fn missing(what: &'static str, name: &str, command: &'static str) -> Error {
    Error::Missing { what, name: name.to_owned(), command }
}

/// What `uuid_hold [off|toggle] UUID [DISPLAY]` names.
fn held(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let verb = words.next()?;
    let first = words.next().filter(|_| verb.eq_ignore_ascii_case("uuid_hold"))?;
    match first {
        "off" | "toggle" => Some(words.next().unwrap_or(first)),
        uuid => Some(uuid),
    }
}

/// What `sofia profile PROFILE startgw GATEWAY` names, unless that is all of them.
fn started(line: &str) -> Option<&str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [sofia, profile, _, startgw, gateway]
            if sofia.eq_ignore_ascii_case("sofia")
                && profile.eq_ignore_ascii_case("profile")
                && startgw.eq_ignore_ascii_case("startgw") =>
        {
            Some(*gateway).filter(|gateway| *gateway != "_all_")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn what_a_line_names() {
        for (line, uuid) in [
            ("uuid_hold a-b", Some("a-b")),
            ("UUID_HOLD  off a-b", Some("a-b")),
            ("uuid_hold toggle a-b text", Some("a-b")),
            ("uuid_hold toggle", Some("toggle")),
            ("uuid_hold", None),
            ("uuid_kill a-b", None),
        ] {
            assert_eq!(held(line), uuid, "{line}");
        }
        assert_eq!(started("sofia profile external startgw carrier"), Some("carrier"));
        assert_eq!(started("sofia profile external startgw _all_"), None);
        assert_eq!(started("sofia profile external killgw carrier"), None);
    }
}
