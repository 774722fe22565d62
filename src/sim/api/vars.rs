//! Variables of a call, and all that is known of it.

use super::super::channel::Channel;
use super::super::world::World;
use super::calls::{NO_CHANNEL, call};
use super::{Outcome, Waiting};
use crate::wire::Format;

pub(super) fn uuid_getvar(world: &mut World, asked: &Waiting) -> Outcome {
    let mut words = asked.args.split_whitespace();
    let (Some(uuid), Some(name)) = (words.next(), words.next()) else { return asked.usage() };
    let Some(id) = world.find(uuid) else { return NO_CHANNEL.into() };
    world.variable(id, name).as_deref().unwrap_or("_undef_").into()
}

pub(super) fn uuid_setvar(world: &mut World, asked: &Waiting) -> Outcome {
    let (id, rest) = call(world, asked);
    if rest.is_empty() {
        return asked.usage();
    }
    let Some(channel) = id.and_then(|id| world.channels.get_mut(&id)) else {
        return NO_CHANNEL.into();
    };
    let (name, value) = split_name(rest);
    assign(channel, &clean(name), &clean(value.trim_start()));
    "+OK\n".into()
}

/// Cuts at the first space outside of quotes.
fn split_name(text: &str) -> (&str, &str) {
    let mut quoted = false;
    let at = text.find(|letter| {
        quoted ^= letter == '\'';
        letter == ' ' && !quoted
    });
    at.and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

/// Quotes that come in pairs go, and so do the escapes that FreeSWITCH knows.
fn clean(text: &str) -> String {
    let (mut out, mut quoted) = (String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = letters.peek().filter(|_| letter == '\\').and_then(|next| match next {
            '\'' | '"' | '\\' => Some(*next),
            's' => Some(' '),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            _ => None,
        });
        if let Some(escaped) = escaped {
            out.push(escaped);
            letters.next();
        } else if letter == '\'' && (quoted || letters.clone().any(|next| next == '\'')) {
            quoted = !quoted;
        } else {
            out.push(letter);
        }
    }
    out
}

fn assign(channel: &mut Channel, name: &str, value: &str) {
    if value.is_empty() {
        channel.vars.remove(name);
    } else {
        channel.vars.set(name, value);
    }
}

pub(super) fn uuid_setvar_multi(world: &mut World, asked: &Waiting) -> Outcome {
    if asked.args.is_empty() {
        return asked.usage();
    }
    let (id, rest) = call(world, asked);
    if rest.is_empty() {
        return "".into();
    }
    let usage = asked.usage_text();
    let Some(channel) = id.and_then(|id| world.channels.get_mut(&id)) else {
        return format!("{NO_CHANNEL}{usage}").into();
    };
    let (mut out, mut is_set) = (String::new(), false);
    for pair in rest.strip_suffix(';').unwrap_or(rest).split(';') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name.is_empty() {
            out.push_str("-ERR No variable specified\n");
        } else {
            assign(channel, name, &clean(value));
            is_set = true;
        }
    }
    out.push_str(if is_set { "+OK\n" } else { &usage });
    out.into()
}

pub(super) fn uuid_dump(world: &mut World, asked: &Waiting) -> Outcome {
    if asked.args.is_empty() {
        return asked.usage();
    }
    let (id, format) = call(world, asked);
    let Some(id) = id else { return NO_CHANNEL.into() };
    let event = world.dump(id);
    match format.to_ascii_lowercase().as_str() {
        "plain" => {
            let lines = event.headers.iter().map(|(name, value)| format!("{name}: [{value}]\n"));
            lines.collect::<String>().into()
        }
        "json" => event.text(Format::Json).into(),
        "xml" => event.text(Format::Xml).into(),
        _ => event.text(Format::Plain).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes() {
        for (text, cleaned) in [
            ("'x y'", "x y"),
            (r"\'x", "'x"),
            (r"a\sb\nc\\d", "a b\nc\\d"),
            ("a''b \"q\"", "ab \"q\""),
            (r"it's a\b", r"it's a\b"),
        ] {
            assert_eq!(clean(text), cleaned, "{text}");
        }
        assert_eq!(split_name("'a b' c"), ("'a b'", " c"));
    }
}
