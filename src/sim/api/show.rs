//! `show`: the tables of the switch as CSV, JSON, XML.

use super::super::apps::APPS;
use super::super::channel::{Channel, Profile};
use super::super::world::{HOSTNAME, World};
use super::help;
use super::{Outcome, Waiting};

const USAGE: &str = "-USAGE: codec|endpoint|application|api|dialplan|file|timer|calls [count]|channels [count|like <match string>]|calls|detailed_calls|bridged_calls|detailed_bridged_calls|aliases|complete|chat|management|modules|nat_map|say|interfaces|interface_types|tasks|limits|status\n";

/// A table: column names, rows.
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(columns: &[&str], rows: Vec<Vec<String>>) -> Self {
        Self { columns: columns.iter().map(|name| (*name).to_owned()).collect(), rows }
    }
}

pub(super) fn show(world: &mut World, asked: &Waiting) -> Outcome {
    let (what, form) = match asked.args.split_once(" as ") {
        Some((what, form)) => (what.trim(), form.trim()),
        None => (asked.args.as_str(), "delim ,"),
    };
    let (kind, rest) = what.split_once(' ').unwrap_or((what, ""));
    if kind == "help" {
        return help::list().into();
    }
    if kind == "status" {
        return super::system::status(world, asked);
    }
    if rest == "count" {
        let Some(table) = table(world, kind, "") else { return USAGE.into() };
        return count(table.rows.len(), form).into();
    }
    let Some(table) = table(world, kind, rest) else { return USAGE.into() };
    if form == "json" {
        json(&table).into()
    } else if form == "xml" {
        xml(&table).into()
    } else {
        let delimiter = form.strip_prefix("delim ").unwrap_or(",").trim();
        csv(&table, if delimiter.is_empty() { "," } else { delimiter }).into()
    }
}

fn table(world: &World, kind: &str, rest: &str) -> Option<Table> {
    Some(match kind {
        "calls" => calls(world, |_| true),
        "bridged_calls" => calls(world, |channel| channel.partner.is_some()),
        "detailed_calls" | "detailed_bridged_calls" => {
            let bridged = kind == "detailed_bridged_calls";
            detailed(world, bridged)
        }
        "channels" => channels(world, rest.strip_prefix("like ").unwrap_or_default().trim()),
        "registrations" => registrations(world),
        "modules" | "interfaces" => modules(world),
        "api" => Table::new(
            &["name", "description", "syntax", "ikey"],
            help::rows().into_iter().map(|row| row.to_vec()).collect(),
        ),
        "application" => {
            let row = |(name, syntax): &(&str, &str)| {
                vec![
                    (*name).to_owned(),
                    String::new(),
                    (*syntax).to_owned(),
                    "mod_dptools".to_owned(),
                ]
            };
            Table::new(&["name", "description", "syntax", "ikey"], APPS.iter().map(row).collect())
        }
        "tasks" => {
            let row = |(id, task): (&u64, &super::schedule::Task)| {
                let id = id.to_string();
                vec![
                    id,
                    task.desc.to_owned(),
                    task.group.clone(),
                    task.at.to_string(),
                    HOSTNAME.to_owned(),
                ]
            };
            let columns = ["task_id", "task_desc", "task_group", "task_runtime", "hostname"];
            Table::new(&columns, world.tasks.iter().map(row).collect())
        }
        "complete" => {
            let columns =
                ["sticky", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "hostname"];
            Table::new(&columns, super::complete::rows())
        }
        "aliases" => Table::new(&["sticky", "alias", "command", "hostname"], Vec::new()),
        "codec" | "endpoint" | "dialplan" | "file" | "timer" | "chat" | "say" | "management"
        | "interface_types" => kinds(kind),
        "nat_map" | "limits" => Table::new(&["hostname"], Vec::new()),
        _ => return None,
    })
}

