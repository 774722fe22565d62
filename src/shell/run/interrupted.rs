//! What is true of a line that is not waited for any longer.

use super::pipe::command_of;
use crate::shell::commands::{grammar, table};
use crate::shell::freeswitch::long_running::sends_slow;
use crate::shell::session::Shell;
use crate::shell::text::after_interrupt::AfterInterrupt;
use crate::shell::text::alias;
use crate::shell::text::words::first_word;

impl Shell {
    /// Returns what becomes of a line that is not waited for any longer.
    #[must_use]
    pub fn stopped(&self, line: &str) -> AfterInterrupt {
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

fn of(line: &str) -> AfterInterrupt {
    let (verb, rest) = first_word(line);
    if line.starts_with('!') {
        return AfterInterrupt::ENDED;
    }
    if verb.eq_ignore_ascii_case("originate")
        && rest.split_whitespace().any(|word| word.starts_with("--hold"))
    {
        return AfterInterrupt {
            continues: Some("the call is hung up"),
            hint: Some("\"calls\" shows what is left"),
        };
    }
    match table::meta(verb) {
        // What takes long goes as a job, whether it is typed behind `api` or not.
        Some(_) if is_sent_as_it_is(verb) && sends_slow(line) => AfterInterrupt::JOB,
        None if sends_slow(line) => AfterInterrupt::JOB,
        Some(meta) => meta.after_interrupt,
        None => AfterInterrupt::SENT,
    }
}

fn is_sent_as_it_is(verb: &str) -> bool {
    ["api", "originate"].iter().any(|sent| verb.eq_ignore_ascii_case(sent))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("api msleep 5000", "may still finish", "its result is shown"),
            ("@all msleep 5000", "may still finish", "its result is shown"),
            ("slow", "may still finish", "its result is shown"),
            ("originate 9196@127.0.0.1 --wait", "may still finish", "its result is shown"),
            ("originate --hold 60 9196@127.0.0.1", "the call is hung up", "calls"),
            ("wait last", "may still finish", "its result is shown"),
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
            assert!(
                is(stopped.continues, goes_on) && is(stopped.hint, hint),
                "{line}: {stopped:?}"
            );
        }
    }
}
