//! `help`: the list of the api commands.

use crate::sim::world::request::{ApiCall, Outcome};
use crate::sim::world::{World, interfaces};

pub(in crate::sim) fn help(world: &mut World, asked: &ApiCall) -> Outcome {
    // Only the bare command has a title.
    let title = if asked.args.is_empty() { "\nValid Commands:\n\n" } else { "" };
    format!("{title}{}", list(world)).into()
}

/// One line a command: name, syntax, description, module.
pub(super) fn list(world: &World) -> String {
    interfaces::loaded(&world.modules)
        .filter(|one| one.kind == "api")
        .map(|one| format!("{},{},{},{}\n", one.name, one.syntax, one.about, one.module))
        .collect()
}
