//! What only the server knows, as tables: its own tables, gateways, profiles, registrations,
//! conferences.

use serde_json::{Value, json};

use super::render::{Cell, Column, View};
use super::{CommandError, Context, Kind};
use crate::model::Rows;

/// `show WHAT` of the server as a table, columns in its own order.
pub(super) async fn show(cx: &mut Context<'_>, what: &str) -> Result<View, CommandError> {
    let rows = rows(cx, &format!("show {what}")).await?;
    let mut names: Vec<String> = Vec::new();
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let columns: Vec<Column> = names
        .iter()
        .zip(0..=u8::MAX)
        .map(|(name, rank)| Column::plain(name.clone(), rank))
        .collect();
    let count = rows.len();
    let mut view = View::of(columns, "0 total.").with_foot(format!("{count} total."));
    for row in rows {
        view.push(names.iter().map(|name| cell(row.get(name))).collect());
    }
    Ok(view)
}

/// The columns of `registrations`.
pub(super) fn registration_columns() -> Vec<Column> {
    vec![
        Column::text("user", "who is registered"),
        Column::text("realm", "SIP domain").rank(2),
        Column::text("contact", "where calls for it go").rank(4),
        Column::text("ip", "address that it came from").rank(1),
        Column::number("port", "port that it came from").rank(2),
        Column::text("proto", "udp, tcp or tls").rank(3),
        Column::span("expires", "expires_ms", "until it ends unless it is renewed").rank(2),
        Column::text("token", "Call-ID of the registration").hidden(),
        Column::text("host", "server that holds it").hidden(),
    ]
}

/// Who is registered.
pub(super) async fn registrations(cx: &mut Context<'_>) -> Result<View, CommandError> {
    let now = cx.listener().map_or_else(|_none| cx.local_time(), |x| x.server_time());
    let mut view = View::of(registration_columns(), "nobody is registered");
    for row in rows(cx, "show registrations").await? {
        let of = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let expires = of("expires").parse::<u64>().ok().map(|at| at.saturating_mul(1_000_000));
        view.push(vec![
            Cell::text(of("reg_user")),
            Cell::text(of("realm")),
            Cell::text(of("url")),
            Cell::text(of("network_ip")),
            number(of("network_port")),
            Cell::text(of("network_proto")),
            expires.map_or_else(Cell::none, |at| Cell::span(at.saturating_sub(now))),
            Cell::text(of("token")),
            Cell::text(of("hostname")),
        ]);
    }
    Ok(view)
}

/// The columns of `gateways`.
pub(super) fn gateway_columns() -> Vec<Column> {
    vec![
        Column::text("gateway", "name"),
        Column::text("profile", "sofia profile that it belongs to").rank(2),
        Column::text("to", "whom it registers as").rank(4),
        Column::text("state", "of its registration: REGED, NOREG, FAIL_WAIT ..").rank(1),
        Column::text("status", "UP or DOWN, as OPTIONS pings say").rank(1),
        Column::text("ping", "ms of the last ping, 0.00 when it is not pinged").rank(3),
        Column::span("uptime", "uptime_ms", "since it came up").rank(3),
        Column::number("calls in", "calls that came from it").with_key("calls_in").rank(2),
        Column::number("failed in", "of which failed").with_key("failed_in").rank(3),
        Column::number("calls out", "calls that went to it").with_key("calls_out").rank(2),
        Column::number("failed out", "of which failed").with_key("failed_out").rank(3),
        Column::text("proxy", "where its calls go").hidden(),
        Column::text("context", "dial plan context of its calls").hidden(),
    ]
}

/// The gateways of all profiles.
pub(super) async fn gateways(cx: &mut Context<'_>) -> Result<View, CommandError> {
    let mut view = View::of(gateway_columns(), "no gateways");
    for line in sofia_status(cx).await?.into_iter().filter(|line| line.kind == "gateway") {
        let (profile, name) = line.name.split_once("::").unwrap_or(("", &line.name));
        let text = cx.client()?.cmd(&format!("sofia status gateway {}", line.name)).await?;
        let of = |name: &str| {
            let mut values = text.lines().filter_map(|line| line.split_once('\t'));
            values.find(|(known, _)| known.trim() == name).map_or("", |(_, value)| value.trim())
        };
        let uptime = of("Uptime").trim_end_matches('s').parse::<u64>().ok();
        view.push(vec![
            Cell::text(name),
            Cell::text(profile),
            Cell::text(&line.data),
            Cell::text(&line.state),
            Cell::text(of("Status")),
            Cell::text(of("PingTime")),
            uptime.map_or_else(Cell::none, |s| Cell::span(s.saturating_mul(1_000_000))),
            number(of("CallsIN")),
            number(of("FailedCallsIN")),
            number(of("CallsOUT")),
            number(of("FailedCallsOUT")),
            Cell::text(of("Proxy")),
            Cell::text(of("Context")),
        ]);
    }
    Ok(view)
}

/// The columns of `profiles`.
pub(super) fn profile_columns() -> Vec<Column> {
    vec![
        Column::text("profile", "name"),
        Column::text("url", "address that it listens on").rank(1),
        Column::text("state", "RUNNING, or what else it says").rank(1),
        Column::number("calls", "channels that use it now").rank(1),
        Column::text("aliases", "other names of it").rank(2),
        Column::number("gateways", "how many belong to it").rank(2),
    ]
}

