use crate::shell::commands::call_name::Purpose;
use crate::shell::commands::meta::{Describe, Group, Meta};
use std::collections::BTreeSet;

use crate::listener::DEFAULT_EVENTS;
use crate::model::EVENT_NAMES;
use crate::shell::commands::call_name::LAST;
use crate::shell::commands::context::Context;
use crate::shell::commands::stream;
use crate::shell::commands::stream::Limits;
use crate::shell::feed::choice::{Condition, Form, Only, event_named, kind_of_word};
use crate::shell::feed::mode::Mode;
use crate::shell::feed::recent::Source;
use crate::shell::text::duration::duration;
use crate::shell::text::error::CommandError;
use crate::shell::view::{Format, filter};

/// Choose which events are shown above the prompt, or stream them
///
/// By default there is one line for each change of a call. Events by name, or all, have
/// one line each and are subscribed to; CUSTOM events go by their subclass.
///
///   events on | off | all          changes of calls, nothing, every event
///   events [on] NAME ..            events of these names instead; CHANNEL_* for all that begin so
///   events add | remove NAME ..    events of these names, beside what is shown
///   events only CALL | off         what is about one call, or one number
///   events where FILTER | off      by a column of "channels"; of events by any header
///   events mute | unmute KIND ..   leave out CHANNEL_EXECUTE, ringing, jobs ...
///   events format line | json | HEADER,HEADER
///   events last [N]                the latest lines again, also those that were only counted;
///                                  not those of the log ("log last")
///
/// With --count or --for the events are written as lines, into a file or a pipe too, and end by
/// themselves. With "-o jsonl" they are written whole, one a line, until Ctrl-C, --count or --for.
///
/// Examples:
///   events only last
///   events add sofia::register HEARTBEAT
///   events where gateway=carrier-a
///   events last 50
///   events add sofia::gateway_state HEARTBEAT --for 1m > events.txt
///   events all -o jsonl --for 10s | head -3
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// What to show, see above
    #[arg(value_name = "EVENT")]
    what: Vec<String>,
    /// Only those for which this holds; "where FILTER" without dashes is the same
    #[arg(long = "where", value_name = "FILTER")]
    filter: Option<String>,
    /// Write this many events, then end
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Write events for this long, then end: 10s, 5m
    #[arg(long = "for", value_name = "SPAN")]
    lasting: Option<String>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Observe).on_call(Purpose::Read);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let words: Vec<&str> = args.what.iter().map(String::as_str).collect();
    let is_limited = args.count.is_some() || args.lasting.is_some();
    let is_stream = cx.format() == Format::Jsonl || is_limited;
    if is_stream && !matches!(words.first(), Some(&("off" | "last" | "format"))) {
        return stream(cx, &words, args).await;
    }
    if is_limited {
        return Err(not_a_stream("events", words.first().copied()));
    }
    match words.as_slice() {
        [] => {}
        ["on"] => {
            drop_extra(cx).await?;
            show(cx, Mode::Calls, Vec::new());
        }
        ["off"] => {
            drop_extra(cx).await?;
            show(cx, Mode::Off, Vec::new());
        }
        ["last"] => return last(cx, LATEST, Source::Events),
        ["last", count] => return last(cx, lines(count)?, Source::Events),
        ["only", "off"] => cx.shell.narration().choose(|choice| choice.only = None),
        ["only", word] => {
            let only = only(cx, word).await?;
            cx.shell.narration().choose(|choice| choice.only = Some(only));
        }
        ["mute", kinds @ ..] if !kinds.is_empty() => {
            let kinds = kinds.iter().map(|kind| kind_named(kind)).collect::<Result<Vec<_>, _>>()?;
            cx.shell.narration().choose(|choice| choice.muted.extend(kinds));
        }
        ["unmute", kinds @ ..] => {
            let kinds: BTreeSet<_> =
                kinds.iter().map(|kind| kind_of_word(kind).into_owned()).collect();
            let is_left = |kind: &String| !kinds.is_empty() && !kinds.contains(kind);
            cx.shell.narration().choose(|choice| choice.muted.retain(is_left));
        }
        ["format", form] => {
            let form = match *form {
                "line" => Form::Line,
                "json" => Form::Json,
                names => {
                    Form::Headers(names.split(',').map(|name| name.trim().to_owned()).collect())
                }
            };
            cx.shell.narration().choose(|choice| choice.form = form);
        }
        ["add", names @ ..] if !names.is_empty() => {
            let names = subscribe(cx, names).await?;
            cx.shell.narration().choose(|choice| {
                for name in names {
                    if !choice.names.contains(&name) {
                        choice.names.push(name);
                    }
                }
            });
        }
        ["remove", names @ ..] if !names.is_empty() => remove(cx, names).await?,
        ["add" | "remove" | "mute" | "only" | "format" | "where", ..] => {
            return Err(CommandError::usage(format!("{} what?", words.join(" ")))
                .hint("\"help events\" shows each form"));
        }
        ["on", names @ ..] | names => {
            let is_all = names.iter().any(|name| name.eq_ignore_ascii_case("all"));
            let names = if is_all { &["ALL"] } else { names };
            let names = subscribe(cx, names).await?;
            show(cx, Mode::Raw, if is_all { Vec::new() } else { names });
        }
    }
    if let Some(text) = &args.filter {
        condition(cx, text)?;
    }
    let described = cx.shell.narration().choose(|choice| choice.describe());
    let unseen = cx.shell.unseen();
    let described = if unseen > 0 { format!("{described}; {unseen} not shown") } else { described };
    cx.line(&described)
}

