//! What is a secret in a text, and what stands in its place where the text is kept.
//!
//! # Invariants
//! A line is secret when masking it changes it: history and transcript agree.

use std::collections::BTreeSet;

use parking_lot::Mutex;

use super::secret_names::{Names, STARS};
use crate::conn::{Config, Login};
use crate::shell::text::words::{cut_list, first_word};

/// Whether a line holds, or may hold, a password: such a line is not written to the history.
#[must_use]
pub fn is_secret(line: &str) -> bool {
    Names::default().mask_line(line) != line
}

/// Masks each command of a list. It is cut in both ways in which a list may be read, with `;;` in
/// quotes and without: rather a secret too many than one too few.
pub(in crate::shell) fn mask_pieces(line: &str, mask: impl Fn(&str) -> String) -> String {
    let once = |line: &str, has_quotes: bool| {
        let pieces = cut_list(line, |_verb| has_quotes);
        pieces.into_iter().map(&mask).collect::<Vec<_>>().join(";;")
    };
    once(&once(line, true), false)
}

impl Names {
    /// A typed line without its secrets: logins, what follows `-p`, and all that [`mask_text`] takes.
    pub(in crate::shell) fn mask_line(&self, line: &str) -> String {
        mask_pieces(line, |piece| self.mask_command(piece))
    }

    /// One command of a line.
    fn mask_command(&self, line: &str) -> String {
        let start = line.len() - line.trim_start().len();
        let (lead, command) = line.split_at(start);
        if command.starts_with('@') {
            let (host, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
            let gap = command.get(host.len()..command.len() - rest.len()).unwrap_or_default();
            return format!("{lead}{host}{gap}{}", self.mask_command(rest));
        }
        if command.starts_with('!') {
            return format!("{lead}{}", self.within(command));
        }
        let (verb, rest) = first_word(command);
        let gap = command.get(verb.len()..command.len() - rest.len()).unwrap_or_default();
        let name = verb.trim_start_matches('/').to_ascii_lowercase();
        let rest = match name.as_str() {
            "api" | "bgapi" | "with" => self.mask_command(rest),
            "auth" | "userauth" => STARS.to_owned(),
            "connect" => options(rest),
            "let" => match rest.split_once('=') {
                Some((name, value)) if self.is_secret(name.trim()) && !value.trim().is_empty() => {
                    format!("{name}={STARS}")
                }
                _ => self.within(rest),
            },
            name if name.ends_with("setvar") => self.named_words(rest),
            _ => self.within(rest),
        };
        format!("{lead}{verb}{gap}{rest}")
    }

    /// What follows a verb: a login may stand anywhere in it, as in `alias NAME connect ..`,
    /// `with APP connect ..`, `let NAME = connect ..`, or a program that takes the same options.
    fn within(&self, text: &str) -> String {
        let other = |text: &str| self.mask_text(&self.long_option(text));
        let mut at = 0;
        for word in text.split_inclusive(char::is_whitespace) {
            at += word.len();
            let name = word.trim_matches(|c: char| c.is_whitespace() || "'\"(!/".contains(c));
            let name = name.rsplit('/').next().unwrap_or_default();
            if LOGINS.iter().any(|login| name.eq_ignore_ascii_case(login)) {
                let (before, after) = text.split_at(at);
                return format!("{}{}", other(before), options(after));
            }
            // As what `sched_api`, `alias` or `let NAME = $(..)` runs.
            if name.to_ascii_lowercase().ends_with("setvar") {
                let (before, after) = text.split_at(at);
                return format!("{}{}", other(before), self.named_words(after));
            }
        }
        other(text)
    }

    /// `--password VALUE`, `-u USER:PASSWORD` and `https://USER:PASSWORD@HOST` of any program.
    fn long_option(&self, text: &str) -> String {
        let (mut is_next, mut is_user) = (false, false);
        words(text, |word| {
            if std::mem::take(&mut is_next) {
                return Some(STARS.to_owned());
            }
            if std::mem::take(&mut is_user)
                && let Some((user, _password)) = word.split_once(':')
            {
                let quote = word.chars().next_back().filter(|c| "'\"".contains(*c));
                let quote = quote.filter(|quote| word.starts_with(*quote));
                return Some(format!(
                    "{user}:{STARS}{}",
                    quote.map_or(String::new(), String::from)
                ));
            }
            is_next = word.strip_prefix("--").is_some_and(|name| self.is_secret(name));
            is_user = ["-u", "-U", "--user", "--proxy-user"].contains(&word);
            if word.contains("://") { mask_userinfo(word) } else { None }
        })
    }

    /// `ID sip_auth_password VALUE`
    fn named_words(&self, text: &str) -> String {
        let mut is_value = false;
        let masked = words(text, |word| {
            let is_secret = is_value;
            is_value |= self.is_secret(word);
            is_secret.then(|| STARS.to_owned())
        });
        self.mask_text(&masked)
    }
}

/// Commands and programs with the options of a login: a password follows `-p`.
const LOGINS: &[&str] =
    &["connect", "switchy", "fs_cli", "sshpass", "mysql", "mysqldump", "mysqladmin", "mariadb"];

/// The options of a login, without the password.
fn options(text: &str) -> String {
    let mut is_next = false;
    words(text, |word| {
        if std::mem::take(&mut is_next) {
            return Some(STARS.to_owned());
        }
        let option = word.trim_start_matches(['"', '\'']);
        match option.split_once('=') {
            Some((name @ "--password", _)) => return Some(format!("{name}={STARS}")),
            _ if option == "-p" || option == "--password" => is_next = true,
            _ if option.starts_with("-p") => return Some(format!("-p{STARS}")),
            // Several short ones in one: none of the others is called so.
            _ if option.starts_with('-') && !option.starts_with("--") && option.contains('p') => {
                return Some(format!("-{STARS}"));
            }
            _ => {}
        }
        mask_userinfo(word)
    })
}

/// `ssh://user:password@host`, `user:password@host`
fn mask_userinfo(word: &str) -> Option<String> {
    let (before, host) = word.rsplit_once('@')?;
    let (scheme, user) = match before.split_once("://") {
        Some((scheme, user)) => (format!("{scheme}://"), user),
        None => (String::new(), before),
    };
    let (user, _password) = user.split_once(':')?;
    Some(format!("{scheme}{user}:{STARS}@{host}"))
}

/// A text, with some of its words replaced. Quotes hold a word together.
fn words(text: &str, mut replace: impl FnMut(&str) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    loop {
        let word = rest.trim_start();
        out.push_str(rest.get(..rest.len() - word.len()).unwrap_or_default());
        if word.is_empty() {
            return out;
        }
        let (mut quote, mut end) = (None, word.len());
        for (at, c) in word.char_indices() {
            match quote {
                Some(open) if c == open => quote = None,
                Some(_) => {}
                None if matches!(c, '"' | '\'') => quote = Some(c),
                None if c.is_whitespace() => {
                    end = at;
                    break;
                }
                None => {}
            }
        }
        let (word, after) = word.split_at(end);
        out.push_str(&replace(word).unwrap_or_else(|| word.to_owned()));
        rest = after;
    }
}

/// What a session keeps out of its files: the passwords that it logged in with, or could, and the
/// values of variables whose names say that they are secrets.
#[derive(Debug, Default)]
pub(in crate::shell) struct Secrets {
    names: Names,
    values: Mutex<BTreeSet<String>>,
}

impl Secrets {
    /// With the names that the settings list.
    pub(in crate::shell) fn new(names: Names) -> Self {
        Self { names, values: Mutex::default() }
    }

