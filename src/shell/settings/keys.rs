//! What the function keys run, and how a line is edited.

/// The lines of F1 to F12. A key that has several runs them in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys([Vec<String>; 12]);

/// How a line is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Editing {
    /// As in Emacs: Ctrl-A, Ctrl-E, Alt-F ..
    #[default]
    Emacs,
    /// As in vi: Esc leads to its commands.
    Vi,
}

/// Those of `fs_cli`.
impl Default for Keys {
    fn default() -> Self {
        Self(FS_CLI.map(|line| vec![line.to_owned()]))
    }
}

impl Keys {
    /// Gives a key, `F1` to `F12`, other lines. Returns whether there is such a key.
    pub fn bind(&mut self, name: &str, lines: Vec<String>) -> bool {
        let number = name.strip_prefix(['F', 'f']).and_then(|number| number.parse().ok());
        let Some(slot) = number.and_then(|number: usize| self.0.get_mut(number.checked_sub(1)?))
        else {
            return false;
        };
        *slot = lines;
        true
    }

    /// The line that the key of this number runs when it was pressed `times` times before; `None`
    /// when it runs nothing.
    #[must_use]
    pub fn line(&self, number: u8, times: usize) -> Option<&str> {
        let lines = self.0.get(usize::from(number).checked_sub(1)?)?;
        lines.get(times.checked_rem(lines.len())?).map(String::as_str)
    }

    /// All keys: their names and lines.
    pub(crate) fn all(&self) -> impl Iterator<Item = (String, &[String])> {
        (1..).zip(&self.0).map(|(number, lines)| (format!("F{number}"), lines.as_slice()))
    }
}

/// In the order of the keys.
const FS_CLI: [&str; 12] = [
    "help",
    "status",
    "show channels",
    "show calls",
    "sofia status",
    "reloadxml",
    "/log console",
    "/log debug",
    "sofia status profile internal",
    "fsctl pause",
    "fsctl resume",
    "version",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn lines_of_a_key_take_turns() {
        let mut keys = Keys::default();
        assert_eq!(keys.line(10, 3), Some("fsctl pause"));
        assert!(keys.bind("F5", vec!["/log debug".to_owned(), "/nolog".to_owned()]));
        let lines: Vec<_> = (0..3).map(|times| keys.line(5, times)).collect();
        assert_eq!(lines, [Some("/log debug"), Some("/nolog"), Some("/log debug")]);
        assert!(keys.bind("f6", Vec::new()));
        assert_eq!((keys.line(6, 0), keys.line(0, 0), keys.line(13, 0)), (None, None, None));
        assert!(!keys.bind("F13", Vec::new()) && !keys.bind("F0", Vec::new()));
    }
}
