//! What Tab offers: from the one grammar, and live values by the kind that it names.

use std::collections::BTreeSet;

use super::narrate::caller;
use super::{Shell, grammar, kinds, sanitise};
use crate::apps::APPS;
use crate::listener::EventListener;
use crate::model::{EVENT_NAMES, HangupCause};

/// The answer to one Tab.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completions {
    /// Byte offset in the line where the replaced text starts.
    pub start: usize,
    /// What may replace the text between `start` and the cursor.
    pub candidates: Vec<Candidate>,
}

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What is put into the line.
    pub replacement: String,
    /// What is listed: plain text, sanitised again before it is shown.
    pub display: String,
}

impl Candidate {
    fn new(text: impl Into<String>) -> Self {
        let replacement = text.into();
        Self { display: replacement.clone(), replacement }
    }

    fn described(text: &str, about: &str) -> Self {
        Self { replacement: text.to_owned(), display: format!("{text}  {about}") }
    }
}

/// Answers Tab from memory: nothing is asked of a server.
#[must_use]
pub fn complete(shell: &Shell, line: &str, pos: usize) -> Completions {
    let typed = line.get(..pos).unwrap_or(line);
    let start = typed.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let word = typed.get(start..).unwrap_or_default();
    let mut words: Vec<&str> = typed.get(..start).unwrap_or_default().split_whitespace().collect();
    if words.first().is_some_and(|first| first.starts_with('@')) {
        words.remove(0);
    }
    let candidates = match words.split_first() {
        None => verbs(shell, word),
        Some((verb, rest)) => arguments(shell, verb, rest, word),
    };
    // A live value is found by any part of it; it then replaces the whole word.
    let mut candidates: Vec<_> =
        candidates.into_iter().filter(|candidate| candidate.matches(word)).collect();
    if candidates.iter().any(|candidate| candidate.replacement.starts_with(word)) {
        candidates.retain(|candidate| candidate.replacement.starts_with(word));
    }
    Completions { start, candidates }
}

impl Candidate {
    fn matches(&self, word: &str) -> bool {
        self.replacement.starts_with(word)
            || (word.len() >= 2 && self.display != self.replacement && self.display.contains(word))
    }
}

fn verbs(shell: &Shell, word: &str) -> Vec<Candidate> {
    if word.starts_with('@') {
        let names = shell.switches().into_iter().map(|switch| format!("@{}", switch.name()));
        return names.chain(["@all".to_owned()]).map(Candidate::new).collect();
    }
    grammar::verbs().into_iter().map(Candidate::new).collect()
}

fn arguments(shell: &Shell, verb: &str, rest: &[&str], word: &str) -> Vec<Candidate> {
    let Some(command) = grammar::command(verb) else {
        return if verb.starts_with("uuid_") { sessions(shell) } else { Vec::new() };
    };
    if matches!(command.get_name(), "api" | "bgapi")
        && let Some((inner, _)) = rest.split_first().filter(|(inner, _)| inner.starts_with("uuid_"))
    {
        return arguments(shell, inner, &[], word);
    }
    if word.starts_with('-') {
        let options = command.get_arguments().filter_map(clap::Arg::get_long);
        return options.map(|long| Candidate::new(format!("--{long}"))).collect();
    }
    let Some(argument) = argument(&command, rest) else { return Vec::new() };
    let values = argument.get_possible_values();
    if !values.is_empty() {
        return values.iter().map(|value| Candidate::new(value.get_name())).collect();
    }
    let kind = argument.get_value_names().and_then(|names| names.first());
    if kind.is_some_and(|kind| kind == "PARAM")
        // The value of an option names no app.
        && let Some(words) = rest.iter().map(|what| kinds::words(what, word)).find(|words| !words.is_empty())
    {
        let words = words.into_iter();
        return words.map(|(replacement, display)| Candidate { replacement, display }).collect();
    }
    kind.map_or_else(Vec::new, |kind| live(shell, kind.as_str()))
}

/// The argument that the next word belongs to.
fn argument<'a>(command: &'a clap::Command, rest: &[&str]) -> Option<&'a clap::Arg> {
    let takes_value = |word: &str| {
        command.get_arguments().find(|arg| {
            let is_it = arg.get_long().is_some_and(|long| word == format!("--{long}"))
                || arg.get_short().is_some_and(|short| word == format!("-{short}"));
            is_it && arg.get_action().takes_values()
        })
    };
    let mut position = 0;
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        if let Some(option) = takes_value(word) {
            if words.next().is_none() {
                return Some(option);
            }
        } else if !word.starts_with('-') {
            position += 1;
        }
    }
    let mut positionals = command.get_positionals();
    let last = command.get_positionals().last();
    let repeats = |arg: &&clap::Arg| matches!(arg.get_action(), clap::ArgAction::Append);
    positionals.nth(position).or_else(|| last.filter(repeats))
}

