//! Lines that go on: behind a backslash at the end, and within a quote of our own grammar.

use crate::shell::commands::grammar;
use crate::shell::session::Shell;
use crate::shell::text::words::split_host;

/// Whether Enter at the end of this text leads to a next line of it, and not to an answer: its last
/// line ends in a backslash, or a command of the shell has an open quote.
///
/// What goes to the server word for word has the server's quotes, which close nothing here
/// (`O'Brien`): there only the backslash counts.
#[must_use]
pub fn needs_more_input(shell: &Shell, text: &str) -> bool {
    let (_, last) = whole(shell, text);
    last.is_some()
}

/// The lines that a text of several stands for, each as it is run: parts behind a backslash follow
/// at once, parts of a quote behind a blank. Lines that do nothing are left out.
#[must_use]
pub fn join_continuations(shell: &Shell, text: &str) -> Vec<String> {
    let (mut lines, last) = whole(shell, text);
    lines.extend(last);
    lines.retain(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    lines
}

/// The lines that are complete, and one that is not.
fn whole(shell: &Shell, text: &str) -> (Vec<String>, Option<String>) {
    let (mut lines, mut begun) = (Vec::new(), None::<String>);
    for part in text.split(['\n', '\r']) {
        let mut line = begun.take().unwrap_or_default();
        match part.strip_suffix('\\') {
            Some(part) => {
                line.push_str(part);
                begun = Some(line);
            }
            None => {
                line.push_str(part);
                if has_open_quote(shell, &line) {
                    line.push(' ');
                    begun = Some(line);
                } else {
                    lines.push(line);
                }
            }
        }
    }
    (lines, begun)
}

fn has_open_quote(shell: &Shell, line: &str) -> bool {
    let (_, command) = split_host(line);
    // As in fs_cli a bare word is the server's there.
    !shell.settings().as_fs_cli && grammar::has_open_quote(command.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::settings::Settings;

    #[limited::test]
    fn what_goes_on_and_what_does_not() {
        let shell = Shell::new(Settings::default(), None, false);
        for (text, expected) in [
            ("", false),
            ("status", false),
            ("api eval a\\", true),
            ("api eval a\\\nb", false),
            ("@pbx1 hangup 'a", true),
            ("hangup \"a", true),
            ("hangup \"a\nb\"", false),
            ("hangup \"it's\"", false),
            // Quotes of the server's, and apostrophes.
            ("uuid_setvar 1 name O'Brien", false),
            ("api eval 'a", false),
            ("bgapi eval \"a", false),
            ("originate {a=O'Brien}user/1000 &park()", false),
            ("# it's a remark", false),
            ("! echo 'a", false),
        ] {
            assert_eq!(needs_more_input(&shell, text), expected, "{text:?}");
        }
    }

    #[limited::test]
    fn lines_are_put_together() {
        let shell = Shell::new(Settings::default(), None, false);
        let lines = |text| join_continuations(&shell, text);
        assert_eq!(lines("api eval a\\\n b\n\n# no\nstatus"), ["api eval a b", "status"]);
        assert_eq!(
            lines("hangup last \"USER\nBUSY\"\rcalls"),
            ["hangup last \"USER BUSY\"", "calls"]
        );
        // What is not complete is run as it is, and then says so.
        assert_eq!(lines("hangup 'a"), ["hangup 'a "]);
        assert_eq!(lines("\n \n"), <[&str; 0]>::default());
    }
}
