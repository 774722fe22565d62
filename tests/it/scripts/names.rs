//! Names for what differs from run to run.

use std::path::Path;

/// What has a name so far.
#[derive(Clone)]
pub(super) struct Names {
    port: u16,
    /// One on which no program listens.
    closed: u16,
    folder: String,
    /// The ids, in the order of their appearance, as long as they were seen.
    ids: Vec<String>,
}

impl Names {
    pub(super) fn new(port: u16, closed: u16, folder: &Path) -> Self {
        Self { port, closed, folder: folder.to_str().unwrap().to_owned(), ids: Vec::new() }
    }

    /// Puts the values behind the names that somebody types.
    pub(super) fn put_back(&self, typed: &str) -> String {
        let mut line =
            typed.replace("PORT", &self.port.to_string()).replace("FOLDER", &self.folder);
        line = line.replace("CLOSED", &self.closed.to_string());
        for (at, id) in self.ids.iter().enumerate().rev() {
            line = line.replace(&format!("UUID{}", at + 1), id);
        }
        line
    }

    /// Puts names in the place of values. Columns are as wide as their values, so the spaces
    /// between them are no longer counted.
    pub(super) fn replace(&mut self, answer: &str) -> String {
        let mut named = String::new();
        let placed = answer.replace(&self.folder, "FOLDER");
        let mut rest = placed.as_str();
        while let Some(letter) = rest.chars().next() {
            let is_start = !named.ends_with(|last: char| last.is_ascii_alphanumeric());
            let value = if is_start { self.value(&named, rest) } else { None };
            let (length, name) = value.unwrap_or_else(|| (letter.len_utf8(), letter.to_string()));
            named.push_str(&name);
            rest = rest.get(length..).unwrap_or_default();
        }
        // How long after the first leg a second one begins depends on the step of the clock.
        let named = named.replace("invite SPAN", "invite");
        if named == answer { named } else { named.lines().map(squeezed).collect() }
    }

    /// The length of the value at the start of `rest`, and its name.
    fn value(&mut self, before: &str, rest: &str) -> Option<(usize, String)> {
        let word: String =
            rest.chars().take_while(|letter| letter.is_ascii_alphanumeric()).collect();
        let is_hex = |text: &str| text.bytes().all(|letter| b"0123456789abcdef".contains(&letter));
        if word.len() == 8 && is_hex(&word) {
            let long = rest
                .get(..36)
                .filter(|id| id.split('-').all(is_hex) && id.matches('-').count() == 4);
            let id = long.unwrap_or(&word);
            return Some((id.len(), self.id(id)));
        }
        // How many events came by now is a matter of time.
        let is_number = !word.is_empty() && word.bytes().all(|digit| digit.is_ascii_digit());
        if is_number && before.trim_end().ends_with("seen") && rest.contains(" events, ") {
            return Some((word.len(), "COUNT".to_owned()));
        }
        if rest.starts_with(INSTANT) {
            return Some((INSTANT.len(), "SPAN".to_owned()));
        }
        // A job may be over before it is shown.
        if let Some(state) = STATES.iter().find(|state| before.ends_with('[') && word == **state) {
            return Some((state.len(), "STATE".to_owned()));
        }
        if word.is_empty() || !word.bytes().all(|letter| letter.is_ascii_digit()) {
            return None;
        }
        if word == self.closed.to_string() {
            return Some((word.len(), "CLOSED".to_owned()));
        }
        if word.len() == 5 && before.ends_with("127.0.0.1:") {
            return Some((5, "PORT".to_owned()));
        }
        if let Some(length) = instant(rest) {
            return Some((length, "INSTANT".to_owned()));
        }
        if is_clock(rest) {
            return Some((8, "TIME".to_owned()));
        }
        let label = before.trim_end();
        if label.len() < before.len() && label.ends_with("_count") {
            return Some((word.len(), "COUNT".to_owned()));
        }
        if before.ends_with("_ms\": ") {
            return Some((word.len(), "SPAN".to_owned()));
        }
        span(rest).map(|length| (length, "SPAN".to_owned()))
    }

    fn id(&mut self, id: &str) -> String {
        let is_same = |known: &String| known.starts_with(id) || id.starts_with(known.as_str());
        let at = self.ids.iter().position(is_same).unwrap_or(self.ids.len());
        match self.ids.get_mut(at) {
            Some(known) if known.len() < id.len() => id.clone_into(known),
            Some(_) => {}
            None => self.ids.push(id.to_owned()),
        }
        format!("UUID{}", at + 1)
    }
}

/// The length of `2026-11-22T19:08:00.53955Z` at the start of a text.
fn instant(text: &str) -> Option<usize> {
    let end = text.find(|letter: char| !(letter.is_ascii_digit() || "-:.T".contains(letter)))?;
    let is_whole = end >= 19 && text.get(10..11) == Some("T") && text.get(end..=end) == Some("Z");
    is_whole.then_some(end + 1)
}

/// `19:15:39`
fn is_clock(text: &str) -> bool {
    let mut form = text.get(..8).unwrap_or_default().bytes().enumerate();
    let fits = |(at, letter): (usize, u8)| {
        if at % 3 == 2 { letter == b':' } else { letter.is_ascii_digit() }
    };
    text.len() >= 8 && form.all(fits)
}

/// The length of a span at the start of a text: `4.2 s`, `2 m 13 s`, `0 minutes, 3 seconds`.
fn span(text: &str) -> Option<usize> {
    let number = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    // Without one, an id behind a span may begin like a unit: `7 ms  d7722f7f`.
    let after = text.get(number..).filter(|_| number > 0)?.strip_prefix(' ')?;
    let unit = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
    if !UNITS.contains(&after.get(..unit)?.trim_end_matches('s')) && after.get(..unit)? != "s" {
        return None;
    }
    let length = number + 1 + unit;
    let rest = text.get(length..)?;
    let parts = [", ", " "].into_iter();
    let more = parts.filter_map(|gap| Some(gap.len() + span(rest.strip_prefix(gap)?)?)).next();
    Some(length + more.unwrap_or(0))
}

const INSTANT: &str = "less than a second";

const STATES: &[&str] = &["pending", "done", "failed"];

const UNITS: &[&str] =
    &["m", "h", "d", "year", "day", "hour", "minute", "second", "millisecond", "microsecond"];

/// A line with two spaces wherever there are more, but for those in front.
fn squeezed(line: &str) -> String {
    let words = line.trim_start();
    let mut squeezed = line.get(..line.len() - words.len()).unwrap_or_default().to_owned();
    let parts: Vec<&str> =
        words.split("  ").map(str::trim).filter(|part| !part.is_empty()).collect();
    squeezed.push_str(&parts.join("  "));
    squeezed.push('\n');
    squeezed
}