/// Writes whole events until it is stopped.
async fn stream(cx: &mut Context<'_>, words: &[&str], args: &Args) -> Result<(), CommandError> {
    let names: Vec<&str> = match words {
        [] | ["on"] => Vec::new(),
        ["add" | "on", names @ ..] => names.to_vec(),
        names if names.iter().any(|name| name.eq_ignore_ascii_case("all")) => vec!["ALL"],
        names => names.to_vec(),
    };
    let filter = args.filter.as_deref();
    let filter = filter.map(|text| filter::Filter::parse(text, filter::Names::Any)).transpose()?;
    let lasting = args.lasting.as_deref().map(duration).transpose()?;
    let limits = Limits { count: args.count, lasting };
    let names = named(&names)?;
    let listener = cx.listener()?;
    let asked: Vec<&str> = names.iter().map(String::as_str).collect();
    let held = listener.claim(&asked).await?;
    let wanted = if names.iter().any(|name| name == "ALL") { Vec::new() } else { names };
    let streamed = stream::events(cx, &wanted, filter.as_ref(), &limits).await;
    // A connection that is gone has no subscriptions.
    drop(listener.release(&held).await);
    streamed
}

/// The call that a word names, running or ended; else the word is a number that may come.
pub(crate) async fn only(cx: &mut Context<'_>, word: &str) -> Result<Only, CommandError> {
    let session = match cx.named(word).await {
        Ok(named) => Some(named.leg),
        Err(err) if word == LAST => return Err(err),
        Err(_none) => None,
    };
    Ok(cx.listener()?.with(|tracker| Only::new(word, session.as_ref(), tracker)))
}

fn show(cx: &Context<'_>, mode: Mode, names: Vec<String>) {
    cx.shell.narration().choose(|choice| {
        choice.mode = mode;
        choice.names = names;
        // A filter by headers says nothing about calls.
        choice.condition = choice
            .condition
            .take()
            .filter(|condition| mode == Mode::Raw || condition.knows_calls());
    });
}

fn condition(cx: &Context<'_>, text: &str) -> Result<(), CommandError> {
    let narration = cx.shell.narration();
    let condition = match text {
        "off" => None,
        text => Some(Condition::parse(text, narration.choose(|choice| choice.mode))?),
    };
    narration.choose(|choice| choice.condition = condition);
    Ok(())
}

/// The events of these names; `CHANNEL_*` is each that begins so.
fn named(names: &[&str]) -> Result<Vec<String>, CommandError> {
    let mut found = Vec::new();
    for name in names {
        let start = name.strip_suffix('*').filter(|start| !start.is_empty()).map(str::to_uppercase);
        let all = start.iter().flat_map(|start| {
            EVENT_NAMES.iter().filter(move |known| known.starts_with(start.as_str()))
        });
        let before = found.len();
        found.extend(all.map(|known| (*known).to_owned()));
        if found.len() == before {
            found.push(event_named(name)?);
        }
    }
    Ok(found)
}

