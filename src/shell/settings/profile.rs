//! A server by name: where it is, how to log in, and what a session there starts with.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::alert::Alert;
use super::colors::Colors;
use super::prompt::Template;
use crate::conn::{Config, Way};
use crate::shell::freeswitch::danger;
use crate::shell::freeswitch::secret_names::has_shape;
use crate::shell::freeswitch::server_command::unquoted;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::operator::Operator;
use crate::shell::text::sanitise;
use crate::shell::view::Format;

/// What a configured name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// Its name, for the prompt and `connect`.
    pub name: String,
    /// Where to connect and how.
    pub config: Config,
    /// Where the password comes from.
    pub password: Password,
    /// `prod`, `stage` or `test`.
    pub env: Option<String>,
    /// Whether nothing may be sent that changes something.
    pub is_read_only: bool,
    /// For how long connecting is tried again.
    pub retry: Duration,
    /// The log level to start with.
    pub log: Option<String>,
    /// Lines to run once it is connected.
    pub on_connect: Vec<String>,
    /// Server commands that are refused, confirmed or not.
    pub guard: GuardRules,
    /// What the prompt says while it is the current one.
    pub prompt: Option<Template>,
    /// How answers are written while it is the current one, unless something else was asked for.
    pub output: Option<Format>,
    /// What is drawn in which color while it is the current one.
    pub colors: Colors,
    /// Whether the lines that are typed there are kept in a file.
    pub keeps_history: bool,
    /// The alerts there.
    pub alerts: Vec<Alert>,
    /// The variables whose values are secrets; `*` stands for any text.
    pub secret_variables: Vec<String>,
}

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Password {
    /// It is in the configuration of the connection.
    Given,
    /// A command of the system prints it.
    Command(String),
}

impl Profile {
    /// A name for a configured server.
    #[must_use]
    pub fn new(name: &str, config: Config) -> Self {
        Self {
            name: name.to_owned(),
            config,
            password: Password::Given,
            env: None,
            is_read_only: false,
            retry: Duration::ZERO,
            log: None,
            on_connect: Vec::new(),
            guard: GuardRules::default(),
            prompt: None,
            output: None,
            colors: Colors::default(),
            keeps_history: true,
            alerts: Vec::new(),
            secret_variables: Vec::new(),
        }
    }

    /// As careful as the profiles of the same address are: a server in production is that by
    /// whatever name is used for it. Who names a profile of that address has chosen its
    /// guards and whether it only reads.
    pub(in crate::shell) fn careful_like(mut self, profiles: &[Self]) -> Self {
        let is_same = |other: &&Self| {
            other.name != self.name
                && other.config.way() == self.config.way()
                && other.config.address().eq_ignore_ascii_case(&self.config.address())
        };
        let same: Vec<&Self> = profiles.iter().filter(is_same).collect();
        let is_chosen = profiles.iter().any(|known| known.name == self.name);
        for other in same {
            if other.is_production() {
                self.env.clone_from(&other.env);
            }
            if !is_chosen {
                self.is_read_only |= other.is_read_only;
                self.guard = self.guard.hardened(&other.guard);
            }
        }
        self
    }

    /// Whether it is one that people depend on.
    pub(in crate::shell) fn is_production(&self) -> bool {
        self.env.as_deref() == Some(PRODUCTION)
    }

    /// The configuration with its password; a password command is run for it, with the terminal of
    /// the operator, if there is one: it may ask for a passphrase.
    pub(in crate::shell) async fn login(
        &self,
        operator: Option<&Operator>,
    ) -> Result<Config, CommandError> {
        let Password::Command(command) = &self.password else { return Ok(self.config.clone()) };
        let (line, name) = (command.clone(), self.name.clone());
        let _lent = match operator {
            Some(operator) => operator.terminal(false).await,
            None => None,
        };
        let password = tokio::task::spawn_blocking(move || printed_by(&line, &name)).await;
        let password = password.map_err(|err| failed(&self.name, &err.to_string()))??;
        Ok(self.config.clone().with_password(password))
    }
}

