//! `eval`, `expand`, and what `${name}` becomes.

use std::borrow::Cow;

use crate::model::dial::encode::is_expanded;
use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};

/// `eval` gives the text back with its variables expanded.
pub(super) fn eval(world: &mut World, asked: &ApiCall) -> Outcome {
    let (channel, text) = scope(world, &asked.args);
    world.expand_all(&text, channel, Scope::Headers).into()
}

/// `expand` runs the command that the text has become.
pub(super) fn expand(world: &mut World, asked: &ApiCall) -> Outcome {
    let (channel, text) = scope(world, &asked.args);
    let line = world.expand_all(&text, channel, Scope::Headers);
    if line.is_empty() {
        return "-ERR No input\n".into();
    }
    let (text, is_good) = world.text_of(&line);
    if is_good { text.into() } else { format!("{text}-ERR Cannot execute command\n").into() }
}

/// `uuid:UUID text`: the channel, and the text.
fn scope(world: &World, args: &str) -> (Option<u64>, String) {
    let head = args.get(..5).filter(|head| head.eq_ignore_ascii_case("uuid:"));
    match head.and_then(|_| args.get(5..)) {
        Some(rest) => {
            let (uuid, text) = rest.split_once(' ').unwrap_or((rest, ""));
            (world.find(uuid), text.to_owned())
        }
        None => (None, args.to_owned()),
    }
}

/// What a name of a channel means: the header of its events, as for `eval uuid:`, or its variable,
/// as for an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Headers,
    Variables,
}

/// `name:from:count`, as in `${name:1:2}`; a negative start counts from the end.
fn slice(text: &str, from: i64, count: Option<usize>) -> String {
    let letters: Vec<char> = text.chars().collect();
    let start = match usize::try_from(from) {
        Ok(start) => start,
        Err(_) => letters.len().saturating_sub(usize::try_from(-from).unwrap_or_default()),
    };
    letters.into_iter().skip(start).take(count.unwrap_or(usize::MAX)).collect()
}

impl World {
    /// Replaces `${name}`, `$${name}` and `${command(args)}` in an application's text; an unknown
    /// name becomes nothing.
    pub(in super::super) fn expand_in(&mut self, text: &str, channel: Option<u64>) -> String {
        self.expand_all(text, channel, Scope::Variables)
    }

    fn expand_all(&mut self, text: &str, channel: Option<u64>, scope: Scope) -> String {
        if !is_expanded(text) {
            return text.to_owned();
        }
        let (mut out, mut rest) = (String::new(), text);
        while let Some(at) = rest.find(['\\', '$']) {
            let (head, tail) = rest.split_at(at);
            out.push_str(head);
            // A backslash protects `$` and itself, and takes a quote away with it.
            let plain = [("\\$$", "$"), ("\\$", "$"), ("\\'", ""), ("\\\\", "\\"), ("\\", "\\")];
            let plain = plain.iter().find_map(|(read, put)| Some((tail.strip_prefix(read)?, *put)));
            if let Some((after, put)) = plain {
                out.push_str(put);
                rest = after;
                continue;
            }
            let tail = tail.strip_prefix("$$").or_else(|| tail.strip_prefix('$'));
            let tail = tail.unwrap_or_default();
            let Some(inside) = tail.strip_prefix('{') else {
                out.push('$');
                rest = tail;
                continue;
            };
            let Some(end) = closing(inside) else { return out };
            let (name, after) = inside.split_at(end);
            let name = self.expand_all(name, channel, scope);
            let value = self.value_of(&name, channel, scope);
            out.push_str(&value);
            rest = after.get(1..).unwrap_or_default();
        }
        out.push_str(rest);
        out
    }

    fn value_of(&mut self, name: &str, channel: Option<u64>, scope: Scope) -> String {
        if let Some((command, args)) = name.split_once('(')
            && let Some(args) = args.strip_suffix(')')
        {
            let (text, is_good) = self.text_of(&format!("{command} {args}"));
            return if is_good { text } else { String::new() };
        }
        let mut parts = name.split(':');
        let bare = parts.next().unwrap_or_default();
        let value = self.named(bare, channel, scope);
        match parts.next().and_then(|part| part.parse().ok()) {
            Some(from) => slice(&value, from, parts.next().and_then(|part| part.parse().ok())),
            None => value,
        }
    }

    fn named(&mut self, name: &str, channel: Option<u64>, scope: Scope) -> String {
        let own = channel.and_then(|id| match scope {
            Scope::Headers => self.dump(id).get(name).map(str::to_owned),
            Scope::Variables => self.variable(id, name).map(Cow::into_owned),
        });
        // Which element is asked for does not matter to what is no list.
        let bare = name.split_once('[').map_or(name, |(bare, _)| bare);
        own.unwrap_or_else(|| self.global(bare).unwrap_or_default().to_owned())
    }
}

/// Where the brace closes that is open at the start.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0u32;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn slices() {
        assert_eq!(slice("hello", 1, None), "ello");
        assert_eq!(slice("hello", 0, Some(1)), "h");
        assert_eq!(slice("hello", -2, None), "lo");
        assert_eq!(slice("hello", 9, None), "");
    }
}
