//! What is true of a line that is not waited for any longer.

use super::pipe::command_of;
use crate::shell::commands::grammar;
use crate::shell::freeswitch::long_running::sends_slow;
use crate::shell::session::Shell;
use crate::shell::text::alias;
use crate::shell::text::words::first_word;

/// What becomes of a line behind Ctrl-C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// What goes on without anybody waiting; nothing does when it is absent.
    pub goes_on: Option<&'static str>,
    /// What the operator can type about it.
    pub hint: Option<&'static str>,
}

impl Shell {
    /// Returns what becomes of a line that is not waited for any longer.
    #[must_use]
    pub fn stopped(&self, line: &str) -> Stopped {
        let line = command_of(line);
        let tagged = line.strip_prefix('@').and_then(|line| line.split_once(char::is_whitespace));
        let line = tagged.map_or(line, |(_host, line)| line.trim_start());
        let (word, rest) = first_word(line);
        let aliases = self.settings().aliases;
        match aliases.get(word).and_then(|text| alias::expand(word, text, rest).ok()) {
            Some(line) if !grammar::is_verb(word) => of(&line),
            _ => of(line),
        }
    }
}

fn of(line: &str) -> Stopped {
    let (verb, rest) = first_word(line);
    let verb = verb.to_ascii_lowercase();
    match verb.as_str() {
        _ if line.starts_with('!') => ENDED,
        "originate" if rest.split_whitespace().any(|word| word.starts_with("--hold")) => Stopped {
            goes_on: Some("the call is hung up"),
            hint: Some("\"calls\" shows what is left"),
        },
        "api" | "originate" if sends_slow(line) => JOB,
        "bgapi" | "wait" => JOB,
        "with" => {
            Stopped { goes_on: Some("its calls are hung up and its app is unloaded"), hint: None }
        }
        "hupall" | "kill" if grammar::is_verb(&verb) => Stopped {
            goes_on: Some("calls that it did not reach stay"),
            hint: Some("\"calls\" shows which are left"),
        },
        "source" => Stopped { goes_on: Some("the rest of the file is not run"), hint: None },
        "connect" => Stopped { goes_on: None, hint: Some("\"hosts\" shows what is connected") },
        "api" => SENT,
        verb if !grammar::is_verb(verb) => {
            if sends_slow(line) {
                JOB
            } else {
                SENT
            }
        }
        verb if ACTING.contains(&verb) => Stopped {
            goes_on: Some("the server may still do it"),
            hint: Some("\"calls\" and \"apps\" show how things are"),
        },
        _ => ENDED,
    }
}

/// It looked on, or waited for something: what is looked at goes on, as it does anyway.
const ENDED: Stopped = Stopped { goes_on: None, hint: None };
const JOB: Stopped = Stopped {
    goes_on: Some("the server may still finish it"),
    hint: Some("its result is told when it comes; \"jobs\" shows what the server still does"),
};
const SENT: Stopped = Stopped {
    goes_on: Some("the server may still finish it"),
    hint: Some("\"bgapi\" runs what takes long, and tells the result when it comes"),
};

/// Commands that ask the server to do something, and wait until it has.
const ACTING: &[&str] = &[
    "answer",
    "bridge",
    "deflect",
    "dtmf",
    "execute",
    "hangup",
    "hold",
    "load-app",
    "mute",
    "park",
    "play",
    "record",
    "reload-app",
    "sched-hangup",
    "setvar",
    "transfer",
    "unload-app",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn acting_commands_are_commands() {
        let unknown: Vec<_> = ACTING.iter().filter(|verb| !grammar::is_verb(verb)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[limited::test]
    async fn what_becomes_of_a_line() {
        let shell = Shell::new(crate::shell::settings::Settings::default(), None, false);
        let mut text = String::new();
        for line in ["alias slow msleep 5000", "alias look trace $1"] {
            shell.run_line(line, crate::shell::view::output::Output::new(&mut text)).await.unwrap();
        }
        for (line, goes_on, hint) in [
            ("trace 1000", "", ""),
            ("TRACE 1000 --for 60", "", ""),
            ("@pbx2 trace 1000", "", ""),
            ("look 1000", "", ""),
            ("audit", "", ""),
            ("events -o jsonl", "", ""),
            ("expect hangup last 600", "", ""),
            ("sleep 60", "", ""),
            ("! sleep 60", "", ""),
            ("calls | sleep 60", "", ""),
            ("connect pbx9", "", "hosts"),
            ("api msleep 5000", "may still finish", "its result is told"),
            ("@all msleep 5000", "may still finish", "its result is told"),
            ("slow", "may still finish", "its result is told"),
            ("originate 9196@127.0.0.1 --wait", "may still finish", "its result is told"),
            ("originate --hold 60 9196@127.0.0.1", "the call is hung up", "calls"),
            ("wait last", "may still finish", "its result is told"),
            ("api hostname", "may still finish", "bgapi"),
            ("hostname", "may still finish", "bgapi"),
            ("api --timeout 9 hostname | less", "may still finish", "bgapi"),
            ("with TonePlay originate x@y --wait", "unloaded", ""),
            ("hupall --all", "did not reach", "calls"),
            ("kill where from=1000", "did not reach", "calls"),
            ("source night.switchy", "the rest", ""),
            ("play last tone.wav", "may still do it", "calls"),
        ] {
            let stopped = shell.stopped(line);
            let is = |said: Option<&str>, part: &str| match said {
                Some(said) => !part.is_empty() && said.contains(part),
                None => part.is_empty(),
            };
            assert!(is(stopped.goes_on, goes_on) && is(stopped.hint, hint), "{line}: {stopped:?}");
        }
    }
}