/// What is asked when a server does not accept the password.
#[must_use]
pub fn password_question(config: &Config) -> String {
    let address = config.address();
    let who = config.user().map_or_else(String::new, |user| format!("{user} at "));
    sanitise::line(&format!("Password for {who}{address}:")).into_owned()
}

/// How often a password is asked for, as ssh does.
pub const PASSWORD_TRIES: usize = 3;

/// The first line that a command prints.
fn printed_by(line: &str, name: &str) -> Result<String, CommandError> {
    // Its errors, and a question for a passphrase, belong to the terminal.
    let output = Command::new("sh")
        .args(["-c", line])
        .env_remove("SWITCHY_PASSWORD")
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|err| failed(name, &err.to_string()))?;
    if !output.status.success() {
        return Err(failed(name, &output.status.to_string()));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next() {
        Some(password) if !password.is_empty() => Ok(password.to_owned()),
        _ => Err(failed(name, "it printed nothing")),
    }
}

fn failed(name: &str, why: &str) -> CommandError {
    let message = format!("the password_command of {name} failed: {why}");
    CommandError::new(Kind::Connection, message)
        .hint("run it by itself to see why; \"switchy config show\" shows where it is written")
}

/// A password does not belong into a target: it would be in lists of processes, prompts and files.
pub(in crate::shell) fn without_password(config: &Config) -> Result<(), CommandError> {
    let (place, hint) = match config.way() {
        Way::Tcp => {
            (config.host(), "-u USER@DOMAIN logs in as a directory user; the password is asked for")
        }
        Way::Ssh { target, .. } => {
            (target.as_str(), "ssh asks for a password itself, or uses a key")
        }
        Way::Unix(_) => return Ok(()),
    };
    let Some((user, host)) = place.rsplit_once('@') else { return is_address(config, place) };
    let is_wrong = matches!(config.way(), Way::Tcp) || user.contains(':');
    if is_wrong {
        let host = sanitise::line(host);
        return Err(CommandError::usage(format!(
            "no user or password belongs in front of @{host}"
        ))
        .hint(hint));
    }
    Ok(())
}

/// A host is a name or an address: a port that is none would be looked up as a part of it.
fn is_address(config: &Config, place: &str) -> Result<(), CommandError> {
    let is_ip = || {
        // Behind `%` stands the interface.
        let address = place.split('%').next().unwrap_or(place);
        address.parse::<std::net::IpAddr>().is_ok()
    };
    let is_wrong = match config.way() {
        Way::Tcp => place.contains([':', '/', '[', ']', ' ']) && !is_ip(),
        Way::Ssh { .. } | Way::Unix(_) => false,
    };
    if !place.is_empty() && !is_wrong {
        return Ok(());
    }
    Err(CommandError::usage(format!("{:?} is not an address", sanitise::line(place)))
        .hint("an address is HOST, HOST:PORT, [IPV6]:PORT, unix:PATH or ssh://USER@HOST"))
}

/// What `env` says of a server that people depend on.
const PRODUCTION: &str = "prod";

/// The operator's own word on commands; `*` in a pattern stands for any text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GuardRules {
    /// Never sent.
    pub deny: Vec<String>,
    /// Sent only when they are confirmed.
    pub confirm: Vec<String>,
    /// Sent without a question, though they would be asked about.
    pub allow: Vec<String>,
}

/// What the rules say about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Ruling {
    Deny,
    Confirm,
    Allow,
}

impl GuardRules {
    /// Whether they forbid a line for the server: it, or something that it makes FreeSWITCH run, is
    /// one of `deny`, or what it runs cannot be seen.
    ///
    /// ```
    /// # use switchy::shell::GuardRules;
    /// let deny = vec!["hupall".to_owned()];
    /// let rules = GuardRules { deny, ..GuardRules::default() };
    /// assert!(rules.denies("sched_api +1 none HUPALL"));
    /// assert!(!rules.denies("status"));
    /// ```
    #[must_use]
    pub fn denies(&self, line: &str) -> bool {
        self.ruling(line) == Some(Ruling::Deny)
    }