/// Values of a kind, by the name that help shows for it.
fn live(shell: &Shell, kind: &str) -> Vec<Candidate> {
    match kind {
        "CALL" => sessions(shell),
        "APP" => loaded_apps(shell),
        "KIND" => APPS.iter().map(|kind| Candidate::described(kind.name, kind.about)).collect(),
        "SWITCH" => shell.switches().iter().map(|switch| Candidate::new(switch.name())).collect(),
        "HOST" => {
            let names = shell.switches().into_iter().map(|switch| switch.name().to_owned());
            let names: BTreeSet<String> = names.chain(["sim".to_owned()]).collect();
            names.into_iter().map(Candidate::new).collect()
        }
        "CAUSE" => HangupCause::names().map(Candidate::new).collect(),
        "LEVEL" => LEVELS.iter().copied().map(Candidate::new).collect(),
        "EVENT" => {
            let words = ["on", "off", "all", "last"].iter().chain(EVENT_NAMES);
            words.copied().map(Candidate::new).collect()
        }
        "JOB" => jobs(shell),
        "COMMAND" => grammar::verbs().into_iter().map(Candidate::new).collect(),
        "SETTING" => ["output", "pager", "timeout", "guard", "read-only"]
            .into_iter()
            .map(Candidate::new)
            .collect(),
        "PROFILE" => ["internal", "external"].into_iter().map(Candidate::new).collect(),
        _ => Vec::new(),
    }
}

fn listener(shell: &Shell) -> Option<EventListener> {
    shell.current()?.client().listener().ok()
}

fn sessions(shell: &Shell) -> Vec<Candidate> {
    let Some(listener) = listener(shell) else { return Vec::new() };
    let calls = listener.with(|tracker| tracker.calls().rev().take(MOST).collect::<Vec<_>>());
    let legs = calls.iter().flat_map(|call| &call.sessions);
    legs.map(|leg| {
        let about = format!(
            "{} -> {}  {}",
            caller(leg),
            sanitise::line(&leg.destination),
            leg.phase.word()
        );
        Candidate::described(leg.id.as_str(), &about)
    })
    .collect()
}

fn loaded_apps(shell: &Shell) -> Vec<Candidate> {
    let Some(switch) = shell.current() else { return Vec::new() };
    let apps = switch.client().loaded_apps();
    apps.iter().map(|(name, id)| Candidate::described(name, id.as_str())).collect()
}

fn jobs(shell: &Shell) -> Vec<Candidate> {
    let Some(listener) = listener(shell) else { return Vec::new() };
    let jobs = listener.jobs();
    let own = jobs.iter().rev().filter(|job| !job.is_foreign).take(MOST);
    own.map(|job| Candidate::described(job.id.as_str(), &job.command)).collect()
}

const LEVELS: &[&str] =
    &["off", "console", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// More candidates than this help nobody.
const MOST: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::Settings;

    fn offered(line: &str) -> Vec<String> {
        let shell = Shell::new(Settings::default(), None, false);
        let completions = complete(&shell, line, line.len());
        completions.candidates.into_iter().map(|candidate| candidate.replacement).collect()
    }

    #[test]
    fn verbs_options_and_values() {
        assert_eq!(offered("hup"), ["hupall"]);
        assert_eq!(offered("hupall --d"), ["--dry-run"]);
        assert_eq!(offered("calls -o js"), ["json", "jsonl"]);
        assert_eq!(offered("calls --output cs"), ["csv"]);
        assert_eq!(offered("load-app T"), ["TonePlay"]);
        assert_eq!(offered("load-app PlayRec iter"), ["iterations="]);
        assert_eq!(offered("load-app --as X PlayRec stereo="), ["stereo=yes", "stereo=no"]);
        assert_eq!(offered("load-app TonePlay+Cdr fi"), ["file="]);
        assert_eq!(offered("hangup x USER_B"), ["USER_BUSY"]);
        assert_eq!(offered("listen "), ["on", "off"]);
        assert_eq!(offered("events CHANNEL_ANSWER CHANNEL_PAR"), ["CHANNEL_PARK"]);
        assert_eq!(offered("originate 1@h --profile int"), ["internal"]);
        assert_eq!(offered("@all ver"), ["version"]);
        assert!(offered("nosuch ").is_empty());
    }
}
