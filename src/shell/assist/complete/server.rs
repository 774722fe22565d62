//! Asking FreeSWITCH itself, as `fs_cli` does on Tab.

use std::sync::Arc;

use super::candidate::Candidate;
use super::place::words;
use crate::shell::commands::grammar;
use crate::shell::run::{redirect, typed};
use crate::shell::session::Shell;
pub(in crate::shell) use crate::shell::session::console_complete::candidates;
use crate::shell::session::switch::Switch;

/// A line that goes to the server, up to the cursor, and the server.
#[derive(Debug)]
pub struct Question {
    switch: Arc<Switch>,
    line: String,
}

impl Question {
    /// What to ask for the word at the cursor; `None` when all is known here.
    #[must_use]
    pub fn new(shell: &Shell, line: &str, pos: usize) -> Option<Self> {
        let typed = line.get(..pos)?;
        if redirect::tail(typed) != redirect::Tail::Command {
            return None;
        }
        let typed = typed::last_piece(typed);
        let start = typed.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let (switch, words) = words(shell, typed.get(..start)?);
        let switch = switch.filter(|switch| switch.client().is_connected())?;
        let (verb, rest) = words.split_first()?;
        let before: Vec<&str> = match grammar::command(verb) {
            None => words,
            Some(command) if matches!(command.get_name(), "api" | "bgapi") => tail(rest).to_vec(),
            Some(_) => return None,
        };
        let (command, _) = before.split_first()?;
        // The calls are known here, and better described.
        let catalog = switch.catalog();
        let lists = catalog.words(&before).lists;
        let is_known = catalog.api(command).is_some();
        if is_known && lists.iter().all(|list| list == UUIDS) {
            return None;
        }
        let word = typed.get(start..)?;
        Some(Self { line: format!("{} {word}", before.join(" ")), switch })
    }

    /// Where the word at the cursor stands, and what there is of it.
    #[must_use]
    pub fn place(&self) -> (String, String) {
        let (before, word) = self.line.rsplit_once(' ').unwrap_or(("", &self.line));
        (format!("{} {before}", self.switch.name()), word.to_owned())
    }

    /// Asks on the command connection, and returns what may stand for the word at the cursor.
    pub async fn ask(self) -> Vec<Candidate> {
        let found = candidates(self.switch.client(), &self.line).await;
        found.into_iter().map(Candidate::new).collect()
    }
}

/// What follows `api` or `bgapi` and their options.
pub(in crate::shell) fn tail<'a>(words: &'a [&'a str]) -> &'a [&'a str] {
    let mut rest = words;
    while let Some((word, more)) = rest.split_first().filter(|(word, _)| word.starts_with('-')) {
        let has_value = *word == "--timeout"
            || (*word == "--wait"
                && more.first().is_some_and(|value| value.bytes().all(|b| b.is_ascii_digit())));
        rest = if has_value { more.get(1..).unwrap_or_default() } else { more };
    }
    rest
}

/// The list that the server makes of its calls.
pub(super) const UUIDS: &str = "::console::list_uuid";
#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn own_options_are_not_asked_about() {
        assert_eq!(tail(&["--timeout", "5", "sofia", "status"]), ["sofia", "status"]);
        assert_eq!(tail(&["--wait", "status"]), ["status"]);
        assert_eq!(tail(&["--wait", "5", "--yes", "reload"]), ["reload"]);
    }
}
