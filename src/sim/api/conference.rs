//! `conference`: what can be done is listed here, what is done is the rooms' own business.

use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};

/// What can be done to a conference, as a server of the stock layout lists it.
const USAGE: &str = include_str!("../data/conference.txt");

pub(super) fn conference(world: &mut World, asked: &ApiCall) -> Outcome {
    let mut words = asked.args.split_whitespace();
    match words.next().map(str::to_ascii_lowercase).as_deref() {
        None => USAGE.into(),
        Some("help") => help().into(),
        Some(_) if !world.conferences.is_empty() => world.conference(&asked.args).into(),
        Some("xml_list") => "<?xml version=\"1.0\"?>\n<conferences></conferences>\n".into(),
        Some("json_list") => "[]".into(),
        Some("list") => "+OK No active conferences.\n".into(),
        Some("count") => "0".into(),
        Some(_) => {
            let name = asked.args.split_whitespace().next().unwrap_or_default();
            format!("-ERR Conference {name} not found\n").into()
        }
    }
}

/// The same list, each line without the name.
fn help() -> String {
    let lines = USAGE.lines().map(|line| {
        let bare = line.strip_prefix("<conf name> ").unwrap_or(line);
        format!("\t\t{}\n", bare.trim_end())
    });
    lines.collect()
}
