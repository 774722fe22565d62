//! What Tab offers: from the one grammar, live values by the kind that it names, and what the server
//! knows.

pub(in crate::shell) mod candidate;
mod dial;
mod fields;
mod live;
mod local;
mod names;
mod place;
pub(in crate::shell) mod server;

pub use candidate::Candidate;
use place::{Place, words};

use crate::shell::commands::{app_args, grammar};
use crate::shell::feed::choice::KIND_WORDS;
use crate::shell::run::{redirect, slash, typed};
use crate::shell::session::Shell;
pub use server::Question;
pub(super) use server::tail;

/// The answer to one Tab.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completions {
    /// Byte offset in the line where the replaced text starts.
    pub start: usize,
    /// What may replace the text between `start` and the cursor.
    pub candidates: Vec<Candidate>,
}

/// Answers Tab from memory: nothing is asked of a server. [`Question`] asks it.
#[must_use]
pub fn complete(shell: &Shell, line: &str, pos: usize) -> Completions {
    let typed = line.get(..pos).unwrap_or(line);
    let command = match redirect::tail(typed) {
        redirect::Tail::Program(text) => {
            let word = local::last_word(text);
            let candidates = local::of_program(text, word);
            return Completions {
                start: typed.len() - word.len(),
                candidates: fitting(candidates, word),
            };
        }
        redirect::Tail::File(word) => {
            let candidates = fitting(local::files(word), word);
            return Completions { start: typed.len() - word.len(), candidates };
        }
        redirect::Tail::Command => typed::last_piece(typed),
    };
    let skipped = typed.len() - command.len();
    let found = in_command(shell, command);
    Completions { start: skipped + found.start, candidates: found.candidates }
}

fn in_command(shell: &Shell, typed: &str) -> Completions {
    let mut start = typed.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let mut word = typed.get(start..).unwrap_or_default();
    let (switch, words) = words(shell, typed.get(..start).unwrap_or_default());
    let place = Place { shell, switch: switch.as_deref(), word };
    let inside = dial::inside(&place, &words).or_else(|| fields::inside(&place, &words));
    if let Some((at, candidates)) = inside {
        start += at;
        word = word.get(at..).unwrap_or_default();
        return Completions { start, candidates: fitting(candidates, word) };
    }
    let candidates = match words.split_first() {
        None => place.verbs(),
        Some((verb, rest)) => place.arguments(verb, rest),
    };
    Completions { start, candidates: fitting(candidates, word) }
}

/// Those that go on as the word does; of live values also those that have it anywhere.
fn fitting(candidates: Vec<Candidate>, word: &str) -> Vec<Candidate> {
    let lower = word.to_lowercase();
    let mut fitting: Vec<_> =
        candidates.into_iter().filter(|candidate| candidate.matches(word, &lower)).collect();
    let is_ahead = |candidate: &Candidate| candidate.replacement.starts_with(word);
    if fitting.iter().any(is_ahead) && !fitting.iter().any(|candidate| candidate.is_live) {
        fitting.retain(is_ahead);
    }
    fitting.sort_by_key(|candidate| !is_ahead(candidate));
    fitting.dedup_by(|a, b| a.replacement == b.replacement);
    fitting
}

