//! Text inside a dial string, so that FreeSWITCH reads it as it was meant.

use super::Error;

/// A part that must be one word.
pub(super) fn word<'a>(what: &'static str, text: &'a str) -> Result<&'a str, Error> {
    let why = if text.is_empty() {
        "it is empty"
    } else if text.contains(char::is_whitespace) {
        "it holds white space"
    } else if text.contains(['{', '}', '\'', ',', '|']) {
        "it holds a sign with a meaning there: one of { } ' , |"
    } else {
        return Ok(text);
    };
    Err(Error::DialString { what, text: text.to_owned(), why })
}

/// Whether a text is in FreeSWITCH's own form, which names an endpoint: `{vars}user/1000`,
/// `sofia/external/1@host`. `9196@host:5080` is not.
#[must_use]
pub fn is_dial_string(text: &str) -> bool {
    let text = text.trim_start();
    let first = text.split(char::is_whitespace).next().unwrap_or(text);
    text.starts_with(['{', '[', '<']) || first.contains('/')
}

/// Whether a dial string may make more than one leg, at once or one behind the other: then no uuid
/// can be chosen for it. FreeSWITCH gives `origination_uuid` to each leg, and a leg whose uuid is in
/// use is never made (`Duplicate UUID!`, `src/switch_core_session.c`), so that no second phone would
/// ring and no second carrier be tried. A user may be registered with several phones.
#[must_use]
pub fn has_many_legs(text: &str) -> bool {
    let (mut depth, mut is_quoted, mut legs) = (0_u32, false, String::new());
    for letter in text.trim_start().chars() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '{' | '[' | '<' => depth += 1,
            '}' | ']' | '>' => depth = depth.saturating_sub(1),
            letter if depth == 0 && letter.is_whitespace() => break,
            letter if depth == 0 => legs.push(letter.to_ascii_lowercase()),
            _ => {}
        }
    }
    let is_group = ["user/", "group/"].iter().any(|endpoint| legs.starts_with(endpoint));
    is_group
        || [",", "|", ":_:", "$"].iter().any(|sign| legs.contains(sign))
        || text.contains("originate_retries=")
}

/// A variable's value, quoted where FreeSWITCH would end it early. Inside single quotes a comma
/// or a space is plain text, a quote needs a backslash (`switch_separate_string`,
/// `src/switch_utils.c`).
pub(super) fn quoted(value: &str) -> Result<String, Error> {
    let (mut depth, mut is_balanced) = (0_i32, true);
    for letter in value.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        is_balanced &= depth >= 0;
    }
    if depth != 0 || !is_balanced {
        let why = "its braces do not match";
        return Err(Error::DialString { what: "variable value", text: value.to_owned(), why });
    }
    if value.contains([' ', ',', '\'', '\\', '[', ']', '<', '>']) || value.is_empty() {
        Ok(format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'")))
    } else {
        Ok(value.to_owned())
    }
}
