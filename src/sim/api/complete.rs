//! `console_complete`, in the format of `fs_cli`'s Tab key.

use super::super::world::{HOSTNAME, World};
use super::help;
use super::{Outcome, Waiting};

/// What the words behind a command are: up to four columns; `::` names a list made on demand.
const WORDS: &[&[&str]] = &[
    &["conference", "list"],
    &["conference", "xml_list"],
    &["fsctl", "hupall"],
    &["fsctl", "loglevel", "console"],
    &["fsctl", "loglevel", "debug"],
    &["fsctl", "loglevel", "info"],
    &["fsctl", "loglevel", "notice"],
    &["fsctl", "pause"],
    &["fsctl", "resume"],
    &["fsctl", "shutdown"],
    &["load", "::console::list_available_modules"],
    &["reload", "::console::list_loaded_modules"],
    &["unload", "::console::list_loaded_modules"],
    &["show", "aliases"],
    &["show", "api"],
    &["show", "application"],
    &["show", "bridged_calls"],
    &["show", "calls"],
    &["show", "calls", "count"],
    &["show", "channels"],
    &["show", "channels", "count"],
    &["show", "complete"],
    &["show", "detailed_calls"],
    &["show", "modules"],
    &["show", "registrations"],
    &["show", "status"],
    &["show", "tasks"],
    &["sofia", "help"],
    &["sofia", "profile", "::sofia::list_profiles", "rescan"],
    &["sofia", "profile", "::sofia::list_profiles", "restart"],
    &["sofia", "profile", "::sofia::list_profiles", "siptrace"],
    &["sofia", "profile", "::sofia::list_profiles", "start"],
    &["sofia", "profile", "::sofia::list_profiles", "stop"],
    &["sofia", "status"],
    &["sofia", "status", "gateway", "::sofia::list_gateways"],
    &["sofia", "status", "profile", "::sofia::list_profiles"],
    &["sofia", "status", "profile", "::sofia::list_profiles", "reg"],
    &["sofia", "xmlstatus"],
];

/// Commands whose first word is the uuid of a call.
fn takes_uuid(command: &str) -> bool {
    command.starts_with("uuid_")
}

/// The rows of `show complete`.
pub(super) fn rows() -> Vec<Vec<String>> {
    let uuids = help::names()
        .filter(|name| takes_uuid(name))
        .map(|name| vec![name.to_owned(), "::console::list_uuid".to_owned()]);
    let fixed = WORDS.iter().map(|row| row.iter().map(|word| (*word).to_owned()).collect());
    fixed
        .chain(uuids)
        .map(|mut row: Vec<String>| {
            row.resize(10, String::new());
            row.insert(0, "0".to_owned());
            row.push(HOSTNAME.to_owned());
            row
        })
        .collect()
}

pub(super) fn plain(world: &mut World, asked: &Waiting) -> Outcome {
    let line = cursor(&asked.args);
    let (matches, partial) = complete(world, line);
    let mut out = "\n\n".to_owned();
    for (number, word) in (1..).zip(&matches) {
        out.extend([format!("[{word:>20}]\t")]);
        if number % 4 == 0 {
            out.push('\n');
        }
    }
    out.push_str("\n\n");
    if let Some(write) = write(&matches, partial) {
        out.extend([format!("write={}:{write}", partial.len())]);
    }
    out.into()
}

pub(super) fn xml(world: &mut World, asked: &Waiting) -> Outcome {
    let line = cursor(&asked.args);
    let (matches, partial) = complete(world, line);
    let list: String = matches.iter().map(|word| format!("  <match>{word}</match>\n")).collect();
    let write = write(&matches, partial).unwrap_or_default();
    format!(
        "<?xml version=\"1.0\"?>\n<complete>\n{list}  <write length=\"{}\">{write}</write>\n\
         </complete>\n",
        partial.len()
    )
    .into()
}

/// `c=POS;LINE` gives the cursor; only what stands before it counts. Without the `;` there is no
/// line at all (`transcripts/api_replies`).
fn cursor(args: &str) -> &str {
    match args.strip_prefix("c=") {
        Some(rest) => {
            let (at, line) = rest.split_once(';').unwrap_or((rest, "\u{0}"));
            let at: usize = at.parse().unwrap_or(line.len());
            line.get(..at.min(line.len())).unwrap_or(line)
        }
        None => args,
    }
}

fn complete<'a>(world: &World, line: &'a str) -> (Vec<String>, &'a str) {
    let partial = line.rsplit(' ').next().unwrap_or_default();
    let before = line.strip_suffix(partial).unwrap_or_default();
    let before: Vec<&str> = before.split_whitespace().collect();
    let mut found: Vec<String> = Vec::new();
    let mut add = |word: &str| {
        if word.starts_with(partial) && !found.iter().any(|have| have == word) {
            found.push(word.to_owned());
        }
    };
    if before.is_empty() {
        help::names().for_each(&mut add);
    } else {
        for row in WORDS {
            let fits = row.len() > before.len()
                && row
                    .iter()
                    .zip(&before)
                    .all(|(word, have)| word.starts_with("::") || word == have);
            if let Some(word) = row.get(before.len()).filter(|_| fits) {
                if word.starts_with("::") {
                    dynamic(world, word).iter().for_each(|word| add(word));
                } else {
                    add(word);
                }
            }
        }
        if before.len() == 1 && before.iter().any(|command| takes_uuid(command)) {
            world.channels.values().for_each(|channel| add(&channel.uuid));
        }
    }
    found.sort();
    (found, partial)
}

fn dynamic(world: &World, name: &str) -> Vec<String> {
    match name {
        "::sofia::list_profiles" => super::sofia::profiles().map(str::to_owned).collect(),
        "::sofia::list_gateways" => vec!["example.com".to_owned()],
        "::console::list_loaded_modules" => world.modules.clone(),
        _ => Vec::new(),
    }
}

/// What to write in place of the partial word: the only match and a space, or what all matches
/// have in common.
fn write(matches: &[String], partial: &str) -> Option<String> {
    let (first, rest) = matches.split_first()?;
    if rest.is_empty() {
        return Some(format!("{first} "));
    }
    let mut common = first.as_str();
    for word in rest {
        let same = common.chars().zip(word.chars()).take_while(|(a, b)| a == b);
        let length: usize = same.map(|(letter, _)| letter.len_utf8()).sum();
        common = common.get(..length).unwrap_or_default();
    }
    (common.len() > partial.len()).then(|| common.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_cuts_the_line() {
        assert_eq!(cursor("c=3;status"), "sta");
        assert_eq!(cursor("c=99;status"), "status");
        assert_eq!(cursor("sta"), "sta");
    }

    #[test]
    fn what_is_written() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(write(&words(&["status"]), "sta").as_deref(), Some("status "));
        assert_eq!(write(&words(&["uuid_kill", "uuid_k2"]), "uu").as_deref(), Some("uuid_k"));
        assert_eq!(write(&words(&["a", "b"]), ""), None);
        assert_eq!(write(&[], "x"), None);
    }
}
