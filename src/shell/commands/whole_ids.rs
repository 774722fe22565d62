//! Short ids in lines for the server, which takes whole uuids only: tables show the start of an id, and
//! that start can be typed behind `uuid_kill` and its like.
//!
//! # Invariants
//! Only the start of exactly one running leg or call becomes its uuid; the line that is judged and sent
//! is the one with the whole uuid, and the answer says which it is.

use super::call_name::one;
use super::context::Context;
use crate::model::Id;
use crate::shell::text::error::CommandError;
use crate::shell::text::sanitise;
use crate::shell::text::words::first_word;
use crate::shell::view::Format;

/// The line with whole uuids in the places where its command takes uuids.
///
/// # Errors
/// When a short id names several legs.
pub(super) async fn in_line(cx: &mut Context<'_>, line: &str) -> Result<String, CommandError> {
    let words = id_words(line);
    if words.is_empty() {
        return Ok(line.to_owned());
    }
    if let Ok(switch) = cx.switch() {
        // A script follows the calls only once it needs to.
        switch.listen_once().await?;
    }
    let Ok(listener) = cx.listener() else { return Ok(line.to_owned()) };
    let (mut whole, mut done) = (String::new(), 0);
    for (start, word) in words {
        let found: Vec<Id<_>> = listener.with(|tracker| {
            let mut legs: Vec<_> = tracker
                .sessions()
                .filter(|leg| leg.id.as_str().starts_with(word))
                .map(|leg| leg.id.clone())
                .collect();
            if legs.is_empty() {
                // The leg that gave the call its id may have ended.
                let is_it = |call: &crate::model::CallInfo| call.id.as_str().starts_with(word);
                let leads = tracker.calls().filter(is_it);
                legs.extend(leads.filter_map(|call| Some(call.lead()?.id.clone())));
            }
            legs
        });
        if found.is_empty() || found.iter().any(|id| id.as_str() == word) {
            continue;
        }
        let id = one(found, word, "legs", Id::as_str, || CommandError::usage("no such leg"))?;
        whole.push_str(line.get(done..start).unwrap_or_default());
        whole.push_str(id.as_str());
        done = start + word.len();
        if matches!(cx.format(), Format::Table | Format::Vertical) {
            let (word, id) = (sanitise::line(word), sanitise::line(id.as_str()));
            cx.note(&format!("{word} is {id}"))?;
        }
    }
    whole.push_str(line.get(done..).unwrap_or_default());
    Ok(whole)
}

/// The words of a line that may be the starts of uuids, each with its place.
fn id_words(line: &str) -> Vec<(usize, &str)> {
    let verb = first_word(line).0.trim_start_matches('/').to_ascii_lowercase();
    let (skipped, count) = match verb.as_str() {
        // In front of them stands a time.
        "sched_hangup" | "sched_transfer" | "sched_broadcast" => (1, 1),
        "uuid_bridge" => (0, 2),
        "break" => (0, 1),
        verb if verb.starts_with("uuid_") => (0, 1),
        _ => return Vec::new(),
    };
    let is_switch = |word: &str| ["off", "toggle"].iter().any(|it| word.eq_ignore_ascii_case(it));
    let words = words(line).into_iter().skip(1).filter(|(_, word)| !is_switch(word));
    let words = words.skip(skipped).take(count);
    words.filter(|(_, word)| is_short_id(word)).collect()
}

/// Whether a word is as long as tables show ids, and no whole uuid.
fn is_short_id(word: &str) -> bool {
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (SHOWN..UUID).contains(&word.len()) && word.chars().all(is_id)
}

/// The words at blanks, as FreeSWITCH takes them, with their places.
fn words(line: &str) -> Vec<(usize, &str)> {
    let (mut found, mut rest, mut at) = (Vec::new(), line, 0);
    loop {
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if trimmed.is_empty() {
            return found;
        }
        let (word, _) = first_word(trimmed);
        found.push((at, word));
        at += word.len();
        rest = trimmed.get(word.len()..).unwrap_or_default();
    }
}

/// Letters of an id that tables show at least.
const SHOWN: usize = 8;
/// Letters of a whole uuid.
const UUID: usize = 36;

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn short_ids_stand_where_the_command_takes_uuids() {
        for (line, expected) in [
            ("uuid_kill 75de9b1c", &[(10, "75de9b1c")][..]),
            ("/uuid_kill 75de9b1c USER_BUSY", &[(11, "75de9b1c")]),
            ("UUID_HOLD off 75de9b1c", &[(14, "75de9b1c")]),
            ("uuid_bridge  75de9b1c  0467-0874", &[(13, "75de9b1c"), (23, "0467-0874")]),
            ("uuid_setvar 75de9b1c 04670874 deadbeef", &[(12, "75de9b1c")]),
            ("sched_hangup +10 75de9b1c", &[(17, "75de9b1c")]),
            ("uuid_kill 75de9b1", &[]),
            ("uuid_kill 75de9b1c-46b2-4c5e-8a39-1b2c3d4e5f60", &[]),
            ("uuid_kill ${deadbeef}", &[]),
            ("originate 75de9b1c", &[]),
            ("hupall 75de9b1c", &[]),
            ("uuid_kill", &[]),
        ] {
            assert_eq!(id_words(line), expected, "{line}");
        }
    }
}
