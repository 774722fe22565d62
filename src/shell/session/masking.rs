//! Masks what a session keeps: also what an alias would make a password of.

use std::sync::Arc;

use super::Shell;
use crate::shell::freeswitch::secret_names::STARS;
use crate::shell::freeswitch::secrets::{Secrets, mask_pieces};
use crate::shell::text::alias;
use crate::shell::text::words::{cut_list, first_word, split_host};

impl Shell {
    /// A typed line as it may be kept: also without what an alias would make a password of, and
    /// without the passwords that are known.
    pub(in crate::shell) fn masked(&self, line: &str) -> String {
        self.inner.secrets.mask(mask_pieces(line, |piece| self.masked_piece(piece)))
    }

    fn masked_piece(&self, piece: &str) -> String {
        let masked = self.inner.secrets.names().mask_line(piece);
        if masked != piece {
            return masked;
        }
        let (word, rest) = first_word(split_host(piece).1);
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
            self.inner.secrets.names().mask_line(piece) != piece
                || (depth < alias::DEPTH && self.is_secret_alias(word, rest, depth + 1))
        })
    }

    /// What is kept out of files.
    pub(in crate::shell) fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.inner.secrets)
    }

    /// Whether the value of a variable is a secret.
    pub(in crate::shell) fn has_secret_name(&self, name: &str) -> bool {
        self.inner.secrets.names().is_secret(name)
    }

    /// Takes note of an answer that is a secret as a whole. Returns whether it is one.
    pub(in crate::shell) fn learn_answer(&self, line: &str, answer: &str) -> bool {
        let is_secret = self.asks_for_secret(line, 0);
        let answer = answer.trim();
        // The value alone: it may come again in the answer to a line around this one.
        if is_secret && !answer.contains(['\n', ' ']) {
            self.inner.secrets.learn_value(answer);
        }
        is_secret
    }

    /// Whether the answer to a line is a secret, also where aliases stand for other lines.
    fn asks_for_secret(&self, line: &str, depth: usize) -> bool {
        self.inner.secrets.names().asks_for_secret(line)
            || cut_list(line, |_verb| false).into_iter().any(|piece| {
                let (word, rest) = first_word(piece.trim_start());
                let text = self.with_settings(|settings| settings.aliases.get(word).cloned());
                let line = text.and_then(|text| alias::expand(word, &text, rest).ok());
                depth < alias::DEPTH
                    && line.is_some_and(|line| self.asks_for_secret(&line, depth + 1))
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
    use crate::conn::Config;
    use crate::shell::settings::Settings;
    use crate::shell::settings::profile::Profile;

    #[limited::test]
    fn an_alias_hides_no_password() {
        let shell = Shell::new(Settings::default(), None, false);
        shell.change_settings(|settings| {
            for (name, text) in [("go", "connect pbx -p $1"), ("gogo", "go $1"), ("st", "status")] {
                settings.aliases.insert(name.to_owned(), text.to_owned());
            }
        });
        assert_eq!(shell.masked("go hunter2"), "go ***");
        assert_eq!(shell.masked("@pbx gogo hunter2 ;; st x"), "@pbx gogo ***;; st x");
        assert_eq!(shell.masked("st x"), "st x");
    }

    #[limited::test]
    fn variables_of_the_settings_are_secrets() {
        let mut profile = Profile::new("pbx", Config::new("pbx"));
        profile.secret_variables = vec!["*_TOKEN".to_owned()];
        let settings = Settings {
            secret_variables: vec!["pin".to_owned()],
            profiles: vec![profile],
            ..Settings::default()
        };
        let shell = Shell::new(settings, None, false);
        shell.change_settings(|settings| {
            for (name, text) in [("sp", "setvar last pin $1"), ("spp", "sp"), ("gv", "api eval")] {
                settings.aliases.insert(name.to_owned(), text.to_owned());
            }
        });
        for (line, masked) in [
            ("let pin = 7777", "let pin =***"),
            ("api global_setvar pin=7777", "api global_setvar pin=***"),
            (
                "@pbx bgapi global_setvar PIN=7777 ;; status",
                "@pbx bgapi global_setvar PIN=*** ;; status",
            ),
            ("setvar last pin 7777", "setvar last pin ***"),
            ("setvar last api_token=7777", "setvar last api_token=***"),
            ("uuid_setvar 6c1d pin 7777", "uuid_setvar 6c1d pin ***"),
            ("uuid_setvar_multi 6c1d a=b;pin=7777;c=d", "uuid_setvar_multi 6c1d a=b;pin=***;c=d"),
            ("originate {pin=7777,a=b}user/1 &park", "originate {pin=***,a=b}user/1 &park"),
            ("originate user/1 --var pin=7777", "originate user/1 --var pin=***"),
            ("execute last set pin=7777", "execute last set pin=***"),
            ("execute last export nolocal:pin=7777", "execute last export nolocal:pin=***"),
            ("play last 'set::pin=7777'", "play last 'set::pin=***'"),
            ("! tool --pin 7777 x", "! tool --pin *** x"),
            ("! tool --pin=7777 x", "! tool --pin=*** x"),
            ("! PIN=7777 tool", "! PIN=*** tool"),
            ("calls | tool --api_token 7777", "calls | tool --api_token ***"),
            ("alias x global_setvar pin=7777", "alias x global_setvar pin=***"),
            ("alias x setvar last pin 7777", "alias x setvar last pin ***"),
            ("sched_api +1 x uuid_setvar 6 pin 7777", "sched_api +1 x uuid_setvar 6 pin ***"),
            ("let x = $(setvar last pin 7777)", "let x = $(setvar last pin ***"),
            ("sp 7777", "sp ***"),
            ("spp 7777", "spp ***"),
            ("events where variable_pin=7777", "events where variable_pin=***"),
        ] {
            assert_eq!(shell.masked(line), masked);
            assert!(shell.is_private(line), "{line}");
        }
        for line in ["getvar last pin", "let opinion = 7777", "setvar last spin 7777", "gv 7777"] {
            assert!(!shell.is_private(line), "{line}");
        }
        // What a variable of a script holds is a secret wherever it appears.
        shell.define("my_token", "hush-hush").unwrap();
        shell.define("short_token", "1").unwrap();
        assert_eq!(shell.masked("! tool hush-hush 1"), "! tool *** 1");
    }
}
