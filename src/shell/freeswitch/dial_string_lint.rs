//! What FreeSWITCH reads otherwise than it was meant, in an `originate` in its own form.

use crate::model::dial::{DialString, OriginateLine, Variables, encode, find};

/// The traps in the text after `originate`, in words.
pub(in crate::shell) fn lint(text: &str) -> Vec<String> {
    let line = OriginateLine::parse(text);
    let mut found = Vec::new();
    if has_open_quote(text) {
        found.push("a quote ' is not closed: everything after it is one value".to_owned());
    }
    match DialString::parse(&line.dial) {
        Ok(dial) => found.extend(variables(&line, &dial)),
        Err(unclosed) => {
            let name = line.dial.rsplit(['{', '<', ',']).next().unwrap_or_default();
            // The rest of the value is in one of the words that follow.
            let is_cut = line.words.iter().any(|word| word.contains(unclosed.close));
            let blank = name.split_once('=').filter(|_| is_cut);
            found.push(match blank {
                Some((name, value)) => {
                    let next = line.words.first().map_or("", String::as_str);
                    let next = next.split([unclosed.close, ',']).next().unwrap_or_default();
                    format!(
                        "the value of {name} has a blank and no quotes: write {name}='{value} {next}'"
                    )
                }
                None => unclosed.to_string(),
            });
        }
    }
    found.extend(application(&line));
    found
}

/// Whether a dial string stands alone, without what its side of the call is to do.
pub(in crate::shell) fn lacks_application(text: &str) -> bool {
    !has_open_quote(text) && OriginateLine::parse(text).words.is_empty()
}

/// Whether a quote is open at the end; a backslash protects one.
fn has_open_quote(text: &str) -> bool {
    let mut letters = text.chars();
    let mut is_open = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '\'' => is_open = !is_open,
            _ => {}
        }
    }
    is_open
}

/// `&app(arguments)`: cut at the first `)`.
fn application(line: &OriginateLine<'_>) -> Option<String> {
    let [app, more @ ..] = line.words.as_slice() else { return None };
    let (name, rest) = app.strip_prefix('&')?.split_once('(')?;
    let Some((arguments, after)) = rest.split_once(')') else {
        return Some(match more.iter().any(|word| word.contains(')')) {
            true => {
                let whole = format!("{app} {}", more.join(" "));
                format!("the arguments of {name} end at the blank: write '{whole}' in quotes")
            }
            false => format!("&{name}( has no closing )"),
        });
    };
    let lost = [after].into_iter().chain(more.iter().map(String::as_str));
    let lost = lost.map(str::trim).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    lost.contains(')').then(|| {
        format!(
            "{name} gets only \"{arguments}\": arguments end at the first ), and \"{lost}\" is lost"
        )
    })
}

/// What becomes of the variables between brackets.
fn variables(line: &OriginateLine<'_>, dial: &DialString) -> Vec<String> {
    let mut found = Vec::new();
    for lost in &dial.lost {
        let (name, text) = (&lost.after, &lost.text);
        found.push(match name.is_empty() {
            true => format!("\"{text}\" in brackets is not NAME=VALUE"),
            false => format!(
                "a comma ends the value of {name}: \"{text}\" is read as another variable; \
                 write \\, also inside quotes"
            ),
        });
    }
    let read = all_variables(dial);
    let is_nested = find(&read, "origination_nested_vars").is_some();
    for (name, value) in &read {
        if name.eq_ignore_ascii_case("origination_uuid") && value.contains('$') {
            found.push(format!(
                "FreeSWITCH takes {value} itself for the uuid: leave origination_uuid out, or use \
                 \"expand originate\""
            ));
        } else if encode::names_variable(value) && !is_nested {
            found.push(format!(
                "FreeSWITCH does not set {name}, because {value} names a variable: add \
                 origination_nested_vars=true"
            ));
        }
        if value.contains(['\n', '\r', '\t']) {
            found.push(format!(
                "a backslash before n, r or t in the value of {name} is read as a control sign; \
                 --var {name}=VALUE brings any value across"
            ));
        }
    }
    // As `bridge` reads it, where quotes are taken away once less: what most people have in mind.
    let meant = DialString::parse(line.written).map(|dial| all_variables(&dial));
    let meant = meant.unwrap_or_default();
    let is_deep = line.written.contains("\\\\");
    if dial.lost.is_empty() && !is_deep {
        for (name, meant) in &meant {
            let value = read.iter().find(|(have, value)| have == name && value == meant);
            let Ok(text) = encode::value(meant) else { continue };
            if value.is_none() {
                let text = encode::word(&text);
                let value = find(&read, name);
                let value =
                    value.map_or_else(|| "nothing".to_owned(), |value| format!("\"{value}\""));
                found.push(format!(
                    "{name} arrives as {value}, not \"{meant}\": write {name}={text}"
                ));
            }
        }
    }
    let is_kept = read.iter().any(|(_, value)| value.contains('\''));
    if found.is_empty() && line.written.contains("\\'") && !is_kept {
        found.push(
            "the quotes \\' are removed: --var NAME=VALUE brings any value across".to_owned(),
        );
    }
    let is_shared =
        dial.lanes.iter().any(|lane| find(&lane.variables, "origination_uuid").is_some());
    if is_shared && dial.has_many_legs() {
        found.push(
            "origination_uuid is for one leg: others are not made while it is in use; put it in \
             [ ] before one"
                .to_owned(),
        );
    }
    found
}

