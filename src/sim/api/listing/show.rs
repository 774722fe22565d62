//! `show ...`: the tables of the switch as text, delimited, JSON or XML.

use super::render::{Table, csv, json, xml};
use super::{help, rows};
use crate::sim::world::globals::HOSTNAME;
use crate::sim::world::request::{ApiCall, Outcome};
use crate::sim::world::{World, interfaces};

/// Kinds of interfaces that have a table of their own; the first word may be longer.
const KINDS: [&str; 9] =
    ["codec", "dialplan", "file", "timer", "chat", "limit", "say", "management", "endpoint"];

pub(in crate::sim) fn show(world: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let kind = word(0).to_ascii_lowercase();
    if kind.starts_with("status") {
        return crate::sim::api::status::status(world, asked);
    }
    if kind.starts_with("help") {
        return help::list(world).into();
    }
    let is = |at: usize, text: &str| word(at).eq_ignore_ascii_case(text);
    let counts = matches!(kind.as_str(), "calls" | "channels" | "registrations") && is(1, "count");
    let form_at = if counts || (kind == "channels" && is(1, "like") && words.len() > 2) {
        if counts { 2 } else { 3 }
    } else {
        1
    };
    let form = if is(form_at, "as") { word(form_at + 1) } else { "" };
    let name = if is(1, "as") { "" } else { word(1) };
    let Some(table) = table(world, &kind, name, word(2)) else {
        return asked.usage();
    };
    let delimiter = words.get(form_at + 2).copied().unwrap_or(",");
    match form.to_ascii_lowercase().as_str() {
        "" if counts => format!("\n{} total.\n", table.rows.len()).into(),
        "" => csv(&table, ",").into(),
        "delim" | "csv" if counts => format!("\n{} total.\n", table.rows.len()).into(),
        "delim" | "csv" => csv(&table, delimiter).into(),
        "json" if counts => format!("{{\"row_count\":{},\"rows\":[]}}", table.rows.len()).into(),
        "json" => json(&table).into(),
        "xml" if counts => format!("<result row_count=\"{}\"></result>\n", table.rows.len()).into(),
        "xml" => xml(&table).into(),
        _ => format!("-ERR Cannot find format {form}\n").into(),
    }
}

/// The table of that name; some take a further word or two.
fn table(world: &World, kind: &str, word: &str, like: &str) -> Option<Table> {
    if let Some(known) = KINDS.iter().find(|known| kind.starts_with(**known)) {
        // `limits` is `limit`, anything longer is nothing.
        let kind = kind.strip_suffix('s').filter(|_| kind != *known).unwrap_or(kind);
        return Some(listed(world, |one| one.kind == kind));
    }
    if kind.starts_with("module") {
        return Some(modules(world, word));
    }
    Some(match kind {
        "calls" => rows::calls(world, |_| true),
        "bridged_calls" => rows::calls(world, |channel| channel.partner.is_some()),
        "detailed_calls" => rows::detailed(world, |_| true),
        "detailed_bridged_calls" => rows::detailed(world, |channel| channel.partner.is_some()),
        "channels" if word.eq_ignore_ascii_case("like") => rows::channels(world, like),
        "channels" => rows::channels(world, ""),
        "registrations" => registrations(world),
        "interfaces" => listed(world, |_| true),
        "interface_types" => interface_types(world),
        "api" | "application" => described(world, kind, word),
        "tasks" => tasks(world),
        "complete" => super::complete::table(world),
        "aliases" => aliases(world),
        "nat_map" => Table::new(&["port", "proto", "proto_num", "sticky"], Vec::new()),
        _ => return None,
    })
}

fn listed(world: &World, keep: impl Fn(&interfaces::Interface) -> bool) -> Table {
    let rows = interfaces::loaded(&world.modules)
        .filter(|one| keep(one))
        .map(|one| [one.kind, one.name, one.module].map(str::to_owned).to_vec());
    Table::new(&["type", "name", "ikey"], rows.collect())
}

fn interface_types(world: &World) -> Table {
    let mut rows: Vec<(&str, usize)> = Vec::new();
    for one in interfaces::loaded(&world.modules) {
        match rows.last_mut() {
            Some((kind, count)) if *kind == one.kind => *count += 1,
            _ => rows.push((one.kind, 1)),
        }
    }
    let rows = rows.into_iter().map(|(kind, count)| vec![kind.to_owned(), count.to_string()]);
    Table::new(&["type", "total"], rows.collect())
}

fn described(world: &World, kind: &str, name: &str) -> Table {
    let rows = interfaces::loaded(&world.modules)
        .filter(|one| one.kind == kind && !one.about.is_empty())
        .filter(|one| name.is_empty() || one.name == name)
        .map(|one| [one.name, one.about, one.syntax, one.module].map(str::to_owned).to_vec());
    Table::new(&["name", "description", "syntax", "ikey"], rows.collect())
}

fn modules(world: &World, name: &str) -> Table {
    let mut rows: Vec<Vec<String>> = interfaces::loaded(&world.modules)
        .filter(|one| name.is_empty() || one.module == name)
        .map(|one| {
            let folder =
                if one.module.starts_with("CORE") { "" } else { interfaces::MODULE_FOLDER };
            let path = format!("{folder}/{}.so", one.module);
            vec![one.kind.to_owned(), one.name.to_owned(), one.module.to_owned(), path]
        })
        .collect();
    rows.dedup();
    Table::new(&["type", "name", "ikey", "filename"], rows)
}

fn tasks(world: &World) -> Table {
    let columns =
        ["task_id", "task_desc", "task_group", "task_runtime", "task_sql_manager", "hostname"];
    let row = |(id, task): (&u64, &crate::sim::world::task::Task)| {
        vec![
            id.to_string(),
            task.desc.to_owned(),
            task.group.clone(),
            task.at.to_string(),
            "0".to_owned(),
            HOSTNAME.to_owned(),
        ]
    };
    // Those of the core are older than the table.
    let listed = world.tasks.iter().filter(|(_, task)| task.group != "core");
    Table::new(&columns, listed.map(row).collect())
}

fn aliases(world: &World) -> Table {
    let mut rows: Vec<Vec<String>> = world
        .aliases
        .iter()
        .map(|alias| {
            let sticky = if alias.is_sticky { "1" } else { "0" };
            [sticky, &alias.name, &alias.command, HOSTNAME].map(str::to_owned).to_vec()
        })
        .collect();
    rows.sort_by(|a, b| a.get(1).cmp(&b.get(1)));
    Table::new(&["sticky", "alias", "command", "hostname"], rows)
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
    let rows = crate::sim::world::layout::phones().map(|(user, port)| {
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
