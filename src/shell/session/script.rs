//! The lines of a script.

use super::Shell;

/// The lines that do something, with the number of each one's first line. A backslash at the end
/// of a line joins the next one to it.
pub fn script_lines(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut joiner = Joiner::default();
    let mut lines: Vec<_> = text.lines().filter_map(|line| joiner.push(line)).collect();
    lines.extend(joiner.rest());
    lines.into_iter()
}

/// Joins lines that end in a backslash, and skips those that do nothing.
#[derive(Debug, Default)]
pub struct Joiner {
    number: usize,
    begun: Option<(usize, String)>,
}

impl Joiner {
    /// Takes a line; returns one that is complete.
    pub fn push(&mut self, line: &str) -> Option<(usize, String)> {
        self.number += 1;
        // Editors of another system put a mark in front of a file.
        let line = if self.number == 1 { line.trim_start_matches('\u{feff}') } else { line };
        let (start, mut whole) = self.begun.take().unwrap_or((self.number, String::new()));
        match line.strip_suffix('\\') {
            Some(part) => {
                whole.push_str(part);
                self.begun = Some((start, whole));
                None
            }
            None => {
                whole.push_str(line);
                let text = whole.trim();
                let is_nothing = text.is_empty() || text.starts_with('#');
                (!is_nothing).then(|| (start, text.to_owned()))
            }
        }
    }

    /// What is left when the last line ended in a backslash.
    pub fn rest(&mut self) -> Option<(usize, String)> {
        self.begun.take().filter(|(_, line)| !line.trim().is_empty())
    }
}

/// Where a line of a script stands, and the line, for those who read that it failed: cut when it
/// is very long, and without the secrets that the shell keeps out of files.
#[must_use]
pub fn script_place(shell: &Shell, file: &str, number: usize, line: &str) -> String {
    const SHOWN: usize = 200;
    let mut shown = shell.masked(line);
    if let Some((at, _)) = shown.char_indices().nth(SHOWN) {
        shown.truncate(at);
        shown.push('…');
    }
    format!("{file}:{number}: {shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn lines_are_joined_and_counted() {
        let lines: Vec<_> =
            script_lines("\u{feff}# a\nstatus\n\n  api eval \\\n x \n\\\nend\\").collect();
        let expected = [(2, "status"), (4, "api eval  x"), (6, "end")];
        assert_eq!(lines, expected.map(|(number, line)| (number, line.to_owned())));
    }
    #[limited::test]
    fn a_place_is_short_and_without_secrets() {
        let shell = Shell::new(crate::shell::settings::Settings::default(), None, false);
        assert_eq!(script_place(&shell, "a.txt", 3, "status"), "a.txt:3: status");
        let place = script_place(
            &shell,
            "a.txt",
            3,
            "bgapi originate {sip_auth_password=hush}user/1 &park",
        );
        assert!(!place.contains("hush") && place.contains("***"), "{place}");
        assert!(script_place(&shell, "a", 1, &"é".repeat(9000)).chars().count() < 220);
    }
}
