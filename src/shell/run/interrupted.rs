//! What is true of a line that is not waited for any longer.

use super::typed::TypedLine;
use crate::shell::session::Shell;
use crate::shell::text::after_interrupt::AfterInterrupt;

impl Shell {
    /// Returns what becomes of a line that is not waited for any longer.
    #[must_use]
    pub fn stopped(&self, line: &str) -> AfterInterrupt {
        self.with_settings(|settings| TypedLine::read(line).after_interrupt(&settings.aliases))
    }
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
