//! Variables of a call, and all that is known of it.

use super::calls::{NO_CHANNEL, call};
use crate::model::dial::separate_at_most;
use crate::sim::channel::Channel;
use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};
use crate::wire::Format;

pub(super) fn uuid_getvar(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (Some(uuid), Some(name)) = (words.next(), words.next()) else { return asked.usage() };
    let Some(id) = world.find(uuid) else { return NO_CHANNEL.into() };
    world.variable(id, name).as_deref().unwrap_or("_undef_").into()
}

pub(super) fn uuid_setvar(world: &mut World, asked: &ApiCall) -> Outcome {
    let words = separate_at_most(&asked.args, ' ', 3);
    let [uuid, name, value @ ..] = words.as_slice() else { return asked.usage() };
    let id = world.find(uuid);
    let Some(channel) = id.and_then(|id| world.channels.get_mut(&id)) else {
        return NO_CHANNEL.into();
    };
    assign(channel, name, value.first().map_or("", String::as_str));
    "+OK\n".into()
}

fn assign(channel: &mut Channel, name: &str, value: &str) {
    if value.is_empty() {
        channel.vars.remove(name);
    } else {
        channel.vars.set(name, value);
    }
}

pub(super) fn uuid_setvar_multi(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return asked.usage();
    }
    let (id, rest) = call(world, asked);
    if rest.is_empty() {
        return "".into();
    }
    let usage = asked.usage_text();
    let Some(channel) = id.and_then(|id| world.channels.get_mut(&id)) else {
        return format!("{NO_CHANNEL}{usage}").into();
    };
    let (mut out, mut is_set) = (String::new(), false);
    for pair in separate_at_most(rest, ';', 64) {
        let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
        if name.is_empty() {
            out.push_str("-ERR No variable specified\n");
        } else {
            assign(channel, name, value);
            is_set = true;
        }
    }
    out.push_str(if is_set { "+OK\n" } else { &usage });
    out.into()
}

pub(super) fn uuid_dump(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return asked.usage();
    }
    let (id, format) = call(world, asked);
    let Some(id) = id else { return NO_CHANNEL.into() };
    let event = world.dump(id);
    match format.to_ascii_lowercase().as_str() {
        "plain" => {
            let lines = event.headers.iter().map(|(name, value)| format!("{name}: [{value}]\n"));
            lines.collect::<String>().into()
        }
        "json" => event.text(Format::Json).into(),
        "xml" => event.text(Format::Xml).into(),
        _ => event.text(Format::Plain).into(),
    }
}
