//! Modules: load, unload, reload. An unloaded one takes its commands with it.

use std::time::Duration;

use crate::sim::world::agenda::Action;
use crate::sim::world::request::{ApiCall, Outcome};
use crate::sim::world::{World, interfaces};

/// Modules that exist here but are not loaded at the start. They bring no command.
const SPARE: &[&str] = &[
    "mod_cdr_csv",
    "mod_curl",
    "mod_enum",
    "mod_fifo",
    "mod_lua",
    "mod_spandsp",
    "mod_valet_parking",
];

/// Modules that stay: without them nothing would be left to answer.
const FIXED: &[&str] = &["mod_commands", "mod_dptools", "mod_sofia", "mod_loopback"];

fn exists(name: &str) -> bool {
    SPARE.contains(&name) || interfaces::modules().iter().any(|known| known == name)
}

/// The modules that `load` can complete.
pub(super) fn available() -> Vec<String> {
    let mut all = interfaces::modules();
    all.extend(SPARE.iter().map(|name| (*name).to_owned()));
    all.retain(|name| name.starts_with("mod_"));
    all
}

fn module_event(world: &mut World, event: &'static str, name: &str) {
    let mut event = world.event(event);
    event.push("type", "generic");
    event.push("name", name);
    event.push("key", name);
    event.push("filename", format!("{}/{name}.so", interfaces::MODULE_FOLDER));
    world.emit(&event);
}

/// Loads a module, or says why not.
fn start(world: &mut World, name: &str) -> Result<(), &'static str> {
    if world.modules.iter().any(|have| have == name) {
        return Err("Module already loaded");
    }
    if !exists(name) {
        return Err("module load file routine returned an error");
    }
    world.modules.push(name.to_owned());
    module_event(world, "MODULE_LOAD", name);
    Ok(())
}

/// Unloads a module, or says why not.
fn stop(world: &mut World, name: &str) -> Result<(), &'static str> {
    if !world.modules.iter().any(|have| have == name) {
        return Err("No such module!");
    }
    if name.starts_with("CORE") {
        return Err("Module in use.");
    }
    if FIXED.contains(&name) {
        return Err("Module is not unloadable");
    }
    world.modules.retain(|have| have != name);
    module_event(world, "MODULE_UNLOAD", name);
    Ok(())
}

fn without_force(args: &str) -> &str {
    args.strip_prefix("-f ").unwrap_or(args).trim()
}

fn refused(reason: &str) -> String {
    format!("-ERR [{reason}]\n")
}

pub(super) fn load(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return asked.usage();
    }
    let text = start(world, &asked.args).map_or_else(refused, |()| "+OK\n".to_owned());
    format!("{}{text}", reloading(world)).into()
}

/// Reads the configuration again; what became of it, in FreeSWITCH's words.
pub(super) fn reloaded(world: &mut World) -> Result<&'static str, &'static str> {
    if world.faults.xml_is_broken {
        return Err("[error near line 31]: unexpected closing tag </configuration>");
    }
    let event = world.event("RELOADXML");
    world.emit(&event);
    Ok("Success")
}

/// What modules say of it, which is nothing when it failed.
fn reloading(world: &mut World) -> &'static str {
    if reloaded(world).is_ok() { "+OK Reloading XML\n" } else { "" }
}

pub(super) fn unload(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return asked.usage();
    }
    let name = without_force(&asked.args);
    if name == "mod_event_socket" {
        return end_sockets(world, "unload", asked);
    }
    stop(world, name).map_or_else(refused, |()| "+OK\n".to_owned()).into()
}

pub(super) fn reload(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return asked.usage();
    }
    let name = without_force(&asked.args);
    if name == "mod_event_socket" {
        return end_sockets(world, "reload", asked);
    }
    let xml = reloading(world);
    let first = match stop(world, name) {
        Ok(()) => "+OK module unloaded\n".to_owned(),
        Err(reason) => format!("-ERR unloading module [{reason}]\n"),
    };
    let second = match start(world, name) {
        Ok(()) => "+OK module loaded\n".to_owned(),
        Err(reason) => format!("-ERR loading module [{reason}]\n"),
    };
    format!("{xml}{first}{second}").into()
}

/// The module of the sockets goes, and they with it; here it always comes back. As it cannot end
/// under the command of a socket, it runs as a job.
fn end_sockets(world: &mut World, command: &str, asked: &ApiCall) -> Outcome {
    let uuid = world.uuid();
    world.fire_api("bgapi", &format!("{command} {}", asked.args));
    world.after(Duration::from_millis(150), Action::EndSockets);
    format!("+OK Job-UUID: {uuid}\n").into()
}

pub(super) fn module_exists(world: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return "".into();
    }
    world.modules.contains(&asked.args).to_string().into()
}

pub(super) fn reloadxml(world: &mut World, _: &ApiCall) -> Outcome {
    let (Ok(text) | Err(text)) = reloaded(world);
    format!("+OK [{text}]\n").into()
}

pub(super) fn reloadacl(world: &mut World, asked: &ApiCall) -> Outcome {
    if let Err(reason) = reloaded(world) {
        return refused(reason).into();
    }
    let old = if asked.args.eq_ignore_ascii_case("reloadxml") {
        "This option is deprecated, we now always reloadxml.\n"
    } else {
        ""
    };
    format!("{old}+OK acl reloaded\n").into()
}