async fn subscribe(cx: &mut Context<'_>, names: &[&str]) -> Result<Vec<String>, CommandError> {
    let names = named(names)?;
    cx.listener()?.subscribe(&names).await?;
    Ok(names)
}

async fn remove(cx: &mut Context<'_>, names: &[&str]) -> Result<(), CommandError> {
    let names = named(names)?;
    let mut extra = names.clone();
    extra.retain(|name| !DEFAULT_EVENTS.contains(&name.as_str()));
    if !extra.is_empty() {
        cx.listener()?.unsubscribe(&extra).await?;
        // An app, or an alert, may have wanted one of them.
        cx.switch()?.resubscribe().await?;
    }
    cx.shell.narration().choose(|choice| {
        choice.names.retain(|name| !names.contains(name));
        // In the raw mode no name means all of them.
        if choice.mode == Mode::Raw && choice.names.is_empty() {
            choice.mode = Mode::Calls;
        }
    });
    Ok(())
}

/// Takes back the subscriptions that only the raw mode needed.
async fn drop_extra(cx: &mut Context<'_>) -> Result<(), CommandError> {
    let mut extra = cx.shell.narration().choose(|choice| choice.names.clone());
    let Ok(listener) = cx.listener() else { return Ok(()) };
    if listener.subscriptions().iter().any(|name| name == "ALL") {
        extra = vec!["ALL".to_owned()];
    }
    extra.retain(|name| !DEFAULT_EVENTS.contains(&name.as_str()));
    if !extra.is_empty() {
        listener.unsubscribe(&extra).await?;
        // An app, or an alert, may have wanted one of them.
        cx.switch()?.resubscribe().await?;
    }
    Ok(())
}

/// A kind of line by the word that lines say, or by the name of the event.
fn kind_named(word: &str) -> Result<String, CommandError> {
    let kind = kind_of_word(word).into_owned();
    let is_event = |name: &str| EVENT_NAMES.contains(&name);
    let is_known = kind.contains("::")
        || ["EARLY", "RINGING", "JOB", "LINK"].contains(&kind.as_str())
        || is_event(&kind)
        || is_event(&format!("CHANNEL_{kind}"));
    if is_known {
        return Ok(kind);
    }
    let err = CommandError::usage(format!("there is no kind of line {word:?}"));
    Err(err.hint("new, ringing, early, answered, bridged, parked, held, ended, jobs, or an event"))
}

/// What --count and --for cannot end.
pub(super) fn not_a_stream(verb: &str, word: Option<&str>) -> CommandError {
    let word = word.unwrap_or_default();
    let err = CommandError::usage(format!(
        "\"{verb} {word}\" writes no stream that --count or --for could end"
    ));
    let what = if verb == "log" { "debug" } else { "all" };
    err.hint(format!("\"{verb} {what} --for 10s\" writes one"))
}

/// A number of lines.
pub(super) fn lines(count: &str) -> Result<usize, CommandError> {
    count.parse().map_err(|_err| {
        CommandError::usage(format!("{count:?} is not a number of lines")).hint("like this: 50")
    })
}

/// Shows the latest lines of a source again.
pub(super) fn last(cx: &mut Context<'_>, count: usize, source: Source) -> Result<(), CommandError> {
    let lines = cx.shell.narration().recent(count, source);
    if lines.is_empty() && count > 0 {
        return no_lines(cx, source);
    }
    lines.iter().try_for_each(|line| cx.feed_line(line))
}

/// Where lines are shown there are none yet; a script keeps none.
fn no_lines(cx: &mut Context<'_>, source: Source) -> Result<(), CommandError> {
    let (what, stream) = match source {
        Source::Log => ("log lines", "log debug --for 10s"),
        Source::Events => ("events", "events all --for 10s"),
    };
    if cx.shell.narration().has_sink() {
        return cx.line(&format!("no {what} yet"));
    }
    cx.line(&format!(
        "no {what}: a script keeps none, and FreeSWITCH does not send those of the time before the \
         connect; \"{stream}\" writes them as they come"
    ))
}

/// Lines that "last" shows when no number is given.
pub(super) const LATEST: usize = 20;
