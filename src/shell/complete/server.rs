//! Asking FreeSWITCH itself, as `fs_cli` does on Tab.

use std::sync::Arc;
use std::time::Duration;

use super::{Candidate, words};
use crate::client::Client;
use crate::shell::{Shell, Switch, grammar, line, pipe};

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
        if pipe::tail(typed) != pipe::Tail::Command {
            return None;
        }
        let typed = line::last_piece(typed);
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

/// What the server would complete the last word of a line with.
///
/// The form with a cursor, always: the server looks for `c=` anywhere in the line otherwise, and
/// writes where the number behind it says (`src/switch_console.c`, `switch_console_complete`).
pub(in crate::shell) async fn candidates(client: &Client, line: &str) -> Vec<String> {
    let request = format!("console_complete c={};{line}", line.len());
    // A command that holds up the connection holds this up, too.
    match client.api_within(&request, LONGEST).await {
        Ok(reply) => listed(&reply.text()),
        Err(_) => Vec::new(),
    }
}

/// `[            internal]` TAB, four a line, up to `write=`.
fn listed(text: &str) -> Vec<String> {
    let text = text.rsplit_once("\n\nwrite=").map_or(text, |(list, _)| list);
    let cells =
        text.split(['\t', '\n']).filter_map(|cell| cell.strip_prefix('[')?.strip_suffix(']'));
    let mut listed: Vec<String> = cells.map(|cell| cell.trim_start().to_owned()).collect();
    listed.retain(|word| !word.is_empty());
    listed.sort();
    listed.dedup();
    listed
}

/// What stands behind `api` or `bgapi` and their options.
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
/// A later answer is of no use: the next Tab asks again.
const LONGEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn the_list_of_the_server_is_read() {
        let text = "\n\n[            internal]\t[            external]\t[                  a b]\t[   x]\t\n[   x]\t\n\nwrite=3:ext";
        assert_eq!(listed(text), ["a b", "external", "internal", "x"]);
        assert!(listed("\n\n\n\n").is_empty());
        assert!(listed("-ERR no reply\n").is_empty());
    }

    #[limited::test]
    fn own_options_are_not_asked_about() {
        assert_eq!(tail(&["--timeout", "5", "sofia", "status"]), ["sofia", "status"]);
        assert_eq!(tail(&["--wait", "status"]), ["status"]);
        assert_eq!(tail(&["--wait", "5", "--yes", "reload"]), ["reload"]);
    }
}
