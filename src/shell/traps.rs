//! What FreeSWITCH will read otherwise than it was meant, in an `originate` in its own form.
//!
//! The rules are those of `switch_ivr_originate.c` and `mod_commands.c`: the line is cut at blanks
//! outside quotes and braces, variables at commas, and the arguments of `&app(...)` at the first
//! closing parenthesis.

use crate::client::has_many_legs;

/// The traps in the text behind `originate`, in words.
pub(super) fn traps(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let quotes = text.matches('\'').count() - text.matches("\\'").count();
    if quotes % 2 == 1 {
        found.push("a quote ' is not closed: everything behind it is one value".to_owned());
    }
    for (open, close) in [('{', '}'), ('[', ']'), ('<', '>')] {
        let (opened, closed) = (text.matches(open).count(), text.matches(close).count());
        if opened != closed {
            found.push(format!("{opened} {open} and {closed} {close}: they do not match"));
        }
    }
    let shared = text.split('{').skip(1).filter_map(|inner| inner.split('}').next());
    if has_many_legs(text) && shared.clone().any(|inside| inside.contains("origination_uuid=")) {
        found.push(
            "origination_uuid is for one leg: others are not made while it is in use; put it in \
             [ ] in front of one"
                .to_owned(),
        );
    }
    found.extend(application(text));
    found.extend(variables(text));
    found
}

/// Whether a dial string stands alone, without what its side of the call is to do.
pub(super) fn is_lone(text: &str) -> bool {
    let mut is_quoted = false;
    let has_more = text.trim().contains(|c: char| {
        is_quoted ^= c == '\'';
        c.is_whitespace() && !is_quoted
    });
    !has_more && !is_quoted
}

/// `&app(arguments)`: cut at the first `)`.
fn application(text: &str) -> Option<String> {
    let (_, app) = text.split_once('&')?;
    let (name, rest) = app.split_once('(')?;
    let Some((arguments, behind)) = rest.split_once(')') else {
        return Some(format!("&{name}( has no closing )"));
    };
    let behind = behind.trim_matches(['\'', ' ']);
    let lost = behind.split_whitespace().next().filter(|word| word.contains(')'));
    lost.map(|_| {
        format!(
            "{name} gets only \"{arguments}\": arguments end at the first ), and \"{behind}\" is lost"
        )
    })
}

/// `{name=value,name=value}`: a comma ends a value, a blank the dial string.
fn variables(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, inner)) = rest.split_once('{') {
        let Some((inside, behind)) = inner.split_once('}') else { break };
        rest = behind;
        if let Some(before) = inside.strip_suffix('$') {
            rest = before;
            continue;
        }
        // `^^:` in front says that something else than a comma separates.
        if inside.starts_with("^^") {
            continue;
        }
        let mut last = "";
        for part in pieces(inside) {
            match part.split_once('=') {
                Some((name, value)) => {
                    if value.contains(' ') && !value.contains('\'') {
                        found.push(format!(
                            "the value of {name} has a blank and no quotes: write {name}='{value}'"
                        ));
                    }
                    last = name;
                }
                None if last.is_empty() => {
                    found.push(format!("\"{part}\" in braces is no NAME=VALUE"));
                }
                None => found.push(format!(
                    "a comma ends the value of {last}: \"{part}\" is read as a variable of its \
                     own; write \\, or put the value in quotes"
                )),
            }
        }
    }
    found
}

/// What stands between commas, outside quotes; `\,` is none.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut is_quoted, mut before) = (Vec::new(), 0, false, ' ');
    for (at, letter) in text.char_indices() {
        if letter == '\'' && before != '\\' {
            is_quoted = !is_quoted;
        } else if letter == ',' && !is_quoted && before != '\\' {
            pieces.extend(text.get(start..at));
            start = at + 1;
        }
        before = letter;
    }
    pieces.extend(text.get(start..));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_string_needs_something_to_do() {
        for (text, is_so) in [
            ("user/1000", true),
            (" {a='x y'}user/1000 ", true),
            ("user/1000 &park", false),
            // What is wrong here is the quote.
            ("{a='x}user/1000 &park", false),
            ("{a='x y'}user/1000 9196", false),
        ] {
            assert_eq!(is_lone(text), is_so, "{text}");
        }
    }

    #[test]
    fn what_is_read_otherwise_is_told() {
        for (text, told) in [
            ("user/1000 &park", ""),
            ("{a=b,c='x, y'}user/1000 &park()", ""),
            ("{a='it\\'s'}user/1000 &park", ""),
            ("{^^:a=1,2:b=3}user/1000 &park", ""),
            ("{a=x\\,y}user/1000 &park", ""),
            ("user/1000 &playback(/tmp/x.wav)", ""),
            ("user/1000 'x &playback(a)' XML default", ""),
            ("user/1000 '&lua(a(b) c)'", "lua gets only \"a(b\""),
            ("user/1000 &lua(a(b)c)", "lua gets only \"a(b\""),
            ("user/1000 &playback(x", "no closing )"),
            ("{a='x}user/1000 &park", "a quote ' is not closed"),
            ("{a=b user/1000 &park", "1 { and 0 }"),
            ("{a=x,y}user/1000 &park", "a comma ends the value of a: \"y\""),
            ("{a=x y}user/1000 &park", "the value of a has a blank"),
            ("{x}user/1000 &park", "is no NAME=VALUE"),
            ("{origination_uuid=x}sofia/a/1,sofia/b/1 &park", "is for one leg"),
            ("[origination_uuid=x]sofia/a/1,sofia/b/1 &park", ""),
            ("{origination_uuid=x}sofia/a/1 &park", ""),
        ] {
            let found = traps(text).join("\n");
            assert_eq!(found.is_empty(), told.is_empty(), "{text}: {found}");
            assert!(found.contains(told), "{text}: {found}");
        }
    }
}
