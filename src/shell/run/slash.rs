//! The commands of fs_cli: a line that starts with `/`, or with `...`.
//!
//! As in fs_cli a word is known by its start, in any case: `/eventx` is `/event`. A name that is
//! none of them is a command of this shell: `/calls`, also where bare words are the server's.

use crate::shell::commands::call_name::{LAST, Purpose};
use crate::shell::commands::context::Context;
use crate::shell::commands::{dispatch, grammar};
use crate::shell::settings::log_view::Prefix;
use crate::shell::text::error::CommandError;
use crate::shell::text::next::Next;
use crate::shell::text::suggest::nearest;
use crate::shell::text::words::first_word;

pub(super) fn is_slash(line: &str) -> bool {
    line.starts_with('/') || line.starts_with("...")
}

/// The commands that are listed, each with its slash, and what it does.
pub(in crate::shell) fn commands() -> impl Iterator<Item = (String, &'static str)> {
    let named = NAMES.iter().filter(|(_, about)| !about.is_empty());
    named.map(|(name, about)| (format!("/{name}"), *about))
}

/// Runs a line for which [`is_slash`] says yes.
pub(super) async fn run(cx: &mut Context<'_>, line: &str) -> Result<Next, CommandError> {
    let line = line.strip_prefix('/').unwrap_or(line);
    let (word, rest) = first_word(line);
    let (lower, rest) = (word.to_ascii_lowercase(), rest.trim());
    // A verb of the shell that is written out comes before fs_cli's match by the start.
    let known = NAMES.iter().find(|(name, _)| {
        lower.starts_with(name) && (lower == *name || grammar::command(&lower).is_none())
    });
    let Some((name, _)) = known else {
        if grammar::command(&lower).is_some() {
            return dispatch::run(cx, grammar::parse(line)?, line).await;
        }
        let names = NAMES.iter().map(|(name, _)| *name);
        let err = CommandError::usage(format!("unknown command /{word}"));
        return Err(match nearest(&lower, names) {
            Some(near) => err.hint(format!("did you mean /{near}?")),
            None => err.hint("\"/help\" lists them; a server command has no slash"),
        });
    };
    match *name {
        "exit" | "quit" | "bye" | "..." => {
            return Box::pin(dispatch::run(cx, grammar::parse("exit")?, "exit")).await;
        }
        "help" => help(cx)?,
        // Nothing behind it is the level of fs_cli's own start: all of it.
        "log" if rest.is_empty() => own(cx, "log debug").await?,
        "log" => own(cx, &format!("log {rest}")).await?,
        "nolog" => own(cx, "log off").await?,
        "event" => event(cx, rest).await?,
        "noevents" => {
            own(cx, "events off").await?;
        }
        "nixevent" => nixevent(cx, rest).await?,
        "filter" => own(cx, &format!("filter {rest}")).await?,
        "uuid" => uuid(cx, rest).await?,
        "logfilter" => logfilter(cx, rest)?,
        _ => debug(cx, rest)?,
    }
    Ok(Next::Go)
}

/// Names in the order in which they are tried, and what they do.
const NAMES: &[(&str, &str)] = &[
    ("help", "list these"),
    ("exit", "leave; also /quit, /bye, /... and a bare ..."),
    ("quit", ""),
    ("bye", ""),
    ("...", ""),
    ("logfilter", "TEXT: show only log lines with it; without TEXT all again"),
    ("log", "LEVEL: show the server's log up to this level"),
    ("nolog", "no log"),
    ("event", "[plain|json|xml] NAMES: show these events, or ALL"),
    ("noevents", "show no events"),
    ("nixevent", "NAMES: show these no longer"),
    ("filter", "HEADER VALUE, delete HEADER [VALUE], delete all: show only such events"),
    ("uuid", "UUID: show only log lines of this call, and those of none; without UUID all again"),
    ("debug", "0 to 7: how much this client logs about itself"),
];

fn help(cx: &mut Context<'_>) -> Result<(), CommandError> {
    for (name, about) in NAMES.iter().filter(|(_, about)| !about.is_empty()) {
        cx.line(&format!("/{name:<10} {about}"))?;
    }
    cx.line("")?;
    cx.line("Any command of the shell can stand behind a slash too: /calls, /events last.")?;
    cx.line("Without one: \"help\" lists the shell's commands, all else goes to the server.")
}