/// The interfaces of one kind.
fn kinds(kind: &str) -> Table {
    let names: &[(&str, &str)] = match kind {
        "codec" => &[("G.711 alaw", "CORE_PCM_MODULE"), ("G.711 ulaw", "CORE_PCM_MODULE")],
        "endpoint" => &[
            ("error", "mod_dptools"),
            ("loopback", "mod_loopback"),
            ("null", "mod_loopback"),
            ("sofia", "mod_sofia"),
            ("user", "mod_dptools"),
        ],
        "dialplan" => &[("XML", "mod_dialplan_xml"), ("inline", "mod_dptools")],
        "file" => &[
            ("local_stream", "mod_local_stream"),
            ("silence_stream", "mod_tone_stream"),
            ("tone_stream", "mod_tone_stream"),
        ],
        "timer" => &[("soft", "CORE_SOFTTIMER_MODULE")],
        "chat" => &[("sip", "mod_sofia")],
        "interface_types" => &[("api", ""), ("application", ""), ("endpoint", "")],
        _ => &[],
    };
    let kind = kind.to_owned();
    let row = |(name, module): &(&str, &str)| {
        vec![kind.clone(), (*name).to_owned(), (*module).to_owned()]
    };
    Table::new(&["type", "name", "ikey"], names.iter().map(row).collect())
}

fn modules(world: &World) -> Table {
    let mut rows = Vec::new();
    let mut add = |kind: &str, name: &str, module: &str| {
        if world.modules.iter().any(|have| have == module) || module.starts_with("CORE") {
            let path = format!("/usr/local/freeswitch/lib/freeswitch/mod/{module}.so");
            rows.push(vec![kind.to_owned(), name.to_owned(), module.to_owned(), path]);
        }
    };
    for [name, _, _, module] in help::rows() {
        add("api", &name, &module);
    }
    for (name, _) in APPS {
        add("application", name, "mod_dptools");
    }
    for kind in ["codec", "dialplan", "endpoint", "file", "timer"] {
        for row in kinds(kind).rows {
            if let [kind, name, module] = row.as_slice() {
                add(kind, name, module);
            }
        }
    }
    for module in &world.modules {
        add("generic", module, module);
    }
    Table::new(&["type", "name", "ikey", "filename"], rows)
}

fn registrations(world: &World) -> Table {
    let columns = [
        "reg_user",
        "realm",
        "token",
        "url",
        "expires",
        "network_ip",
        "network_port",
        "network_proto",
        "hostname",
        "metadata",
    ];
    let rows = super::sofia::phones().map(|(user, port)| {
        vec![
            user.to_owned(),
            "127.0.0.1".to_owned(),
            format!("reg-{user}@127.0.0.1"),
            format!("sofia/internal/sip:{user}@127.0.0.1:{port}"),
            (world.started / 1_000_000 + 86_400).to_string(),
            "127.0.0.1".to_owned(),
            port.to_string(),
            "udp".to_owned(),
            HOSTNAME.to_owned(),
            String::new(),
        ]
    });
    Table::new(&columns, rows.collect())
}

const CHANNELS: &[&str] = &[
    "uuid",
    "direction",
    "created",
    "created_epoch",
    "name",
    "state",
    "cid_name",
    "cid_num",
    "ip_addr",
    "dest",
    "application",
    "application_data",
    "dialplan",
    "context",
    "read_codec",
    "read_rate",
    "read_bit_rate",
    "write_codec",
    "write_rate",
    "write_bit_rate",
    "secure",
    "hostname",
    "presence_id",
    "presence_data",
    "accountcode",
    "callstate",
    "callee_name",
    "callee_num",
    "callee_direction",
    "call_uuid",
    "sent_callee_name",
    "sent_callee_num",
    "initial_cid_name",
    "initial_cid_num",
    "initial_ip_addr",
    "initial_dest",
    "initial_dialplan",
    "initial_context",
];

