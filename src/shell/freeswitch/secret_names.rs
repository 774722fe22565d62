//! Which names say that a value is a secret, and texts without such values.

use super::server_command;
use crate::shell::text::words::cut_list;

/// What a secret is replaced with.
pub(in crate::shell) const STARS: &str = "***";

/// The names of variables whose values are secrets: those that look like a password's, and those
/// that the settings list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::shell) struct Names(Vec<String>);

impl Names {
    /// With names of the settings; `*` stands for any text, and case does not matter.
    pub(in crate::shell) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().map(str::to_ascii_lowercase).collect())
    }

    /// Whether something of this name is a secret.
    pub(in crate::shell) fn is_secret(&self, name: &str) -> bool {
        is_secret_name(name) || self.is_listed(name)
    }

    /// Whether the settings list a name. Events put `variable_` before the names of variables.
    fn is_listed(&self, name: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let lower = name.to_ascii_lowercase();
        let bare = lower.strip_prefix("variable_").unwrap_or(&lower);
        let bare = bare.trim_start_matches('-');
        self.0.iter().any(|pattern| has_shape(pattern, bare))
    }

    /// A text of any kind without the values of what is called a password or the like:
    /// `sip_auth_password=..`, `password: ..`, `"secret":".."`, `<param name="password" value=".."/>`.
    pub(in crate::shell) fn mask_text(&self, text: &str) -> String {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let (mut out, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(start) = rest.find(is_part) {
            let (before, name) = rest.split_at(start);
            let (name, after) = name.split_at(name.find(|c| !is_part(c)).unwrap_or(name.len()));
            out.push_str(before);
            out.push_str(name);
            rest = after;
            let Some((separator, value)) =
                self.is_secret(name).then(|| value_of(name, after, gaps(&out, name))).flatten()
            else {
                continue;
            };
            let end = after.get(separator + value..).unwrap_or_default();
            out.push_str(after.get(..separator).unwrap_or_default());
            if value > 0 {
                out.push_str(STARS);
            }
            rest = end;
        }
        out.push_str(rest);
        out
    }

    /// Whether the answer to a command is a secret as a whole: it asks for one by its name.
    pub(in crate::shell) fn asks_for_secret(&self, line: &str) -> bool {
        // Commands of the shell; the server's are in the table.
        const OWN: &[&str] = &["getvar", "let"];
        let reveals = |verb: &str| OWN.contains(&verb) || server_command::facts(verb).reveals;
        cut_list(line, |_verb| false).into_iter().any(|piece| {
            let mut words = piece.split_whitespace().skip_while(|word| {
                word.starts_with('@')
                    || ["api", "bgapi"].iter().any(|verb| word.eq_ignore_ascii_case(verb))
            });
            let verb =
                words.next().unwrap_or_default().trim_start_matches('/').to_ascii_lowercase();
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            // What a command answers that names a variable of the settings may be its value, whatever it
            // is: a column, the value before.
            let is_wide = verb.ends_with("setvar");
            let is_asked = |name: &str| {
                self.is_listed(name) || ((is_wide || reveals(&verb)) && self.is_secret(name))
            };
            words.any(|word| word.split(|c| !is_part(c)).any(is_asked))
        })
    }
}

/// What stands between a name and its value where no separator does: in a row of a table that the
/// name begins, and in `uuid_setvar ID NAME VALUE`.
fn gaps(before: &str, name: &str) -> &'static [&'static str] {
    let line = before.rsplit('\n').next().unwrap_or_default();
    match line.strip_suffix(name) {
        Some(lead) if lead.trim().is_empty() => &["  ", ","],
        Some(lead) if lead.contains("setvar ") => &[" "],
        // The answer of "setvar".
        Some(lead) if lead.len() == "00000000-0000-0000-0000-000000000000 ".len() => &[" is "],
        _ => &[],
    }
}

