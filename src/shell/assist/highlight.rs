//! What stands out in a line while it is typed.

use std::ops::Range;

use crate::listener::EventListener;
use crate::shell::commands::grammar;
use crate::shell::session::Shell;

/// Why a part of a line stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A command of this shell or of the server.
    Known,
    /// A command of neither.
    Unknown,
    /// A bracket or quote without its other half.
    Unbalanced,
    /// The uuid of a leg that lives.
    Alive,
    /// The uuid of a leg that has ended.
    Ended,
}

/// The parts that stand out, in order and apart; byte offsets into the line.
#[must_use]
pub fn marks(shell: &Shell, line: &str) -> Vec<(Range<usize>, Mark)> {
    let mut marks = Vec::new();
    let mut words = words(line).peekable();
    if words.peek().is_some_and(|word| line.get(word.clone()).is_some_and(|w| w.starts_with('@'))) {
        words.next();
    }
    let Some(verb) = words.next() else { return marks };
    // A word that may go on is not unknown yet.
    let is_ended = verb.end < line.len();
    let name = line.get(verb.clone()).unwrap_or_default();
    let tail = verb.end;
    match is_known(shell, name) {
        Some(true) => marks.push((verb, Mark::Known)),
        Some(false) if is_ended => marks.push((verb, Mark::Unknown)),
        _ => {}
    }
    let listener = shell.current().map(|switch| switch.listener());
    for word in words {
        let text = line.get(word.clone()).unwrap_or_default();
        let mark = listener.as_ref().filter(|_| is_uuid(text)).and_then(|it| life(it, text));
        marks.extend(mark.map(|mark| (word, mark)));
    }
    if let Some(at) = unbalanced(line, tail) {
        let is_free = |(range, _): &(Range<usize>, Mark)| !range.contains(&at);
        if marks.iter().all(is_free) {
            marks.push((at..at + 1, Mark::Unbalanced));
        }
    }
    marks.sort_by_key(|(range, _)| range.start);
    marks
}

/// Whether a command is known here or there; `None` when the server has not listed its commands.
fn is_known(shell: &Shell, name: &str) -> Option<bool> {
    let name = name.trim_start_matches('/');
    if name.is_empty() || name.starts_with(['#', '!', '.']) {
        return None;
    }
    if grammar::command(name).is_some() || shell.has_alias(name) {
        return Some(true);
    }
    let catalog = shell.current()?.catalog();
    (!catalog.is_empty()).then(|| catalog.api(name).is_some())
}

fn life(listener: &EventListener, uuid: &str) -> Option<Mark> {
    listener.with(|tracker| {
        if tracker.session(uuid).is_some() {
            return Some(Mark::Alive);
        }
        let mut ended = tracker.ended().rev().take(LOOKED_AT);
        let has = ended.any(|call| call.sessions.iter().any(|leg| leg.id.as_str() == uuid));
        has.then_some(Mark::Ended)
    })
}

fn words(line: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    line.split(char::is_whitespace).filter_map(move |word| {
        let start = at;
        at += word.len() + line.get(start + word.len()..)?.chars().next().map_or(0, char::len_utf8);
        (!word.is_empty()).then_some(start..start + word.len())
    })
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && word.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The first bracket or quote behind `from` that has no other half. A quote in the middle of a word
/// is an apostrophe, as in `O'Brien`.
pub(super) fn unbalanced(line: &str, from: usize) -> Option<usize> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote = None;
    let mut before = ' ';
    for (at, letter) in line.char_indices().skip_while(|(at, _)| *at < from) {
        match (letter, quote) {
            _ if before == '\\' => {}
            ('\'' | '"', None) if !before.is_alphanumeric() => quote = Some((at, letter)),
            (_, Some((_, mark))) if letter == mark => quote = None,
            (_, Some(_)) => {}
            ('{' | '[' | '(', None) => open.push((at, letter)),
            ('}' | ']' | ')', None) => {
                let fits = |(_, first): &(usize, char)| {
                    matches!((first, letter), ('{', '}') | ('[', ']') | ('(', ')'))
                };
                if !open.pop().is_some_and(|last| fits(&last)) {
                    return Some(at);
                }
            }
            _ => {}
        }
        before = letter;
    }
    open.first().map(|(at, _)| *at).or_else(|| quote.map(|(at, _)| at))
}

/// Ended calls among which a uuid is looked for.
const LOOKED_AT: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::settings::Settings;

    #[limited::test]
    fn brackets_and_quotes() {
        for (line, expected) in [
            ("originate {a=b}user/1 &park()", None),
            ("originate {a=b", Some(10)),
            ("originate a=b}", Some(13)),
            ("originate [a=(b])", Some(15)),
            ("originate {a='x y'}user/1", None),
            ("originate {a='x y}user/1", Some(10)),
            ("originate {a=O'Brien}user/1", None),
            ("status", None),
            ("echo \"open", Some(5)),
        ] {
            assert_eq!(unbalanced(line, 0), expected, "{line}");
        }
    }

    #[limited::test]
    fn an_alias_is_known() {
        let mut settings = Settings::default();
        settings.aliases.insert("gw".to_owned(), "sofia status gateway".to_owned());
        let shell = Shell::new(settings, None, false);
        assert_eq!(marks(&shell, "gw carrier-a"), [(0..2, Mark::Known)]);
        assert_eq!(marks(&shell, "@pbx1 gw"), [(6..8, Mark::Known)]);
    }

    #[limited::test]
    fn marks_lie_in_the_line() {
        let shell = Shell::new(Settings::default(), None, false);
        let found = marks(&shell, "@all hangup 日本 {x");
        assert_eq!(found, [(5..11, Mark::Known), (19..20, Mark::Unbalanced)]);
        assert!(marks(&shell, "").is_empty());
        // Without a server its commands are unknown.
        assert!(marks(&shell, "nosuch x").is_empty());
    }
}
