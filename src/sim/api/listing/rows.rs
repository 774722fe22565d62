//! The rows of `show channels`, `show calls` and their relatives.

use super::render::Table;
use crate::sim::channel::Channel;
use crate::sim::channel::profile::Profile;
use crate::sim::world::World;
use crate::sim::world::globals::HOSTNAME;

/// What every table has of a leg, first part.
const LEG: &[&str] = &[
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
];
/// What every table has of a leg, second part.
const CALL: &[&str] = &[
    "presence_id",
    "presence_data",
    "accountcode",
    "callstate",
    "callee_name",
    "callee_num",
    "callee_direction",
];
/// What every table has of a leg, last part.
const SENT: &[&str] = &["sent_callee_name", "sent_callee_num"];
/// What only tables of channels have.
const MEDIA: &[&str] = &[
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
];
const INITIAL: &[&str] = &[
    "initial_cid_name",
    "initial_cid_num",
    "initial_ip_addr",
    "initial_dest",
    "initial_dialplan",
    "initial_context",
];

/// The columns of `show channels`.
fn all() -> Vec<&'static str> {
    [LEG, MEDIA, &["hostname"], CALL, &["call_uuid"], SENT, INITIAL].concat()
}

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
    let columns = all();
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
        .map(|channel| row(world, channel, &columns));
    // The uuid is the first column.
    let is_gone = |row: &&Vec<String>| row.first().is_some_and(|uuid| world.find(uuid).is_none());
    let is_like = |row: &&Vec<String>| row.iter().any(|cell| cell.contains(like));
    let ghosts = world.faults.ghosts.iter().filter(is_gone).filter(is_like).cloned();
    Table::new(&columns, rows.chain(ghosts).collect())
}

/// The most rows that stay behind.
const GHOSTS: usize = 1000;

impl World {
    /// The row of a channel stays when the channel goes.
    pub(in crate::sim) fn leave_row(&mut self, id: u64) {
        let Some(channel) = self.channels.get(&id) else { return };
        let uuid = &channel.uuid;
        let is_left = self.faults.ghosts.iter().any(|row| row.first() == Some(uuid));
        if !is_left && self.faults.ghosts.len() < GHOSTS {
            let row = row(self, channel, &all());
            self.faults.ghosts.push(row);
        }
    }

    /// The rows of `show channels`.
    pub(in crate::sim) fn channel_rows(&self) -> Vec<Vec<String>> {
        let columns = all();
        self.channels.values().map(|channel| row(self, channel, &columns)).collect()
    }
}

/// Whether a row of `show calls` starts with this channel: it is alone, or the first of two.
fn leads(world: &World, channel: &Channel) -> bool {
    let partner = channel.partner.and_then(|partner| world.channels.get(&partner));
    // The first leg of CHANNEL_BRIDGE comes first, whichever is older.
    let is_second = channel.other.as_ref().is_some_and(|other| other.role == "originator");
    partner.is_none() || !is_second
}

/// `show calls` and `show bridged_calls`: those of one leg first, then by the time of the bridge.
pub(super) fn calls(world: &World, keep: impl Fn(&Channel) -> bool) -> Table {
    let first = [LEG, CALL, &["call_uuid", "hostname"], SENT].concat();
    let mut table = legs(world, &first, &[LEG, CALL, SENT].concat(), keep);
    table.rows.sort_by(|one, other| one.last().cmp(&other.last()));
    table
}

/// `show detailed_calls` and `show detailed_bridged_calls`.
pub(super) fn detailed(world: &World, keep: impl Fn(&Channel) -> bool) -> Table {
    let columns = [LEG, MEDIA, &["hostname"], CALL, &["call_uuid"], SENT].concat();
    legs(world, &columns, &columns, keep)
}

/// A row for each call: columns of its first leg, of its second one, the time of the bridge.
fn legs(world: &World, first: &[&str], second: &[&str], keep: impl Fn(&Channel) -> bool) -> Table {
    let mut columns: Vec<String> = first.iter().map(|name| (*name).to_owned()).collect();
    columns.extend(second.iter().map(|name| format!("b_{name}")));
    columns.push("call_created_epoch".to_owned());
    let leading = world.channels.values().filter(|channel| keep(channel) && leads(world, channel));
    let rows = leading.map(|channel| {
        let mut cells = row(world, channel, first);
        let partner = channel.partner.and_then(|partner| world.channels.get(&partner));
        if let Some(partner) = partner {
            cells.extend(row(world, partner, second));
            let bridged = channel.profile.as_ref().map_or(0, |profile| profile.bridged);
            cells.push((bridged / 1_000_000).to_string());
        } else {
            cells.resize(columns.len(), String::new());
        }
        cells
    });
    let rows = rows.collect();
    Table { columns, rows }
}