    /// Which names say that a value is a secret.
    pub(in crate::shell) fn names(&self) -> &Names {
        &self.names
    }

    /// Takes note of the password of a login; everybody knows the stock one.
    pub(in crate::shell) fn learn(&self, config: &Config) {
        let (Login::Password(secret) | Login::User { password: secret, .. }) = config.login();
        let secret = secret.expose();
        if secret != Config::PASSWORD {
            self.learn_value(secret);
        }
    }

    /// Takes note of a value that is a secret wherever it appears.
    pub(in crate::shell) fn learn_value(&self, value: &str) {
        if value.len() >= SHORTEST {
            self.values.lock().insert(value.to_owned());
        }
    }

    /// A text of any kind without secrets.
    pub(in crate::shell) fn mask_text(&self, text: &str) -> String {
        self.mask(self.names.mask_text(text))
    }

    /// A command line without secrets.
    pub(in crate::shell) fn mask_line(&self, line: &str) -> String {
        self.mask(self.names.mask_line(line))
    }

    /// A text without the values that are known.
    pub(in crate::shell) fn mask(&self, mut text: String) -> String {
        for secret in self.values.lock().iter() {
            if text.contains(secret.as_str()) {
                text = replaced(&text, secret);
            }
        }
        text
    }
}

/// A shorter one would be found in every other word.
const SHORTEST: usize = 4;

/// Replaces a secret. A number, or a short one, may be a part of something else by chance.
fn replaced(text: &str, secret: &str) -> String {
    if secret.len() >= 8 && !secret.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.replace(secret, STARS);
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (start, _) in text.match_indices(secret) {
        let end = start + secret.len();
        let before = text.get(..start).and_then(|text| text.chars().next_back());
        let after = text.get(end..).and_then(|text| text.chars().next());
        let is_inside = before.is_some_and(is_part) || after.is_some_and(is_part);
        out.push_str(text.get(at..start).unwrap_or_default());
        out.push_str(if is_inside { secret } else { STARS });
        at = end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn secrets_are_masked_and_the_rest_stays() {
        for (line, masked) in [
            ("auth hunter2", "auth ***"),
            ("/userauth u@d:hunter2", "/userauth ***"),
            ("connect pbx -p hunter2 -P 8021", "connect pbx -p *** -P 8021"),
            ("connect -phunter2 pbx", "connect -p*** pbx"),
            ("connect pbx -p 'hunter2 hunter2'", "connect pbx -p ***"),
            ("connect --password=hunter2 pbx", "connect --password=*** pbx"),
            ("@pbx1 connect pbx -p hunter2", "@pbx1 connect pbx -p ***"),
            ("status ;; connect pbx -p hunter2", "status ;; connect pbx -p ***"),
            ("  connect x -p hunter2", "  connect x -p ***"),
            ("connect ops:hunter2@pbx", "connect ops:***@pbx"),
            ("alias x connect pbx -p hunter2", "alias x connect pbx -p ***"),
            ("alias x 'connect pbx -p hunter2'", "alias x 'connect pbx -p ***"),
            ("alias x @pbx2 connect pbx -phunter2", "alias x @pbx2 connect pbx -p***"),
            ("with Cdr file=x connect pbx -p hunter2", "with Cdr file=x connect pbx -p ***"),
            ("let x = connect ops:hunter2@pbx", "let x = connect ops:***@pbx"),
            ("! switchy pbx -p hunter2", "! switchy pbx -p ***"),
            ("!/usr/bin/fs_cli -H pbx -phunter2", "!/usr/bin/fs_cli -H pbx -p***"),
            (
                "api originate {sip_auth_password=hunter2,a=b}user/1",
                "api originate {sip_auth_password=***,a=b}user/1",
            ),
            (
                "originate {sip_auth_password='hunter2,x'}user/1",
                "originate {sip_auth_password='***'}user/1",
            ),
            (
                "uuid_setvar 6c1d sip_auth_password hunter2",
                "uuid_setvar 6c1d sip_auth_password ***",
            ),
            ("setvar last my_secret=hunter2", "setvar last my_secret=***"),
            ("let password = hunter2", "let password =***"),
            ("! mysql --password hunter2 x", "! mysql --password *** x"),
            ("! mysql -phunter2 -u root", "! mysql -p*** -u root"),
            ("! sshpass -p hunter2 ssh a@b", "! sshpass -p *** ssh a@b"),
            ("! /usr/bin/sshpass -phunter2 scp x y", "! /usr/bin/sshpass -p*** scp x y"),
            ("! curl -u me:hunter2 http://h/", "! curl -u me:*** http://h/"),
            ("! curl --user 'me:hun ter2' h", "! curl --user 'me:***' h"),
            ("! curl https://me:hunter2@h/x", "! curl https://me:***@h/x"),
            ("calls | curl -u me:hunter2 h", "calls | curl -u me:*** h"),
            ("! curl -H 'Authorization: Bearer hunter2' h", "! curl -H 'Authorization: ***"),
            ("! PGPASSWORD=hunter2 psql -U me db", "! PGPASSWORD=*** psql -U me db"),
            ("global_setvar default_password=hunter2", "global_setvar default_password=***"),
        ] {
            assert_eq!(Names::default().mask_line(line), masked);
            assert!(is_secret(line), "{line}");
        }
        for line in [
            "status",
            "connect pbx",
            "connect pbx -P 8021 -u a@b",
            "api sofia status profile internal",
            "author x",
            "show registrations | grep 1000",
            "user_data 1000@x param password",
            "transfer last 1000 -both",
            "let port = 8021",
            "help set",
            "help connect",
            "alias x connect pbx",
        ] {
            assert!(!is_secret(line), "{line}");
        }
    }

    #[limited::test]
    fn known_passwords_are_found_anywhere() {
        let secrets = Secrets::default();
        for password in ["hunter2hunter2", "8021", "abc", "ClueCon"] {
            secrets.learn(&Config::new("x").with_password(password));
        }
        let text = "xhunter2hunter2y 8021 18021 abc ClueCon 6c1d-8021".to_owned();
        assert_eq!(secrets.mask(text), "x***y *** 18021 abc ClueCon 6c1d-8021");
    }
}
