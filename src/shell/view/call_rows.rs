//! Calls and legs as rows: the columns that `calls` and `channels` show and filters name.

use serde_json::json;

use super::column::Column;
use super::{Cell, View, ending, words};
use crate::model::{CallInfo, Direction, Ending, Phase, SessionInfo};
use crate::shell::text::error::CommandError;
use crate::shell::text::short_id::Starts;
use crate::track::Tracker;

/// The name of a loaded app by its id.
pub(super) type AppName<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Calls as a view, one row a call. `now` is the time of those that run; ended ones have none.
pub(in crate::shell) fn calls<'a>(
    calls: impl Iterator<Item = &'a CallInfo>,
    tracker: &Tracker,
    now: Option<u64>,
    app_name: AppName<'_>,
) -> View {
    let mut view =
        View::of(call_columns(), "no calls").with_now(now.unwrap_or_else(|| tracker.latest()));
    let calls: Vec<&CallInfo> = calls.collect();
    let starts = starts(&calls, tracker);
    for call in calls {
        if let Some(lead) = call.lead() {
            let now = now.unwrap_or(lead.last_event);
            let id = Cell::shown(starts.of(call.id.as_str()), json!(call.id));
            let is_own = tracker.is_own_call(&call.id);
            view.push(call_row(call, id, lead, is_own, now, app_name));
        }
    }
    view
}

/// Legs as a view, one row a channel.
pub(in crate::shell) fn channels<'a>(
    calls: impl Iterator<Item = &'a CallInfo>,
    tracker: &Tracker,
    now: u64,
    app_name: AppName<'_>,
) -> View {
    let mut view = View::of(channel_columns(), "no channels").with_now(now);
    let calls: Vec<&CallInfo> = calls.collect();
    let starts = starts(&calls, tracker);
    for call in calls {
        let is_own = tracker.is_own_call(&call.id);
        let short = starts.of(call.id.as_str());
        for leg in &call.sessions {
            view.push(channel_row(leg, short, is_own, now, app_name));
        }
    }
    view
}

/// The shortest ids that are unique among these calls and all that live.
fn starts<'a>(calls: &[&'a CallInfo], tracker: &'a Tracker) -> Starts<'a> {
    let living = tracker.sessions().map(|leg| leg.id.as_str());
    let living = living.chain(tracker.call_ids().map(|id| id.as_str()));
    Starts::new(calls.iter().map(|call| call.id.as_str()).chain(living))
}

/// Whether a number, a caller's name or an id of one of a call's legs has this in it.
pub(in crate::shell) fn is_about(call: &CallInfo, who: &str) -> bool {
    let lower = who.to_lowercase();
    let is_in = |text: &str| text.to_lowercase().contains(&lower);
    call.id.as_str().starts_with(who)
        || call.sessions.iter().any(|leg| {
            leg.id.as_str().starts_with(who)
                || [&leg.caller_number, &leg.caller_name, &leg.destination]
                    .into_iter()
                    .any(|text| is_in(text))
        })
}

/// A filter that lacks its `where` is none of [`is_about`]'s words.
///
/// # Errors
/// A usage error that shows how it is typed.
pub(in crate::shell) fn no_filter(verb: &str, who: &str) -> Result<(), CommandError> {
    if !who.contains(['=', '~', '<', '>']) {
        return Ok(());
    }
    let err = CommandError::usage(format!("{who:?} is neither a number nor an id"));
    Err(err.hint(format!("a filter needs \"where\" before it: {verb} where {who}")))
}

/// The columns of `calls`.
pub(super) fn call_columns() -> Vec<Column> {
    let mut columns = vec![
        Column::text("id", "uuid of the call: that of its first leg"),
        Column::number("legs", "how many channels it has").with_key("sessions").rank(6),
    ];
    columns.extend(leg_columns());
    columns.push(Column::text("channel", "channel name of the first leg").hidden());
    columns.extend(tie_columns());
    columns.extend(end_columns());
    columns
}

