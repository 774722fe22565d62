//! What a typed line stands for: variables, lists, slash commands, aliases, then a command.

use std::pin::Pin;

use super::grammar::{self, Parsed, first_word};
use super::{CommandError, Context, Kind, Next, alias, cmd, slash, vars};

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
        let line = vars::substitute(&typed, &cx.shell.variables());
        let line = line.trim();
        if cuts(line) > cuts(&typed) {
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
                cmd::run(cx, Parsed::Api(line.to_owned()), line).await
            }
            Parsed::Builtin(_) if is_servers_alias(word, rest) => {
                cmd::run(cx, Parsed::Api(line.to_owned()), line).await
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
                    None => cmd::run(cx, Parsed::Api(text), line).await,
                }
            }
            parsed => cmd::run(cx, parsed, line).await,
        }
    })
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
/// goes out word for word is not cut.
fn pieces(line: &str) -> Option<Vec<String>> {
    if cuts(line) == 0 {
        return None;
    }
    let pieces = line.split(";;").map(str::trim).filter(|piece| !piece.is_empty());
    Some(pieces.map(str::to_owned).collect())
}

/// At how many places a line is cut.
fn cuts(line: &str) -> usize {
    let (verb, _) = first_word(line);
    let is_raw = ["api", "bgapi", "originate", "alias", "let", "expect"]
        .iter()
        .any(|raw| verb.eq_ignore_ascii_case(raw));
    if is_raw { 0 } else { line.matches(";;").count() }
}

/// The last command of a `;;` list that is still typed.
pub(super) fn last_piece(line: &str) -> &str {
    match pieces(line) {
        Some(_) => line.rsplit(";;").next().unwrap_or_default().trim_start(),
        None => line,
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

    #[test]
    fn a_list_is_cut_as_the_server_cuts_it() {
        assert_eq!(pieces("status"), None);
        assert_eq!(pieces("version;;status ;; ").unwrap(), ["version", "status"]);
        assert_eq!(pieces("api eval a;;b"), None);
        assert_eq!((cuts("a;;b;;"), cuts("bgapi eval a;;b")), (2, 0));
        assert_eq!(last_piece("calls;; hang"), "hang");
        assert_eq!(last_piece("api eval a;;b"), "api eval a;;b");
        assert_eq!(last_piece("calls ;;"), "");
    }
}
