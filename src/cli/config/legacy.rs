//! `~/.fs_cli_conf` and `/etc/fs_cli.conf`, read as profiles.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::file::Fault;
use super::keys::{LOG_LEVELS, kind_of};
use super::value::{Data, Origin, Section, Value};
use crate::shell::nearest;
use crate::time_span;

/// The profiles of such a file, in its order.
#[derive(Debug, Default)]
pub(super) struct Legacy {
    pub(super) profiles: BTreeMap<String, Section>,
    /// The one that fs_cli takes when there is no `[default]`.
    pub(super) first: Option<String>,
}

/// Reads a file. fs_cli ignores what it does not know; here it is reported, and the rest holds.
pub(super) fn read(path: &Arc<Path>, text: &str, faults: &mut Vec<Fault>) -> Legacy {
    let mut legacy = Legacy::default();
    let mut name: Option<String> = None;
    // Editors of another system put a mark in front; fs_cli would not find the first section then.
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let origin = Origin::Line(Arc::clone(path), at + 1);
        let mut fault = |message: String, hint: Option<String>| {
            faults.push(Fault { path: Arc::clone(path), line: at + 1, message, hint });
        };
        let line = line.trim();
        if line.starts_with("__END__") {
            break;
        }
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
            legacy.first.get_or_insert_with(|| section.to_owned());
            legacy.profiles.entry(section.to_owned()).or_default();
            name = Some(section.to_owned());
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            fault(format!("{line:?} is not a \"key => value\""), None);
            continue;
        };
        let (key, value) = (key.trim(), value.strip_prefix('>').unwrap_or(value).trim());
        let value = value.split(";;").next().unwrap_or(value).trim_end();
        let Some(section) = name.as_ref().and_then(|name| legacy.profiles.get_mut(name)) else {
            fault(format!("{key} stands before the first [section]"), None);
            continue;
        };
        match entry(key, value) {
            Ok(entries) => {
                for (key, data) in entries {
                    put(section, key, Value::new(data, origin.clone()));
                }
            }
            Err((message, hint)) => fault(message, hint),
        }
    }
    legacy
}

/// A toggle's text is the second line of its key.
fn put(section: &mut Section, key: String, value: Value) {
    if let Some(name) = key.strip_prefix("toggle.") {
        let key = format!("keys.{name}");
        if let (Some(Value { data: Data::Lines(lines), .. }), Data::Lines(more)) =
            (section.get_mut(&key), &value.data)
        {
            lines.truncate(1);
            lines.extend(more.iter().cloned());
            return;
        }
        section.insert(key, value);
        return;
    }
    if key.starts_with("keys.")
        && let (Some(Value { data: Data::Lines(lines), .. }), Data::Lines(first)) =
            (section.get_mut(&key), &value.data)
    {
        // The toggle stood first.
        lines.splice(..0, first.iter().cloned());
        return;
    }
    section.insert(key, value);
}

type Wrong = (String, Option<String>);

/// Our keys for one of fs_cli's.
fn entry(key: &str, text: &str) -> Result<Vec<(String, Data)>, Wrong> {
    let lower = key.to_ascii_lowercase();
    let one = |name: &str| {
        let kind = kind_of(name).ok_or_else(|| (format!("unknown key {key:?}"), None))?;
        let data = Data::read(kind, text).map_err(|message| (format!("{key}: {message}"), None))?;
        Ok(vec![(name.to_owned(), data)])
    };
    let is_true = || matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1");
    let text_of =
        |name: &str, value: &str| Ok(vec![(name.to_owned(), Data::Text(value.to_owned()))]);
    match lower.as_str() {
        "host" | "port" | "user" | "password" => one(&lower),
        "timeout" | "connect-timeout" => {
            let span = time_span::parse_in(text, Duration::from_millis(1));
            let span = span.ok_or_else(|| (format!("{key}: {text:?} is not a number"), None))?;
            // Nothing, as 0 is, sets no limit.
            let entry = (lower.replace('-', "_"), Data::Span(span));
            Ok(if span.is_zero() { Vec::new() } else { vec![entry] })
        }
        "loglevel" => text_of(
            "log",
            level(text).ok_or_else(|| {
                let near = nearest(text, LOG_LEVELS.iter().copied());
                (
                    format!("{key}: {text:?} is not a log level"),
                    near.map(|near| format!("did you mean {near}?")),
                )
            })?,
        ),
        "quiet" if is_true() => text_of("log", "off"),
        "log-uuid" if is_true() => text_of("log_uuid", "full"),
        "log-uuid-short" if is_true() => text_of("log_uuid", "short"),
        "no-history-file" => Ok(vec![("history".to_owned(), Data::Flag(!is_true()))]),
        "batchmode" if is_true() => text_of("color", "never"),
        "log-uuid-length" if text.trim_start_matches('0').is_empty() => Ok(Vec::new()),
        "log-uuid-length" => one("log_uuid_length"),
        // What they say is so already, or has no meaning here.
        "quiet" | "log-uuid" | "log-uuid-short" | "batchmode" | "debug" => Ok(Vec::new()),
        "prompt-string" => text_of("prompt", &template(text)),
        "prompt-color" => one("colors.prompt"),
        "input-text-color" => one("colors.input"),
        "output-text-color" => one("colors.output"),
        _ => {
            let toggle = lower.strip_prefix("key_toggle_f").map(|number| ("toggle", number));
            let plain = lower.strip_prefix("key_f").map(|number| ("keys", number));
            match toggle.or(plain) {
                Some((table, number)) if kind_of(&format!("keys.F{number}")).is_some() => {
                    Ok(vec![(format!("{table}.F{number}"), Data::Lines(vec![text.to_owned()]))])
                }
                _ => {
                    let near = nearest(&lower, FS_CLI_KEYS.iter().copied());
                    let hint = near.map(|near| format!("did you mean {near}?"));
                    Err((format!("unknown key {key:?}"), hint))
                }
            }
        }
    }
}

/// A level by name or number, as a name.
pub(crate) fn level(text: &str) -> Option<&'static str> {
    let name = match text.to_ascii_lowercase().as_str() {
        "0" => "console",
        "1" => "alert",
        "2" => "crit",
        "3" | "error" => "err",
        "4" | "warn" => "warning",
        "5" => "notice",
        "6" => "info",
        "7" => "debug",
        "critical" => "crit",
        "disable" | "none" | "-1" => "off",
        other => return LOG_LEVELS.iter().copied().find(|level| *level == other),
    };
    Some(name)
}

/// fs_cli's `prompt-string` in our own words; it adds `> ` by itself.
fn template(text: &str) -> String {
    let mut template = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let word = match letter {
            '%' => match letters.next() {
                Some('s') => "{switchname}",
                Some('h') => "{localhost}",
                Some('H') => "{hostname}",
                Some('p') => "{profile}",
                Some('o') => "{host}",
                Some('P') => "{port}",
                Some('%') => "%",
                // Nothing stands for what it does not know.
                Some(_) | None => "",
            },
            letter => {
                template.push(letter);
                if matches!(letter, '{' | '}') {
                    template.push(letter);
                }
                continue;
            }
        };
        template.push_str(word);
    }
    template.push_str("> ");
    template
}

const FS_CLI_KEYS: &[&str] = &[
    "host",
    "user",
    "password",
    "port",
    "debug",
    "loglevel",
    "quiet",
    "batchmode",
    "no-history-file",
    "log-uuid",
    "log-uuid-short",
    "log-uuid-length",
    "prompt-string",
    "prompt-color",
    "input-text-color",
    "output-text-color",
    "timeout",
    "connect-timeout",
];
