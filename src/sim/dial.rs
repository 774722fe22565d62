//! The grammar of dial strings and of the lines around them, with the traps of the real one: who
//! quotes at which level was tried on FreeSWITCH 1.10.12.

/// Where an answered call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    /// `&app(args)`, one or several.
    Apps(Vec<(String, String)>),
    /// An extension, with its dial plan and context.
    Exten(Exten),
    /// It is joined to the leg whose `bridge` dialled it.
    Bridge(u64),
    /// It is joined to the leg that waits in a queue.
    Queue(u64),
}

/// A place in a dial plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exten {
    pub(super) number: String,
    pub(super) dialplan: String,
    pub(super) context: String,
}

/// A dial string, taken apart. Its lanes (`:_:`) are dialled at the same time; the groups of a lane
/// (`|`) one after the other; the legs of a group (`,`) together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Dial {
    pub(super) lanes: Vec<Lane>,
}

/// One originate: variables for all its legs, and the groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Lane {
    pub(super) vars: Vec<(String, String)>,
    pub(super) groups: Vec<Vec<LegSpec>>,
}

/// One leg of a dial string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LegSpec {
    pub(super) vars: Vec<(String, String)>,
    pub(super) target: String,
}

impl Dial {
    /// Takes a dial string apart; `None` is a bracket that is never closed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (all, rest) = brackets(text.trim(), ('<', '>'))?;
        let lanes = rest.split(":_:").map(|lane| Lane::parse(lane.trim(), &all));
        Some(Self { lanes: lanes.collect::<Option<_>>()? })
    }

    /// The last value of a variable that is for all legs of the first lane.
    pub(super) fn var(&self, name: &str) -> Option<&str> {
        let mut vars = self.lanes.iter().take(1).flat_map(|lane| lane.vars.iter().rev());
        vars.find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

impl Lane {
    fn parse(text: &str, all: &[(String, String)]) -> Option<Self> {
        let (own, rest) = brackets(text, ('{', '}'))?;
        let vars = all.iter().cloned().chain(own).collect();
        let groups = separate(&rest, '|')
            .iter()
            .map(|group| {
                split_legs(group).iter().map(|leg| LegSpec::parse(leg)).collect::<Vec<_>>()
            })
            .collect();
        Some(Self { vars, groups })
    }
}

impl LegSpec {
    fn parse(text: &str) -> Self {
        // A bracket that is never closed is part of the name of an endpoint that there is not.
        let text = text.trim();
        let (vars, target) =
            brackets(text, ('[', ']')).unwrap_or_else(|| (Vec::new(), text.to_owned()));
        Self { vars, target }
    }
}

/// Reads the brackets in front of a text; they may be nested and repeated.
fn brackets(text: &str, (open, close): (char, char)) -> Option<(Vec<(String, String)>, String)> {
    let (mut vars, mut rest) = (Vec::new(), text);
    while rest.starts_with(open) {
        let mut depth = 0;
        let end = rest.char_indices().find(|(_, letter)| {
            depth += i32::from(*letter == open) - i32::from(*letter == close);
            depth == 0
        });
        let (inside, tail) = rest.split_at(end?.0);
        vars.extend(pairs(inside.strip_prefix(open).unwrap_or(inside)));
        rest = tail.strip_prefix(close).unwrap_or(tail).trim_start();
    }
    Some((vars, rest.to_owned()))
}

/// `a=1,b='x,y'`; `^^;` in front changes the separator. A name without a value unsets nothing and
/// sets nothing.
fn pairs(text: &str) -> Vec<(String, String)> {
    let (separator, text) = match text.strip_prefix("^^") {
        Some(rest) => {
            let mut letters = rest.chars();
            (letters.next().unwrap_or(','), letters.as_str())
        }
        None => (',', text),
    };
    let pairs = separate(text, separator);
    let pairs = pairs.iter().filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Cuts at commas outside of `[]`.
fn split_legs(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth) = (Vec::new(), String::new(), 0u32);
    for letter in text.chars() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(letter);
    }
    parts.push(part);
    parts
}

/// Cuts at a separator, as FreeSWITCH does at every level: single quotes hold together and go away,
/// a backslash protects a quote, the separator and itself, and blanks around a part are dropped.
/// At blanks, several are one.
pub(super) fn separate(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut part, mut quoted, mut held) = (Vec::new(), String::new(), false, 0);
    let mut rest = text.trim_start_matches(' ').chars();
    let mut fresh = true;
    while let Some(letter) = rest.next() {
        let next = rest.clone().next();
        match (letter, next) {
            ('\\', Some(next)) if matches!(next, '\'' | '"' | '\\') || next == separator => {
                rest.next();
                part.push(next);
                held = part.len();
            }
            ('\\', Some(next)) if control(next).is_some() => {
                rest.next();
                part.extend(control(next));
                held = part.len();
            }
            ('\'', _) if quoted || rest.as_str().contains('\'') => {
                quoted = !quoted;
                held = part.len();
                fresh = false;
            }
            _ if letter == separator && !quoted => {
                if separator != ' ' || !part.is_empty() || !fresh {
                    parts.push(close(&mut part, held));
                }
                (held, fresh) = (0, true);
            }
            (' ', _) if part.is_empty() && fresh => {}
            _ => {
                part.push(letter);
                if quoted {
                    held = part.len();
                }
            }
        }
    }
    if separator != ' ' || !part.is_empty() || !fresh {
        parts.push(close(&mut part, held));
    }
    parts
}

