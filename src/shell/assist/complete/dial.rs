//! Inside a dial string: variables between braces, endpoints, and what `&` runs.

use super::candidate::Candidate;
use super::names;
use super::place::Place;
use crate::model::dial::Typed;
use crate::shell::commands::grammar;

/// What may stand at the end of a word of a dial string, and where in the word it starts; `None`
/// when the word is none.
pub(super) fn inside(place: &Place<'_>, words: &[&str]) -> Option<(usize, Vec<Candidate>)> {
    let word = place.word;
    if !dials(words) {
        return None;
    }
    let at = match Typed::at_end(word) {
        Typed::Name { at } => return Some((at, assigned())),
        // Its value is not known here.
        Typed::Value => return Some((word.len(), Vec::new())),
        Typed::Endpoint { at } => at,
    };
    if word.starts_with('&') {
        return Some((0, place.applications("&")));
    }
    let endpoint = word.get(at..).unwrap_or_default();
    let is_address = words.len() == 1 && grammar::command(words.first()?).is_some();
    if is_address && endpoint.contains('@') {
        return None;
    }
    let mut endpoints: Vec<Candidate> = ENDPOINTS.iter().copied().map(Candidate::new).collect();
    for profile in place.known(|catalog| &catalog.profiles, &["internal", "external"]) {
        endpoints.push(Candidate::new(format!("sofia/{}/", profile.replacement)));
    }
    for gateway in place.known(|catalog| &catalog.gateways, &[]) {
        endpoints.push(Candidate::new(format!("sofia/gateway/{}/", gateway.replacement)));
    }
    // An option of ours, or nothing that could become one: for the grammar.
    if endpoint.starts_with('-') || !endpoints.iter().any(|c| c.replacement.starts_with(endpoint)) {
        return None;
    }
    Some((at, endpoints))
}

/// Whether the next word belongs to an `originate`, in any form, and to no option of ours.
fn dials(words: &[&str]) -> bool {
    let mut words = words.iter().skip_while(|word| matches!(**word, "api" | "bgapi" | "expand"));
    if words.next() != Some(&"originate") {
        return false;
    }
    let rest: Vec<_> = words.collect();
    let option = rest.last().filter(|last| last.starts_with("--"));
    let takes_value = option.and_then(|option| {
        let command = grammar::command("originate")?;
        let name = option.trim_start_matches('-');
        let argument =
            command.get_arguments().find(|argument| argument.get_long() == Some(name))?;
        Some(argument.get_action().takes_values() && argument.get_num_args()?.min_values() > 0)
    });
    takes_value != Some(true)
}

fn assigned() -> Vec<Candidate> {
    let variables = names::variables().into_iter();
    variables.map(|variable| Candidate::new(format!("{}=", variable.replacement))).collect()
}

/// How a dial string can begin.
const ENDPOINTS: &[&str] = &[
    "user/",
    "group/",
    "loopback/",
    "sofia/gateway/",
    "error/",
    "null/",
    "park",
    "verto.rtc/",
    "{origination_caller_id_number=",
];