fn all_variables(dial: &DialString) -> Variables {
    let of_lanes = dial.lanes.iter().flat_map(|lane| &lane.variables);
    of_lanes.chain(dial.legs().flat_map(|leg| &leg.variables)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn a_dial_string_needs_something_to_do() {
        for (text, is_so) in [
            ("user/1000", true),
            (" {a='x y'}user/1000 ", true),
            ("user/1000 &park", false),
            // What is wrong here is the quote.
            ("{a='x}user/1000 &park", false),
            ("{a='x y'}user/1000 9196", false),
        ] {
            assert_eq!(lacks_application(text), is_so, "{text}");
        }
    }

    #[limited::test]
    fn what_is_read_otherwise_is_reported() {
        for (text, reported) in [
            ("user/1000 &park", ""),
            (r"{a=b,c='x\, y'}user/1000 &park()", ""),
            ("{a='it\\'s'}user/1000 &park", ""),
            ("{^^:a=1,2:b=3}user/1000 &park", ""),
            ("{a=x\\,y}user/1000 &park", ""),
            ("user/1000 &playback(/tmp/x.wav)", ""),
            ("user/1000 'x &playback(a)' XML default", ""),
            ("user/1000 &bridge({a=b}user/2)", ""),
            ("<a=1>user/1:_:{b=2}user/2 &park", ""),
            ("{a=b,c='x, y'}user/1000 &park()", "a comma ends the value of c: \"y\""),
            ("{a='it\\'s',b='it\\'s'}user/1000 &park", "b arrives as nothing, not \"it's\""),
            (r"{a=\'q\'}user/1000 &park", "the quotes \\' are removed"),
            (r"{a='C:\new'}user/1000 &park", "control sign"),
            ("{a=${b}}user/1000 &park", "origination_nested_vars=true"),
            ("{origination_uuid=${create_uuid()}}null/x &park", "leave origination_uuid out"),
            ("user/1000 '&lua(a(b) c)'", "lua gets only \"a(b\""),
            ("user/1000 &lua(a(b)c)", "lua gets only \"a(b\""),
            ("user/1000 &playback(x", "no closing )"),
            ("user/1000 &playback(x y)", "write '&playback(x y)' in quotes"),
            ("{a='x}user/1000 &park", "a quote ' is not closed"),
            ("{a=b user/1000 &park", "{ has no matching }"),
            ("{a=b c,d=e}user/1000 &park", "write a='b c'"),
            ("{a=b", "{ has no matching }"),
            ("{a=x,y}user/1000 &park", "a comma ends the value of a: \"y\""),
            ("{a=x y}user/1000 &park", "write a='x y'"),
            ("{x}user/1000 &park", "is not NAME=VALUE"),
            ("{origination_uuid=x}sofia/a/1,sofia/b/1 &park", "is for one leg"),
            ("<origination_uuid=x>sofia/a/1:_:sofia/b/1 &park", "is for one leg"),
            ("[origination_uuid=x]sofia/a/1,sofia/b/1 &park", ""),
            ("{origination_uuid=x}sofia/a/1 &park", ""),
        ] {
            let found = lint(text).join("\n");
            assert_eq!(found.is_empty(), reported.is_empty(), "{text}: {found}");
            assert!(found.contains(reported), "{text}: {found}");
        }
    }
}