/// Runs a line of the shell's own, whatever bare words mean.
async fn own(cx: &mut Context<'_>, line: &str) -> Result<(), CommandError> {
    Box::pin(dispatch::run(cx, grammar::parse(line)?, line)).await.map(drop)
}

/// Subscribes; the format is taken and means nothing, since events are shown in one way.
async fn event(cx: &mut Context<'_>, rest: &str) -> Result<(), CommandError> {
    let names = names(rest);
    if names.is_empty() {
        return Err(CommandError::usage("which events?")
            .hint("for example: /event plain CHANNEL_ANSWER CHANNEL_HANGUP, or /event ALL"));
    }
    let shown = cx.shell.narration().choose(|choice| choice.names.clone());
    // As on the server, what was asked for before stays.
    let all: Vec<&str> = shown.iter().map(String::as_str).chain(names).collect();
    own(cx, &format!("events {}", all.join(" "))).await
}

async fn nixevent(cx: &mut Context<'_>, rest: &str) -> Result<(), CommandError> {
    let gone = names(rest);
    let is_gone = |name: &String| gone.iter().any(|gone| gone.eq_ignore_ascii_case(name));
    let mut left = cx.shell.narration().choose(|choice| choice.names.clone());
    left.retain(|name| !is_gone(name));
    if gone.is_empty() {
        return Err(CommandError::usage("which events?").hint("for example: /nixevent HEARTBEAT"));
    }
    if left.is_empty() {
        return own(cx, "events off").await;
    }
    own(cx, &format!("events {}", left.join(" "))).await
}

/// The event names of fs_cli's line: without a format in front and `CUSTOM` before subclasses.
fn names(rest: &str) -> Vec<&str> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let is_format =
        |word: &&&str| ["plain", "json", "xml"].contains(&word.to_ascii_lowercase().as_str());
    let skipped = usize::from(words.first().as_ref().is_some_and(is_format));
    let words: Vec<&str> = words.into_iter().skip(skipped).collect();
    let has_subclass = words.iter().any(|word| word.contains("::"));
    let is_kept = |word: &&str| !(has_subclass && word.eq_ignore_ascii_case("CUSTOM"));
    words.into_iter().filter(is_kept).collect()
}

async fn uuid(cx: &mut Context<'_>, rest: &str) -> Result<(), CommandError> {
    cx.purpose = Purpose::Read;
    let id = match rest {
        "" => None,
        // Our own names for calls work too; an unknown uuid may come yet.
        LAST => Some(cx.named(LAST).await?.leg.id.to_string()),
        word => {
            let named = cx.named(word).await;
            Some(named.map_or_else(|_none| word.to_owned(), |named| named.leg.id.to_string()))
        }
    };
    let shown = match &id {
        Some(id) => format!("log lines of {id} only"),
        None => "log lines of all calls".to_owned(),
    };
    cx.shell.narration().change_log_view(|view| view.uuid = id);
    cx.line(&shown)
}

fn logfilter(cx: &mut Context<'_>, rest: &str) -> Result<(), CommandError> {
    let text = Some(rest.to_owned()).filter(|text| !text.is_empty());
    let shown = match &text {
        Some(text) => format!("log lines with {text:?} only"),
        None => "log lines with any text".to_owned(),
    };
    cx.shell.narration().change_log_view(|view| view.text = text);
    cx.line(&shown)
}

fn debug(cx: &mut Context<'_>, rest: &str) -> Result<(), CommandError> {
    let level = rest.parse().ok().filter(|level| *level <= 7);
    let Some(level) = level else {
        return Err(CommandError::usage(format!("{rest:?} is not a level from 0 to 7")));
    };
    cx.shell.change_settings(|settings| settings.debug = level);
    cx.line(&format!("fs_cli debug level set to {level}"))
}

impl Prefix {
    /// The word of the configuration: `off`, `short` or `full`.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "short" => Self::First(8),
            "full" => Self::Full,
            _ => Self::Off,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn event_names_are_found_behind_format_and_custom() {
        assert_eq!(names("plain ALL"), ["ALL"]);
        assert_eq!(names("CHANNEL_ANSWER"), ["CHANNEL_ANSWER"]);
        assert_eq!(names("Json API CUSTOM sofia::register"), ["API", "sofia::register"]);
        assert_eq!(names("CUSTOM"), ["CUSTOM"]);
    }
}
