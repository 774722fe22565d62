//! What a typed line stands for: variables, lists, slash commands, aliases, then a command.

use std::borrow::Cow;
use std::pin::Pin;

use super::slash;
use crate::shell::commands::context::Context;
use crate::shell::commands::grammar::Parsed;
use crate::shell::commands::{dispatch, grammar, table};
use crate::shell::session::variables;
use crate::shell::text::alias;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::next::Next;
use crate::shell::text::words::{MARK, cut_list, first_word};

/// Runs a line.
pub(super) async fn run(cx: &mut Context<'_>, line: &str) -> Result<Next, CommandError> {
    let ran = step(cx, line.to_owned(), Vec::new()).await;
    ran.map_err(|err| match cx.switch() {
        Ok(switch) if switch.is_recording() && err.kind == Kind::Connection => CommandError::new(
            Kind::Refused,
            "this is a recording: nothing can be sent",
        )
        .hint("\"calls --ended\" and \"events last\" show what happened; \"use SWITCH\" leaves it"),
        Ok(switch)
            if err.kind == Kind::Connection
                && err.message == "not connected"
                && switch.client().reconnects() =>
        {
            let message = format!("not connected to {} at the moment", switch.name());
            CommandError::new(Kind::Connection, message).hint(
                "it reconnects as soon as the server answers; \"status\" shows whether it has",
            )
        }
        _ => err,
    })
}

/// A boxed future, because an alias or a list leads back here.
type Step<'a> = Pin<Box<dyn Future<Output = Result<Next, CommandError>> + Send + 'a>>;

fn step<'a>(cx: &'a mut Context<'_>, typed: String, within: Vec<String>) -> Step<'a> {
    Box::pin(async move {
        let line = variables::substitute(&typed, &cx.shell.variables());
        let line = question(line.trim());
        let line = &*line;
        if !is_raw(line) && marks(line) > marks(&typed) {
            return Err(CommandError::usage("the value of a variable has ;; in it")
                .hint("it would start a command of its own; \"api LINE\" sends it as it is"));
        }
        if slash::is_slash(line) {
            return slash::run(cx, line).await;
        }
        if let Some(pieces) = pieces(line) {
            return list(cx, pieces, &within).await;
        }
        let (word, rest) = first_word(line);
        match grammar::parse(line)? {
            Parsed::Builtin(_) if cx.shell.settings().as_fs_cli && is_servers_own(word, rest) => {
                dispatch::run(cx, Parsed::Api(line.to_owned()), line).await
            }
            Parsed::Builtin(_) if is_servers_alias(word, rest) => {
                dispatch::run(cx, Parsed::Api(line.to_owned()), line).await
            }
            Parsed::Api(text) => {
                let alias = cx.shell.settings().aliases.get(word).cloned();
                // Within itself an alias is the server's word: `show` can stand for `show calls`.
                match alias.filter(|_| !within.iter().any(|outer| outer == word)) {
                    Some(alias) if within.len() < alias::DEPTH => {
                        let line = alias::expand(word, &alias, rest)?;
                        let within = within.into_iter().chain([word.to_owned()]).collect();
                        step(cx, line, within).await
                    }
                    Some(_) => Err(CommandError::usage(format!("the alias {word} goes too deep"))),
                    None => dispatch::run(cx, Parsed::Api(text), line).await,
                }
            }
            parsed => dispatch::run(cx, parsed, line).await,
        }
    })
}

/// `?hangup` asks as `? hangup` does.
fn question(line: &str) -> Cow<'_, str> {
    match line.strip_prefix('?') {
        Some(about) if !about.is_empty() && !about.starts_with(char::is_whitespace) => {
            format!("? {}", about.trim_start_matches('?')).into()
        }
        _ => line.into(),
    }
}

/// Runs the commands of a list, all of them as FreeSWITCH does; the first failure is told.
async fn list(
    cx: &mut Context<'_>,
    pieces: Vec<String>,
    within: &[String],
) -> Result<Next, CommandError> {
    let mut first = None;
    for piece in pieces {
        match step(cx, piece, within.to_vec()).await {
            Ok(Next::Go) => {}
            Ok(Next::Exit) => return Ok(Next::Exit),
            Err(err) => {
                first.get_or_insert(err);
            }
        }
    }
    first.map_or(Ok(Next::Go), Err)
}

/// The commands of a `;;` list. FreeSWITCH cuts a console line there, wherever it stands; what
/// goes out word for word is not cut, nor what stands in quotes of a command of ours.
fn pieces(line: &str) -> Option<Vec<String>> {
    if is_raw(line) {
        return None;
    }
    let pieces = cut(line);
    if pieces.len() == 1 {
        return None;
    }
    let pieces = pieces.into_iter().map(str::trim).filter(|piece| !piece.is_empty());
    Some(pieces.map(str::to_owned).collect())
}

/// A line at its `;;`, but for those in quotes of commands of ours.
pub(super) fn cut(line: &str) -> Vec<&str> {
    cut_list(line, grammar::is_verb)
}

/// Whether a line is kept whole: it goes out word for word, or is kept to be run later.
fn is_raw(line: &str) -> bool {
    let (verb, _) = first_word(line);
    table::meta(verb).is_some_and(|meta| meta.keeps_lists)
}

/// At how many places a line could be cut.
fn marks(line: &str) -> usize {
    line.matches(MARK).count()
}

/// The last command of a `;;` list that is still typed.
pub(in crate::shell) fn last_piece(line: &str) -> &str {
    if is_raw(line) {
        return line;
    }
    match cut(line).as_slice() {
        [_whole] => line,
        [.., last] => last.trim_start(),
        [] => line,
    }
}

/// Words that the server knows as well: under the name `fs_cli` they are the server's.
fn is_servers_own(word: &str, rest: &str) -> bool {
    const OWN: &[&str] = &[
        "alias",
        "bgapi",
        "break",
        "complete",
        "echo",
        "eval",
        "event",
        "expand",
        "help",
        "hupall",
        "load",
        "log",
        "originate",
        "park",
        "pause",
        "reload",
        "show",
        "status",
        "unload",
        "uptime",
        "version",
    ];
    // Help that was asked for in our own way is ours.
    OWN.iter().any(|own| word.eq_ignore_ascii_case(own)) && rest.trim() != "--help"
}

/// `alias add ...` and `alias del ...` change the server's aliases; the rest of it is ours.
fn is_servers_alias(word: &str, rest: &str) -> bool {
    let (first, _) = first_word(rest);
    word.eq_ignore_ascii_case("alias") && ["add", "stickyadd", "del"].contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn a_list_is_cut_as_the_server_cuts_it() {
        assert_eq!(pieces("status"), None);
        assert_eq!(pieces("version;;status ;; ").unwrap(), ["version", "status"]);
        assert_eq!(pieces("api eval a;;b"), None);
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
}
