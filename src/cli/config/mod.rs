//! Configuration: `config.toml`, fs_cli's files, the environment and options, as one set of values.
//!
//! Options come before the environment, that before the profile, that before the profiles it
//! inherits from, then `[defaults]`, then what is built in.
//!
//! # Invariants
//! - Every value knows where it comes from.
//! - What is not known is an error with its line. A profile that does not exist is never replaced
//!   by another one.

mod file;
pub(in crate::cli) mod keys;
pub(in crate::cli) mod legacy;
mod show;
pub(in crate::cli) mod value;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

use etcetera::BaseStrategy as _;

use crate::conn::Config;
use crate::shell::{
    Alert, CommandError, Format, GuardRules, Password, Profile, Template, alert_event,
};
use file::{Fault, File};
use keys::{ALERT_HINT, ALERTS};
use legacy::Legacy;
pub(crate) use show::{Action, option, run};
pub(crate) use value::{Data, Origin, Section, Value, shown};

/// What is wrong with the text of a `config.toml`, and of a file of fs_cli: one line each, as
/// `switchy config check` shows it.
#[must_use]
pub fn config_faults(own: &str, fs_cli: &str) -> Vec<String> {
    let path = |name: &str| Arc::from(Path::new(name));
    let mut files = Files::default();
    files.file = file::read(&path("config.toml"), own, &mut files.faults);
    files.legacy = legacy::read(&path("fs_cli.conf"), fs_cli, &mut files.ignored);
    files.check_names();
    for name in files.names() {
        if let Ok(effective) = files.effective(Some(name), &Section::new()) {
            let _profile = effective.profile();
        }
    }
    files.faults.iter().chain(&files.ignored).map(ToString::to_string).collect()
}

/// All that was read, before a profile is chosen.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// The file of our own, there or not.
    own: Option<Arc<Path>>,
    /// fs_cli's file, if there is one.
    fs_cli_file: Option<Arc<Path>>,
    file: File,
    legacy: Legacy,
    faults: Vec<Fault>,
    /// What fs_cli's file has that is not understood; fs_cli ignores it.
    ignored: Vec<Fault>,
}

impl Files {
    /// Reads what there is. `path`, or `SWITCHY_CONFIG`, stands for the file of our own; it must
    /// exist then, unless it is to be made.
    pub(crate) fn load(path: Option<&Path>, is_made: bool) -> Result<Self, CommandError> {
        let named = env::var_os("SWITCHY_CONFIG").filter(|path| !path.is_empty());
        let named = path.map(Path::to_path_buf).or_else(|| named.map(PathBuf::from));
        let must_be = named.is_some() && !is_made;
        let own = named.map_or_else(own_path, |path| Some(path.into()));
        let mut files = Self { own, ..Self::default() };
        if let Some(own) = &files.own {
            match fs::read_to_string(own) {
                Ok(text) => files.file = file::read(own, &text, &mut files.faults),
                Err(err) if !must_be && err.kind() == std::io::ErrorKind::NotFound => {}
                Err(err) => {
                    let message = format!("cannot read {}: {err}", shown(own));
                    return Err(CommandError::usage(message));
                }
            }
        }
        for path in their_paths() {
            if let Ok(bytes) = fs::read(&path) {
                let path: Arc<Path> = path.into();
                let text = String::from_utf8_lossy(&bytes);
                files.legacy = legacy::read(&path, &text, &mut files.ignored);
                files.fs_cli_file = Some(path);
                break;
            }
        }
        files.check_names();
        Ok(files)
    }

    /// The file with lines for the start of every session at a prompt: `rc`, beside our own.
    pub(crate) fn rc(&self) -> Option<PathBuf> {
        let path = self.own.as_deref()?.parent()?.join("rc");
        path.is_file().then_some(path)
    }

    /// The first thing that is wrong, as an error that ends the process.
    pub(crate) fn first_error(&self) -> Result<(), CommandError> {
        let Some(fault) = self.faults.first() else { return Ok(()) };
        let mut err = CommandError::usage(fault.to_string());
        if let Some(hint) = &fault.hint {
            err = err.hint(hint);
        }
        let more = self.faults.len() - 1;
        let rest = match more {
            0 => String::new(),
            more => format!("{more} more {}: ", if more == 1 { "fault" } else { "faults" }),
        };
        Err(err.hint(format!("{rest}\"switchy config check\" lists all; --no-config goes without")))
    }

