//! Commands about the switch as a whole.

use crate::model::dial::separate;
use crate::sim::world::globals::HOSTNAME;
use crate::sim::world::request::{ApiCall, Outcome, ReplyTo};
use crate::sim::world::{World, log as levels};

pub(super) fn hostname(_: &mut World, _: &ApiCall) -> Outcome {
    HOSTNAME.into()
}

pub(super) fn create_uuid(world: &mut World, _: &ApiCall) -> Outcome {
    world.uuid().into()
}

/// A word that is not a number means no time.
pub(super) fn msleep(_: &mut World, asked: &ApiCall) -> Outcome {
    Outcome::Later(asked.args.parse().unwrap_or(0), "+OK".to_owned())
}

pub(super) fn global_getvar(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        let lines = world.globals.iter().map(|(name, value)| format!("{name}={value}\n"));
        return lines.collect::<String>().into();
    }
    world.global(&asked.args).unwrap_or_default().into()
}

/// `NAME=VALUE`, or `NAME=VALUE=OLD`, which only replaces that old value.
pub(super) fn global_setvar(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut parts = separate(&asked.args, '=').into_iter();
    let name = parts.next().unwrap_or_default();
    if name.is_empty() {
        return asked.usage();
    }
    let value = parts.next().unwrap_or_default();
    let have = world.globals.iter().position(|(have, _)| have.eq_ignore_ascii_case(&name));
    let current = have.and_then(|at| world.globals.get(at)).map(|(_, value)| value.clone());
    let replaces = parts.next().is_none_or(|old| current.as_deref().unwrap_or_default() == old);
    if replaces {
        world.set_global(&name, &value);
    }
    "+OK".into()
}

pub(super) fn bgapi(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return "-ERR Invalid syntax\n".into();
    }
    // `uuid:NAME` in front names the job.
    let named = asked.args.strip_prefix("uuid:").and_then(|rest| rest.split_once(' '));
    let (uuid, line) = match named {
        Some((uuid, line)) => (uuid.to_owned(), line),
        None => (world.uuid(), asked.args.as_str()),
    };
    let (command, args) = line.split_once(' ').unwrap_or((line, ""));
    let (command, args) = (command.to_owned(), args.to_owned());
    world.run_api(line, ReplyTo::Job { uuid: uuid.clone(), command, args });
    format!("+OK Job-UUID: {uuid}\n").into()
}

/// An unknown level is DEBUG; without a text nothing is written.
pub(super) fn log(world: &mut World, asked: &ApiCall) -> Outcome {
    let (word, text) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    let level = levels::level(word).filter(|_| !word.is_empty()).unwrap_or(7);
    if !text.is_empty() {
        world.log(level, "", ("mod_commands.c", "log_function", "7224", "0"), text);
    }
    "+OK\n".into()
}

pub(super) fn getcputime(world: &mut World, _: &ApiCall) -> Outcome {
    let up = (world.now - world.started) / 1000;
    format!("{}, {}", up / 60, up / 50).into()
}

/// The local console is not simulated, but its level can be asked and set.
pub(super) fn console(_: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    match (words.next(), words.next()) {
        (Some("loglevel"), word) => {
            let level = word.and_then(levels::level).unwrap_or(7);
            let name = levels::level_name(level);
            format!("+OK console log level set to {name}\n").into()
        }
        _ => CONSOLE.into(),
    }
}

const CONSOLE: &str = "USAGE:\n\
    --------------------------------------------------------------------------------\n\
    console help\nconsole loglevel [[0-7] | <loglevel_string>]\nconsole uuid [on|off|toggle]\n\
    console json [on|off|toggle]\nconsole colorize [on|off|toggle]\n\
    --------------------------------------------------------------------------------\n";

/// Caches and debugging that are not there to be shown or changed.
pub(super) fn nothing_to_do(_: &mut World, asked: &ApiCall) -> Outcome {
    let word = asked.args.split_whitespace().next().unwrap_or_default();
    match (asked.command.to_ascii_lowercase().as_str(), word) {
        ("db_cache", "status") => "".into(),
        ("db_cache", _) => "parameter missing\n".into(),
        ("xml_flush_cache", _) => "+OK cleared 0 entries\n".into(),
        ("sndfile_debug", "on" | "off") => format!("Sndfile Debug: {word}\n").into(),
        ("sndfile_debug", _) => asked.usage(),
        ("msrp", "") => "-ERR usage: debug <on|off>|restart\n".into(),
        ("msrp", "debug") => {
            let mode = asked.args.split_whitespace().nth(1).unwrap_or("off");
            format!("+OK debug {mode}\n").into()
        }
        ("event_channel_broadcast", _) => "-ERR parsing json\n".into(),
        ("local_stream", "") => asked.usage(),
        ("local_stream", "stop" | "reload" | "show") => {
            match asked.args.split_whitespace().nth(1) {
                Some(name) => format!("-ERR Cannot locate local_stream {name}!\n").into(),
                None => "".into(),
            }
        }
        ("page", "") => "-ERR no data".into(),
        _ => "".into(),
    }
}

pub(super) fn chat(_: &mut World, asked: &ApiCall) -> Outcome {
    let parts = asked.args.split('|').count();
    if parts < 4 { "Invalid" } else { "Error! Message Not Sent" }.into()
}

/// Fires a presence event as a client would.
pub(super) fn presence(world: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.splitn(4, ' ').collect();
    let [direction @ ("in" | "out"), user, rpid, text] = words.as_slice() else {
        return "Invalid: presence [in|out] <user> <rpid> <message>".into();
    };
    let name = if *direction == "in" { "PRESENCE_IN" } else { "PRESENCE_OUT" };
    let mut event = world.event(name);
    event.push("proto", "sip");
    event.push("login", *user);
    event.push("from", *user);
    event.push("rpid", *rpid);
    event.push("status", *text);
    world.emit(&event);
    "Event Sent".into()
}