/// A part without the blanks at its end that no quote holds.
fn close(part: &mut String, held: usize) -> String {
    let kept = part.trim_end_matches(' ').len().max(held);
    part.truncate(kept);
    std::mem::take(part)
}

/// What a letter behind a backslash stands for.
fn control(letter: char) -> Option<char> {
    Some(match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        's' => ' ',
        _ => return None,
    })
}

impl Then {
    /// `&app(args)` is cut at the first `)`; anything else is an extension, `&` without a name too.
    pub(super) fn parse(target: &str, dialplan: &str, context: &str) -> Self {
        let app = target.strip_prefix('&').filter(|app| !app.is_empty());
        let Some(app) = app else { return Self::Exten(Exten::new(target, dialplan, context)) };
        let (name, data) = app.split_once('(').unwrap_or((app, ""));
        let data = data.split(')').next().unwrap_or_default();
        Self::Apps(vec![(name.to_owned(), data.to_owned())])
    }
}

impl Exten {
    pub(super) fn new(number: &str, dialplan: &str, context: &str) -> Self {
        let [number, dialplan, context] = [number, dialplan, context].map(str::to_owned);
        Self { number, dialplan, context }
    }

    /// `EXTEN [DIALPLAN [CONTEXT]]`, with the stock plan and context where they are missing.
    pub(super) fn of_words(words: &[String]) -> Self {
        let word = |at: usize| words.get(at).map(String::as_str).filter(|word| !word.is_empty());
        Self::new(
            word(0).unwrap_or_default(),
            word(1).unwrap_or("XML"),
            word(2).unwrap_or("default"),
        )
    }
}

/// The applications of an inline plan: `app:args,app:args`, or with a separator of one's own
/// `m:^:app:args^app:args`.
pub(super) fn inline(text: &str) -> Vec<(String, String)> {
    let own = text.strip_prefix("m:").and_then(|rest| {
        let separator = rest.chars().next()?;
        Some((separator, rest.get(separator.len_utf8()..)?.strip_prefix(':')?))
    });
    let (separator, text) = own.unwrap_or((',', text));
    let apps = separate(text, separator);
    let apps = apps.iter().map(|app| app.split_once(':').unwrap_or((app, "")));
    apps.map(|(app, data)| (app.trim_start().to_owned(), data.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn quotes_and_backslashes() {
        for (text, separator, parts) in [
            ("a b  c", ' ', vec!["a", "b", "c"]),
            ("'my exten'  &park() '' x", ' ', vec!["my exten", "&park()", "", "x"]),
            ("{a='b c',d=1}x y", ' ', vec!["{a=b c,d=1}x", "y"]),
            (r"{a=it\'s}x \s y", ' ', vec!["{a=it's}x", " ", "y"]),
            (r"a=x\,y,b", ',', vec!["a=x,y", "b"]),
            (r"a=x\,y b", ' ', vec![r"a=x\,y", "b"]),
            ("a='x,y' , b", ',', vec!["a=x,y", "b"]),
            ("it's,b", ',', vec!["it's", "b"]),
            ("a,,b,", ',', vec!["a", "", "b", ""]),
            ("'a '|b", '|', vec!["a ", "b"]),
        ] {
            assert_eq!(separate(text, separator), parts, "{text:?} at {separator:?}");
        }
    }

    #[test]
    fn dial_strings() {
        let dial = Dial::parse("<e=5>{a=1,b='x,y'}{a=2}[c=3,d=4]user/1,user/2|loopback/3").unwrap();
        let [lane] = &dial.lanes[..] else { panic!("{dial:?}") };
        assert_eq!(lane.vars, [pair("e", "5"), pair("a", "1"), pair("b", "x,y"), pair("a", "2")]);
        let targets: Vec<Vec<&str>> = lane
            .groups
            .iter()
            .map(|group| group.iter().map(|leg| leg.target.as_str()).collect())
            .collect();
        assert_eq!(targets, [vec!["user/1", "user/2"], vec!["loopback/3"]]);
        assert_eq!(lane.groups[0][0].vars, [pair("c", "3"), pair("d", "4")]);
        assert_eq!((dial.var("a"), dial.var("c")), (Some("2"), None));
        let dial = Dial::parse("<a=1>{b=2}null/x:_:{b=3}null/y").unwrap();
        assert_eq!(dial.lanes[1].vars, [pair("a", "1"), pair("b", "3")]);
        let vars = |text: &str| Dial::parse(text).unwrap().lanes[0].vars.clone();
        assert_eq!(vars("{^^;a=1,2;b=3}null/x"), [pair("a", "1,2"), pair("b", "3")]);
        assert_eq!(vars("{a={x},b=,c}null/x"), [pair("a", "{x}")]);
        assert_eq!(Dial::parse("{a=1"), None);
        assert_eq!(Dial::parse("[a=1").unwrap().lanes[0].groups[0][0].target, "[a=1");
    }

    #[test]
    fn targets() {
        let then = Then::parse("&playback(tone_stream://%(251,0,1004))", "XML", "default");
        let data = "tone_stream://%(251,0,1004".to_owned();
        assert_eq!(then, Then::Apps(vec![("playback".to_owned(), data)]));
        for number in ["9197", "&"] {
            let exten = Then::Exten(Exten::new(number, "XML", "default"));
            assert_eq!(Then::parse(number, "XML", "default"), exten);
        }
        let apps = [pair("set", "a=1,2"), pair("hangup", "")];
        assert_eq!(inline("m:^:set:a=1,2^hangup"), apps);
        assert_eq!(inline("set:'a=1,2', hangup"), apps);
    }
}