    /// What the operator should know of fs_cli's file: the first thing in it that does not hold.
    pub(crate) fn ignored_warning(&self) -> Option<String> {
        let fault = self.ignored.first()?;
        let more = match self.ignored.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more: \"switchy config check\""),
        };
        Some(format!("ignored: {fault}{more}"))
    }

    /// Names of profiles; those of `config.toml` hide those of fs_cli's file.
    pub(crate) fn names(&self) -> Vec<&str> {
        let legacy =
            self.legacy.profiles.keys().filter(|name| !self.file.profiles.contains_key(*name));
        self.file.profiles.keys().chain(legacy).map(String::as_str).collect()
    }

    /// The profile that is meant when none is named.
    pub(crate) fn default_name(&self, as_fs_cli: bool) -> Option<&str> {
        if let Some(Value { data: Data::Text(name), .. }) = &self.file.default {
            return Some(name);
        }
        let names = self.names();
        if let Some(name) = names.into_iter().find(|name| *name == "default") {
            return Some(name);
        }
        // As fs_cli does; elsewhere a profile that the operator did not choose would be a surprise.
        self.legacy.first.as_deref().filter(|_| as_fs_cli)
    }

    /// What holds for a profile, or for no profile, under these options.
    pub(crate) fn effective(
        &self,
        name: Option<&str>,
        over: &Section,
    ) -> Result<Effective, CommandError> {
        let mut values = built_in();
        layer(&mut values, &self.file.defaults);
        if let Some(name) = name {
            for section in self.lineage(name)?.into_iter().rev() {
                layer(&mut values, section);
            }
        }
        values.remove("inherits");
        if let Ok(password) = env::var("SWITCHY_PASSWORD")
            && !password.is_empty()
        {
            let value = Value::new(Data::Secret(password), Origin::Environment("SWITCHY_PASSWORD"));
            layer(&mut values, &Section::from([("password".to_owned(), value)]));
        }
        layer(&mut values, over);
        Ok(Effective { name: name.map(str::to_owned), values })
    }

    /// The sections of a profile, itself first, the farthest ancestor last.
    fn lineage(&self, name: &str) -> Result<Vec<&Section>, CommandError> {
        let mut found: Vec<(&str, &Section)> = Vec::new();
        let mut next = Some(name);
        while let Some(name) = next {
            let section = self.section(name).ok_or_else(|| self.no_profile(name))?;
            if found.iter().any(|(known, _)| *known == name) {
                return Err(CommandError::usage(format!(
                    "the profile {name} inherits from itself"
                )));
            }
            found.push((name, section));
            next = match section.get("inherits") {
                Some(Value { data: Data::Text(parent), .. }) => Some(parent),
                _ => None,
            };
        }
        Ok(found.into_iter().map(|(_, section)| section).collect())
    }

    fn section(&self, name: &str) -> Option<&Section> {
        self.file.profiles.get(name).or_else(|| self.legacy.profiles.get(name))
    }

    /// The error for a profile that does not exist.
    pub(crate) fn no_profile(&self, name: &str) -> CommandError {
        let err = CommandError::usage(format!("there is no profile {name:?}"));
        let names = self.names();
        let otherwise = if names.is_empty() {
            "no profile is configured: see \"switchy config path\"".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        };
        err.meant(name, names, otherwise)
    }

    /// Profiles that name one that does not exist, or themselves.
    fn check_names(&mut self) {
        let mut faults = Vec::new();
        let named = self.file.profiles.values().filter_map(|section| section.get("inherits"));
        for value in named.chain(&self.file.default) {
            let (Data::Text(name), Origin::Line(path, line)) = (&value.data, &value.origin) else {
                continue;
            };
            if let Err(err) = self.lineage(name) {
                let (path, hint) = (Arc::clone(path), err.hints.first().cloned());
                faults.push(Fault { path, line: *line, message: err.message, hint });
            }
        }
        for name in std::iter::once(None).chain(self.names().into_iter().map(Some)) {
            // A profile that inherits in vain is reported above.
            let Ok(effective) = self.effective(name, &Section::new()) else { continue };
            for alert in effective.alert_names() {
                let fault = effective.without_event(&alert);
                faults.extend(
                    fault.filter(|fault| !self.is_faulty(&alert) && !faults.contains(fault)),
                );
            }
        }
        faults.dedup();
        self.faults.append(&mut faults);
        self.faults.sort_by_key(|fault| fault.line);
    }

    /// Whether the event of an alert is there, and wrong.
    fn is_faulty(&self, alert: &str) -> bool {
        let start = format!("{ALERTS}.{alert}.on: ");
        self.faults.iter().any(|fault| fault.message.starts_with(&start))
    }

    /// Files that hold a password and that others can read.
    pub(crate) fn exposed(&self) -> Vec<String> {
        let is_secret = |section: &Section| section.contains_key("password");
        let own = self.file.profiles.values().chain([&self.file.defaults]).any(is_secret);
        let legacy = self.legacy.profiles.values().any(|section| {
            // Everybody knows that one.
            let stock = Data::Secret(Config::PASSWORD.to_owned());
            section.get("password").is_some_and(|value| value.data != stock)
        });
        let files = [(own, &self.own), (legacy, &self.fs_cli_file)];
        let exposed =
            files.into_iter().filter_map(|(holds, path)| path.as_deref().filter(|_| holds));
        let exposed = exposed.filter(|path| is_open_to_others(path));
        exposed
            .map(|path| {
                let path = shown(path);
                format!("{path} holds a password and can be read by others: chmod 600 {path}")
            })
            .collect()
    }
}