    /// What is said about a command and about those that it runs; the strictest word holds. What
    /// shall go without a question has to be allowed as it is typed.
    pub(in crate::shell) fn ruling(&self, line: &str) -> Option<Ruling> {
        let Some(commands) = danger::commands(line) else { return self.of_unseen() };
        let typed = commands.get(..1).unwrap_or_default();
        [
            (Ruling::Deny, &self.deny, &commands[..]),
            (Ruling::Confirm, &self.confirm, &commands),
            (Ruling::Allow, &self.allow, typed),
        ]
        .into_iter()
        .find(|(ruling, patterns, commands)| {
            let like = if *ruling == Ruling::Allow { is_like } else { may_be_like };
            says(patterns, commands, like)
        })
        .map(|(ruling, ..)| ruling)
    }

    /// What it says about a line that a command of the shell sends: that command itself has been
    /// asked about already, so only what the line runs inside wants to be confirmed.
    pub(in crate::shell) fn ruling_inside(&self, line: &str) -> Option<Ruling> {
        let Some(commands) = danger::commands(line) else { return self.of_unseen() };
        if says(&self.deny, &commands, may_be_like) {
            return Some(Ruling::Deny);
        }
        let inside = commands.get(1..).unwrap_or_default();
        says(&self.confirm, inside, may_be_like).then_some(Ruling::Confirm)
    }

    /// What it says about a line whose inside cannot be seen: that may be what the lists name.
    fn of_unseen(&self) -> Option<Ruling> {
        if !self.deny.is_empty() {
            return Some(Ruling::Deny);
        }
        (!self.confirm.is_empty()).then_some(Ruling::Confirm)
    }

    /// With what another one forbids, and wants to be asked about.
    fn hardened(mut self, other: &Self) -> Self {
        self.deny.extend(other.deny.iter().cloned());
        self.confirm.extend(other.confirm.iter().cloned());
        self
    }
}

/// Whether one of the commands is one of the patterns'.
fn says(patterns: &[String], commands: &[String], like: fn(&str, &str) -> bool) -> bool {
    commands.iter().any(|line| patterns.iter().any(|pattern| like(pattern, line)))
}

/// Whether a line is a pattern's command, in any case. A pattern covers what follows it: `unload`
/// is also `unload mod_sofia`.
fn is_like(pattern: &str, line: &str) -> bool {
    has_words(pattern, line, |_word| false)
}

/// As [`is_like`], where a word that comes out of an expansion may be any.
fn may_be_like(pattern: &str, line: &str) -> bool {
    has_words(pattern, line, |word| word.contains("${"))
}

