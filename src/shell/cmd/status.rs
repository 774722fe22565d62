use std::time::Instant;

use serde_json::json;

use super::{CommandError, Context, Format};
use crate::model::Status;
use crate::shell::render::{Cell, Column, View};
use crate::shell::tables;

/// Show how the server is, and how well we follow it
///
/// "sessions" are channels. "event lag" is how much later the latest event came than the fastest of
/// the last minutes, "missing events" were lost before they reached us (it takes "events all" to know),
/// "lost updates" are changes that this shell had no time for, "not shown" are lines that were only
/// counted. "api status" is the server's own text.
///
/// Examples:
///   status
///   status -o json
///   status \G
///   api status
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

pub(crate) async fn run(cx: &mut Context<'_>, _args: &Args) -> Result<(), CommandError> {
    let switch = cx.switch()?;
    let asked = Instant::now();
    let text = switch.client().cmd("status").await?;
    let took = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX);
    if cx.format() == Format::Raw {
        return cx.server_text(&text);
    }
    let status = Status::parse(&text);
    // A server without mod_sofia has none of these; the rest is right all the same.
    let sofia = tables::sofia_status(cx).await.unwrap_or_default();
    let (gateways, all, well) = tables::in_short(&sofia);
    let registered = tables::registrations(cx).await.map(|view| view.len() as u64).ok();
    let listener = switch.listener();
    // A single question does without events, and then they are not counted.
    let known = |cell: Cell| if switch.has_listened() { cell } else { Cell::none() };
    let link = if listener.is_connected() { "connected" } else { "disconnected" };
    let (calls, lost) = (listener.with(|tracker| tracker.call_count()), listener.lost_updates());
    let lag = u64::try_from(listener.event_lag().as_micros()).unwrap_or(u64::MAX);
    let sessions = format!(
        "{} now, peak {}, limit {}, {} since start-up",
        status.sessions, status.sessions_peak, status.sessions_max, status.sessions_since_startup
    );
    let rate = format!("{}/s, limit {}/s", status.per_second, status.per_second_max);
    let mut view = View::of(columns(), "").as_single();
    view.push(vec![
        Cell::text(&switch.client().config().address()),
        Cell::text(&status.state),
        Cell::text(&status.version),
        Cell::text(&status.uptime),
        Cell::shown(sessions, json!(status.sessions)),
        Cell::number(status.sessions_peak),
        Cell::number(status.sessions_max),
        Cell::number(status.sessions_since_startup),
        Cell::shown(rate, json!(status.per_second)),
        Cell::number(status.per_second_max),
        Cell::shown(format!("{:.0} %", status.idle_cpu), json!(status.idle_cpu)),
        Cell::shown(gateways, json!(all)),
        Cell::number(well),
        registered.map_or_else(Cell::none, Cell::number),
        known(Cell::number(calls as u64)),
        known(Cell::text(link)),
        Cell::span(took),
        known(Cell::span(lag)),
        known(Cell::number(listener.missing_events())),
        known(Cell::number(lost)),
        known(Cell::number(cx.shell.unseen())),
    ]);
    let view = if cx.format() == Format::Table { view.without_empty() } else { view };
    cx.view(&view)
}

/// What `status` tells.
pub(crate) fn columns() -> Vec<Column> {
    vec![
        Column::text("switch", "address of its event socket"),
        Column::text("state", "ready, or what else it says"),
        Column::text("version", "of FreeSWITCH"),
        Column::text("uptime", "since it was started"),
        Column::number("sessions", "channels now"),
        Column::number("peak", "most at one time").with_key("sessions_peak").hidden(),
        Column::number("limit", "how many it allows").with_key("sessions_limit").hidden(),
        Column::number("total", "how many since start-up").with_key("sessions_total").hidden(),
        Column::number("rate", "new channels in the last second"),
        Column::number("rate limit", "how many a second it allows").with_key("rate_limit").hidden(),
        Column::number("idle cpu", "percent").with_key("idle_cpu"),
        Column::number("gateways", "how many there are"),
        Column::number("gateways well", "of which registered, or not to be")
            .with_key("gateways_well")
            .hidden(),
        Column::number("registrations", "how many are registered"),
        Column::number("calls", "calls that this shell follows"),
        Column::text("listener", "its connection: connected or disconnected"),
        Column::span("round trip", "round_trip_ms", "how long the server took to answer"),
        Column::span("event lag", "event_lag_ms", "how much later events come than at their best"),
        Column::number("missing events", "events lost on the way; known while all are shown")
            .with_key("missing_events"),
        Column::number("lost updates", "changes we had no time for").with_key("lost_updates"),
        Column::number("not shown", "event lines that were only counted").with_key("not_shown"),
    ]
}