/// The columns that `calls` shows of the first leg, and `channels` of each.
fn leg_columns() -> [Column; 14] {
    [
        Column::text("dir", "inbound or outbound, as the switch sees it")
            .of_values(&["inbound", "outbound", "in", "out"])
            .rank(5),
        Column::text("from", "number of the caller").rank(1),
        Column::text("from name", "name of the caller").with_key("from_name").hidden(),
        Column::text("to", "number that was called").rank(1),
        Column::text("state", "where it stands").of_values(STATES).rank(1),
        Column::span("age", "age_ms", "since it was made").rank(4),
        Column::span("ring", "ring_ms", "until it was answered").rank(5),
        Column::span("talk", "talk_ms", "since it was answered").rank(2),
        Column::span("hold", "hold_ms", "how long it was on hold").rank(5),
        Column::text("codec", "codec that is read").rank(6),
        Column::text("gateway", "gateway that it came in or went out through").rank(3),
        Column::text("app", "dial plan application that runs").rank(4),
        Column::text("app data", "its arguments").with_key("app_data").hidden(),
        Column::text("context", "dial plan context").hidden(),
    ]
}

fn leg_cells(
    leg: &SessionInfo,
    state: &str,
    held: Option<u64>,
    talked: Option<u64>,
    gateway: &str,
    now: u64,
) -> [Cell; 14] {
    let span = |span: Option<u64>| span.map_or_else(Cell::none, Cell::span);
    // How long it lasted is not known when its end was not seen.
    let is_unseen = leg.phase == Phase::Hangup && leg.times.hangup == 0;
    let until_end = |time: Option<u64>| span(time.filter(|_| !is_unseen));
    [
        direction(leg),
        Cell::shown(words::caller(leg), json!(leg.caller_number)),
        Cell::text(&leg.caller_name),
        Cell::text(&leg.destination),
        Cell::text(state),
        until_end(leg.age(now)),
        span(leg.ring_time(now)),
        until_end(talked),
        span(held),
        Cell::text(&leg.codec),
        Cell::text(gateway),
        Cell::text(&leg.application),
        Cell::text(&leg.application_data),
        Cell::text(&leg.context),
    ]
}

/// What ties it to others, and to us.
fn tie_columns() -> [Column; 3] {
    [
        Column::text("peer", "uuid of the leg that it talks to, or talked to last").hidden(),
        Column::text("tag", "app of ours that controls it, or \"own\"").rank(2),
        Column::truth("own", "whether this shell started it").hidden(),
    ]
}

fn tie_cells<'a>(
    leg: &SessionInfo,
    legs: impl Iterator<Item = &'a SessionInfo>,
    is_own: bool,
    app_name: AppName<'_>,
) -> [Cell; 3] {
    [
        Cell::text(leg.other_leg.as_ref().map_or("", |id| id.as_str())),
        tag(legs, is_own, app_name),
        Cell::shown(if is_own { "yes" } else { "" }, json!(is_own)),
    ]
}

/// How a call ended, and when it began.
fn end_columns() -> [Column; 6] {
    [
        Column::text("cause", "why it ended").rank(1).hidden(),
        Column::number("sip", "final SIP status that explains the cause").rank(4).hidden(),
        Column::text("ended by", "who ended it").with_key("ended_by").of_values(PARTIES).hidden(),
        Column::text("tries", "legs that ended while the call continued").rank(3).hidden(),
        Column::time("ended", "when it ended").rank(2).hidden(),
        Column::time("created", "when it was made").hidden(),
    ]
}

const PARTIES: &[&str] = &["caller", "called", "switch", "operator", "media", "schedule", "none"];

fn end_cells(lead: &SessionInfo, ending: Option<&Ending>) -> [Cell; 6] {
    let Some(ending) = ending else {
        let none = Cell::none;
        return [none(), none(), none(), none(), none(), Cell::time(lead.times.created)];
    };
    let tries = match ending.tries.as_slice() {
        [] => Cell::none(),
        tries => Cell::shown(ending::tries(tries), json!(tries)),
    };
    [
        Cell::text(ending.cause.name()),
        ending.sip.map_or_else(Cell::none, |status| Cell::number(status.into())),
        ending.by.map_or_else(Cell::none, |by| Cell::text(by.word())),
        tries,
        Cell::time(ending.at),
        Cell::time(lead.times.created),
    ]
}

