//! What a typed line stands for: variables, lists, slash commands, aliases, then a command.

use std::borrow::Cow;
use std::pin::Pin;

use super::slash;
use super::typed::{TypedCommand, pieces};
use crate::shell::commands::context::Context;
use crate::shell::commands::grammar::Parsed;
use crate::shell::commands::{dispatch, grammar};
use crate::shell::freeswitch::server_command;
use crate::shell::session::variables;
use crate::shell::text::alias;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::next::Next;
use crate::shell::text::words::{MARK, first_word};

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
        let command = TypedCommand::read(line);
        if !command.keeps_lists() && marks(line) > marks(&typed) {
            return Err(CommandError::usage("the value of a variable has ;; in it")
                .hint("it would start another command; \"api LINE\" sends it as it is"));
        }
        if slash::is_slash(line) {
            return slash::run(cx, line).await;
        }
        let pieces = pieces(line);
        if pieces != [line] {
            return list(cx, &pieces, &within).await;
        }
        let (word, rest) = (command.verb(), command.rest());
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

/// Runs the commands of a list, all of them as FreeSWITCH does; the first failure is returned.
async fn list(
    cx: &mut Context<'_>,
    pieces: &[&str],
    within: &[String],
) -> Result<Next, CommandError> {
    let mut first = None;
    for piece in pieces {
        match step(cx, (*piece).to_owned(), within.to_vec()).await {
            Ok(Next::Go) => {}
            Ok(Next::Exit) => return Ok(Next::Exit),
            Err(err) => {
                first.get_or_insert(err);
            }
        }
    }
    first.map_or(Ok(Next::Go), Err)
}

/// At how many places a line could be cut.
fn marks(line: &str) -> usize {
    line.matches(MARK).count()
}

/// Commands that the server has as well: under the name `fs_cli` they are the server's.
fn is_servers_own(word: &str, rest: &str) -> bool {
    // It has no command "park", but says so itself, as to any other word of its dial plans.
    let is_its = server_command::is_known(word) || word.eq_ignore_ascii_case("park");
    // Help that was asked for in our own way is ours.
    is_its && rest.trim() != "--help"
}

/// `alias add ...` and `alias del ...` change the server's aliases; the rest of it is ours.
fn is_servers_alias(word: &str, rest: &str) -> bool {
    let (first, _) = first_word(rest);
    word.eq_ignore_ascii_case("alias") && ["add", "stickyadd", "del"].contains(&first)
}
