//! FreeSWITCH's own commands and applications, and what the shell knows of each: the table
//! `commands.tsv`, whose head describes its columns.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::shell::freeswitch::secret_names::has_shape;
use crate::shell::text::words::first_word;

/// What a command does to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Impact {
    /// Changes nothing.
    Reads,
    /// May change something.
    Changes,
    /// Harms more than the operator's own calls.
    Harms,
    /// Its arguments decide, and only code can read them.
    Depends,
}

/// What a command or an application sets off besides itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Role {
    /// Runs a program on the server.
    Program,
    /// Runs a script on the server.
    Script,
    /// Ends a call.
    Ends,
    /// Fires an event.
    Fires,
    /// Takes applications as its arguments.
    Nests,
}

/// What is known of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) struct Facts {
    pub(in crate::shell) impact: Impact,
    /// Whether it may take long: it dials, sleeps, loads, or waits for another host. FreeSWITCH
    /// answers nothing else on a connection meanwhile. A command that ends the server, or the socket
    /// that brings results, does not count: its result would never arrive.
    pub(in crate::shell) may_block: bool,
    /// Whether it answers a value that it is asked for by name.
    pub(in crate::shell) reveals: bool,
    /// Whether `|` and `>` in it are its own.
    pub(in crate::shell) has_signs: bool,
    pub(in crate::shell) role: Option<Role>,
    /// Why it needs a confirmation.
    pub(in crate::shell) reason: Option<&'static str>,
    same: &'static str,
}

impl Facts {
    /// What no row of the table describes may change something.
    const UNKNOWN: Self = Self {
        impact: Impact::Changes,
        may_block: false,
        reveals: false,
        has_signs: false,
        role: None,
        reason: None,
        same: "",
    };

    /// The commands that have the same effect, for rules that name those.
    pub(in crate::shell) fn same(&self) -> impl Iterator<Item = &'static str> {
        self.same.split(',').filter(|command| !command.is_empty())
    }
}

/// What is known of a command line.
pub(in crate::shell) fn facts(line: &str) -> &'static Facts {
    let (verb, rest) = verb_of(line);
    find(&TABLE.commands, &verb, &first_words(rest, unquoted))
}

/// As [`facts`], where a word in quotes is taken for an unknown one.
pub(in crate::shell) fn facts_as_typed(line: &str) -> &'static Facts {
    let (verb, rest) = first_word(line);
    find(&TABLE.commands, &verb.to_ascii_lowercase(), &first_words(rest, str::to_owned))
}

/// What is known of an application of the dial plan; its name is in small letters.
pub(in crate::shell) fn application(name: &str) -> &'static Facts {
    find(&TABLE.applications, name, &[])
}

/// Whether the server has a command of that name, in any case.
pub(in crate::shell) fn is_known(verb: &str) -> bool {
    TABLE.commands.contains_key(verb.to_ascii_lowercase().as_str())
}

/// Whether some words make a command of that name harmful.
pub(in crate::shell) fn has_harmful_words(verb: &str) -> bool {
    let rows = TABLE.commands.get(verb).map_or(&[][..], Vec::as_slice);
    rows.iter().any(|row| row.facts.impact == Impact::Harms && !row.words.is_empty())
}

/// A command's name in small letters, and what follows. fs_cli's begin with a slash.
pub(in crate::shell) fn verb_of(line: &str) -> (String, &str) {
    let (verb, rest) = first_word(line);
    (unquoted(verb).trim_start_matches('/').to_ascii_lowercase(), rest)
}

/// A text without quotes, as FreeSWITCH reads the words of a command.
pub(in crate::shell) fn unquoted(text: &str) -> String {
    text.replace(['\'', '"'], "")
}

/// The words that patterns may look at, in small letters. A line can be very long.
fn first_words(rest: &str, read: fn(&str) -> String) -> Vec<String> {
    let words = rest.split_whitespace().map(|word| read(word).to_ascii_lowercase());
    words.filter(|word| !word.is_empty()).take(LONGEST + 1).collect()
}

/// The number of sub-words in the longest pattern.
const LONGEST: usize = 3;

/// The rows of each name, in the order of the table.
type Rows = HashMap<&'static str, Vec<Row>>;

#[derive(Debug)]
struct Table {
    commands: Rows,
    applications: Rows,
}

/// A row of the table, for one of its names.
#[derive(Debug, Clone)]
struct Row {
    /// The alternatives for each sub-word.
    words: Vec<Vec<&'static str>>,
    /// Whether nothing may follow.
    is_whole: bool,
    facts: Facts,
}

impl Row {
    fn fits(&self, words: &[String]) -> bool {
        let is_long_enough = if self.is_whole {
            words.len() == self.words.len()
        } else {
            words.len() >= self.words.len()
        };
        let mut pairs = self.words.iter().zip(words);
        is_long_enough && pairs.all(|(any, word)| any.iter().any(|one| has_shape(one, word)))
    }
}

fn find(rows: &'static Rows, verb: &str, words: &[String]) -> &'static Facts {
    let rows = rows.get(verb).map_or(&[][..], Vec::as_slice);
    rows.iter().find(|row| row.fits(words)).map_or(&Facts::UNKNOWN, |row| &row.facts)
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { commands: Rows::new(), applications: Rows::new() };
    // A test holds that each line can be read.
    for (kind, names, row) in lines().filter_map(parse) {
        for name in names.split('|') {
            if kind != "app" {
                table.commands.entry(name).or_default().push(row.clone());
            }
            if kind != "api" {
                table.applications.entry(name).or_default().push(row.clone());
            }
        }
    }
    table
});

fn lines() -> impl Iterator<Item = &'static str> {
    include_str!("commands.tsv").lines().filter(|line| !line.starts_with('#'))
}

/// A line of the table: its kind, its names, and what is said of each.
fn parse(line: &'static str) -> Option<(&'static str, &'static str, Row)> {
    let mut cells = line.split('\t');
    let mut next = || cells.next();
    let (kind, pattern, impact) = (next()?, next()?, next()?);
    let (traits, same, reason) = (next()?, next()?, next()?);
    let impact = match impact {
        "reads" => Impact::Reads,
        "changes" => Impact::Changes,
        "harms" => Impact::Harms,
        "depends" => Impact::Depends,
        _ => return None,
    };
    let mut facts = Facts { impact, ..Facts::UNKNOWN };
    facts.same = Some(same).filter(|same| *same != "-").unwrap_or_default();
    facts.reason = Some(reason).filter(|reason| *reason != "-");
    for word in traits.split(',') {
        match word {
            // A test looks whether FreeSWITCH has the others.
            "-" | "outside" => {}
            "blocks" => facts.may_block = true,
            "reveals" => facts.reveals = true,
            "signs" => facts.has_signs = true,
            "program" => facts.role = Some(Role::Program),
            "script" => facts.role = Some(Role::Script),
            "ends" => facts.role = Some(Role::Ends),
            "fires" => facts.role = Some(Role::Fires),
            "nests" => facts.role = Some(Role::Nests),
            _ => return None,
        }
    }
    let (names, words) = pattern.split_once(' ').unwrap_or((pattern, ""));
    let (words, is_whole) = words.strip_suffix('$').map_or((words, false), |words| (words, true));
    let words = words.split_whitespace().map(|word| word.split('|').collect()).collect();
    let is_kind = matches!(kind, "api" | "app" | "any");
    (is_kind && cells.next().is_none()).then_some((kind, names, Row { words, is_whole, facts }))
}

#[cfg(test)]
mod tests;