/// Whether a word has the shape of a pattern, in which `*` stands for any text.
pub(in crate::shell) fn has_shape(pattern: &str, word: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = word.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// How many bytes stand between a name and its value, and how long the value is.
fn value_of(name: &str, after: &str, gaps: &[&str]) -> Option<(usize, usize)> {
    let closed = after.trim_start_matches('\\').trim_start_matches(['"', '\'']);
    let spaced = closed.trim_start_matches([' ', '\t']);
    // `"name":"pin","value":"7777"`, `<param name="pin" value="7777"/>`
    let attribute = spaced.trim_start_matches([',', ' ', '"', '\n']).strip_prefix("value");
    let attribute = attribute.map(|rest| rest.trim_start_matches(['"', ' ']));
    let is_header = spaced.starts_with(':') && !after.starts_with(['"', '\'', '\\']);
    let (value, is_encoded) = if let Some(value) =
        attribute.and_then(|x| x.strip_prefix(['=', ':']))
    {
        (value, false)
    } else if let Some(value) = closed.strip_prefix("]=[") {
        // As FreeSWITCH logs it: `SET [pin]=[7777]`
        let start = after.len() - value.len();
        return Some((start, value.find(']').unwrap_or_else(|| line_end(value))));
    } else if let Some(value) = closed.strip_prefix("\nvalue  ") {
        // A row of a table with names and values, written vertically.
        return Some((after.len() - value.len(), line_end(value)));
    } else if !closed.starts_with(", ") && gaps.iter().any(|gap| closed.starts_with(gap)) {
        let value = closed.trim_start_matches([' ', ',', '"']);
        return Some((after.len() - value.len(), line_end(value)));
    } else if let Some(value) = spaced.strip_prefix(['=', ':']) {
        (value, false)
    } else if let Some(value) = spaced.strip_prefix("%3D").or_else(|| spaced.strip_prefix("%3A")) {
        (value, true)
    } else {
        (closed.strip_prefix('>')?, false)
    };
    let value = value.trim_start_matches([' ', '\t']);
    let slashes = value.len() - value.trim_start_matches('\\').len();
    let quoted = value.get(slashes..).unwrap_or_default();
    if let Some(quote) = quoted.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let inner = quoted.get(1..).unwrap_or_default();
        let closing = format!("{}{quote}", "\\".repeat(slashes));
        let end = inner.find(&closing).unwrap_or_else(|| line_end(inner));
        return Some((after.len() - inner.len(), end));
    }
    let is_whole = name.to_ascii_lowercase().ends_with("authorization");
    let end = if is_whole || (is_header && value.len() < after.len().saturating_sub(1)) {
        line_end(value)
    } else if is_encoded {
        let ends = ["%2C", "%7D", "%5D", "%20", "%0A", "%0D", "%26", "%3B", "\n", " "];
        ends.iter().filter_map(|end| value.find(end)).min().unwrap_or(value.len())
    } else {
        let is_end = |c: char| c.is_whitespace() || ",}]&;|\"'<".contains(c);
        value.find(is_end).unwrap_or(value.len())
    };
    Some((after.len() - value.len(), end))
}

fn line_end(text: &str) -> usize {
    text.find(['\r', '\n']).unwrap_or(text.len())
}