impl Place<'_> {
    fn verbs(&self) -> Vec<Candidate> {
        if self.word.starts_with('/') {
            return slash::commands()
                .map(|(name, about)| Candidate::described(&name, about))
                .collect();
        }
        if self.word.starts_with('@') {
            let names = self.shell.switches().into_iter();
            let names = names.map(|switch| format!("@{}", switch.name()));
            return names.chain(["@all".to_owned()]).map(Candidate::new).collect();
        }
        let verbs = grammar::abouts();
        let mut all: Vec<_> =
            verbs.iter().map(|(verb, about)| Candidate::described(verb, about)).collect();
        let aliases = self.shell.settings().aliases;
        all.extend(aliases.iter().map(|(name, line)| Candidate::described(name, line)));
        // The server's hundreds only where they can be meant.
        if let Some(switch) = self.switch.filter(|_| !self.word.is_empty()) {
            let catalog = switch.catalog();
            let apis = catalog.apis().filter(|(name, _)| {
                name.starts_with(&self.word.to_ascii_lowercase())
                    && !verbs.iter().any(|(verb, _)| verb == name)
                    && !aliases.contains_key(*name)
            });
            all.extend(apis.map(|(name, entry)| Candidate::described(name, &entry.about)));
        }
        let shown = all.iter().filter(|candidate| candidate.replacement.starts_with(self.word));
        if shown.count() > DESCRIBED {
            for candidate in &mut all {
                candidate.display.clone_from(&candidate.replacement);
            }
        }
        all
    }

    fn arguments(&self, verb: &str, rest: &[&str]) -> Vec<Candidate> {
        // fs_cli's words take what ours take.
        let verb = match verb {
            "/event" | "/nixevent" => "events",
            "/uuid" | "/logfilter" => "trace",
            verb => verb.strip_prefix('/').unwrap_or(verb),
        };
        let Some(command) = grammar::command(verb) else { return self.of_server(verb, rest) };
        if self.word.starts_with('-') {
            let options = command.get_arguments().filter(|option| !option.is_hide_set());
            return options
                .filter_map(|option| {
                    let about = option.get_help().map(ToString::to_string).unwrap_or_default();
                    Some(Candidate::described(&format!("--{}", option.get_long()?), &about))
                })
                .collect();
        }
        if matches!(command.get_name(), "api" | "bgapi") {
            // Our own options stand before it.
            return match tail(rest).split_first() {
                None => self.apis(),
                Some((inner, rest)) => self.of_server(inner, rest),
            };
        }
        let Some(argument) = argument(&command, rest) else { return Vec::new() };
        let kind = argument.get_value_names().and_then(|names| names.first());
        let values = argument.get_possible_values();
        if !values.is_empty() {
            return values.iter().map(|value| Candidate::new(value.get_name())).collect();
        }
        if kind.is_some_and(|kind| kind == "PARAM")
            // The value of an option names no app.
            && let Some(words) =
                rest.iter().map(|what| app_args::words(what, self.word)).find(|words| !words.is_empty())
        {
            let candidate =
                |(replacement, display)| Candidate { replacement, display, is_live: false };
            let words = words.into_iter();
            return words.map(candidate).collect();
        }
        match kind.map_or("", |kind| kind.as_str()) {
            "TABLE" => self.tables(rest),
            "EVENT" => self.of_events(rest),
            "LEVEL" if command.get_name() == "log" && rest.is_empty() => {
                let more = ["only", "grep"].into_iter().map(Candidate::new);
                self.values("LEVEL").into_iter().chain(more).collect()
            }
            "LEVEL" if rest == ["only"] => self.values("CALL"),
            "LEVEL" if rest.first() == Some(&"grep") => Vec::new(),
            "WHAT" if command.get_name() == "filter" => names::filtered(rest),
            "VALUE" if command.get_name() == "set" => names::values_of(rest),
            "NAME LINE" if rest.iter().all(|word| word.starts_with('-')) => self.aliases(),
            kind => self.values(kind),
        }
    }

    /// What may follow `events`.
    fn of_events(&self, rest: &[&str]) -> Vec<Candidate> {
        match rest {
            // A hundred names only where one can be meant.
            [] if self.word.is_empty() => names::event_verbs(),
            [] => names::event_verbs().into_iter().chain(names::events()).collect(),
            ["only"] => {
                let off = [Candidate::new("off")];
                self.values("CALL").into_iter().chain(off).collect()
            }
            ["mute" | "unmute", ..] => KIND_WORDS
                .iter()
                .map(|(word, _)| Candidate::new(*word))
                .chain(names::events())
                .collect(),
            ["format"] => ["line", "json"].map(Candidate::new).to_vec(),
            ["on" | "off" | "all" | "last" | "only" | "format", ..] => Vec::new(),
            _ => names::events().collect(),
        }
    }

    fn aliases(&self) -> Vec<Candidate> {
        let aliases = self.shell.settings().aliases;
        aliases.iter().map(|(name, line)| Candidate::described(name, line)).collect()
    }

    /// What `show` shows: what the server says, or what all have.
    fn tables(&self, rest: &[&str]) -> Vec<Candidate> {
        let listed = self.of_server("show", rest);
        if listed.is_empty() && rest.is_empty() { names::tables() } else { listed }
    }

    fn apis(&self) -> Vec<Candidate> {
        let Some(switch) = self.switch else { return Vec::new() };
        let catalog = switch.catalog();
        catalog.apis().map(|(name, entry)| Candidate::described(name, &entry.about)).collect()
    }

    /// What may follow a command of the server, as far as it has listed them.
    fn of_server(&self, verb: &str, rest: &[&str]) -> Vec<Candidate> {
        let Some(switch) = self.switch else { return Vec::new() };
        let before: Vec<&str> = std::iter::once(verb).chain(rest.iter().copied()).collect();
        let words = switch.catalog().words(&before);
        let mut all: Vec<_> = words.fixed.into_iter().map(Candidate::new).collect();
        let takes_call = words.lists.iter().any(|list| list == server::UUIDS)
            || (verb.starts_with("uuid_") && rest.is_empty());
        if takes_call {
            all.extend(self.sessions());
        }
        match (verb, rest) {
            ("uuid_getvar" | "uuid_setvar", [_]) => all.extend(names::variables()),
            ("uuid_kill", [_]) | ("hupall", []) => all.extend(self.values("CAUSE")),
            _ => {}
        }
        all
    }
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

/// Beside more candidates than this there is no room to describe them.
const DESCRIBED: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::settings::Settings;

    fn offered(line: &str) -> Vec<String> {
        let shell = Shell::new(Settings::default(), None, false);
        let completions = complete(&shell, line, line.len());
        completions.candidates.into_iter().map(|candidate| candidate.replacement).collect()
    }

    #[limited::test]
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
        assert_eq!(offered("set pa"), ["pager"]);
        assert_eq!(offered("set pager o"), ["on", "off"]);
        assert_eq!(offered("set keys "), ["emacs", "vi"]);
        assert_eq!(offered("show chan"), ["channels"]);
        assert_eq!(offered("why USER_B"), ["USER_BUSY"]);
        assert_eq!(offered("with Tone"), ["TonePlay"]);
        assert_eq!(offered("expect ans"), ["answered"]);
        assert_eq!(offered("calls;; hup"), ["hupall"]);
        assert_eq!(offered("filter del"), ["delete"]);
        assert_eq!(offered("events mu"), ["mute"]);
        assert_eq!(offered("events ").len(), 11);
        assert_eq!(offered("events mute an"), ["answered"]);
        assert_eq!(offered("events format "), ["line", "json"]);
        assert_eq!(offered("events add CHANNEL_PAR"), ["CHANNEL_PARK"]);
        assert_eq!(offered("log gr"), ["grep"]);
        assert_eq!(offered("/lo"), ["/logfilter", "/log"]);
        assert_eq!(offered("/event CHANNEL_PAR"), ["CHANNEL_PARK"]);
    }
}
