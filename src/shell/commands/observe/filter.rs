use crate::listener::EventListener;
use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::view::{Cell, View};

/// Let the server send only some events
///
/// This is FreeSWITCH's own filter: with one, only events whose header has the value are sent (the
/// value may be /EXPRESSION/), with several, those that pass any of them. What does not pass is
/// missing: calls, their ends, whatever an app waits for. "events where" leaves nothing out of what
/// the shell knows. Job results and HEARTBEAT are let through by filters that are added with the
/// first one.
///
///   filter                       the filters that are set
///   filter [add] HEADER VALUE    the rest of the line is the value, quotes included
///   filter delete HEADER VALUE
///   filter delete HEADER         all filters of this header
///   filter delete all
///
/// Examples:
///   filter
///   filter add variable_sip_gateway_name carrier-a
///   filter delete all
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// What to do, see above
    #[arg(value_name = "WHAT")]
    what: Option<String>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Observe).with_verbatim_tail(0);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let listener = cx.listener()?;
    let text = args.what.as_deref().unwrap_or_default();
    let (first, rest) = pair(text);
    match first.to_ascii_lowercase().as_str() {
        "" => {}
        "delete" => delete(&listener, rest, text).await?,
        "add" => add(&listener, rest, text).await?,
        // As fs_cli takes it, without "add".
        _ => add(&listener, text, text).await?,
    }
    let mut view = View::new(&["header", "value"], "no filter: every subscribed event is sent");
    for (header, value) in listener.filters() {
        view.push(vec![Cell::text(&header), Cell::text(&value)]);
    }
    if !view.is_empty() {
        view = view.with_foot("events that pass none of these are not sent: calls may be missing");
    }
    cx.view(&view)
}

/// A word and what follows it, as FreeSWITCH cuts them: at one blank.
fn pair(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(' ').unwrap_or((text, ""))
}

async fn add(listener: &EventListener, text: &str, line: &str) -> Result<(), CommandError> {
    match pair(text) {
        (header, value) if !value.is_empty() => Ok(listener.filter(header, value).await?),
        _ => Err(incomplete(line)),
    }
}

async fn delete(listener: &EventListener, text: &str, line: &str) -> Result<(), CommandError> {
    let (header, value) = pair(text);
    if header.is_empty() {
        return Err(incomplete(line));
    }
    if header.eq_ignore_ascii_case("all") {
        return Ok(listener.unfilter().await?);
    }
    let is_it = |known: &(String, String)| {
        known.0.eq_ignore_ascii_case(header) && (value.is_empty() || known.1 == value)
    };
    if !listener.filters().iter().any(is_it) {
        let message = format!("there is no filter {header} {value}");
        return Err(CommandError::new(Kind::Refused, message.trim_end())
            .hint("\"filter\" lists them; \"filter delete all\" takes all away"));
    }
    match value {
        "" => listener.unfilter_header(header).await?,
        value => listener.unfilter_one(header, value).await?,
    }
    Ok(())
}

fn incomplete(line: &str) -> CommandError {
    CommandError::usage(format!("incomplete filter: {line}"))
        .hint("\"help filter\" shows each form")
}
