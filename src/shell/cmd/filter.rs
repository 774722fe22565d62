use super::{CommandError, Context, Kind};
use crate::shell::render::{Cell, View};

/// Let the server send only some events
///
/// This is FreeSWITCH's own filter: with one, only events whose header has the value are sent (the
/// value may be /EXPRESSION/), with several, those that pass any of them. What does not pass is
/// missing: calls, their ends, whatever an app waits for. "events where" leaves nothing out of what
/// the shell knows. Job results and HEARTBEAT are let through by filters that are added with the
/// first one.
///
///   filter                       the filters that are set
///   filter add HEADER VALUE
///   filter delete HEADER VALUE
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
    what: Vec<String>,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let listener = cx.listener()?;
    let words: Vec<&str> = args.what.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => {}
        ["add", header, value @ ..] if !value.is_empty() => {
            listener.filter(header, &value.join(" ")).await?;
        }
        ["delete", all] if all.eq_ignore_ascii_case("all") => listener.unfilter().await?,
        ["delete", header, value @ ..] if !value.is_empty() => {
            let value = value.join(" ");
            if !listener.filters().iter().any(|known| known.0 == *header && known.1 == value) {
                let message = format!("there is no filter {header} {value}");
                return Err(CommandError::new(Kind::Refused, message)
                    .hint("\"filter\" lists them; \"filter delete all\" takes all away"));
            }
            listener.unfilter_one(header, &value).await?;
        }
        // As fs_cli takes it, without "add".
        [header, value @ ..] if !value.is_empty() && *header != "add" && *header != "delete" => {
            listener.filter(header, &value.join(" ")).await?;
        }
        _ => {
            return Err(CommandError::usage(format!("filter {} what?", words.join(" ")))
                .hint("\"help filter\" shows each form"));
        }
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
