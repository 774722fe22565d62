//! A typed line, read once. Every question about it is a method here: whom it is for, what runs, where
//! its answer goes, whether the next line waits for it, what continues after Ctrl-C.
//!
//! What variables and aliases put into it is known only when it runs: [`super::line`].

use std::collections::BTreeMap;

use super::redirect;
use super::redirect::Redirect;
use crate::shell::commands::meta::Meta;
use crate::shell::commands::{grammar, table};
use crate::shell::freeswitch::server_command;
use crate::shell::text::after_interrupt::AfterInterrupt;
use crate::shell::text::alias;
use crate::shell::text::words::{MARK, cut_list, first_word, split_host};

/// A line as the operator typed it, in its parts.
#[derive(Debug, PartialEq, Eq)]
pub struct TypedLine<'a> {
    text: &'a str,
    host: Option<&'a str>,
    command: &'a str,
    redirect: Redirect<'a>,
}

/// One command: a line without its host and its redirection, or one piece of a `;;` list.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypedCommand<'a> {
    text: &'a str,
    verb: &'a str,
    rest: &'a str,
    meta: Option<&'static Meta>,
}

impl<'a> TypedLine<'a> {
    /// Reads a line.
    #[must_use]
    pub fn read(text: &'a str) -> Self {
        let text = text.trim();
        let (end, redirect) = redirect::read(text);
        let (host, command) = split_host(text.get(..end).unwrap_or(text).trim_end());
        Self { text, host, command, redirect }
    }

    /// Whether nothing runs: the line is empty, or a comment.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() || self.text.starts_with('#')
    }

    /// The whole line, without blanks around it.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The switch that `@HOST` in front names, or `all`; `None` for the current one.
    pub(super) fn host(&self) -> Option<&'a str> {
        self.host
    }

    /// What runs there; it may be a list.
    pub(super) fn command(&self) -> &'a str {
        self.command
    }

    /// Where the answer goes.
    pub(super) fn redirect(&self) -> &Redirect<'a> {
        &self.redirect
    }

    /// The first word of its first command, as it was typed.
    #[must_use]
    pub fn verb(&self) -> &'a str {
        first_word(self.command).0
    }

    /// Whether the next line waits for it, however long it takes: it changes where that line goes,
    /// or what it means.
    #[must_use]
    pub fn is_waited_for(&self) -> bool {
        pieces(self.command)
            .into_iter()
            .any(|command| TypedCommand::read(command).meta.is_some_and(|meta| meta.is_waited_for))
    }

    /// Whether it asks why something ended or failed.
    #[must_use]
    pub fn asks_why(&self) -> bool {
        self.verb().eq_ignore_ascii_case("why")
    }

    /// What becomes of it when it is not waited for any longer.
    pub(super) fn after_interrupt(&self, aliases: &BTreeMap<String, String>) -> AfterInterrupt {
        if matches!(self.redirect, Redirect::Program(_)) {
            return AfterInterrupt::ENDED;
        }
        let command = TypedCommand::read(self.command);
        let alias = aliases.get(command.verb).filter(|_| command.meta.is_none());
        match alias.and_then(|text| alias::expand(command.verb, text, command.rest).ok()) {
            Some(line) => TypedCommand::read(&line).after_interrupt(),
            None => command.after_interrupt(),
        }
    }
}

impl<'a> TypedCommand<'a> {
    /// Reads a command.
    pub(super) fn read(text: &'a str) -> Self {
        let (verb, rest) = first_word(text);
        Self { text, verb, rest, meta: table::meta(verb) }
    }

    /// Its first word, as it was typed.
    pub(super) fn verb(self) -> &'a str {
        self.verb
    }

    /// What follows its first word.
    pub(super) fn rest(self) -> &'a str {
        self.rest
    }

    /// Whether `;;` within it belongs to it: it goes out word for word, or is kept to be run later.
    pub(super) fn keeps_lists(self) -> bool {
        self.meta.is_some_and(|meta| meta.keeps_lists)
    }

    fn after_interrupt(self) -> AfterInterrupt {
        let is = |verbs: &[&str]| verbs.iter().any(|verb| self.verb.eq_ignore_ascii_case(verb));
        let holds = || self.rest.split_whitespace().any(|word| word.starts_with("--hold"));
        if is(&["originate"]) && holds() {
            return AfterInterrupt {
                continues: Some("the call is hung up"),
                hint: Some("\"calls\" shows what is left"),
            };
        }
        // What takes long goes as a job, whether it is typed behind `api` or not.
        let is_sent_as_it_is = self.meta.is_none() || is(&["api", "originate"]);
        if is_sent_as_it_is && sends_slow(self.text) {
            return AfterInterrupt::JOB;
        }
        self.meta.map_or(AfterInterrupt::SENT, |meta| meta.after_interrupt)
    }
}

