//! SIP profiles, the gateway and the registered phones.

use super::listing::render;
use super::profiles;
use crate::sim::world::World;
use crate::sim::world::agenda::Tick;
use crate::sim::world::layout::{PROFILES, phone, profile_port};
use crate::sim::world::request::{ApiCall, Outcome};

/// The usage text of a server of the stock layout.
const USAGE: &str = include_str!("../data/sofia.txt");

/// The parts of the SIP stack whose level can be set.
const PARTS: [&str; 12] = [
    "all",
    "default",
    "tport",
    "iptsec",
    "nea",
    "nta",
    "nth_client",
    "nth_server",
    "nua",
    "soa",
    "sresolv",
    "stun",
];

pub(super) fn sofia(world: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    let Some((verb, rest)) = words.split_first() else { return USAGE.into() };
    let is_xml = verb.eq_ignore_ascii_case("xmlstatus");
    match verb.to_ascii_lowercase().as_str() {
        "status" | "xmlstatus" => show(world, rest, is_xml),
        "jsonstatus" => format!("{}\n", render::pretty(&profiles::json_status(world, true), 0)),
        "profile" => profile(world, rest),
        "loglevel" => match rest {
            [part, level, ..]
                if PARTS.contains(part) && level.parse().is_ok_and(|it: u8| it < 10) =>
            {
                format!("Sofia log level for component [{part}] has been set to [{level}]")
            }
            _ => USAGE.to_owned(),
        },
        "tracelevel" => {
            let level =
                rest.first().map_or(Some(0), |word| crate::sim::event::log_place::level(word));
            format!(
                "+OK tracelevel is {}",
                crate::sim::event::log_place::level_name(level.unwrap_or(7))
            )
        }
        "global" => global(rest),
        "recover" => recover(rest, "calls"),
        "help" => USAGE.to_owned(),
        _ => format!("Unknown Command [{verb}]\n"),
    }
    .into()
}

/// Calls of a crash: there are none.
fn recover(words: &[&str], what: &str) -> String {
    match words.first() {
        Some(word) if word.eq_ignore_ascii_case("flush") => {
            "Flushing recovery database.\n".to_owned()
        }
        _ => format!("No {what} to recover.\n"),
    }
}

fn show(world: &World, words: &[&str], is_xml: bool) -> String {
    match words {
        [] if is_xml => profiles::xmlstatus(world),
        [] => profiles::status(world),
        ["profile", name, rest @ ..] => {
            let Some(port) = up(world, name) else { return "Invalid Profile!\n".to_owned() };
            match (rest.first(), is_xml) {
                (Some(&("reg" | "user")), false) => profiles::registrations(name, rest),
                (Some(&("reg" | "user")), true) => profiles::xml_registrations(name),
                (_, false) => profiles::profile(world, name, port),
                (_, true) => profiles::xml_profile(world, name, port),
            }
        }
        ["gateway", name, ..] => match (profiles::is_gateway(name), is_xml) {
            (true, true) => profiles::xml_gateway(world),
            (true, false) => profiles::gateway(world),
            (false, _) => "Invalid Gateway!\n".to_owned(),
        },
        [_, _, ..] => "Invalid Syntax!\n".to_owned(),
        _ if is_xml => profiles::xml_gateway_list(world),
        _ => profiles::gateway_list(world),
    }
}

/// The port of a profile that has not been stopped; the domain is another name of `internal`.
fn up(world: &World, name: &str) -> Option<u16> {
    let name = if name == crate::sim::world::layout::DOMAIN { "internal" } else { name };
    profile_port(name).filter(|_| !world.stopped.contains(name))
}

