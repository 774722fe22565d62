use serde_json::json;

use super::calls::direction;
use super::{CommandError, Context, Format};
use crate::model::{Association, Session};
use crate::shell::narrate;
use crate::shell::render::{Cell, View, span};

/// Show one call and its legs
///
/// The call is named by its uuid, the start of it, "last", or a number of the caller or callee
/// that no other call has.
///
/// Examples:
///   call last
///   call 6c1d2a5e
///   call 1000 -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which call
    #[arg(value_name = "CALL")]
    call: String,
}

pub(crate) fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let call = cx.call(&args.call)?;
    let now = cx.listener()?.server_time();
    if cx.format() == Format::Json {
        return cx.line(&format!("{:#}", json!(call)));
    }
    if cx.format() == Format::Table {
        cx.line(&call.to_string())?;
    }
    let columns = [
        "uuid",
        "dir",
        "from",
        "to",
        "state",
        "ring",
        "talk",
        "codec",
        "application",
        "channel",
        "bound by",
    ];
    let mut view = View::new(&columns, "no leg is left")
        .with_key("ring", "ring_ms")
        .with_key("talk", "talk_ms")
        .with_key("bound by", "bound_by");
    for leg in &call.sessions {
        view.push(row(leg, now));
    }
    let format = if cx.format() == Format::Table { Format::Vertical } else { cx.format() };
    cx.format = Some(format);
    cx.view(&view)
}

fn row(leg: &Session, now: u64) -> Vec<Cell> {
    let time = |time| Cell::shown(span(time), json!(time / 1000));
    vec![
        Cell::text(leg.id.as_str()),
        Cell::shown(direction(leg), json!(leg.direction)),
        Cell::shown(narrate::caller(leg), json!(leg.caller_number)),
        Cell::text(&leg.destination),
        Cell::text(leg.phase.word()),
        leg.ring_time(now).map_or_else(Cell::none, time),
        leg.talk_time(now).map_or_else(Cell::none, time),
        Cell::text(&leg.codec),
        Cell::text(format!("{} {}", leg.application, leg.application_data).trim_end()),
        Cell::text(&leg.channel_name),
        Cell::shown(association(leg), json!(leg.association)),
    ]
}

/// Why the leg belongs to the call, in words.
fn association(leg: &Session) -> &'static str {
    match leg.association {
        Association::Header => "our SIP header",
        Association::Variable => "our variable",
        Association::Loopback => "the other loopback half",
        Association::CallUuid => "Channel-Call-UUID",
        Association::OwnUuid => "its own uuid",
    }
}
