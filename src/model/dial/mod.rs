//! Dial strings, as FreeSWITCH reads and as we write them.
//!
//! ```text
//! originate <ultra-global>{global}[local]ENDPOINT/..,ENDPOINT/..|ENDPOINT/..:_:ENDPOINT/.. &app(..)
//! ```
//!
//! A [`DialString`] has lanes (`:_:`) that are dialled at the same time, each with groups (`|`)
//! that are dialled one after the other, each with legs (`,`) that are dialled together
//! (`switch_ivr_originate.c`, `switch_event_create_brackets` of `switch_event.c`).
//!
//! # Invariants
//! - One parser: the client, the checks, `doctor`, completion and the simulated switch ask it.
//! - What [`encode`] writes, the parser reads back unchanged.

pub mod encode;
mod separate;
mod typed;

use separate::{cut, end_of_bracket};
pub use separate::{separate, separate_at_most};
pub use typed::Typed;

/// Variables in the order in which they are set: of two of one name the last counts.
pub type Variables = Vec<(String, String)>;

/// A dial string, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DialString {
    /// What is dialled at the same time, each on its own.
    pub lanes: Vec<Lane>,
    /// Text in brackets that sets nothing, because it has no `=`: often the end of a value that a
    /// comma has cut.
    pub lost: Vec<Lost>,
}

/// One originate: variables for all its legs, and its groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lane {
    /// Of `<..>` and `{..}`.
    pub variables: Variables,
    /// Dialled one after the other.
    pub groups: Vec<Vec<Leg>>,
}

/// One leg.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leg {
    /// Of `[..]`.
    pub variables: Variables,
    /// `ENDPOINT/DESTINATION`.
    pub target: String,
}

/// A piece of brackets that is not `NAME=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The variable before it; empty where it is the first.
    pub after: String,
    /// The text.
    pub text: String,
}

/// Why a dial string cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{open} has no matching {close}")]
pub struct Unclosed {
    /// The bracket.
    pub open: char,
    /// The one that is missing.
    pub close: char,
}

impl DialString {
    /// Takes a dial string apart, as the `bridge` application gets it, and `originate` after it
    /// has cut its words.
    ///
    /// # Errors
    /// [`Unclosed`] for `<` and `{`. A `[` that is not closed is part of a target.
    pub fn parse(text: &str) -> Result<Self, Unclosed> {
        let (mut variables, mut lost) = (Vec::new(), Vec::new());
        let is_enterprise = text.contains(ENTERPRISE);
        let mut rest = text.trim_start_matches(' ');
        while rest.starts_with('<') {
            rest = brackets(rest, ('<', '>'), ',', (&mut variables, &mut lost))?;
        }
        let lanes = if is_enterprise { rest.split(ENTERPRISE).collect() } else { vec![rest] };
        let lanes = lanes.into_iter().map(|lane| Lane::parse(lane, &variables, &mut lost));
        Ok(Self { lanes: lanes.collect::<Result<_, _>>()?, lost })
    }

    /// All legs, in the order in which they are written.
    pub fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.lanes.iter().flat_map(|lane| lane.groups.iter().flatten())
    }

    /// The last value of a variable that is for all legs of the first lane.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        find(&self.lanes.first()?.variables, name)
    }

    /// Whether every lane sets this variable for all its legs.
    #[must_use]
    pub fn is_set_for_all(&self, name: &str) -> bool {
        self.lanes.iter().all(|lane| find(&lane.variables, name).is_some())
    }

    /// Whether this variable is set anywhere, for one leg too.
    #[must_use]
    pub fn is_set_somewhere(&self, name: &str) -> bool {
        self.lanes.iter().any(|lane| find(&lane.variables, name).is_some())
            || self.legs().any(|leg| find(&leg.variables, name).is_some())
    }

    /// Whether it may make more than one leg, at once or one after the other. FreeSWITCH gives an
    /// `origination_uuid` to each of them, and a leg whose uuid is in use is never made
    /// (`Duplicate UUID!`, `switch_core_session.c`): no second phone rings, no second carrier is
    /// tried. A user may be registered with several phones.
    #[must_use]
    pub fn has_many_legs(&self) -> bool {
        let is_several = |leg: &Leg| {
            let kind = leg.endpoint().to_ascii_lowercase();
            matches!(kind.as_str(), "user" | "group") || leg.target.contains('$')
        };
        self.legs().take(2).count() > 1
            || self.legs().any(is_several)
            || self.is_set_somewhere("originate_retries")
    }

    /// The `origination_uuid` that the text gives to its only leg. `None` where it names several
    /// legs, and for a value that the server has to compute (`${create_uuid()}`).
    #[must_use]
    pub fn chosen_uuid(&self) -> Option<&str> {
        let ([lane], 1) = (self.lanes.as_slice(), self.legs().count()) else { return None };
        let of_leg = self.legs().find_map(|leg| find(&leg.variables, UUID));
        of_leg.or_else(|| find(&lane.variables, UUID)).filter(|uuid| !uuid.contains('$'))
    }
}

