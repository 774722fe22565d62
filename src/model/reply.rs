//! What a reply really says. FreeSWITCH's commands do not agree on how a failure looks.

use serde::Serialize;

/// Success or failure of a command, with the server's text as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It worked. The text without surrounding white space; empty when there was none.
    Ok(String),
    /// It did not. The text without surrounding white space.
    Failed(String),
}

impl Outcome {
    /// Judges the text of an `api/response` or of a job's result.
    ///
    /// A failure is: a first or last line that starts with `-ERR` (also `-ERROR`) or `-USAGE`; any
    /// such line behind a `+OK` one (`reload` says both); `+OK [[error ...` (`reloadxml` on broken
    /// XML); a `Reload XML [...]` that is no success, or is followed by `Failure starting`
    /// (`sofia profile X start`); and the failures without a marker (`Invalid Profile!`). `-ERR no
    /// reply` is FreeSWITCH's way to say that a command printed nothing: an empty success
    /// (`transcripts/api_replies`).
    #[must_use]
    pub fn of(body: &str) -> Self {
        let text = body.trim();
        if text == "-ERR no reply" {
            return Self::Ok(String::new());
        }
        let first = text.lines().next().unwrap_or_default();
        let failed = if first.starts_with("+OK") || first.starts_with("Reload XML [") {
            text.lines().any(is_failure)
        } else {
            is_failure(first)
                || text.lines().last().is_some_and(is_failure)
                || UNMARKED.iter().any(|start| first.starts_with(start))
                || is_too_soon(first)
        };
        if failed { Self::Failed(text.to_owned()) } else { Self::Ok(text.to_owned()) }
    }

    /// The text, whichever it is.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Ok(text) | Self::Failed(text) => text,
        }
    }

    /// Whether it worked.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok(_))
    }
}

fn is_failure(line: &str) -> bool {
    let line = line.trim_start();
    ["-ERR", "-USAGE", "+OK [[error", "Failure starting "].iter().any(|x| line.starts_with(x))
        || line.strip_prefix("Reload XML [").is_some_and(|rest| !rest.starts_with("Success"))
}

/// `Profile internal must be up for at least 10 seconds to stop/restart.`
fn is_too_soon(line: &str) -> bool {
    line.starts_with("Profile ") && line.contains(" must be up for at least ")
}

/// Failures that say so in no other way (`mod_sofia.c`, `mod_commands.c`). `USAGE:` with nothing
/// behind it is what `sofia help` was asked for.
const UNMARKED: &[&str] = &[
    "Invalid Profile",
    "Invalid Gateway",
    "Invalid gateway",
    "Invalid Args",
    "Invalid Syntax",
    "parameter missing",
    "Error! ",
    "No gateway name provided",
    "Unknown Command [",
    "USAGE: ",
    "Usage: ",
    "error/",
    "can't find anything",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn replies_as_recorded() {
        for (body, ok, text) in [
            ("+OK\n", true, "+OK"),
            ("127.0.0.1", true, "127.0.0.1"),
            ("-ERR no reply\n", true, ""),
            ("", true, ""),
            ("-ERR not Command not found!\n", false, "-ERR not Command not found!"),
            ("-USAGE: <uuid> [<cause>]\n", false, "-USAGE: <uuid> [<cause>]"),
            ("-ERROR\n", false, "-ERROR"),
            ("+OK [Success]\n", true, "+OK [Success]"),
            ("+OK [[error near line 31]: bad]\n", false, "+OK [[error near line 31]: bad]"),
            ("+OK Reloading XML\n-ERR [no]\n", false, "+OK Reloading XML\n-ERR [no]"),
            ("+OK a\n-ERR unloading\n+OK b\n", false, "+OK a\n-ERR unloading\n+OK b"),
            ("Invalid Profile!\n", false, "Invalid Profile!"),
            ("Invalid Syntax!\n", false, "Invalid Syntax!"),
            (
                "Reload XML [Success]\n+OK scan complete\n",
                true,
                "Reload XML [Success]\n+OK scan complete",
            ),
            (
                "Reload XML [[error near line 9]: bad]\n+OK scan complete\n",
                false,
                "Reload XML [[error near line 9]: bad]\n+OK scan complete",
            ),
            (
                "Reload XML [Success]\nFailure starting nope\n",
                false,
                "Reload XML [Success]\nFailure starting nope",
            ),
            ("USAGE: uuid_limit <uuid>\n", false, "USAGE: uuid_limit <uuid>"),
            ("USAGE:\n---\nsofia help", true, "USAGE:\n---\nsofia help"),
            (
                "Profile park must be up for at least 10 seconds to stop/restart.\n",
                false,
                "Profile park must be up for at least 10 seconds to stop/restart.",
            ),
            ("name\n-ERR in a list\nname", true, "name\n-ERR in a list\nname"),
            ("_undef_", true, "_undef_"),
            ("a -ERR in the middle", true, "a -ERR in the middle"),
        ] {
            let outcome = Outcome::of(body);
            assert_eq!((outcome.is_ok(), outcome.text()), (ok, text), "{body:?}");
        }
    }
}
