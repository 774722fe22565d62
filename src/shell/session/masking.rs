//! Masks what a session keeps: also what an alias would make a password of.

use super::Shell;
use crate::shell::freeswitch::secrets::{STARS, is_secret, mask_line, mask_pieces};
use crate::shell::text::alias;
use crate::shell::text::words::{cut_list, first_word};

impl Shell {
    /// A typed line as it may be kept: also without what an alias would make a password of, and
    /// without the passwords that are known.
    pub(in crate::shell) fn masked(&self, line: &str) -> String {
        self.inner.secrets.mask(mask_pieces(line, |piece| self.masked_piece(piece)))
    }

    fn masked_piece(&self, piece: &str) -> String {
        let masked = mask_line(piece);
        if masked != piece {
            return masked;
        }
        let trimmed = piece.trim_start();
        let command = match trimmed.strip_prefix('@') {
            Some(tagged) => tagged.split_once(char::is_whitespace).map_or("", |(_, rest)| rest),
            None => trimmed,
        };
        let (word, rest) = first_word(command);
        if rest.is_empty() || !self.is_secret_alias(word, rest, 0) {
            return masked;
        }
        let kept = piece.len() - rest.len();
        format!("{}{STARS}", piece.get(..kept).unwrap_or_default())
    }

    /// Whether an alias makes a secret of its arguments.
    fn is_secret_alias(&self, word: &str, rest: &str, depth: usize) -> bool {
        let Some(text) = self.settings().aliases.get(word).cloned() else { return false };
        let Ok(line) = alias::expand(word, &text, rest) else { return false };
        cut_list(&line, |_verb| false).into_iter().any(|piece| {
            let (word, rest) = first_word(piece.trim_start());
            is_secret(piece)
                || (depth < alias::DEPTH && self.is_secret_alias(word, rest, depth + 1))
        })
    }

    /// Whether a typed line is not to be kept.
    #[must_use]
    pub fn is_private(&self, line: &str) -> bool {
        self.masked(line) != line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn an_alias_hides_no_password() {
        let shell = Shell::new(crate::shell::settings::Settings::default(), None, false);
        shell.change_settings(|settings| {
            for (name, text) in [("go", "connect pbx -p $1"), ("gogo", "go $1"), ("st", "status")] {
                settings.aliases.insert(name.to_owned(), text.to_owned());
            }
        });
        assert_eq!(shell.masked("go hunter2"), "go ***");
        assert_eq!(shell.masked("@pbx gogo hunter2 ;; st x"), "@pbx gogo ***;; st x");
        assert_eq!(shell.masked("st x"), "st x");
    }
}
