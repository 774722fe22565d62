//! `config.toml`: from text to values, with the line of each.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{ALERT, ALERT_HINT, ALERTS, KEYS, Kind, TABLES, kind_of};
use super::value::{Data, Origin, Section, Value, shown};
use crate::shell::{is_command, nearest};

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    /// The profile that is meant when none is named.
    pub(super) default: Option<Value>,
    /// What holds for all profiles.
    pub(super) defaults: Section,
    pub(super) profiles: BTreeMap<String, Section>,
}

/// Something wrong in a file: where, what, and perhaps what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) path: Arc<Path>,
    pub(crate) line: usize,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", shown(&self.path), self.line, self.message)
    }
}

/// Reads a file; reports all that is wrong in it, not only the first fault.
pub(super) fn read(path: &Arc<Path>, text: &str, faults: &mut Vec<Fault>) -> File {
    let mut reader = Reader { path, text, faults };
    let document = match DeTable::parse(text) {
        Ok(document) => document.into_inner(),
        Err(err) => {
            let at = err.span().map_or(0, |span| span.start);
            reader.wrong(at, err.message().to_owned(), None);
            return File::default();
        }
    };
    reader.document(&document)
}

struct Reader<'a> {
    path: &'a Arc<Path>,
    text: &'a str,
    faults: &'a mut Vec<Fault>,
}

