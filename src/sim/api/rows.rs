//! The rows of `show channels`, `show calls` and their relatives.

use super::super::channel::{Channel, Profile};
use super::super::world::{HOSTNAME, World};
use super::show::Table;

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

pub(super) fn channels(world: &World, like: &str) -> Table {
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

pub(super) fn calls(world: &World, keep: impl Fn(&Channel) -> bool) -> Table {
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

pub(super) fn detailed(world: &World, bridged: bool) -> Table {
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