/// One cell of `show channels`. A flipped leg is listed with the profile it had first.
fn cell(world: &World, channel: &Channel, column: &str) -> String {
    let empty = Profile::default();
    let profile = channel.profile.as_ref().unwrap_or(&empty);
    let (codec, bits) = channel.codec.unwrap_or_default();
    let rate = if codec.is_empty() { "" } else { "8000" };
    let var = |name: &str| channel.vars.get(name).unwrap_or_default();
    let joined = channel.partner.is_some() || !channel.callee_direction.is_empty();
    let first = &channel.first;
    let text = match column {
        "uuid" => &channel.uuid,
        "direction" => channel.direction(),
        "created" => return world.stamp(profile.created),
        "created_epoch" => return (profile.created / 1_000_000).to_string(),
        "name" => &channel.name,
        "state" => channel.state.name(),
        "cid_name" => &profile.cid_name,
        "cid_num" => &profile.cid_num,
        "ip_addr" => &first.network_addr,
        "dest" => &profile.destination,
        "application" => return world.running(channel.id).0,
        "application_data" => return world.running(channel.id).1,
        "dialplan" => &profile.dialplan,
        "context" => &profile.context,
        "read_codec" | "write_codec" => codec,
        "read_rate" | "write_rate" => rate,
        "read_bit_rate" | "write_bit_rate" => bits,
        "hostname" => HOSTNAME,
        "presence_id" => var("presence_id"),
        "presence_data" => var("presence_data"),
        "accountcode" => var("accountcode"),
        "callstate" => channel.callstate.name(),
        "callee_name" if joined || channel.inbound => &profile.callee_name,
        "callee_num" if joined || channel.inbound => &profile.callee_num,
        "callee_direction" => channel.callee_direction,
        "call_uuid" if joined => &channel.call_uuid,
        "sent_callee_name" => &channel.sent_callee.0,
        "sent_callee_num" => &channel.sent_callee.1,
        "initial_cid_name" => &first.cid_name,
        "initial_cid_num" => &first.cid_num,
        "initial_ip_addr" => &first.network_addr,
        "initial_dest" => &first.destination,
        "initial_dialplan" => &first.dialplan,
        "initial_context" => &first.context,
        _ => "",
    };
    text.to_owned()
}

fn row(world: &World, channel: &Channel, columns: &[&str]) -> Vec<String> {
    columns.iter().map(|column| cell(world, channel, column)).collect()
}

fn channels(world: &World, like: &str) -> Table {
    let rows = world
        .channels
        .values()
        .filter(|channel| {
            like.is_empty()
                || channel.uuid.contains(like)
                || channel.name.contains(like)
                || cell(world, channel, "cid_num").contains(like)
                || cell(world, channel, "cid_name").contains(like)
                || cell(world, channel, "presence_data").contains(like)
                || cell(world, channel, "accountcode").contains(like)
        })
        .map(|channel| row(world, channel, CHANNELS));
    // The uuid is the first column.
    let is_gone = |row: &&Vec<String>| row.first().is_some_and(|uuid| world.find(uuid).is_none());
    let is_like = |row: &&Vec<String>| row.iter().any(|cell| cell.contains(like));
    let ghosts = world.faults.ghosts.iter().filter(is_gone).filter(is_like).cloned();
    Table::new(CHANNELS, rows.chain(ghosts).collect())
}

impl World {
    /// The rows of `show channels`.
    pub(in super::super) fn channel_rows(&self) -> Vec<Vec<String>> {
        self.channels.values().map(|channel| row(self, channel, CHANNELS)).collect()
    }
}

const CALLS: &[&str] = &[
    "uuid",
    "direction",
    "created",
    "created_epoch",
    "name",
    "state",
    "cid_name",
    "cid_num",
    "ip_addr",
    "dest",
    "presence_id",
    "presence_data",
    "accountcode",
    "callstate",
    "callee_name",
    "callee_num",
    "callee_direction",
    "call_uuid",
    "hostname",
    "sent_callee_name",
    "sent_callee_num",
];

/// The columns of the second leg: those of the first but for two.
fn second_leg() -> impl Iterator<Item = &'static str> {
    CALLS.iter().copied().filter(|column| !matches!(*column, "call_uuid" | "hostname"))
}

/// Whether a row of `show calls` starts with this channel: it is alone, or the first of two.
fn leads(world: &World, channel: &Channel) -> bool {
    let partner = channel.partner.and_then(|partner| world.channels.get(&partner));
    partner.is_none_or(|partner| channel.id < partner.id)
}

