use serde_json::json;

use super::{CommandError, Context, Format};
use crate::model::{Call, Session};
use crate::shell::narrate;
use crate::shell::render::{Cell, View, span};

/// List the running calls, oldest first
///
/// A call's legs are joined: one line a call. Ages are by the server's clock.
///
/// Examples:
///   calls
///   calls --ended
///   calls -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// List the calls that ended, the latest last
    #[arg(long)]
    ended: bool,
    /// Say only how many
    #[arg(long)]
    count: bool,
}

pub(crate) fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let listener = cx.listener()?;
    if args.count {
        let count = listener
            .with(|tracker| if args.ended { tracker.ended().len() } else { tracker.call_count() });
        return cx.view(&View::single(vec![("calls", Cell::number(count as u64))]));
    }
    let now = listener.server_time();
    let calls = listener.with(|tracker| {
        let calls: Vec<(Call, bool)> = if args.ended {
            tracker.ended().map(|call| (call.clone(), tracker.is_own_call(&call.id))).collect()
        } else {
            tracker
                .calls()
                .map(|call| {
                    let is_own = tracker.is_own_call(&call.id);
                    (call, is_own)
                })
                .collect()
        };
        calls
    });
    cx.view(&view(&calls, now, args.ended))?;
    if cx.format() == Format::Table && !args.ended && !listener.is_connected() {
        cx.line("the connection is lost: this is how it was last")?;
    }
    Ok(())
}

fn view(calls: &[(Call, bool)], now: u64, is_ended: bool) -> View {
    let last = if is_ended { "end" } else { "state" };
    let columns = ["id", "sessions", "dir", "from", "to", last, "ring", "talk", "app", "tag"];
    let empty = if is_ended { "no calls have ended" } else { "no calls" };
    let mut view = View::new(&columns, empty)
        .with_key("ring", "ring_ms")
        .with_key("talk", "talk_ms")
        .with_key("tag", "own");
    for (call, is_own) in calls {
        let Some(lead) = call.lead() else { continue };
        let now = if is_ended { lead.last_event } else { now };
        view.push(vec![
            Cell::shown(call.id.short(), json!(call.id)),
            Cell::number(call.sessions.len() as u64),
            Cell::shown(direction(lead), json!(lead.direction)),
            Cell::shown(narrate::caller(lead), json!(lead.caller_number)),
            Cell::text(&lead.destination),
            if is_ended { Cell::text(cause(lead)) } else { Cell::text(state(lead)) },
            lead.ring_time(now).map_or_else(Cell::none, time),
            lead.talk_time(now).map_or_else(Cell::none, time),
            Cell::text(&lead.application),
            Cell::shown(if *is_own { "own" } else { "" }, json!(is_own)),
        ]);
    }
    view
}

fn time(microseconds: u64) -> Cell {
    Cell::shown(span(microseconds), json!(microseconds / 1000))
}

pub(super) fn direction(session: &Session) -> &'static str {
    match session.direction {
        crate::model::Direction::Inbound => "in",
        crate::model::Direction::Outbound => "out",
    }
}

fn state(session: &Session) -> &str {
    if session.is_parked && session.phase < crate::model::Phase::Hangup {
        return "parked";
    }
    session.phase.word()
}

fn cause(session: &Session) -> &str {
    session.cause.as_ref().map_or("", |cause| cause.name())
}
