//! Aliases and completion words of the switch's console.

use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};
use crate::sim::world::switches::Alias;

impl World {
    /// What a line becomes when its first word is an alias.
    pub(super) fn alias(&self, line: &str) -> Option<String> {
        let (word, rest) = line.split_once(' ').map_or((line, None), |(a, b)| (a, Some(b)));
        let alias = self.aliases.iter().find(|alias| alias.name == word)?;
        Some(match rest {
            Some(rest) => format!("{} {rest}", alias.command),
            None => alias.command.clone(),
        })
    }
}

pub(super) fn alias(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.splitn(3, ' ');
    match (words.next().map(str::to_ascii_lowercase).as_deref(), words.next(), words.next()) {
        (Some(verb @ ("add" | "stickyadd")), Some(name), Some(command)) => {
            world.aliases.retain(|alias| alias.name != name);
            let (name, command) = (name.to_owned(), command.trim().to_owned());
            world.aliases.push(Alias { name, command, is_sticky: verb == "stickyadd" });
        }
        (Some("del"), Some("*"), _) => world.aliases.clear(),
        (Some("del"), Some(name), _) => world.aliases.retain(|alias| alias.name != name),
        _ => return "-USAGE: [add|stickyadd] <alias> <command> | del [<alias>|*]\n".into(),
    }
    "+OK\n".into()
}

pub(super) fn complete(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let verb = words.next().map(str::to_ascii_lowercase);
    let row: Vec<String> = words.map(str::to_owned).collect();
    match (verb.as_deref(), row.first().map(String::as_str)) {
        (Some("add"), None) => {}
        (Some("add"), Some(_)) => world.completions.push(row),
        (Some("del"), Some("*")) => world.completions.clear(),
        (Some("del"), Some(_)) => world.completions.retain(|have| !have.starts_with(&row)),
        _ => return "-USAGE: add <word>|del [<word>|*]\n".into(),
    }
    "+OK\n".into()
}
