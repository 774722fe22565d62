use super::events::{LATEST, last, lines, not_a_stream, only};
use crate::shell::commands::call_name::Purpose;
use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::commands::stream;
use crate::shell::commands::stream::Limits;
use crate::shell::feed::recent::Source;
use crate::shell::text::duration::duration;
use crate::shell::text::error::CommandError;
use crate::shell::view::Format;
use crate::shell::view::filter::pattern::Pattern;

/// Show the server's log above the prompt, or stream it
///
/// Levels: 0 console, 1 alert, 2 crit, 3 err, 4 warning, 5 notice, 6 info, 7 debug. Lines that say
/// whose they are can be narrowed to one call; not all do.
///
///   log LEVEL | off         as bad as this, and worse
///   log only CALL | off     lines of one call, or of the calls of one number
///   log grep TEXT | off     lines with this text, or /EXPRESSION/
///   log last [N]            the latest lines again, also those that were only counted
///
/// All lines are shown while the terminal keeps up; when it does not, they are counted, and errors
/// and warnings are shown first. Messages of several lines (SIP, SDP, variables) keep their lines.
///
/// With --count or --for the lines are written as an answer, into a file or a pipe too, and end by
/// themselves. With "-o jsonl" they are written as JSON until Ctrl-C, --count or --for.
///
/// Examples:
///   log warning
///   log only last
///   log grep 'sofia.c'
///   log debug --for 10s > call.log
///   log info -o jsonl --count 100
///   log off
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The level, by name or number, "off", "only", "grep" or "last"
    #[arg(value_name = "LEVEL")]
    what: Vec<String>,
    /// Write this many lines, then end
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Write lines for this long, then end: 10s, 5m
    #[arg(long = "for", value_name = "SPAN")]
    lasting: Option<String>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Observe).on_call(Purpose::Read);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let words: Vec<&str> = args.what.iter().map(String::as_str).collect();
    let narration = |cx: &Context<'_>| cx.shell.narration().choose(|choice| choice.told_log());
    let is_limited = args.count.is_some() || args.lasting.is_some();
    let is_stream = cx.format() == Format::Jsonl || is_limited;
    if is_limited && matches!(words.first(), Some(&("off" | "last"))) {
        return Err(not_a_stream("log", words.first().copied()));
    }
    let mut level = None;
    match words.as_slice() {
        [] => {}
        ["only", "off"] => cx.shell.narration().choose(|choice| choice.log_only = None),
        ["only", word] => {
            let only = only(cx, word).await?;
            cx.shell.narration().choose(|choice| choice.log_only = Some(only));
        }
        ["grep", "off"] => cx.shell.narration().choose(|choice| choice.log_grep = None),
        ["last"] => return last(cx, LATEST, Source::Log),
        ["last", count] => return last(cx, lines(count)?, Source::Log),
        ["grep", text @ ..] if !text.is_empty() => {
            let text = text.join(" ");
            let pattern = Pattern::parse(&text)?;
            cx.shell.narration().choose(|choice| choice.log_grep = Some((text, pattern)));
        }
        [word] if !matches!(*word, "only" | "grep") => {
            if !is_stream || word.eq_ignore_ascii_case("off") {
                let reply = set_level(cx, word).await?;
                return cx.server_text(&reply);
            }
            level = Some((*word).to_owned());
        }
        _ => {
            return Err(CommandError::usage(format!("log {} what?", words.join(" ")))
                .hint("\"help log\" shows each form"));
        }
    }
    if is_stream {
        let lasting = args.lasting.as_deref().map(duration).transpose()?;
        let now = cx.shell.narration().choose(|choice| choice.log_level.clone());
        let level = level.or(now).ok_or_else(|| {
            CommandError::usage("the log is off: which level?")
                .hint("\"log info --for 10s\" writes lines of the level info and worse")
        })?;
        return stream::log(cx, &level, &Limits { count: args.count, lasting }).await;
    }
    let reply = narration(cx);
    let is_off = reply == "log: off" && !words.is_empty();
    cx.line(&if is_off { format!("{reply}; \"log info\" switches it on") } else { reply })
}

async fn set_level(cx: &mut Context<'_>, word: &str) -> Result<String, CommandError> {
    let level = Some(word).filter(|level| !level.eq_ignore_ascii_case("off")).map(str::to_owned);
    let listener = cx.listener()?;
    // From now on: the first lines may come before the answer is read.
    let choose = |cx: &Context<'_>, level: Option<String>| {
        cx.shell.narration().choose(|choice| std::mem::replace(&mut choice.log_level, level))
    };
    let before = level.is_some().then(|| choose(cx, level.clone()));
    let reply = match listener.log(level.as_deref()).await {
        Ok(reply) => reply,
        Err(err) => {
            if let Some(before) = before {
                choose(cx, before);
            }
            return Err(refused(err));
        }
    };
    choose(cx, level);
    Ok(reply)
}

/// Why the server refused a level.
pub(crate) fn refused(err: crate::listener::Error) -> CommandError {
    let err = CommandError::from(err);
    match err.message.as_str() {
        "-ERR invalid log level" => err.hint(
            "levels: console, alert, crit, err, warning, notice, info, debug, or 0 to 7, or off",
        ),
        _ => err,
    }
}
