//! `console_complete`, in the format of `fs_cli`'s Tab key.

use std::sync::LazyLock;

use super::render::Table;
use crate::sim::world::globals::HOSTNAME;
use crate::sim::world::request::{ApiCall, Outcome};
use crate::sim::world::{World, interfaces};

/// The answer of a server of the stock layout to `show complete`, a row a line. `::[a:b` is a
/// choice, any other `::` word a list made on demand.
static WORDS: LazyLock<Vec<Vec<&str>>> = LazyLock::new(|| {
    include_str!("../../data/complete.txt").lines().map(|line| line.split(' ').collect()).collect()
});

/// All rows: those of the modules, and those that `complete add` added.
fn rows(world: &World) -> impl Iterator<Item = Vec<&str>> {
    let own = world.completions.iter().map(|row| row.iter().map(String::as_str).collect());
    WORDS.iter().cloned().chain(own)
}

pub(super) fn table(world: &World) -> Table {
    let columns =
        ["sticky", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "hostname"];
    let mut all: Vec<Vec<String>> = rows(world)
        .map(|row| {
            let mut row: Vec<String> = row.into_iter().map(str::to_owned).collect();
            row.resize(10, String::new());
            row.insert(0, "0".to_owned());
            row.push(HOSTNAME.to_owned());
            row
        })
        .collect();
    all.sort();
    Table::new(&columns, all)
}

pub(in crate::sim) fn plain(world: &mut World, asked: &ApiCall) -> Outcome {
    let (matches, partial) = complete(world, cursor(&asked.args));
    let mut out = "\n\n".to_owned();
    for (number, word) in (1..).zip(&matches) {
        out.extend([format!("[{word:>20}]\t")]);
        if number % 4 == 0 {
            out.push('\n');
        }
    }
    out.push_str("\n\n");
    if let Some(write) = common(&matches) {
        let space = if matches.len() == 1 { " " } else { "" };
        out.extend([format!("write={}:{write}{space}", partial.len())]);
    }
    out.into()
}

pub(in crate::sim) fn xml(world: &mut World, asked: &ApiCall) -> Outcome {
    let (matches, partial) = complete(world, cursor(&asked.args));
    let list: String = matches.iter().map(|word| format!("  <match>{word}</match>\n")).collect();
    let write = common(&matches).unwrap_or_default();
    format!(
        "<?xml version=\"1.0\"?>\n<complete>\n{list}  <write length=\"{}\">{write}</write>\n\
         </complete>\n",
        partial.len()
    )
    .into()
}

/// `c=POS;LINE` gives the cursor; only what stands before it counts. Without the `;` there is no
/// line at all (`transcripts/api_replies`). A cursor behind the end, which ends the real server,
/// is the end here.
fn cursor(args: &str) -> &str {
    match args.strip_prefix("c=") {
        Some(rest) => {
            let (at, line) = rest.split_once(';').unwrap_or((rest, "\u{0}"));
            let at: usize = at.parse().unwrap_or(0);
            if at == 0 { line } else { line.get(..at.min(line.len())).unwrap_or(line) }
        }
        None => args,
    }
}

fn begins(word: &str, with: &str) -> bool {
    word.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with))
}

/// The matches in the order in which they are shown, and the word that is being completed.
fn complete<'a>(world: &World, line: &'a str) -> (Vec<String>, &'a str) {
    let line = line.trim_start_matches(' ');
    let partial = line.rsplit(' ').next().unwrap_or_default();
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let at = if partial.is_empty() { words.len() } else { words.len() - 1 };
    if at == 0 {
        let commands = interfaces::loaded(&world.modules).filter(|one| one.kind == "api");
        let mut found: Vec<String> = commands
            .map(|one| one.name)
            .filter(|name| begins(name, partial))
            .map(str::to_owned)
            .collect();
        let mut more: Vec<&str> = rows(world).filter_map(|row| row.first().copied()).collect();
        more.retain(|word| begins(word, partial) && interfaces::command(word).is_none());
        more.sort_unstable();
        more.dedup();
        found.extend(more.into_iter().map(str::to_owned));
        return (found, partial);
    }
    // A finished line asks for whole words, an unfinished one for beginnings, in every place.
    let fits = |word: &str, typed: &str| {
        let same = if partial.is_empty() { word == typed } else { begins(word, typed) };
        word.is_empty() || word.starts_with("::") || same
    };
    let mut targets: Vec<String> = rows(world)
        .filter(|row| {
            let cells = row.iter().copied().chain(std::iter::repeat(""));
            cells.zip(&words).all(|(word, typed)| fits(word, typed))
        })
        .filter_map(|row| row.get(at).map(|word| (*word).to_owned()))
        .collect();
    targets.sort();
    targets.dedup();
    let mut found = Vec::new();
    for target in targets {
        if let Some(choice) = target.strip_prefix("::[") {
            let words = choice.split(':').filter(|word| word.starts_with(partial));
            found.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
        } else if target.starts_with("::") {
            let list = dynamic(world, &target);
            found.extend(list.into_iter().filter(|word| word.starts_with(partial)));
        } else {
            found.push(target);
        }
    }
    (found, partial)
}

/// The words behind a `::` name, sorted.
fn dynamic(world: &World, name: &str) -> Vec<String> {
    let mut list: Vec<String> = match name {
        "::console::list_uuid" => world.channels.values().map(|it| it.uuid.clone()).collect(),
        "::console::list_loaded_modules" => {
            world.modules.iter().filter(|name| name.starts_with("mod_")).cloned().collect()
        }
        "::console::list_available_modules" => crate::sim::api::modules::available(),
        "::console::list_interfaces" => vec!["lo".to_owned()],
        "::sofia::list_profiles" => crate::sim::world::layout::profile_names()
            .chain([crate::sim::world::layout::DOMAIN])
            .map(str::to_owned)
            .collect(),
        "::sofia::list_gateways" | "::sofia::list_profile_gateway" => {
            vec!["example.com".to_owned()]
        }
        _ => Vec::new(),
    };
    list.sort();
    list
}

/// What all matches have in common, if it is anything.
fn common(matches: &[String]) -> Option<&str> {
    let (first, rest) = matches.split_first()?;
    let mut common = first.as_str();
    for word in rest {
        let same = common.chars().zip(word.chars()).take_while(|(a, b)| a == b);
        let length: usize = same.map(|(letter, _)| letter.len_utf8()).sum();
        common = common.get(..length).unwrap_or_default();
    }
    Some(common).filter(|common| !common.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn the_cursor_cuts_the_line() {
        assert_eq!(cursor("c=3;status"), "sta");
        assert_eq!(cursor("c=99;status"), "status");
        assert_eq!(cursor("c=0;status"), "status");
        assert_eq!(cursor("sta"), "sta");
    }

    #[limited::test]
    fn what_is_written() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(common(&words(&["status"])), Some("status"));
        assert_eq!(common(&words(&["uuid_kill", "uuid_k2"])), Some("uuid_k"));
        assert_eq!(common(&words(&["a", "b"])), None);
        assert_eq!(common(&[]), None);
    }
}