/// Whether something of this name is a secret.
fn is_secret_name(name: &str) -> bool {
    if name.len() < 2 {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    let is_command = lower.ends_with("_command") || lower.ends_with("-command");
    let inside = ["password", "passwd", "passphrase", "secret", "a1-hash", "a1_hash"];
    let ends = ["pass", "pwd", "pw", "authorization"];
    let is_end = |end: &&str| {
        lower.strip_suffix(*end).is_some_and(|lead| lead.is_empty() || lead.ends_with(['_', '-']))
    };
    !is_command && (inside.iter().any(|word| lower.contains(word)) || ends.iter().any(is_end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn texts_lose_the_values_of_secrets_only() {
        let names = Names::default();
        for (text, masked) in [
            (
                "a\n<param name=\"password\" value=\"hunter2\"/>\nb",
                "a\n<param name=\"password\" value=\"***\"/>\nb",
            ),
            ("<password>hunter2</password>", "<password>***</password>"),
            ("{\"password\":\"hunter2\",\"a\":1}", "{\"password\":\"***\",\"a\":1}"),
            ("{\\\"password\\\":\\\"hunter2\\\"}", "{\\\"password\\\":\\\"***\\\"}"),
            ("variable_sip_auth_password: hunter2\nx: y", "variable_sip_auth_password: ***\nx: y"),
            ("default_password=hunter2\nsound_prefix=/x", "default_password=***\nsound_prefix=/x"),
            (
                "Proxy-Authorization: Digest u=\"a\", response=\"hunter2\"\nVia: x",
                "Proxy-Authorization: ***\nVia: x",
            ),
            ("sip_password%3Dhunter2%2Ca%3Db", "sip_password%3D***%2Ca%3Db"),
            ("a1-hash: hunter2", "a1-hash: ***"),
            ("the password was wrong; ask for one", "the password was wrong; ask for one"),
            ("password_command = \"pass show x\"", "password_command = \"pass show x\""),
            ("answered 10:15:00 bypass=true", "answered 10:15:00 bypass=true"),
        ] {
            assert_eq!(names.mask_text(text), masked);
        }
        assert!(names.asks_for_secret("api global_getvar default_password"));
        assert!(names.asks_for_secret("@pbx user_data 1000@x param password"));
        assert!(names.asks_for_secret("let api_password") && !names.asks_for_secret("let target"));
        assert!(names.asks_for_secret("eval $${default_password}"));
        assert!(!names.asks_for_secret("originate {sip_auth_password=x}user/1"));
    }

    #[limited::test]
    fn names_of_the_settings_are_masked_in_texts_too() {
        let names = Names::new(["pin", "*_token"]);
        for (text, masked) in [
            ("variable_pin: 7777\nx: y", "variable_pin: ***\nx: y"),
            ("{\"variable_pin\":\"7777\",\"a\":1}", "{\"variable_pin\":\"***\",\"a\":1}"),
            ("{\"pin\":7777,\"a\":1}", "{\"pin\":***,\"a\":1}"),
            ("{\"name\":\"pin\",\"value\":\"7777\"}", "{\"name\":\"pin\",\"value\":\"***\"}"),
            ("EXECUTE [depth=0] null/x set(pin=7777)", "EXECUTE [depth=0] null/x set(pin=***"),
            ("null/x SET [pin]=[7777]\nb", "null/x SET [pin]=[***]\nb"),
            ("EXPORT (export_vars) [API_TOKEN]=[a b]", "EXPORT (export_vars) [API_TOKEN]=[***]"),
            (
                "name          value\nvariable_pin  7777\nx  y",
                "name          value\nvariable_pin  ***\nx  y",
            ),
            ("variable_pin,7777\nx,y", "variable_pin,***\nx,y"),
            (
                "name   variable_pin\nvalue  7777\n\nname  x",
                "name   variable_pin\nvalue  ***\n\nname  x",
            ),
            ("y  setvar last pin 7777\nz  status", "y  setvar last pin ***\nz  status"),
            ("spin=7777 pinned: 1", "spin=7777 pinned: 1"),
            ("the pin is wrong", "the pin is wrong"),
            ("pin is wrong", "pin is wrong"),
            (
                "7a694061-84a3-47b1-91bf-4cc850539faf pin is 7777, was x",
                "7a694061-84a3-47b1-91bf-4cc850539faf pin ***",
            ),
            ("pin, too", "pin, too"),
        ] {
            assert_eq!(names.mask_text(text), masked);
        }
        for line in [
            "getvar last pin",
            "setvar last pin 7777",
            "api uuid_getvar 6c1d pin",
            "@pbx /api global_getvar api_token",
            "channels --columns uuid,variable_pin",
            "dump last --where pin",
            "eval ${pin}",
        ] {
            assert!(names.asks_for_secret(line), "{line}");
        }
        assert!(!names.asks_for_secret("channels --columns uuid,spin"));
        assert!(Names::default().asks_for_secret("setvar last sip_auth_password x"));
    }
}