impl Reader<'_> {
    fn document(&mut self, document: &DeTable<'_>) -> File {
        let mut file = File::default();
        for (name, value) in document {
            let at = name.span().start;
            let name: &str = name.get_ref();
            match (name, value.get_ref()) {
                ("default", _) => file.default = self.value("default", Kind::Text, at, value),
                ("defaults", DeValue::Table(table)) => self.section(table, &mut file.defaults),
                ("profile", DeValue::Table(table)) => {
                    for (name, value) in table {
                        let mut section = Section::new();
                        self.profile_name(name.span().start, name.get_ref());
                        match value.get_ref() {
                            DeValue::Table(table) => self.section(table, &mut section),
                            _ => self.wrong(name.span().start, NO_PROFILE.to_owned(), None),
                        }
                        file.profiles.insert(name.get_ref().to_string(), section);
                    }
                }
                (ALERTS, DeValue::Table(table)) => self.alerts(table, &mut file.defaults),
                (_, DeValue::Table(table)) if TABLES.iter().any(|known| known.name == name) => {
                    self.table(name, table, &mut file.defaults);
                }
                _ if KEYS.iter().any(|key| key.name == name) => {
                    let hint = "put it below [defaults], or below a [profile.NAME]".to_owned();
                    self.wrong(at, format!("{name} stands outside of a section"), Some(hint));
                }
                ("defaults" | "profile" | ALERTS, _) => {
                    let example = match name {
                        "defaults" => "[defaults]",
                        "profile" => "[profile.NAME]",
                        _ => "[alerts.NAME]",
                    };
                    let hint = (name == "profile").then(|| {
                        "default = \"NAME\" says which one is meant when none is named".to_owned()
                    });
                    self.wrong(at, format!("{name} is a section: {example}"), hint);
                }
                _ => {
                    let tables = TABLES.iter().map(|table| table.name);
                    let known =
                        ["default", "defaults", "profile", ALERTS].into_iter().chain(tables);
                    self.unknown(at, name, known);
                }
            }
        }
        file
    }

    /// A profile that cannot be named is a trap.
    fn profile_name(&mut self, at: usize, name: &str) {
        if name.is_empty() || name.contains(char::is_whitespace) {
            self.wrong(at, format!("{name:?}: the name of a profile is one word"), None);
        } else if TAKEN.contains(&name) {
            let message = format!("{name:?} means something else where a profile is named");
            self.wrong(at, message, Some("choose another name".to_owned()));
        }
    }

    /// An alias that a command hides is a trap, too.
    fn alias_name(&mut self, at: usize, name: &str) {
        if name.is_empty() || name.contains(char::is_whitespace) {
            self.wrong(at, format!("{name:?}: the name of an alias is one word"), None);
        } else if is_command(name) {
            let hint = Some("choose another name".to_owned());
            self.wrong(at, format!("{name} is a command of the shell"), hint);
        } else if name.starts_with(['/', '@', '!', '#', '$']) {
            let hint = Some("it begins with a letter".to_owned());
            self.wrong(at, format!("{name} cannot be the name of an alias"), hint);
        }
    }

    fn section(&mut self, table: &DeTable<'_>, section: &mut Section) {
        if let (Some((name, _)), true) =
            (table.get_key_value("password"), table.contains_key("password_command"))
        {
            let message = "password and password_command stand in the same section".to_owned();
            self.wrong(name.span().start, message, Some("remove one of them".to_owned()));
        }
        for (name, value) in table {
            let at = name.span().start;
            let name: &str = name.get_ref();
            match (value.get_ref(), kind_of(name)) {
                (DeValue::Table(table), None) if name == ALERTS => self.alerts(table, section),
                (DeValue::Table(table), None) if TABLES.iter().any(|known| known.name == name) => {
                    self.table(name, table, section);
                }
                (_, Some(kind)) if !name.contains('.') => {
                    if let Some(value) = self.value(name, kind, at, value) {
                        section.insert(name.to_owned(), value);
                    }
                }
                _ => {
                    let tables = TABLES.iter().map(|table| table.name);
                    self.unknown(
                        at,
                        name,
                        KEYS.iter().map(|key| key.name).chain(tables).chain([ALERTS]),
                    );
                }
            }
        }
    }

    fn table(&mut self, table: &str, entries: &DeTable<'_>, section: &mut Section) {
        for (name, value) in entries {
            let at = name.span().start;
            if matches!(table, "alias" | "abbr") {
                self.alias_name(at, name.get_ref());
            }
            let name = format!("{table}.{}", name.get_ref());
            match kind_of(&name) {
                Some(kind) => {
                    if let Some(value) = self.value(&name, kind, at, value) {
                        section.insert(name, value);
                    }
                }
                None => {
                    let known = TABLES.iter().find(|known| known.name == table);
                    let names = known.map_or(&[][..], |known| known.names);
                    let entry = name.split_once('.').map_or("", |(_, entry)| entry);
                    self.unknown(at, entry, names.iter().copied());
                }
            }
        }
    }

    /// Tables in a table: one for each alert.
    fn alerts(&mut self, alerts: &DeTable<'_>, section: &mut Section) {
        for (name, value) in alerts {
            let at = name.span().start;
            let alert = format!("{ALERTS}.{}", name.get_ref());
            let table = match value.get_ref() {
                DeValue::Table(table) if !table.is_empty() => table,
                _ => {
                    let message = format!("an alert is a section with its event: [{alert}]");
                    self.wrong(at, message, Some(ALERT_HINT.to_owned()));
                    continue;
                }
            };
            for (name, value) in table {
                let at = name.span().start;
                let Some(key) = ALERT.iter().find(|key| key.name == name.get_ref()) else {
                    self.unknown(at, name.get_ref(), ALERT.iter().map(|key| key.name));
                    continue;
                };
                let name = format!("{alert}.{}", key.name);
                if let Some(value) = self.value(&name, key.kind, at, value) {
                    section.insert(name, value);
                }
            }
        }
    }

    fn value(
        &mut self,
        name: &str,
        kind: Kind,
        at: usize,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Value> {
        let data = match (value.get_ref(), kind) {
            (DeValue::String(text), _) => Data::read(kind, text),
            (DeValue::Integer(number), Kind::Number(..) | Kind::Span) => {
                Data::read(kind, &number.to_string())
            }
            (DeValue::Float(number), Kind::Span) => Data::read(kind, &number.to_string()),
            (DeValue::Boolean(flag), Kind::Flag) => Ok(Data::Flag(*flag)),
            (DeValue::Array(items), Kind::Lines | Kind::Names) => {
                let line = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
                    DeValue::String(text) => Data::read(kind, text).map(|_good| text.to_string()),
                    _ => Err("only texts in quotes can stand in this list".to_owned()),
                };
                items.iter().map(line).collect::<Result<_, _>>().map(Data::Lines)
            }
            (_, Kind::Flag) => Err("must be true or false".to_owned()),
            (_, Kind::Number(least, most)) => Err(format!("must be from {least} to {most}")),
            (_, Kind::Lines | Kind::Names) => {
                Err("must be a text in quotes, or a list of them".to_owned())
            }
            (_, Kind::Span) => Err("must be seconds, or a text with a unit: \"500 ms\"".to_owned()),
            (
                _,
                Kind::Text
                | Kind::Secret
                | Kind::Choice(_)
                | Kind::Template
                | Kind::Event
                | Kind::Filter,
            ) => Err("must be a text in quotes".to_owned()),
        };
        match data {
            Ok(data) => {
                let line = self.line(at);
                Some(Value::new(data, Origin::Line(Arc::clone(self.path), line)))
            }
            Err(message) => {
                let hint = match (kind, value.get_ref()) {
                    (Kind::Choice(names), DeValue::String(text)) => {
                        nearest(text, names.iter().copied())
                            .map(|near| format!("did you mean {near}?"))
                    }
                    _ => None,
                };
                self.wrong(at, format!("{name}: {message}"), hint);
                None
            }
        }
    }

    fn unknown<'n>(&mut self, at: usize, name: &str, known: impl Iterator<Item = &'n str> + Clone) {
        let hint = match nearest(name, known.clone()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
        };
        self.wrong(at, format!("unknown key {name:?}"), Some(hint));
    }

    fn wrong(&mut self, at: usize, message: String, hint: Option<String>) {
        let line = self.line(at);
        self.faults.push(Fault { path: Arc::clone(self.path), line, message, hint });
    }

    fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// What stands where a profile could, on the command line or behind `@`.
const TAKEN: &[&str] =
    &["all", "completions", "config", "demo", "doctor", "help", "man", "replay", "sim"];

const NO_PROFILE: &str = "a profile is a section: [profile.NAME]";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::TAKEN;

    #[limited::test]
    fn every_command_of_the_program_is_taken() {
        let program = crate::cli::args::Args::command();
        for command in program.get_subcommands() {
            assert!(TAKEN.contains(&command.get_name()), "{}", command.get_name());
        }
    }
}
