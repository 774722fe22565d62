//! What `json {..}` makes FreeSWITCH run. Its parser takes the first of two entries of one name, names
//! in any case, and ignores what follows the document.

use serde_json::Value;

use super::reach::Effect;

/// The command of `{"command":"fsapi","data":{"cmd":"hupall","arg":""}}`, the application of
/// `{"command":"execute","data":{"uuid":"..","app":"system","arg":"ls"}}`.
pub(super) fn effects(text: &str) -> Vec<Effect> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let Some(document) = read(text) else {
        return vec![Effect::Command(UNREADABLE.to_owned())];
    };
    let Some(data) = part(&document, "data") else { return Vec::new() };
    let word = |name: &str| part(data, name).and_then(Value::as_str).unwrap_or_default();
    let mut found = Vec::new();
    if part(data, "cmd").is_some() {
        found.push(Effect::command(&format!("{} {}", word("cmd"), word("arg"))));
    }
    if part(data, "app").is_some() {
        found.push(Effect::app(word("app"), word("arg")));
    }
    found
}

/// The document, if it says one thing only.
pub(in crate::shell) fn read(text: &str) -> Option<Value> {
    let lower = text.to_ascii_lowercase();
    let is_twice = |name: &&str| lower.matches(&format!("\"{name}\"")).count() > 1;
    // An escape can spell any name.
    if lower.contains("\\u") || NAMES.iter().any(is_twice) {
        return None;
    }
    serde_json::from_str(text.trim()).ok()
}

/// An entry by its name in any case.
pub(in crate::shell) fn part<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let entries = value.as_object()?;
    entries.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The names that decide.
const NAMES: &[&str] = &["command", "data", "cmd", "app", "arg"];

/// Stands for a command that comes out of an expansion: what it is cannot be seen.
const UNREADABLE: &str = "${json}";
