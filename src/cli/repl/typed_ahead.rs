//! Keys that were typed before a program got the terminal: they are for the prompt behind it.

use super::Repl;
use super::running::Running;
use crate::cli::editor::Input;
use crate::cli::editor::assist::{Assist as _, Draft};

impl Repl {
    /// Types the keys behind what stood at the prompt: whole lines are run, the rest is the line that
    /// the next prompt begins with.
    pub(super) fn retype(
        &self,
        was: Option<Input>,
        typed_ahead: &[u8],
        draft: &mut Draft,
        running: &mut Running,
    ) -> Option<Input> {
        if typed_ahead.is_empty() {
            return was;
        }
        let begun = match was {
            Some(Input::Preempted(begun)) => begun,
            None => std::mem::take(draft),
            // The operator left the line in another way.
            other => return other,
        };
        let (lines, rest) = typed(begun, &String::from_utf8_lossy(typed_ahead));
        for line in lines {
            let prompt = self.assist.prompt_now(Draft::default()).styled;
            self.printer.output(format!("{prompt}{line}\n"));
            self.assist.keep(&line);
            running.push(line);
        }
        Some(Input::Preempted(rest))
    }
}

/// The lines that keys end, and the one that is left, as the editor would have it.
fn typed(mut line: Draft, keys: &str) -> (Vec<String>, Draft) {
    let (mut lines, mut keys) = (Vec::new(), keys.chars().peekable());
    while let Some(key) = keys.next() {
        match key {
            '\r' | '\n' => {
                let Draft { left, right } = std::mem::take(&mut line);
                lines.push(left + &right);
            }
            '\x7f' | '\x08' => drop(line.left.pop()),
            // Ctrl-U and Ctrl-W.
            '\x15' => line.left.clear(),
            '\x17' => {
                let kept = line.left.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
                line.left.truncate(kept);
            }
            // A key that sends an escape sequence moves or recalls, which needs an editor.
            '\x1b' => {
                if keys.next_if(|next| matches!(next, '[' | 'O')).is_some() {
                    while keys.next().is_some_and(|next| !('@'..='~').contains(&next)) {}
                }
            }
            key if key.is_control() => {}
            key => line.left.push(key),
        }
    }
    (lines, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn keys_are_typed_as_the_editor_would() {
        for (left, right, keys, lines, rest) in [
            ("", "", "calls\rsta", &["calls"][..], "sta"),
            ("ver", "", "sion\r", &["version"], ""),
            ("a", "c", "b\rd\n", &["abc", "d"], ""),
            ("", "", "zy\x7fz", &[], "zz"),
            ("", "", "one two\x17x", &[], "one x"),
            ("one", "", "\x15\x17two", &[], "two"),
            ("", "", "\x1b[A\x1bOPq\x04\t", &[], "q"),
            ("", "", "日本\x7f", &[], "日"),
        ] {
            let begun = Draft { left: left.to_owned(), right: right.to_owned() };
            let (found, draft) = typed(begun, keys);
            assert_eq!(
                (found.as_slice(), draft.left.as_str()),
                (&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()[..], rest),
                "{keys:?}"
            );
        }
    }
}