/// The SIP profiles.
pub(super) async fn profiles(cx: &mut Context<'_>) -> Result<View, CommandError> {
    let lines = sofia_status(cx).await?;
    let mut view = View::of(profile_columns(), "no profiles");
    for line in lines.iter().filter(|line| line.kind == "profile") {
        let aliases: Vec<&str> = lines
            .iter()
            .filter(|other| other.kind == "alias" && other.data == line.name)
            .map(|other| other.name.as_str())
            .collect();
        let mine = |other: &&SofiaLine| {
            other.kind == "gateway" && other.name.split("::").next() == Some(&line.name)
        };
        let (state, calls) = line.state.split_once(" (").unwrap_or((&line.state, ""));
        view.push(vec![
            Cell::text(&line.name),
            Cell::text(&line.data),
            Cell::text(state),
            number(calls.split(')').next().unwrap_or_default()),
            Cell::text(&aliases.join(" ")),
            Cell::number(lines.iter().filter(mine).count() as u64),
        ]);
    }
    Ok(view)
}

/// The columns of `conferences`.
pub(super) fn conference_columns() -> Vec<Column> {
    vec![
        Column::text("conference", "name"),
        Column::number("members", "how many are in it").rank(1),
        Column::number("rate", "sample rate in Hz").rank(3),
        Column::span("runs", "runs_ms", "since it began").rank(2),
        Column::text("flags", "what is on: running, recording ..").rank(4),
        Column::text("numbers", "callers that are in it").rank(2),
        Column::text("uuids", "channels of its members").hidden(),
    ]
}

/// The conferences that run.
pub(super) async fn conferences(cx: &mut Context<'_>) -> Result<View, CommandError> {
    let text = cx.client()?.cmd("conference json_list").await?;
    let list: Vec<Value> = serde_json::from_str(text.trim()).map_err(|_err| unreadable(&text))?;
    let mut view = View::of(conference_columns(), "no conferences");
    for item in list {
        let members = item.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
        let of_members = |name: &str| {
            let values = members.iter().filter_map(|member| member.get(name)?.as_str());
            values.map(str::to_owned).collect::<Vec<_>>()
        };
        let is_on = |name: &&str| item.get(*name).and_then(Value::as_bool) == Some(true);
        let flags: Vec<&str> = FLAGS.iter().copied().filter(is_on).collect();
        let count = |name: &str| item.get(name).and_then(Value::as_u64);
        let (numbers, uuids) = (of_members("caller_id_number"), of_members("uuid"));
        view.push(vec![
            Cell::text(item.get("conference_name").and_then(Value::as_str).unwrap_or_default()),
            Cell::number(count("member_count").unwrap_or(members.len() as u64)),
            count("rate").map_or_else(Cell::none, Cell::number),
            count("run_time").map_or_else(Cell::none, |s| Cell::span(s.saturating_mul(1_000_000))),
            Cell::text(&flags.join(" ")),
            Cell::shown(Cell::text(&numbers.join(" ")).into_shown(), json!(numbers)),
            Cell::shown(uuids.join(" "), json!(uuids)),
        ]);
    }
    Ok(view)
}

/// A line of `sofia status`.
#[derive(Debug)]
pub(super) struct SofiaLine {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) data: String,
    pub(super) state: String,
}

/// The lines of `sofia status`: profiles, gateways, aliases.
pub(super) async fn sofia_status(cx: &mut Context<'_>) -> Result<Vec<SofiaLine>, CommandError> {
    let text = cx.client()?.cmd("sofia status").await?;
    let lines = text.lines().filter_map(|line| {
        let mut parts = line.split('\t').map(|part| part.trim().to_owned());
        let mut next = || parts.next();
        let line = SofiaLine { name: next()?, kind: next()?, data: next()?, state: next()? };
        (line.kind != "Type").then_some(line)
    });
    Ok(lines.collect())
}

/// The rows of a `show`, however the server words its refusal.
async fn rows(
    cx: &mut Context<'_>,
    line: &str,
) -> Result<Vec<serde_json::Map<String, Value>>, CommandError> {
    let text = cx.client()?.cmd(&format!("{line} as json")).await?;
    Rows::parse(&text).map(|rows| rows.rows).map_err(|_err| unreadable(&text))
}

fn unreadable(text: &str) -> CommandError {
    CommandError::new(Kind::Refused, text.trim_end().to_owned())
}

fn cell(value: Option<&Value>) -> Cell {
    match value {
        None | Some(Value::Null) => Cell::none(),
        Some(Value::String(text)) => Cell::text(text),
        Some(other) => Cell::shown(other.to_string(), other.clone()),
    }
}

/// A number that the server sent as text.
fn number(text: &str) -> Cell {
    text.trim().parse().map_or_else(|_err| Cell::none(), Cell::number)
}

/// `3 of 4 up`: gateways in short.
pub(super) fn in_short(lines: &[SofiaLine]) -> (String, u64, u64) {
    let gateways: Vec<_> = lines.iter().filter(|line| line.kind == "gateway").collect();
    let is_well = |line: &&&SofiaLine| matches!(line.state.as_str(), "REGED" | "NOREG");
    let (all, well) = (gateways.len(), gateways.iter().filter(is_well).count());
    let bad = gateways.iter().filter(|line| !is_well(line));
    let bad: Vec<String> = bad.map(|line| format!("{} {}", line.name, line.state)).collect();
    let told = match (all, bad.is_empty()) {
        (0, _) => "none".to_owned(),
        (_, true) => format!("{all}, all well"),
        (_, false) => format!("{well} of {all} well; {}", bad.join(", ")),
    };
    (told, all as u64, well as u64)
}

const FLAGS: &[&str] = &["locked", "recording", "running", "answered", "dynamic", "wait_mod"];