fn profile(world: &mut World, words: &[&str]) -> String {
    let [name, verb, rest @ ..] = words else { return "Invalid Args!\n".to_owned() };
    if name.eq_ignore_ascii_case("restart") && verb.eq_ignore_ascii_case("all") {
        for (name, ..) in PROFILES {
            hang_up(world, name);
        }
        return String::new();
    }
    let verb = verb.to_ascii_lowercase();
    if verb == "start" {
        let known = profile_port(name).is_some();
        let xml = reload_xml(world);
        world.stopped.remove(*name);
        let text = if known {
            format!("{name} started successfully")
        } else {
            format!("Failure starting {name}")
        };
        return format!("{xml}{text}\n");
    }
    if up(world, name).is_none() {
        return format!("Invalid Profile [{name}]");
    }
    let (first, onoff) =
        (rest.first().copied(), rest.first().map(|word| crate::sim::event::truth::is_true(word)));
    let does = |on: Option<bool>| if on == Some(true) { "Enabled" } else { "Disabled" };
    match verb.as_str() {
        "rescan" => format!("{}+OK scan complete\n", reload_xml(world)),
        "siptrace" if onoff.is_none() => {
            "Usage: sofia profile <name> siptrace <on/off>\n".to_owned()
        }
        "siptrace" | "watchdog" => format!("{} sip debugging on {name}", does(onoff)),
        "capture" if onoff.is_none() => "Usage: sofia profile <name> capture <on/off>\n".to_owned(),
        "capture" => format!("{} sip capturing on {name}", does(onoff)),
        "gwlist" => match (*name, first) {
            ("internal", _) | (_, Some("down")) => String::new(),
            _ => "example.com".to_owned(),
        },
        "flush_inbound_reg" => match rest {
            [] => "+OK flushing all registrations\n".to_owned(),
            [_, "reboot", ..] => {
                "+OK rebooting all registrations matching specified call_id\n".to_owned()
            }
            ["reboot"] => "+OK rebooting all registrations\n".to_owned(),
            _ => "+OK flushing all registrations matching specified call_id\n".to_owned(),
        },
        "check_sync" => match first {
            None => "+OK syncing all registrations\n".to_owned(),
            Some(_) => "+OK syncing all registrations matching specified call_id\n".to_owned(),
        },
        "recover" => recover(rest, "sessions"),
        "register" | "unregister" => match first {
            None => "No gateway name provided!\n".to_owned(),
            Some("all") => "+OK\n".to_owned(),
            Some(gateway) if profiles::is_gateway(gateway) => "+OK\n".to_owned(),
            Some(_) => "Invalid gateway!\n".to_owned(),
        },
        "killgw" => match first {
            None => "-ERR missing gw name\n".to_owned(),
            Some(gateway) if profiles::is_gateway(gateway) || gateway == "_all_" => {
                format!("-ERR the gateway {gateway} of a simulated switch stays\n")
            }
            Some(_) => "-ERR no such gateway.\n".to_owned(),
        },
        "startgw" => match first {
            None => "-ERR missing gw name\n".to_owned(),
            Some(gateway) => {
                format!("{}+OK start gateway {gateway} complete\n", reload_xml(world))
            }
        },
        "stop" | "restart" => stop(world, name, verb == "stop"),
        _ => "-ERR Unknown command!\n".to_owned(),
    }
}

/// `Reload XML [Success]`, or why not.
fn reload_xml(world: &mut World) -> String {
    let (Ok(text) | Err(text)) = super::modules::reloaded(world);
    format!("Reload XML [{text}]\n")
}

/// A profile that goes takes its calls with it. One that restarts is back at once.
fn stop(world: &mut World, name: &str, for_good: bool) -> String {
    let up = (world.now - world.started) / 1_000_000;
    if up < 10 {
        let wait = 10 - up;
        let plural = if wait == 1 { "" } else { "s" };
        return format!(
            "Profile {name} must be up for at least 10 seconds to stop/restart.\n\
             Please wait {wait} second{plural}\n"
        );
    }
    let xml = reload_xml(world);
    hang_up(world, name);
    if for_good {
        world.stopped.insert(name.to_owned());
        return format!("{xml}stopping: {name}");
    }
    format!("{xml}restarting: {name}")
}

fn hang_up(world: &mut World, profile: &str) {
    let start = format!("sofia/{profile}/");
    let calls = world.channels.values().filter(|channel| channel.name.starts_with(&start));
    let ids: Vec<u64> = calls.map(|channel| channel.id).collect();
    for id in ids {
        world.hangup(id, "MANAGER_REQUEST", Tick::Media);
    }
}

fn global(words: &[&str]) -> String {
    match words {
        [what @ ("siptrace" | "capture" | "watchdog" | "standby"), mode, ..] => {
            let on = crate::sim::event::truth::is_true(mode);
            format!("+OK Global {what} {}", if on { "on" } else { "off" })
        }
        ["debug", what @ ("sla" | "presence" | "none"), ..] => {
            let is = |name: &str| if *what == name { "on" } else { "off" };
            let shown = if *what == "none" { "nothing" } else { what };
            format!(
                "+OK Debugging {shown}\n+OK Debugging summary: presence: {} sla: {}\n",
                is("presence"),
                is("sla")
            )
        }
        _ => "-ERR Usage: siptrace <on|off>|capture <on|off>|watchdog <on|off>|\
              debug <sla|presence|none"
            .to_owned(),
    }
}

/// `[profile/]user@domain`: the user.
fn user(text: &str) -> &str {
    let address = text.rsplit('/').next().unwrap_or_default();
    address.split('@').next().unwrap_or_default()
}

pub(super) fn sofia_contact(_: &mut World, asked: &ApiCall) -> Outcome {
    profiles::contact(user(&asked.args)).into()
}

pub(super) fn sofia_count_reg(_: &mut World, asked: &ApiCall) -> Outcome {
    if !asked.args.contains('@') {
        return "-1".into();
    }
    if phone(user(&asked.args)).is_some() { "1" } else { "0" }.into()
}

pub(super) fn sofia_username_of(_: &mut World, asked: &ApiCall) -> Outcome {
    let user = user(&asked.args);
    phone(user).map(|_| user.to_owned()).unwrap_or_default().into()
}

pub(super) fn sofia_presence_data(_: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.starts_with("list ") { "+OK\n" } else { "" }.into()
}

pub(super) fn sofia_gateway_data(_: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() { "-ERR Parameter missing\n" } else { "" }.into()
}

pub(super) fn sofia_dig(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return "usage: sofia_dig [OPTIONS] [@dnsserver] uri\n".into();
    }
    crate::sim::api::pure::text::unsupported(world, asked)
}
