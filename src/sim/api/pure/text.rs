//! Commands that only turn text into text.

use crate::sim::event::pattern;
use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};

pub(in crate::sim) fn echo(_: &mut World, asked: &ApiCall) -> Outcome {
    asked.args.as_str().into()
}

/// What this switch will not do: the real one would, so it does not claim to be without.
pub(in crate::sim) fn unsupported(_: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() && !asked.syntax().is_empty() {
        return asked.usage();
    }
    format!("-ERR {} is not simulated\n", asked.command).into()
}

pub(in crate::sim) fn tolower(_: &mut World, asked: &ApiCall) -> Outcome {
    asked.args.to_ascii_lowercase().into()
}

pub(in crate::sim) fn toupper(_: &mut World, asked: &ApiCall) -> Outcome {
    asked.args.to_ascii_uppercase().into()
}

/// `DATA|PATTERN`, `DATA|PATTERN|$1`, the latter with `n` (nothing without a match) or `b`
/// (`false` without one); `m:~` names another separator.
pub(in crate::sim) fn regex(_: &mut World, asked: &ApiCall) -> Outcome {
    let args = asked.args.as_str();
    let separated = args.strip_prefix("m:").and_then(|rest| {
        let mut letters = rest.chars();
        let separator = letters.next().filter(|letter| matches!(letter, '|' | '~' | '/'))?;
        Some((separator, letters.as_str()))
    });
    let (separator, args) = separated.unwrap_or(('|', args));
    let mut parts = args.split(separator).filter(|part| !part.is_empty());
    let (Some(data), Some(expression)) = (parts.next(), parts.next()) else { return "-ERR".into() };
    let found = pattern::captures(expression, data);
    let Some(template) = parts.next() else { return found.is_some().to_string().into() };
    match (found, parts.next()) {
        (Some(groups), _) => substitute(template, &groups).into(),
        (None, Some("n")) => "".into(),
        (None, Some("b")) => "false".into(),
        (None, _) => data.into(),
    }
}

/// Puts `$0` to `$9`, `%0` to `%9` and `${0}` to `${9}` in place.
fn substitute(template: &str, groups: &[&str]) -> String {
    let (mut out, mut rest) = (String::new(), template);
    while let Some(at) = rest.find(['$', '%']) {
        let (head, tail) = rest.split_at(at);
        let tail = tail.get(1..).unwrap_or_default();
        let braced = tail.strip_prefix('{').and_then(|tail| tail.split_once('}'));
        let (name, after) = braced
            .or_else(|| tail.split_at_checked(1))
            .filter(|(name, _)| name.len() == 1)
            .unwrap_or(("", tail));
        out.push_str(head);
        match name.parse::<usize>() {
            Ok(at) => {
                out.push_str(groups.get(at).copied().unwrap_or_default());
                rest = after;
            }
            Err(_) => {
                out.push('$');
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    out
}

/// `a,b,c` or `^^;a;b`: the first that is not empty.
pub(in crate::sim) fn coalesce(_: &mut World, asked: &ApiCall) -> Outcome {
    let (separator, list) = match asked.args.strip_prefix("^^") {
        Some(rest) => {
            let mut letters = rest.chars();
            (letters.next().unwrap_or(','), letters.as_str())
        }
        None => (',', asked.args.as_str()),
    };
    if list.is_empty() {
        return asked.usage();
    }
    list.split(separator).find(|item| !item.is_empty()).unwrap_or_default().into()
}

pub(in crate::sim) fn replace(_: &mut World, asked: &ApiCall) -> Outcome {
    let parts: Vec<&str> = asked.args.split('|').collect();
    match parts.as_slice() {
        // The real one never comes back from an empty pattern.
        [_, "", _] => "-ERR".into(),
        [text, from, to] => text.replace(from, to).into(),
        _ => "-ERR".into(),
    }
}

pub(in crate::sim) fn escape(_: &mut World, asked: &ApiCall) -> Outcome {
    asked.args.replace(' ', "\\s").into()
}

pub(in crate::sim) fn quote_shell_arg(_: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return "".into();
    }
    format!("'{}'", asked.args.replace('\'', "'\\''")).into()
}

pub(in crate::sim) fn sql_escape(_: &mut World, asked: &ApiCall) -> Outcome {
    asked.args.replace('\'', "''").into()
}

pub(in crate::sim) fn md5(_: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        return "!err!".into();
    }
    let bytes = crate::wire::stray::encode(&asked.args);
    format!("{:x}", md5::compute(bytes.as_ref())).into()
}

/// What is percent code already stays.
pub(in crate::sim) fn url_encode(_: &mut World, asked: &ApiCall) -> Outcome {
    let bytes = crate::wire::stray::encode(&asked.args);
    let mut out = String::new();
    let mut rest = bytes.as_ref();
    while let Some((byte, tail)) = rest.split_first() {
        let coded = tail.iter().take(2).filter(|it| it.is_ascii_hexdigit()).count() == 2;
        match byte {
            b'%' if coded => out.push('%'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(*byte)),
            b'-' | b'_' | b'.' | b'~' | b'!' | b'$' | b'\'' | b'(' | b')' | b'*' | b',' | b'/' => {
                out.push(char::from(*byte));
            }
            _ => out.extend([format!("%{byte:02X}")]),
        }
        rest = tail;
    }
    out.into()
}

pub(in crate::sim) fn url_decode(_: &mut World, asked: &ApiCall) -> Outcome {
    crate::wire::percent::decode(asked.args.as_bytes()).into_owned().into()
}

pub(in crate::sim) fn xml_wrap(world: &mut World, asked: &ApiCall) -> Outcome {
    let (text, _) = world.text_of(&asked.args);
    let body =
        if text.is_empty() { "<data></data>".to_owned() } else { format!("<data>{text}</data>") };
    format!("<result>\n  <row id=\"1\">\n    {body}\n  </row>\n</result>\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn groups_in_their_places() {
        assert_eq!(substitute("<$0> $1$2 $x $", &["ab", "a"]), "<ab> a $x $");
    }
}