/// How the end of a leg looked from the switch, and when it began.
fn leg_end_columns() -> [Column; 4] {
    [
        Column::text("cause", "why it ended").rank(1).hidden(),
        Column::number("sip", "SIP status at its end").rank(4).hidden(),
        Column::text("disposition", "which side of the leg ended it, as FreeSWITCH says").hidden(),
        Column::time("created", "when it was made").hidden(),
    ]
}

fn leg_end_cells(leg: &SessionInfo) -> [Cell; 4] {
    let cause = Cell::text(leg.cause.as_ref().map_or("", |cause| cause.name()));
    let status = leg.sip_status.map_or_else(Cell::none, |status| Cell::number(status.into()));
    [cause, status, Cell::text(&leg.disposition), Cell::time(leg.times.created)]
}

fn call_row(
    call: &CallInfo,
    id: Cell,
    lead: &SessionInfo,
    is_own: bool,
    now: u64,
    app_name: AppName<'_>,
) -> Vec<Cell> {
    let gateway = call.sessions.iter().map(|leg| &*leg.gateway).find(|name| !name.is_empty());
    let held = call.sessions.iter().filter_map(|leg| leg.hold_time(now)).max();
    let state = call_state(call, lead);
    let ending = call.ending();
    let mut cells = vec![id, Cell::number(call.sessions.len() as u64)];
    let talked = ending.as_ref().map_or_else(|| lead.talk_time(now), |ending| ending.talked);
    cells.extend(leg_cells(lead, state, held, talked, gateway.unwrap_or_default(), now));
    cells.push(Cell::text(&lead.channel_name));
    cells.extend(tie_cells(lead, call.sessions.iter(), is_own, app_name));
    cells.extend(end_cells(lead, ending.as_ref()));
    cells
}

/// The columns of `channels`.
pub(in crate::shell) fn channel_columns() -> Vec<Column> {
    let mut columns = vec![
        Column::text("uuid", "of the channel"),
        Column::text("call", "uuid of its call").rank(3),
    ];
    columns.extend(leg_columns());
    columns.push(Column::text("channel", "channel name").rank(6));
    columns.extend(tie_columns());
    columns
        .push(Column::text("bound by", "why it belongs to its call").with_key("bound_by").hidden());
    columns.extend(leg_end_columns());
    columns
}

/// A leg as a row of `channels`; `short` is how its call is named.
pub(in crate::shell) fn channel_row(
    leg: &SessionInfo,
    short: &str,
    is_own: bool,
    now: u64,
    app_name: AppName<'_>,
) -> Vec<Cell> {
    let mut cells = vec![Cell::text(leg.id.as_str()), Cell::shown(short, json!(leg.call))];
    let (held, talked) = (leg.hold_time(now), leg.talk_time(now));
    cells.extend(leg_cells(leg, leg_state(leg), held, talked, &leg.gateway, now));
    cells.push(Cell::text(&leg.channel_name));
    cells.extend(tie_cells(leg, std::iter::once(leg), is_own, app_name));
    cells.push(Cell::shown(association(leg), json!(leg.association)));
    cells.extend(leg_end_cells(leg));
    cells
}

pub(in crate::shell) fn direction(session: &SessionInfo) -> Cell {
    let shown = match session.direction {
        Direction::Inbound => "in",
        Direction::Outbound => "out",
    };
    Cell::shown(shown, json!(session.direction))
}

/// Where a call is: what its first leg does, and held when any of them is.
pub(in crate::shell) fn call_state<'a>(call: &CallInfo, lead: &'a SessionInfo) -> &'a str {
    if call.sessions.iter().any(|leg| leg.phase == Phase::Held) {
        return Phase::Held.word();
    }
    leg_state(lead)
}

fn leg_state(leg: &SessionInfo) -> &str {
    match leg.phase {
        Phase::Hangup | Phase::Held => leg.phase.word(),
        // A bridge that began in a park is both.
        Phase::Answered if leg.is_bridged => "bridged",
        _ if leg.is_parked => "parked",
        Phase::Answered if &*leg.application == "conference" => "conference",
        phase => phase.word(),
    }
}

