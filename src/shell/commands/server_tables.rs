//! What only the server knows, as tables: its own tables, gateways, profiles, registrations,
//! conferences.

use serde_json::{Value, json};

use super::context::Context;
use crate::model::{Row, Rows, TableError, plain_text};
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::view::column::Column;
pub(super) use crate::shell::view::server_columns::{
    conference_columns, gateway_columns, profile_columns, registration_columns,
};
use crate::shell::view::{Cell, View};

/// `show WHAT` of the server as a table, columns in its own order.
pub(super) async fn show(cx: &mut Context<'_>, what: &str) -> Result<View, CommandError> {
    let Rows { rows, unreadable } = rows(cx, &format!("show {what}")).await?;
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
    let view = View::of(columns, "0 total.").with_foot(format!("{count} total."));
    let mut view = view.with_unreadable(unreadable);
    for row in rows {
        view.push(names.iter().map(|name| cell(row.get(name))).collect());
    }
    Ok(view)
}

/// Who is registered.
pub(super) async fn registrations(cx: &mut Context<'_>) -> Result<View, CommandError> {
    let now = cx.listener().map_or_else(|_none| cx.local_time(), |x| x.server_time());
    let table = rows(cx, "show registrations").await?;
    let view = View::of(registration_columns(), "no registrations");
    let mut view = view.with_unreadable(table.unreadable);
    for row in table.rows {
        let of = |name: &str| text_of(&row, name);
        let expires = of("expires").parse::<u64>().ok().map(|at| at.saturating_mul(1_000_000));
        view.push(vec![
            cell(row.get("reg_user")),
            cell(row.get("realm")),
            cell(row.get("url")),
            cell(row.get("network_ip")),
            number(&of("network_port")),
            cell(row.get("network_proto")),
            expires.map_or_else(Cell::none, |at| Cell::span(at.saturating_sub(now))),
            cell(row.get("token")),
            cell(row.get("hostname")),
        ]);
    }
    Ok(view)
}

/// The gateways of all profiles.
pub(super) async fn gateways(cx: &mut Context<'_>) -> Result<View, CommandError> {
    let mut view = View::of(gateway_columns(), "no gateways");
    let sofia = sofia_status(cx).await?;
    let mut unreadable = sofia.unreadable;
    for line in sofia.lines.into_iter().filter(|line| line.kind == "gateway") {
        let (profile, name) = line.name.split_once("::").unwrap_or(("", &line.name));
        let asked = cx.client()?.cmd(&format!("sofia status gateway {}", line.name)).await;
        let text = match asked.map_err(CommandError::from) {
            Ok(text) => text,
            // What the list says of it stays.
            Err(err) if err.kind == Kind::Refused => String::new(),
            Err(err) => return Err(err),
        };
        let find = |name: &str| {
            let mut values = text.lines().filter_map(|line| line.split_once('\t'));
            values.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
        };
        let of = |name: &str| find(name).unwrap_or_default();
        let known = |name: &str| find(name).map_or_else(Cell::none, Cell::text);
        unreadable += usize::from(find("Name").is_none());
        let (state, retry) = line.registration();
        let uptime = of("Uptime").trim_end_matches('s').parse::<u64>().ok();
        view.push(vec![
            Cell::text(name),
            Cell::text(profile),
            Cell::text(&line.data),
            Cell::text(state),
            retry.map_or_else(Cell::none, |s| Cell::span(s.saturating_mul(1_000_000))),
            known("Status"),
            known("PingTime"),
            uptime.map_or_else(Cell::none, |s| Cell::span(s.saturating_mul(1_000_000))),
            number(of("CallsIN")),
            number(of("FailedCallsIN")),
            number(of("CallsOUT")),
            number(of("FailedCallsOUT")),
            known("Proxy"),
            known("Context"),
        ]);
    }
    Ok(view.with_unreadable(unreadable))
}

/// The SIP profiles.
pub(super) async fn profiles(cx: &mut Context<'_>) -> Result<View, CommandError> {
    let Sofia { lines, unreadable } = sofia_status(cx).await?;
    let mut view = View::of(profile_columns(), "no profiles").with_unreadable(unreadable);
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

/// The conferences that run.
pub(super) async fn conferences(cx: &mut Context<'_>) -> Result<View, CommandError> {
    let text = reply(cx, "conference json_list").await?;
    let list = Rows::parse_list(&text).map_err(|err| no_table("conference json_list", &err))?;
    let view = View::of(conference_columns(), "no conferences");
    let mut view = view.with_unreadable(list.unreadable);
    for item in list.rows {
        let members = item.get("members").and_then(Value::as_array).cloned();
        let listed = members.as_ref().map(|members| members.len() as u64);
        let members = members.unwrap_or_default();
        let of_members = |name: &str| {
            let values = members.iter().filter_map(|member| member.get(name)?.as_str());
            values.map(str::to_owned).collect::<Vec<_>>()
        };
        let is_on = |name: &&str| item.get(*name).and_then(Value::as_bool) == Some(true);
        let flags: Vec<&str> = FLAGS.iter().copied().filter(is_on).collect();
        let count = |name: &str| item.get(name).and_then(Value::as_u64);
        let (numbers, uuids) = (of_members("caller_id_number"), of_members("uuid"));
        view.push(vec![
            cell(item.get("conference_name")),
            count("member_count").or(listed).map_or_else(Cell::none, Cell::number),
            count("rate").map_or_else(Cell::none, Cell::number),
            count("run_time").map_or_else(Cell::none, |s| Cell::span(s.saturating_mul(1_000_000))),
            Cell::text(&flags.join(" ")),
            Cell::shown(Cell::text(&numbers.join(" ")).into_shown(), json!(numbers)),
            Cell::shown(uuids.join(" "), json!(uuids)),
        ]);
    }
    Ok(view)
}

/// What `sofia status` lists: profiles, gateways, aliases.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sofia {
    pub(super) lines: Vec<SofiaLine>,
    /// How many lines could not be read.
    pub(super) unreadable: usize,
}