fn has_words(pattern: &str, line: &str, is_any: impl Fn(&str) -> bool) -> bool {
    // FreeSWITCH takes quotes off words.
    let line = unquoted(line).to_ascii_lowercase();
    let pattern = pattern.to_ascii_lowercase();
    let (mut patterns, mut words) = (pattern.split_whitespace(), line.split_whitespace());
    patterns
        .all(|pattern| words.next().is_some_and(|word| is_any(word) || has_shape(pattern, word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn the_strictest_rule_holds() {
        let rules = GuardRules {
            deny: vec!["fsctl shutdown".to_owned()],
            confirm: vec!["sofia profile * rescan".to_owned(), "fsctl".to_owned()],
            allow: vec!["reload mod_*".to_owned(), "fsctl shutdown cancel".to_owned()],
        };
        for (line, ruling) in [
            ("fsctl shutdown", Some(Ruling::Deny)),
            ("FSCTL  Shutdown cancel", Some(Ruling::Deny)),
            ("fsctl loglevel 7", Some(Ruling::Confirm)),
            ("sofia profile internal rescan", Some(Ruling::Confirm)),
            ("sofia profile internal", None),
            ("reload mod_sofia", Some(Ruling::Allow)),
            ("reloadxml", None),
            ("fsctlx", None),
            // Wherever it stands.
            ("/fsctl shutdown", Some(Ruling::Deny)),
            ("expand FSCTL shutdown", Some(Ruling::Deny)),
            ("sched_api +1 none bgapi fsctl shutdown&", Some(Ruling::Deny)),
            ("eval ${fsctl shutdown}", Some(Ruling::Deny)),
            ("status;;fsctl shutdown", Some(Ruling::Deny)),
            ("bgapi reload mod_sofia", None),
            ("fsctl 'shutdown'", Some(Ruling::Deny)),
            ("expand fsctl ${what}", Some(Ruling::Deny)),
            ("shutdown", Some(Ruling::Deny)),
            ("lua ~what", Some(Ruling::Deny)),
        ] {
            assert_eq!(rules.ruling(line), ruling, "{line}");
        }
    }

    /// What forbids a command forbids what has its effect.
    #[limited::test]
    fn a_rule_holds_for_all_commands_of_one_effect() {
        for (denied, lines) in [
            (
                "uuid_kill",
                &[
                    "sched_hangup +1 x",
                    "uuid_broadcast x hangup::",
                    "uuid_broadcast x hangup!USER_BUSY::",
                    "uuid_transfer x hangup inline",
                    "originate {execute_on_answer='sched_hangup +1'}user/1 &park",
                    "conference 3000 kick 1",
                    "hupall",
                    "fsctl hupall",
                    "fsctl shutdown asap",
                    "sofia profile internal stop",
                    "reload mod_sofia",
                    "json {\"command\":\"execute\",\"data\":{\"uuid\":\"x\",\"app\":\"hangup\"}}",
                ][..],
            ),
            ("hupall", &["fsctl hupall", "fsctl crash", "shutdown", "sofia profile x restart"]),
            ("fsctl shutdown", &["shutdown", "fsctl crash", "..."]),
            (
                "system",
                &[
                    "bg_system ls",
                    "spawn ls",
                    "originate user/1 &bgsystem(ls)",
                    "play x shell_stream://ls",
                ],
            ),
        ] {
            let rules = GuardRules { deny: vec![denied.to_owned()], ..GuardRules::default() };
            for line in lines {
                assert_eq!(rules.ruling(line), Some(Ruling::Deny), "{denied}: {line}");
                assert_eq!(rules.ruling_inside(line), Some(Ruling::Deny), "{denied}: {line}");
            }
            for line in ["status", "fsctl loglevel 7", "reload mod_dptools", "uuid_park x"] {
                assert_eq!(rules.ruling(line), None, "{denied}: {line}");
            }
        }
    }

    #[limited::test]
    fn a_server_in_production_is_that_by_any_name() {
        let mut known = Profile::new("live", Config::new("10.0.0.1"));
        known.env = Some("prod".to_owned());
        known.guard.deny.push("reload".to_owned());
        let known = vec![known];
        for (host, is_production) in [("10.0.0.1", true), ("10.0.0.1:8022", false), ("x", false)] {
            let profile = Profile::new(host, Config::new(host)).careful_like(&known);
            assert_eq!(profile.is_production(), is_production, "{host}");
            assert_eq!(profile.guard.deny.len(), usize::from(is_production), "{host}");
        }
        let mut chosen = Profile::new("repair", Config::new("10.0.0.1"));
        chosen.guard.deny.push("fsctl".to_owned());
        let profiles = [known, vec![chosen.clone()]].concat();
        let chosen = chosen.careful_like(&profiles);
        assert!(chosen.is_production());
        assert_eq!(chosen.guard.deny, ["fsctl"]);
    }

    #[limited::test]
    async fn a_password_command_prints_the_password() {
        let mut profile = Profile::new("pbx", Config::new("pbx"));
        for (command, expected) in [
            ("printf 'hunter2\\nmore\\n'", Ok("hunter2")),
            ("exit 3", Err("exit status: 3")),
            ("true", Err("it printed nothing")),
        ] {
            profile.password = Password::Command(command.to_owned());
            match (profile.login(None).await, expected) {
                (Ok(config), Ok(password)) => {
                    assert_eq!(config, Config::new("pbx").with_password(password));
                }
                (Err(err), Err(why)) => assert!(err.message.ends_with(why), "{err:?}"),
                other => panic!("{command}: {other:?}"),
            }
        }
    }
}