/// What holds: values by key, each with its origin.
#[derive(Debug, Clone)]
pub(crate) struct Effective {
    /// The profile.
    pub(crate) name: Option<String>,
    values: Section,
}

impl Effective {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key).map(|value| &value.data) {
            Some(Data::Text(text) | Data::Secret(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        matches!(self.values.get(key).map(|value| &value.data), Some(Data::Flag(true)))
    }

    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        match self.values.get(key).map(|value| &value.data) {
            Some(Data::Number(number)) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn span(&self, key: &str) -> Option<Duration> {
        match self.values.get(key).map(|value| &value.data) {
            Some(Data::Span(span)) => Some(*span),
            _ => None,
        }
    }

    pub(crate) fn lines(&self, key: &str) -> Vec<String> {
        match self.values.get(key).map(|value| &value.data) {
            Some(Data::Lines(lines)) => lines.clone(),
            Some(Data::Text(text)) => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    /// The entries of a table: name and lines.
    pub(crate) fn table(&self, name: &str) -> impl Iterator<Item = (String, Vec<String>)> {
        let keys = self.values.keys().filter_map(move |key| {
            let entry = key.strip_prefix(name)?.strip_prefix('.')?;
            Some((entry.to_owned(), self.lines(key)))
        });
        keys.collect::<Vec<_>>().into_iter()
    }

    /// The names of the alerts.
    fn alert_names(&self) -> BTreeSet<String> {
        let of = |key: &String| {
            let (alert, _) = key.strip_prefix(ALERTS)?.strip_prefix('.')?.rsplit_once('.')?;
            Some(alert.to_owned())
        };
        self.values.keys().filter_map(of).collect()
    }

    /// What is wrong with an alert that says nothing about its event.
    fn without_event(&self, alert: &str) -> Option<Fault> {
        let start = format!("{ALERTS}.{alert}.");
        if self.values.contains_key(&format!("{start}on")) {
            return None;
        }
        let mut values = self.values.iter().filter(|(key, _)| key.starts_with(&start));
        let (path, line) = values.find_map(|(_, value)| match &value.origin {
            Origin::Line(path, line) => Some((Arc::clone(path), *line)),
            _ => None,
        })?;
        let message = format!("{ALERTS}.{alert} does not say on which event");
        Some(Fault { path, line, message, hint: Some(ALERT_HINT.to_owned()) })
    }

    /// What is reported to the operator.
    pub(crate) fn alerts(&self) -> Vec<Alert> {
        let alert = |name: String| {
            let key = |key: &str| format!("{ALERTS}.{name}.{key}");
            // One that cannot be read is a fault of the file, reported before.
            let on = alert_event(self.text(&key("on"))?).ok()??;
            let mut alert = Alert::new(&name, &on);
            alert.filter = self.text(&key("where")).map(str::to_owned);
            alert.run = self.text(&key("run")).map(str::to_owned);
            alert.rings = self.origin(&key("bell")).is_none() || self.flag(&key("bell"));
            alert.every = self.span(&key("every")).unwrap_or(Alert::EVERY);
            Some(alert)
        };
        self.alert_names().into_iter().filter_map(alert).collect()
    }

    /// Whether a password was given, so that a wrong one is not asked for again.
    pub(crate) fn has_password(&self) -> bool {
        ["password", "password_command"]
            .iter()
            .any(|key| self.values.get(*key).is_some_and(|value| value.origin != Origin::BuiltIn))
    }

    /// Where to connect and how, as the shell wants it.
    pub(crate) fn profile(&self) -> Profile {
        let host = self.text("host").unwrap_or("127.0.0.1");
        let mut config = Config::new(host);
        if let Some(port) = self.number("port")
            && let Ok(port) = u16::try_from(port)
        {
            config = config.with_port(port);
        }
        if let Some(password) = self.text("password") {
            config = config.with_password(password);
        }
        if let Some(user) = self.text("user") {
            config = config.with_user(user);
        }
        if let Some(timeout) = self.span("connect_timeout") {
            config = config.with_connect_timeout(timeout);
        }
        if let Some(timeout) = self.span("timeout") {
            config = config.with_command_timeout(timeout);
        }
        let name = self.name.as_deref().filter(|_| !self.is_other_host()).unwrap_or(host);
        let mut profile = Profile::new(name, config);
        profile.password = match self.text("password_command") {
            Some(command) => Password::Command(command.to_owned()),
            None => Password::Given,
        };
        profile.env = self.text("env").map(str::to_owned);
        profile.is_read_only = self.flag("read_only");
        profile.retry = self.span("retry").unwrap_or_default();
        profile.log = self.text("log").filter(|level| *level != "off").map(str::to_owned);
        profile.on_connect = self.lines("on_connect");
        // One that cannot be read is a fault of the file, reported before.
        profile.prompt = self.text("prompt").and_then(|text| Template::parse(text).ok());
        for (name, color) in self.table("colors") {
            // Those of log levels are elsewhere.
            let _is_ours = color.first().is_some_and(|color| profile.colors.set(&name, color));
        }
        profile.output = self.text("output").and_then(format_named);
        profile.keeps_history = self.flag("history");
        profile.alerts = self.alerts();
        profile.secret_variables = self.lines("secret_variables");
        profile.guard = GuardRules {
            deny: self.lines("guard.deny"),
            confirm: self.lines("guard.confirm"),
            allow: self.lines("guard.allow"),
        };
        profile
    }

    /// Whether an option names another host than the profile.
    fn is_other_host(&self) -> bool {
        matches!(self.origin("host"), Some(Origin::Option(_)))
    }

    pub(crate) fn origin(&self, key: &str) -> Option<&Origin> {
        self.values.get(key).map(|value| &value.origin)
    }
}

/// Puts values over others. A password takes the place of a password command, and the other way.
fn layer(values: &mut Section, over: &Section) {
    let rivals = [("password", "password_command"), ("password_command", "password")];
    for (key, rival) in rivals {
        if over.contains_key(key) && !over.contains_key(rival) {
            values.remove(rival);
        }
    }
    if let Some(Value { data: Data::Text(host), .. }) = over.get("host")
        && Config::new("localhost").with_port(0).with_host(host).port() != 0
    {
        values.remove("port");
    }
    values.extend(over.iter().map(|(key, value)| (key.clone(), value.clone())));
}

/// A format by its name; files know no other names.
pub(crate) fn format_named(name: &str) -> Option<Format> {
    clap::ValueEnum::from_str(name, true).ok()
}

/// The value of an alert's key that its section does not have.
fn built_in_alert(key: &str) -> Option<Data> {
    match key {
        "bell" => Some(Data::Flag(true)),
        "every" => Some(Data::Span(Alert::EVERY)),
        _ => None,
    }
}

/// The default values.
fn built_in() -> Section {
    let text = |text: &str| Data::Text(text.to_owned());
    let values = [
        ("host", text("127.0.0.1")),
        ("port", Data::Number(u64::from(Config::PORT))),
        ("password", Data::Secret(Config::PASSWORD.to_owned())),
        ("timeout", Data::Span(Duration::from_secs(10))),
        ("connect_timeout", Data::Span(Duration::from_secs(5))),
        ("retry", Data::Span(Duration::ZERO)),
        ("log", text("off")),
        ("log_uuid", text("off")),
        ("events", text("on")),
        ("output", text("table")),
        ("editing", text("emacs")),
        ("color", text("auto")),
        ("history", Data::Flag(true)),
        ("read_only", Data::Flag(false)),
        ("interrupt", Data::Flag(false)),
    ];
    let values = values.into_iter();
    values.map(|(key, data)| (key.to_owned(), Value::new(data, Origin::BuiltIn))).collect()
}

/// `switchy/config.toml` in the user's configuration directory.
fn own_path() -> Option<Arc<Path>> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("switchy").join("config.toml").into())
}

/// fs_cli's files: the first that can be read is taken, they are never merged.
fn their_paths() -> Vec<PathBuf> {
    let home = env::var_os("HOME").map(|home| PathBuf::from(home).join(".fs_cli_conf"));
    home.into_iter().chain([PathBuf::from("/etc/fs_cli.conf")]).collect()
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests;