/// A line of `sofia status`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SofiaLine {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) data: String,
    pub(super) state: String,
}

impl SofiaLine {
    /// The state of a gateway's registration, and the seconds until it is tried again:
    /// `FAIL_WAIT (retry: 22s)`.
    fn registration(&self) -> (&str, Option<u64>) {
        let Some((state, retry)) = self.state.split_once(" (retry: ") else {
            return (&self.state, None);
        };
        (state, retry.trim_end_matches(')').trim_end_matches('s').parse().ok())
    }
}

/// The lines of `sofia status`.
pub(super) async fn sofia_status(cx: &mut Context<'_>) -> Result<Sofia, CommandError> {
    let text = reply(cx, "sofia status").await?;
    sofia_lines(&text)
        .ok_or_else(|| CommandError::new(Kind::Refused, "the reply to \"sofia status\" is cut"))
}

/// Reads a `sofia status`, which ends with the number of profiles; `None` where it does not.
pub(super) fn sofia_lines(text: &str) -> Option<Sofia> {
    let is_rule = |line: &str| line.starts_with("====");
    let mut rest = text.lines().skip_while(|line| !is_rule(line)).skip(1);
    let (mut lines, mut unreadable) = (Vec::new(), 0);
    for line in rest.by_ref().take_while(|line| !is_rule(line)) {
        let mut parts = line.split('\t').map(|part| part.trim().to_owned());
        let mut next = || parts.next().filter(|part| !part.is_empty());
        let mut read = || Some((next()?, next()?, next(), next()?));
        match read() {
            Some((name, kind, data, state)) => {
                let data = data.unwrap_or_default();
                lines.push(SofiaLine { name, kind, data, state });
            }
            None => unreadable += 1,
        }
    }
    rest.next().filter(|sum| sum.contains(" profile") && sum.contains(" alias"))?;
    Some(Sofia { lines, unreadable })
}

/// The rows of a `show`.
async fn rows(cx: &mut Context<'_>, line: &str) -> Result<Rows, CommandError> {
    let text = reply(cx, &format!("{line} as json")).await?;
    Rows::parse(&text).map_err(|err| no_table(line, &err))
}

/// That a reply is not the table that was asked for. Of a long one the beginning is shown.
pub(super) fn no_table(line: &str, err: &TableError) -> CommandError {
    let message = match err {
        TableError::Refused { text } => text.trim_end().to_owned(),
        other => format!("\"{line}\": {other}"),
    };
    shortened(CommandError::new(Kind::Refused, message), &format!("{line} as json"))
}

/// The reply to a command whose table is read, not shown.
async fn reply(cx: &mut Context<'_>, line: &str) -> Result<String, CommandError> {
    let text = cx.client()?.cmd(line).await.map_err(CommandError::from);
    text.map_err(|err| shortened(err, line))
}

/// Of a long message, which is the server's own text, only the beginning.
fn shortened(err: CommandError, line: &str) -> CommandError {
    let end = err.message.floor_char_boundary(LONGEST_REFUSAL);
    match err.message.get(..end).filter(|start| start.len() < err.message.len()) {
        None => err,
        Some(start) => CommandError::new(err.kind, format!("{start}.."))
            .hint(format!("the answer has {} bytes: \"api {line}\"", err.message.len())),
    }
}

/// A column of a row as text; empty where it has none.
pub(super) fn text_of(row: &Row, name: &str) -> String {
    row.get(name).and_then(plain_text).unwrap_or_default()
}

/// Refusals are short; this many bytes of one are shown.
const LONGEST_REFUSAL: usize = 500;

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
pub(super) fn in_short(sofia: &Sofia) -> (String, u64, u64) {
    let gateways: Vec<_> = sofia.lines.iter().filter(|line| line.kind == "gateway").collect();
    let is_well = |line: &&&SofiaLine| matches!(line.state.as_str(), "REGED" | "NOREG");
    let (all, well) = (gateways.len(), gateways.iter().filter(is_well).count());
    let bad = gateways.iter().filter(|line| !is_well(line));
    let bad: Vec<String> = bad.map(|line| format!("{} {}", line.name, line.state)).collect();
    let totals = match (all, bad.is_empty()) {
        (0, _) => "none".to_owned(),
        (_, true) => format!("{all}, all well"),
        (_, false) => format!("{well} of {all} well; {}", bad.join(", ")),
    };
    (totals, all as u64, well as u64)
}

const FLAGS: &[&str] = &["locked", "recording", "running", "answered", "dynamic", "wait_mod"];