/// Ours, and whose of us.
fn tag<'a>(
    legs: impl Iterator<Item = &'a SessionInfo>,
    is_own: bool,
    app_name: AppName<'_>,
) -> Cell {
    let name = legs.filter_map(|leg| leg.app.as_ref()).find_map(|app| app_name(app.as_str()));
    match name {
        Some(name) => Cell::text(&name),
        None => Cell::text(if is_own { "own" } else { "" }),
    }
}

/// A time of the server as machines read it: `2026-11-22T19:08:00.5Z`.
pub(in crate::shell) fn instant(at: u64) -> String {
    let at = i64::try_from(at).ok().and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// Why the leg belongs to the call, in words.
fn association(leg: &SessionInfo) -> &'static str {
    use crate::model::Association;
    match leg.association {
        Association::Header => "our SIP header",
        Association::Variable => "our variable",
        Association::Loopback => "the other loopback half",
        Association::CallUuid => "Channel-Call-UUID",
        Association::OwnUuid => "its own uuid",
    }
}

const STATES: &[&str] =
    &["new", "ringing", "early", "answered", "bridged", "conference", "parked", "held", "hangup"];

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Format;
    use super::super::select::Select;
    use super::*;
    use crate::model::Event;
    use crate::wire;
    use crate::wire::EventData;

    #[derive(clap::Parser)]
    #[command(no_binary_name = true)]
    struct Line {
        #[command(flatten)]
        select: Select,
    }

    fn selected(tracker: &Tracker, words: &[&str]) -> View {
        let calls: Vec<CallInfo> = tracker.calls().collect();
        let view = super::calls(calls.iter(), tracker, Some(10_000_000_000), &|_id| None);
        view.select("calls", &Line::parse_from(words).select).unwrap()
    }

    #[limited::test]
    fn a_session_without_times_has_no_length_since_1970() {
        let mut tracker = Tracker::new();
        for name in ["CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_HANGUP"] {
            let text = format!("Event-Name: {name}\nUnique-ID: bare\n\n");
            tracker.apply(&Event::new(EventData::new(wire::Format::Plain, text.into())));
            let view = selected(&tracker, &["--columns=age,ring,talk,hold,created"]);
            let csv = view.write(Format::Csv, None);
            assert_eq!(csv.lines().nth(1), Some(",,,,"), "{name}");
        }
    }

    #[limited::test]
    fn five_thousand_calls_are_filtered_and_sorted() {
        let mut tracker = Tracker::new();
        for n in 0..5000_i64 {
            let text = format!(
                "Event-Name: CHANNEL_ANSWER\nUnique-ID: call-{n}\nEvent-Date-Timestamp: {now}\n\
                 Answer-State: answered\nCaller-Caller-ID-Number: {from}\n\
                 Caller-Channel-Created-Time: {created}\nCaller-Channel-Answered-Time: {now}\n\
                 variable_sip_gateway_name: carrier-{gateway}\n\n",
                now = 2_000_000 + n,
                from = 1000 + n,
                created = 1_000_000 * (1 + n),
                gateway = n % 5,
            );
            tracker.apply(&Event::new(EventData::new(wire::Format::Plain, text.into())));
        }
        assert_eq!(selected(&tracker, &[]).len(), 5000);
        let chosen = ["--where=gateway=carrier-3 and age>2h", "--sort=age:desc", "--limit=3"];
        let view = selected(&tracker, &[&chosen[..], &["--columns=from,age"]].concat());
        let csv = view.write(Format::Csv, None);
        assert_eq!(csv, "from,age_ms\n1003,9996000\n1008,9991000\n1013,9986000\n");
        let counted = selected(&tracker, &["--where=gateway=carrier-3", "--count"]);
        assert_eq!(counted.write(Format::Csv, None), "calls\n1000\n");
        let table = selected(&tracker, &[]).write(Format::Table, Some(100));
        assert_eq!(table.lines().filter(|line| line.starts_with("call-")).count(), 5000);
    }
}
