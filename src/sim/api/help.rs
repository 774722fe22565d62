//! `help` and the rows of `show api`.

use super::super::world::World;
use super::{Outcome, TABLE, Waiting};

pub(super) fn help(_: &mut World, _: &Waiting) -> Outcome {
    format!("\nValid Commands:\n\n{}", list()).into()
}

/// One line a command: name, syntax, description, module.
pub(super) fn list() -> String {
    TABLE
        .iter()
        .map(|entry| {
            let module = module(entry.name);
            format!("{},{},{},{module}\n", entry.name, entry.syntax, entry.about)
        })
        .collect()
}

/// Name, description, syntax, module of every command.
pub(super) fn rows() -> Vec<[String; 4]> {
    TABLE
        .iter()
        .map(|entry| [entry.name, entry.about, entry.syntax, module(entry.name)].map(str::to_owned))
        .collect()
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|entry| entry.name)
}

fn module(name: &str) -> &'static str {
    match name {
        "conference" => "mod_conference",
        "db" => "mod_db",
        "event_sink" => "mod_event_socket",
        "expr" => "mod_expr",
        "hash" => "mod_hash",
        "strepoch" | "strftime" => "mod_dptools",
        _ if name.starts_with("sofia") => "mod_sofia",
        _ => "mod_commands",
    }
}