impl Lane {
    fn parse(text: &str, shared: &Variables, lost: &mut Vec<Lost>) -> Result<Self, Unclosed> {
        let (mut variables, mut rest) = (shared.clone(), text.trim_start_matches(' '));
        while rest.starts_with('<') {
            rest = brackets(rest, ('<', '>'), ',', (&mut variables, lost))?;
        }
        while rest.starts_with('{') {
            rest = brackets(rest, ('{', '}'), ',', (&mut variables, lost))?;
        }
        let groups = separate(rest.trim_start_matches(' '), '|');
        let groups = groups.iter().map(|group| {
            let legs = separate(&mark_commas(group), ',');
            legs.iter().map(|leg| Leg::parse(leg, lost)).collect()
        });
        let mut groups: Vec<Vec<Leg>> = groups.collect();
        if groups.is_empty() {
            // Nothing to dial is a leg that cannot be made.
            groups.push(vec![Leg::default()]);
        }
        Ok(Self { variables, groups })
    }
}

impl Leg {
    fn parse(text: &str, lost: &mut Vec<Lost>) -> Self {
        let (mut variables, mut rest) = (Vec::new(), text.trim_start_matches(' '));
        while rest.starts_with('[') {
            let end = end_of_bracket(rest, '[', ']').unwrap_or(0);
            let (inside, after) = rest.split_at(end);
            let unmarked = inside.replace(QUOTED_COMMA, ",") + after;
            let Ok(left) = brackets(&unmarked, ('[', ']'), PLAIN_COMMA, (&mut variables, lost))
            else {
                break;
            };
            let done = rest.len() - left.len();
            rest = rest.get(done..).unwrap_or_default();
        }
        let target = rest.trim_start_matches(' ').replace([QUOTED_COMMA, PLAIN_COMMA], ",");
        Self { variables, target }
    }

    /// What stands before the first `/`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.target.split('/').next().unwrap_or_default()
    }
}

/// Reads one pair of brackets at the start of a text; returns what follows it.
fn brackets<'a>(
    text: &'a str,
    (open, close): (char, char),
    delimiter: char,
    (variables, lost): (&mut Variables, &mut Vec<Lost>),
) -> Result<&'a str, Unclosed> {
    let end = end_of_bracket(text, open, close).ok_or(Unclosed { open, close })?;
    let inside = text.get(open.len_utf8()..end).unwrap_or_default();
    let mut letters = inside.strip_prefix("^^").unwrap_or_default().chars();
    let (delimiter, inside) = match letters.next() {
        Some(own) => (own, letters.as_str()),
        None => (delimiter, inside),
    };
    let mut after = String::new();
    for part in separate(inside, delimiter) {
        match separate_at_most(&part, '=', 2).as_slice() {
            [name, value] => {
                variables.push((name.clone(), value.clone()));
                after.clone_from(name);
            }
            // A name with nothing after the `=` sets nothing.
            _ if part.is_empty() || part.ends_with('=') => {}
            _ => lost.push(Lost { after: after.clone(), text: part }),
        }
    }
    Ok(text.get(end + close.len_utf8()..).unwrap_or_default())
}

/// Marks the commas inside `[..]`, which do not end a leg: those that separate variables, and those
/// that are part of a value, in quotes or under its own delimiter (`switch_ivr_originate.c`).
fn mark_commas(group: &str) -> String {
    let (mut out, mut end, mut before) = (String::with_capacity(group.len()), None, ' ');
    let (mut is_quoted, mut has_own) = (false, false);
    for (at, letter) in group.char_indices() {
        let rest = group.get(at..).unwrap_or_default();
        if end.is_none() && letter == '[' {
            end = end_of_bracket(rest, '[', ']').map(|end| at + end);
            has_own = rest.starts_with("[^^");
            is_quoted = false;
        }
        if letter == '\'' {
            is_quoted = !is_quoted;
        }
        let is_marked = letter == ',' && before != '\\' && end.is_some_and(|end| at < end);
        out.push(match is_marked {
            true if is_quoted || has_own => QUOTED_COMMA,
            true => PLAIN_COMMA,
            false => letter,
        });
        if end == Some(at) {
            end = None;
        }
        before = letter;
    }
    out
}

/// The last value of a name; case does not count.
#[must_use]
pub fn find<'a>(variables: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = variables.iter().rev().find(|(have, _)| have.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// The words of an `originate` after its name: the dial string as it is written and as it is read,
/// and the other words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OriginateLine<'a> {
    /// The dial string with the quotes of the line.
    pub written: &'a str,
    /// The dial string that [`DialString::parse`] takes.
    pub dial: String,
    /// What to run, dial plan, context, caller's name and number, time-out.
    pub words: Vec<String>,
}

impl<'a> OriginateLine<'a> {
    /// Cuts the line as FreeSWITCH does (`originate_function`, `mod_commands.c`).
    #[must_use]
    pub fn parse(line: &'a str) -> Self {
        let mut words = separate(line, ' ').into_iter();
        Self {
            written: cut(line, ' ', usize::MAX).first().copied().unwrap_or_default(),
            dial: words.next().unwrap_or_default(),
            words: words.collect(),
        }
    }
}

/// Whether a text is in FreeSWITCH's own form, which names an endpoint: `{vars}user/1000`,
/// `sofia/external/1@host`. `9196@host:5080` is not.
#[must_use]
pub fn is_dial_string(text: &str) -> bool {
    let text = text.trim_start();
    let first = text.split(char::is_whitespace).next().unwrap_or(text);
    text.starts_with(['{', '[', '<']) || first.contains('/')
}

/// Between lanes.
const ENTERPRISE: &str = ":_:";
/// Stand for a comma inside `[..]`.
const QUOTED_COMMA: char = '\u{1}';
const PLAIN_COMMA: char = '\u{2}';
/// The variable that chooses the uuid of a leg.
const UUID: &str = "origination_uuid";

#[cfg(test)]
mod tests;