fn calls(world: &World, keep: impl Fn(&Channel) -> bool) -> Table {
    let mut columns: Vec<String> = CALLS.iter().map(|name| (*name).to_owned()).collect();
    columns.extend(second_leg().map(|name| format!("b_{name}")));
    columns.push("call_created_epoch".to_owned());
    let mut rows = Vec::new();
    for channel in world.channels.values() {
        if !keep(channel) || !leads(world, channel) {
            continue;
        }
        let mut cells = row(world, channel, CALLS);
        match channel.partner.and_then(|partner| world.channels.get(&partner)) {
            Some(partner) => {
                cells.extend(second_leg().map(|column| cell(world, partner, column)));
                let bridged = channel.profile.as_ref().map_or(0, |profile| profile.bridged);
                cells.push((bridged / 1_000_000).to_string());
            }
            None => {
                cells.extend(second_leg().map(|_| String::new()));
                cells.push(String::new());
            }
        }
        rows.push(cells);
    }
    Table { columns, rows }
}

fn detailed(world: &World, bridged: bool) -> Table {
    let mut columns: Vec<String> = CHANNELS.iter().map(|name| (*name).to_owned()).collect();
    columns.extend(CHANNELS.iter().map(|name| format!("b_{name}")));
    columns.push("call_created_epoch".to_owned());
    let mut rows = Vec::new();
    for channel in world.channels.values() {
        let partner = channel.partner.and_then(|partner| world.channels.get(&partner));
        if !leads(world, channel) || (bridged && partner.is_none()) {
            continue;
        }
        let mut cells = row(world, channel, CHANNELS);
        cells.extend(
            CHANNELS.iter().map(|column| {
                partner.map(|partner| cell(world, partner, column)).unwrap_or_default()
            }),
        );
        let at = channel.profile.as_ref().map_or(0, |profile| profile.bridged) / 1_000_000;
        cells.push(partner.map(|_| at.to_string()).unwrap_or_default());
        rows.push(cells);
    }
    Table { columns, rows }
}

fn count(rows: usize, form: &str) -> String {
    match form {
        "json" if rows == 0 => "{\"row_count\":0,\"rows\":[]}\n".to_owned(),
        "json" => format!("{{\"row_count\":{rows}}}\n"),
        "xml" => format!("<result row_count=\"{rows}\"></result>\n"),
        _ => format!("\n{rows} total.\n"),
    }
}

/// Nothing is quoted: a comma in a value shifts the columns, as on the real one.
fn csv(table: &Table, delimiter: &str) -> String {
    let mut out = String::new();
    if !table.rows.is_empty() {
        out.push_str(&table.columns.join(delimiter));
        out.push('\n');
    }
    for row in &table.rows {
        out.push_str(&row.join(delimiter));
        out.push('\n');
    }
    out.extend([format!("\n{} total.\n", table.rows.len())]);
    out
}

fn json(table: &Table) -> String {
    if table.rows.is_empty() {
        return "{\"row_count\": 0}\n".to_owned();
    }
    let rows: Vec<serde_json::Value> = table
        .rows
        .iter()
        .map(|row| {
            let cells = table.columns.iter().zip(row);
            let object: serde_json::Map<String, serde_json::Value> =
                cells.map(|(name, value)| (name.clone(), value.clone().into())).collect();
            serde_json::Value::Object(object)
        })
        .collect();
    let mut whole = serde_json::Map::new();
    whole.insert("row_count".to_owned(), rows.len().into());
    whole.insert("rows".to_owned(), rows.into());
    serde_json::Value::Object(whole).to_string()
}

fn xml(table: &Table) -> String {
    let clean = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut out = format!("<result row_count=\"{}\">\n", table.rows.len());
    for (number, row) in (1..).zip(&table.rows) {
        out.extend([format!("  <row row_id=\"{number}\">\n")]);
        for (name, value) in table.columns.iter().zip(row) {
            out.extend([format!("    <{name}>{}</{name}>\n", clean(value))]);
        }
        out.push_str("  </row>\n");
    }
    out.push_str("</result>\n");
    out
}
