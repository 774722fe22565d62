//! What is on this machine: files, and programs behind `|` and `!`.

use std::collections::BTreeSet;
use std::fs::DirEntry;

use super::candidate::Candidate;

/// Files whose names go on as `word` does.
pub(super) fn files(word: &str) -> Vec<Candidate> {
    let (folder, _) = word.rsplit_once('/').map_or(("", ""), |split| split);
    let shown = if word.contains('/') { format!("{folder}/") } else { String::new() };
    let place = match (shown.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ if shown.is_empty() => ".".into(),
        _ => shown.clone().into(),
    };
    let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
    let named = |entry: DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let is_folder = entry.path().is_dir();
        Some(format!("{shown}{name}{}", if is_folder { "/" } else { "" }))
    };
    let mut files: Vec<String> = entries.flatten().take(MOST).filter_map(named).collect();
    files.retain(|file| !file.contains(char::is_whitespace));
    files.sort();
    files.into_iter().map(Candidate::new).collect()
}

/// The word at the end of what goes to the operator's own shell.
pub(super) fn last_word(text: &str) -> &str {
    text.rsplit([' ', '\t', '|', ';', '&', '>', '<', '(']).next().unwrap_or_default()
}

/// What may stand for that word: a program where one begins, else a file.
pub(super) fn of_program(text: &str, word: &str) -> Vec<Candidate> {
    let before = text.strip_suffix(word).unwrap_or(text).trim_end();
    let begins = before.is_empty() || before.ends_with(['|', ';', '&', '(']);
    if begins && !word.contains('/') { programs(word) } else { files(word) }
}

/// Programs on `PATH` that begin with `word`: all of them would be thousands.
fn programs(word: &str) -> Vec<Candidate> {
    if word.is_empty() {
        return FILTERS.iter().copied().map(Candidate::new).collect();
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let entries = std::env::split_paths(&paths).filter_map(|folder| folder.read_dir().ok());
    let names =
        entries.flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let names: BTreeSet<String> = names.filter(|name| name.starts_with(word)).collect();
    names.into_iter().map(Candidate::new).collect()
}

/// What answers are put through most.
const FILTERS: &[&str] =
    &["grep", "head", "tail", "less", "sort", "uniq", "wc", "jq", "awk", "column"];

/// Files looked at in a folder.
const MOST: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(candidates: Vec<Candidate>) -> Vec<String> {
        candidates.into_iter().map(|candidate| candidate.replacement).collect()
    }

    #[limited::test]
    fn programs_where_one_begins_and_files_elsewhere() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/Carg");
        for (text, word) in [(" gr", "gr"), ("sort |gr", "gr"), (" grep x ", ""), ("a|", "")] {
            assert_eq!(last_word(text), word, "{text}");
        }
        assert!(names(of_program(" ", "")).contains(&"grep".to_owned()));
        assert!(names(of_program(" grep x | ", "")).contains(&"sort".to_owned()));
        let files = names(of_program(&format!(" grep x {root}"), root));
        assert!(files.contains(&format!("{root}o.toml")), "{files:?}");
    }
}
