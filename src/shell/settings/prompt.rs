//! What the prompt says: a template with places that are filled while it is shown.

use std::fmt;

use crate::shell::text::error::CommandError;
use crate::shell::text::sanitise;

/// A prompt with places in braces; `{{` and `}}` stand for the braces themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// As it was written.
    text: String,
    parts: Vec<Part>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Shown as it is.
    Text(String),
    /// Filled.
    Place(Place),
}

/// What can stand in a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The name of the switch, and of what kind it is: `pbx1 (prod)`.
    Name,
    /// The name alone: of the profile, or the host where there is none.
    Profile,
    /// `prod`, `stage` or `test`; nothing where the profile does not say.
    Env,
    /// The host as it was given.
    Host,
    /// The port of its event socket.
    Port,
    /// The directory user of the login; nothing for the password alone.
    User,
    /// What FreeSWITCH calls itself.
    Switchname,
    /// What the machine that FreeSWITCH runs on is called.
    Hostname,
    /// What the machine that the shell runs on is called.
    Localhost,
    /// The link as a mark: `●` up, `◐` without events, `○` down. A word where nothing is drawn.
    Mark,
    /// The link in a word: `connected`, `no events`, `retry 4s`, `offline`.
    Link,
    /// How many calls there are, or what is wrong with the link.
    State,
    /// The number of calls.
    Calls,
    /// The number of calls that this shell started.
    Own,
    /// The time of day on this machine.
    Time,
    /// What still runs, and for how long. Stands before the end where a template has it nowhere.
    Runs,
}

impl Place {
    /// All of them, by the name that stands in braces.
    pub const ALL: &[(&str, Self)] = &[
        ("name", Self::Name),
        ("profile", Self::Profile),
        ("env", Self::Env),
        ("host", Self::Host),
        ("port", Self::Port),
        ("user", Self::User),
        ("switchname", Self::Switchname),
        ("hostname", Self::Hostname),
        ("localhost", Self::Localhost),
        ("mark", Self::Mark),
        ("link", Self::Link),
        ("state", Self::State),
        ("calls", Self::Calls),
        ("own", Self::Own),
        ("time", Self::Time),
        ("runs", Self::Runs),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, place)| *place)
    }
}

impl Template {
    /// Where colors and marks can be drawn.
    #[must_use]
    pub fn standard() -> Self {
        Self::built_in("{name} {mark} {state}{runs}> ")
    }

    /// Where the state is said in words.
    #[must_use]
    pub fn in_words() -> Self {
        Self::built_in("{name} {mark}, {state}{runs}> ")
    }

    fn built_in(text: &str) -> Self {
        // One that could not be read would be an empty prompt; a test reads both.
        Self::parse(text).unwrap_or(Self { text: String::new(), parts: Vec::new() })
    }

    /// Reads a template.
    ///
    /// # Errors
    /// A usage error for a place that does not exist, which names those that do, and for a brace
    /// without its partner.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        if text.trim().is_empty() {
            return Err(CommandError::usage("the prompt would be empty").hint(KNOWN_DEFAULT));
        }
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
            plain.push_str(before);
            if let Some(behind) = behind.strip_prefix("{{") {
                plain.push('{');
                rest = behind;
            } else if let Some(behind) = behind.strip_prefix("}}") {
                plain.push('}');
                rest = behind;
            } else {
                let inner = behind.strip_prefix('{').and_then(|inner| inner.split_once('}'));
                let (name, behind) = inner.ok_or_else(|| {
                    CommandError::usage(format!("a brace has no partner in {text:?}"))
                        .hint("\"{{\" and \"}}\" stand for the braces themselves")
                })?;
                let place = Place::named(name).ok_or_else(|| unknown(name))?;
                parts.extend(text_part(&mut plain));
                parts.push(Part::Place(place));
                rest = behind;
            }
        }
        plain.push_str(rest);
        if !plain.ends_with(char::is_whitespace) {
            plain.push(' ');
        }
        if !parts.contains(&Part::Place(Place::Runs)) {
            let end = plain.trim_end_matches([' ', '>', '$', '#', '%', ':', '»', '❯']).len();
            let tail = plain.split_off(end);
            parts.extend(text_part(&mut plain));
            parts.push(Part::Place(Place::Runs));
            plain = tail;
        }
        parts.extend(text_part(&mut plain));
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Its parts, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

/// The text so far, if there is any, fit to be shown.
fn text_part(plain: &mut String) -> Option<Part> {
    let text = std::mem::take(plain);
    (!text.is_empty()).then(|| Part::Text(sanitise::line(&text).into_owned()))
}

fn unknown(name: &str) -> CommandError {
    let names: Vec<_> = Place::ALL.iter().map(|(name, _)| format!("{{{name}}}")).collect();
    CommandError::usage(format!("nothing in a prompt is called {{{name}}}"))
        .hint(format!("there are: {}", names.join(" ")))
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const KNOWN_DEFAULT: &str = "\"set prompt default\" brings back the one that is built in";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let name = |place: &Place| Place::ALL.iter().find(|(_, it)| it == place).unwrap().0;
        let shown = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Place(place) => format!("<{}>", name(place)),
        };
        Template::parse(text).unwrap().parts().iter().map(shown).collect()
    }

    #[limited::test]
    fn templates_are_read() {
        for (text, expected) in [
            ("{name} {mark} {state}{runs}> ", "<name> <mark> <state><runs>> "),
            ("{profile}@{host}:{port}%>", "<profile>@<host>:<port><runs>%> "),
            ("{{{calls}}} $ ", "{<calls>}<runs> $ "),
            ("{own}", "<own><runs> "),
            ("pbx", "pbx<runs> "),
            ("a\x1b[2Jb>", "a␛[2Jb<runs>> "),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        for template in [Template::standard(), Template::in_words()] {
            assert!(template.parts().len() > 4);
        }
    }

    #[limited::test]
    fn mistakes_in_a_template_are_reported() {
        for (text, message) in [
            ("{cals}>", "nothing in a prompt is called {cals}"),
            ("{}>", "nothing in a prompt is called {}"),
            ("{name", "a brace has no partner in \"{name\""),
            ("name}>", "a brace has no partner in \"name}>\""),
            ("  ", "the prompt would be empty"),
        ] {
            assert_eq!(Template::parse(text).unwrap_err().message, message);
        }
        let hint = Template::parse("{cals}").unwrap_err().hints.join("");
        assert!(Place::ALL.iter().all(|(name, _)| hint.contains(&format!("{{{name}}}"))), "{hint}");
    }
}
