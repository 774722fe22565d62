use std::collections::BTreeSet;

use super::*;

/// The commands and applications of all modules of FreeSWITCH 1.10.12.
fn names_of_freeswitch() -> BTreeSet<(&'static str, &'static str)> {
    include_str!("names.tsv").lines().filter_map(|line| line.split_once('\t')).collect()
}

#[limited::test]
fn each_line_of_the_table_can_be_read_and_names_what_freeswitch_has() {
    let known = names_of_freeswitch();
    for line in lines() {
        let (kind, names, row) = parse(line).unwrap_or_else(|| panic!("cannot be read: {line}"));
        assert!(row.words.len() <= LONGEST, "LONGEST is too small for: {line}");
        for name in names.split('|') {
            let is = |kind| known.contains(&(kind, name));
            let is_there = if kind == "any" { is("api") || is("app") } else { is(kind) };
            let is_outside = line.split('\t').nth(3).is_some_and(|it| it.ends_with("outside"));
            assert!(is_there != is_outside, "FreeSWITCH has no {kind} {name}, or has it");
        }
        for same in row.facts.same() {
            let (verb, _) = verb_of(same);
            assert!(known.contains(&("api", verb.as_str())), "{same} in: {line}");
        }
        let (is_harm, has_reason) = (row.facts.impact == Impact::Harms, row.facts.reason.is_some());
        assert_eq!(is_harm, has_reason, "what harms has a reason, nothing else: {line}");
    }
}

/// Whether all that the second pattern fits is fitted by the first.
fn covers(first: (&[&str], bool), second: (&[&str], bool)) -> bool {
    let ((first, is_whole), (second, second_is_whole)) = (first, second);
    let is_long_enough = if is_whole {
        second_is_whole && first.len() == second.len()
    } else {
        first.len() <= second.len()
    };
    // A text stands for all that a * can be.
    let any = |word: &str| word.replace('*', "\u{1}x\u{1}");
    is_long_enough && first.iter().zip(second).all(|(one, other)| has_shape(one, &any(other)))
}

/// Each way to take one alternative of every sub-word.
fn choices(row: &Row) -> Vec<Vec<&'static str>> {
    row.words.iter().fold(vec![Vec::new()], |before, any| {
        let longer = |start: &Vec<&'static str>, word: &&'static str| {
            start.iter().chain([word]).copied().collect::<Vec<_>>()
        };
        before.iter().flat_map(|start| any.iter().map(move |word| longer(start, word))).collect()
    })
}

#[limited::test]
fn no_row_is_covered_by_an_earlier_one() {
    for rows in [&TABLE.commands, &TABLE.applications] {
        for (name, rows) in rows {
            for (at, row) in rows.iter().enumerate() {
                let earlier = rows
                    .iter()
                    .take(at)
                    .flat_map(|row| choices(row).into_iter().map(|words| (words, row.is_whole)));
                for words in choices(row) {
                    let mut earlier = earlier.clone();
                    let found = earlier.find(|(first, is_whole)| {
                        covers((first, *is_whole), (&words, row.is_whole))
                    });
                    assert_eq!(found, None, "{name} {words:?} can never be reached");
                }
            }
        }
    }
    assert!(covers((&["*"], false), (&["a*", "b"], true)));
    assert!(!covers((&["a*"], false), (&["*"], false)) && !covers((&[], true), (&["a"], true)));
}

#[limited::test]
fn a_simulated_switch_has_no_command_that_the_table_lacks() {
    let stock = include_str!("../../../sim/data/interfaces.tsv");
    for name in stock.lines().filter_map(|line| line.strip_prefix("api\t")) {
        let name = name.split('\t').next().unwrap_or_default();
        assert!(is_known(name), "no row for {name}");
    }
}

#[limited::test]
fn the_first_row_that_fits_counts() {
    for (line, impact) in [
        ("fsctl shutdown cancel", Impact::Changes),
        ("fsctl shutdown", Impact::Harms),
        ("FSCTL 'crash'", Impact::Harms),
        ("fsctl pause_check x", Impact::Reads),
        ("fsctl loglevel", Impact::Reads),
        ("fsctl loglevel 7", Impact::Changes),
        ("sofia profile internal", Impact::Reads),
        ("sofia profile internal start", Impact::Changes),
        ("/sofia profile restart all", Impact::Harms),
        ("conference list", Impact::Reads),
        ("conference list kick all", Impact::Harms),
        ("conference 3000 kick 1", Impact::Changes),
        ("hash select/a/b", Impact::Reads),
        ("hash selected", Impact::Changes),
        ("bgapi status", Impact::Depends),
        ("no_such_command", Impact::Changes),
        ("", Impact::Changes),
    ] {
        assert_eq!(facts(line).impact, impact, "{line}");
    }
    assert_eq!(facts("reload mod_sofia").same().collect::<Vec<_>>(), ["hupall", "uuid_kill"]);
    assert_eq!(facts_as_typed("'status'").impact, Impact::Changes);
    assert!(is_known("STATUS") && !is_known("playback") && !is_known("status x"));
    assert!(facts("api").reason.is_none() && application("hangup").role == Some(Role::Ends));
}

#[limited::test]
fn what_takes_long() {
    for (line, expected) in [
        ("msleep 5000", true),
        ("MSLEEP 1", true),
        (" originate user/1000 &park", true),
        ("sofia profile internal restart", true),
        ("sofia status", false),
        ("sofia profile internal siptrace on", false),
        ("conference 3000 list", false),
        ("conference 3000 dial user/1000", true),
        ("reload mod_sofia", true),
        ("reload mod_event_socket", false),
        ("fsctl shutdown", false),
        ("status", false),
        ("", false),
    ] {
        assert_eq!(facts(line).may_block, expected, "{line:?}");
    }
}