/// The commands of a `;;` list, or the one that there is. FreeSWITCH cuts a console line there,
/// wherever it stands; what goes out word for word is not cut, nor what stands in quotes of a command
/// of ours.
pub(super) fn pieces(command: &str) -> Vec<&str> {
    if !command.contains(MARK) || TypedCommand::read(command).keeps_lists() {
        return vec![command];
    }
    let pieces = cut(command).into_iter().map(str::trim);
    pieces.filter(|piece| !piece.is_empty()).collect()
}

/// The last command of a `;;` list that is still typed.
pub(in crate::shell) fn last_piece(command: &str) -> &str {
    if TypedCommand::read(command).keeps_lists() {
        return command;
    }
    match cut(command).as_slice() {
        [_whole] => command,
        [.., last] => last.trim_start(),
        [] => command,
    }
}

/// A command at its `;;`, but for those in quotes of commands of ours.
fn cut(command: &str) -> Vec<&str> {
    cut_list(command, grammar::is_verb)
}

/// Whether the server command that a line sends may take long.
fn sends_slow(mut line: &str) -> bool {
    let is_before = |word: &str| {
        word.eq_ignore_ascii_case("api")
            || word.starts_with(['-', '@'])
            || word.bytes().all(|byte| byte.is_ascii_digit())
    };
    loop {
        match first_word(line.trim()) {
            (word, rest) if !word.is_empty() && is_before(word) => line = rest,
            _ => return server_command::facts(line).may_block,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn what_a_line_sends() {
        assert!(sends_slow("api --timeout 600 msleep 5000") && sends_slow("@pbx1 reloadxml"));
        assert!(!sends_slow("api status") && !sends_slow("api") && !sends_slow("bgapi msleep 1"));
    }

    #[limited::test]
    fn a_list_is_cut_as_the_server_cuts_it() {
        assert_eq!(pieces("status"), ["status"]);
        assert_eq!(pieces("version;;status ;; "), ["version", "status"]);
        assert_eq!(pieces("api eval a;;b"), ["api eval a;;b"]);
        assert_eq!(cut("a;;b;;"), ["a", "b", ""]);
        assert_eq!(last_piece("calls;; hang"), "hang");
        assert_eq!(last_piece("api eval a;;b"), "api eval a;;b");
        assert_eq!(last_piece("calls ;;"), "");
    }

    #[limited::test]
    fn quotes_of_commands_of_ours_are_not_cut() {
        for (line, found) in [
            (r#"setvar u1 note "see;;fsctl x""#, vec![r#"setvar u1 note "see;;fsctl x""#]),
            ("play u1 'a;;b';;calls", vec!["play u1 'a;;b'", "calls"]),
            ("calls;;events where 'a;;b'", vec!["calls", "events where 'a;;b'"]),
            (r#"hangup "a\";;b";;calls"#, vec![r#"hangup "a\";;b""#, "calls"]),
            ("@all setvar u1 a 'x;;y'", vec!["@all setvar u1 a 'x;;y'"]),
            ("setvar u1 a 'x;;fsctl crash", vec!["setvar u1 a 'x;;fsctl crash"]),
            ("hangup u1;;calls", vec!["hangup u1", "calls"]),
            ("calls;;;x", vec!["calls", ";x"]),
            // The server's own: as its console cuts it.
            ("uuid_setvar u1 a 'x;;status'", vec!["uuid_setvar u1 a 'x", "status'"]),
            ("uuid_setvar u1 O'Brien;;status", vec!["uuid_setvar u1 O'Brien", "status"]),
        ] {
            assert_eq!(cut(line), found, "{line}");
        }
    }

    #[limited::test]
    fn a_line_is_read_once() {
        for (text, host, command, is_waited_for, asks_why) in [
            (" calls | grep x", None, "calls", false, false),
            ("@pbx calls > /tmp/x", Some("pbx"), "calls", false, false),
            ("@all  use pbx", Some("all"), "use pbx", true, false),
            ("calls ;; USE pbx", None, "calls ;; USE pbx", true, false),
            ("api eval use ;; use x", None, "api eval use ;; use x", false, false),
            ("@pbx Why last \\G", Some("pbx"), "Why last", false, true),
            ("@pbx", Some("pbx"), "", false, false),
            ("! sleep 5 | x", None, "! sleep 5 | x", false, false),
            ("sofia status", None, "sofia status", false, false),
        ] {
            let line = TypedLine::read(text);
            assert_eq!((line.host(), line.command()), (host, command), "{text}");
            assert_eq!(
                (line.is_waited_for(), line.asks_why()),
                (is_waited_for, asks_why),
                "{text}"
            );
            assert!(!line.is_empty(), "{text}");
        }
        assert!(TypedLine::read("  ").is_empty() && TypedLine::read(" # calls").is_empty());
    }
}
