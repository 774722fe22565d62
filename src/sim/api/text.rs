//! Commands that only turn text into text.

use jiff::tz::TimeZone;

use super::super::pattern;
use super::super::world::World;
use super::{Outcome, Waiting};

pub(super) fn echo(_: &mut World, asked: &Waiting) -> Outcome {
    asked.args.as_str().into()
}

pub(super) fn nothing(_: &mut World, _: &Waiting) -> Outcome {
    "".into()
}

pub(super) fn zero(_: &mut World, _: &Waiting) -> Outcome {
    "0".into()
}

pub(super) fn no(_: &mut World, _: &Waiting) -> Outcome {
    "false".into()
}

/// What this switch will not do: the real one would, so it does not claim to be without.
pub(super) fn unsupported(_: &mut World, asked: &Waiting) -> Outcome {
    format!("-ERR {} is not simulated\n", asked.command).into()
}

pub(super) fn tolower(_: &mut World, asked: &Waiting) -> Outcome {
    asked.args.to_lowercase().into()
}

pub(super) fn toupper(_: &mut World, asked: &Waiting) -> Outcome {
    asked.args.to_uppercase().into()
}

/// `loopback.auto` and the like admit loopback and private addresses, everything else nobody.
pub(super) fn acl(_: &mut World, asked: &Waiting) -> Outcome {
    let (address, list) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    let local = address.starts_with("127.") || address == "::1";
    let private = address.starts_with("10.") || address.starts_with("192.168.");
    let admitted = match list {
        "loopback.auto" => local,
        "localnet.auto" | "rfc1918.auto" | "lan" => private,
        _ => false,
    };
    admitted.to_string().into()
}

/// `eval` expands `${name}` and `$${name}` from globals, or from a channel's variables.
pub(super) fn eval(world: &mut World, asked: &Waiting) -> Outcome {
    let (channel, text) = scope(world, &asked.args);
    world.expand_in(&text, channel).into()
}

pub(super) fn expand(world: &mut World, asked: &Waiting) -> Outcome {
    let (channel, text) = scope(world, &asked.args);
    let line = world.expand_in(&text, channel);
    world.text_of(&line).into()
}

fn scope(world: &World, args: &str) -> (Option<u64>, String) {
    match args.strip_prefix("uuid:") {
        Some(rest) => {
            let (uuid, text) = rest.split_once(' ').unwrap_or((rest, ""));
            (world.find(uuid), text.to_owned())
        }
        None => (None, args.to_owned()),
    }
}

impl World {
    /// Replaces `${name}` and `$${name}`; an unknown name becomes nothing.
    pub(in super::super) fn expand_in(&self, text: &str, channel: Option<u64>) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some((head, tail)) = rest.split_once("${") {
            out.push_str(head.strip_suffix('$').unwrap_or(head));
            let Some((name, tail)) = tail.split_once('}') else {
                out.push_str("${");
                rest = tail;
                continue;
            };
            let own = channel.and_then(|id| self.channels.get(&id)?.vars.get(name));
            let global =
                || self.globals.iter().find(|(have, _)| have == name).map(|x| x.1.as_str());
            out.push_str(own.or_else(global).unwrap_or_default());
            rest = tail;
        }
        out.push_str(rest);
        out
    }
}

pub(super) fn regex(_: &mut World, asked: &Waiting) -> Outcome {
    let args = asked.args.as_str();
    // `m:~data~pattern` has its own separator.
    let separated = args.strip_prefix("m:").and_then(|rest| {
        let mut letters = rest.chars();
        letters.next().map(|separator| (separator, letters.as_str()))
    });
    let (separator, args) = separated.unwrap_or(('|', args));
    let Some((data, pattern)) = args.split_once(separator) else { return "-ERR".into() };
    pattern::search(pattern.trim_matches('/'), data).to_string().into()
}

pub(super) fn url_encode(_: &mut World, asked: &Waiting) -> Outcome {
    let mut out = String::new();
    for byte in asked.args.bytes() {
        let code = format!("%{byte:02X}");
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b'!' | b'$' | b'\'' | b'(' | b')' | b'*' | b',' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&code),
        }
    }
    out.into()
}

pub(super) fn url_decode(_: &mut World, asked: &Waiting) -> Outcome {
    crate::wire::percent::decode(asked.args.as_bytes()).into_owned().into()
}

pub(super) fn strftime(world: &mut World, asked: &Waiting) -> Outcome {
    let format = if asked.args.is_empty() { "%Y-%m-%d %T" } else { &asked.args };
    let zoned = world.time().to_zoned(TimeZone::UTC);
    match jiff::fmt::strtime::format(format, &zoned) {
        Ok(text) => text.into(),
        Err(_) => Outcome::Failed,
    }
}

pub(super) fn strepoch(world: &mut World, _: &Waiting) -> Outcome {
    (world.now / 1_000_000).to_string().into()
}

pub(super) fn xml_wrap(world: &mut World, asked: &Waiting) -> Outcome {
    let (command, args) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    let (command, args) = (command.to_owned(), args.to_owned());
    let text = world.text_of(&asked.args);
    let clean = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<result>\n  <row id=\"1\">\n    <command>{}</command>\n    <arguments>{}</arguments>\n    \
         <data>{}</data>\n  </row>\n</result>\n",
        clean(&command),
        clean(&args),
        clean(&text)
    )
    .into()
}

/// `+ - * / %` and parentheses over numbers.
pub(super) fn expr(_: &mut World, asked: &Waiting) -> Outcome {
    let letters: Vec<char> = asked.args.chars().filter(|letter| !letter.is_whitespace()).collect();
    let mut rest = letters.as_slice();
    match sum(&mut rest, 0) {
        Some(value) if rest.is_empty() && value.is_finite() => {
            let text = format!("{value:.2}");
            let text = text.trim_end_matches('0').trim_end_matches('.');
            text.into()
        }
        _ => "ERR".into(),
    }
}

fn take(rest: &mut &[char]) -> Option<char> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    Some(*first)
}

fn sum(rest: &mut &[char], depth: u32) -> Option<f64> {
    let mut total = product(rest, depth)?;
    while let Some(sign @ ('+' | '-')) = rest.first().copied() {
        take(rest);
        let next = product(rest, depth)?;
        total = if sign == '+' { total + next } else { total - next };
    }
    Some(total)
}

fn product(rest: &mut &[char], depth: u32) -> Option<f64> {
    let mut total = factor(rest, depth)?;
    while let Some(sign @ ('*' | '/' | '%')) = rest.first().copied() {
        take(rest);
        let next = factor(rest, depth)?;
        total = match sign {
            '*' => total * next,
            '/' => total / next,
            _ => total % next,
        };
    }
    Some(total)
}

fn factor(rest: &mut &[char], depth: u32) -> Option<f64> {
    if depth > 50 {
        return None;
    }
    match rest.first()? {
        '(' => {
            take(rest);
            let inside = sum(rest, depth + 1)?;
            (take(rest) == Some(')')).then_some(inside)
        }
        '-' => {
            take(rest);
            factor(rest, depth + 1).map(|value| -value)
        }
        _ => {
            let digits: String = rest
                .iter()
                .take_while(|letter| letter.is_ascii_digit() || **letter == '.')
                .collect();
            *rest = rest.get(digits.len()..)?;
            digits.parse().ok()
        }
    }
}
