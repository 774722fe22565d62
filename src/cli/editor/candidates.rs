//! What Tab lists: as much as one screen holds, so that nothing waits behind a "more".
use rustyline::completion::Candidate;
use unicode_width::UnicodeWidthStr as _;

use crate::shell;
use crate::shell::sanitise;

/// A candidate as it is listed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    display: String,
    replacement: String,
}

impl Shown {
    /// One that is put into the line and never listed.
    pub(super) fn only(text: String) -> Self {
        Self { display: text.clone(), replacement: text }
    }
}

impl Candidate for Shown {
    fn display(&self) -> &str {
        &self.display
    }

    fn replacement(&self) -> &str {
        &self.replacement
    }
}

/// Keeps the candidates that fit a terminal of `columns` and `rows`, and says how many do not.
pub(super) fn fit(
    candidates: Vec<shell::complete::Candidate>,
    (columns, rows): (u16, u16),
) -> Vec<Shown> {
    let mut all: Vec<Shown> = candidates
        .into_iter()
        .filter(|candidate| !candidate.replacement.contains(sanitise::is_unsafe))
        .map(|candidate| Shown {
            display: sanitise::line(&candidate.display).into_owned(),
            replacement: candidate.replacement,
        })
        .collect();
    align(&mut all);
    let (columns, rows) = (usize::from(columns).max(1), usize::from(rows).max(3));
    let widest = all.iter().map(|shown| shown.display.width()).max().unwrap_or(0);
    // rustyline puts two blanks between columns; a row is left for the prompt, one for the note.
    let fitting = |width: usize| ((columns / (width + 2)).max(1) * (rows - 2)).min(MOST);
    if all.len() > fitting(widest) {
        let most = fitting(widest.max(NOTE));
        let more = all.len() - most;
        // The note must not keep Tab from inserting what all have in common.
        let common = common_prefix(&all);
        all.truncate(most);
        all.push(Shown { display: format!("... {more} more, keep typing"), replacement: common });
    }
    all
}

/// Begins what is said about the candidates in one column.
fn align(all: &mut [Shown]) {
    let about = |shown: &Shown| {
        let about = shown.display.strip_prefix(&shown.replacement)?.strip_prefix("  ")?;
        let about = about.trim_start();
        (!about.is_empty()).then(|| about.to_owned())
    };
    let described = all.iter().filter(|shown| about(shown).is_some());
    let widest = described.map(|shown| shown.replacement.width()).max().unwrap_or(0);
    for shown in all {
        if let Some(about) = about(shown) {
            let blanks = " ".repeat(widest.saturating_sub(shown.replacement.width()) + 2);
            shown.display = format!("{}{blanks}{about}", shown.replacement);
        }
    }
}

fn common_prefix(candidates: &[Shown]) -> String {
    let mut candidates = candidates.iter().map(|shown| shown.replacement.as_str());
    let first = candidates.next().unwrap_or_default();
    let common = candidates.fold(first.chars().count(), |most, next| {
        let same = first.chars().zip(next.chars()).take(most);
        same.take_while(|(a, b)| a == b).count()
    });
    first.chars().take(common).collect()
}

/// Candidates listed at most.
const MOST: usize = 200;
/// Columns that the note takes.
const NOTE: usize = 28;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(count: usize, size: (u16, u16), listed: usize, note: Option<(&str, &str)>) {
        let candidates = (0..count).map(|n| shell::complete::Candidate {
            replacement: format!("uuid-{n:05}"),
            display: format!("{n:05}"),
            is_live: true,
        });
        let mut shown = fit(candidates.collect(), size);
        let found = note.and_then(|_| shown.pop());
        assert_eq!(shown.len(), listed, "{count} {size:?}");
        let found =
            found.as_ref().map(|shown| (shown.display.as_str(), shown.replacement.as_str()));
        assert_eq!(found, note, "{count} {size:?}");
    }

    #[limited::test]
    fn one_screen_is_listed() {
        check(0, (80, 24), 0, None);
        check(200, (80, 24), 200, None);
        check(201, (80, 24), 44, Some(("... 157 more, keep typing", "uuid-00")));
        check(44, (20, 24), 44, None);
        check(45, (20, 24), 22, Some(("... 23 more, keep typing", "uuid-000")));
        check(70_000, (300, 200), 200, Some(("... 69800 more, keep typing", "uuid-")));
        check(5, (1, 1), 1, Some(("... 4 more, keep typing", "uuid-0000")));
    }

    #[limited::test]
    fn descriptions_stand_in_a_column() {
        let candidate = |name: &str, display: &str| shell::complete::Candidate {
            replacement: name.to_owned(),
            display: display.to_owned(),
            is_live: false,
        };
        let all = [
            candidate("&playback", "&playback       a file"),
            candidate("&play_and_detect_speech", "&play_and_detect_speech  and listen"),
            candidate("plain", "plain"),
        ];
        let shown: Vec<_> = fit(all.to_vec(), (80, 24)).into_iter().map(|it| it.display).collect();
        assert_eq!(
            shown,
            ["&playback                a file", "&play_and_detect_speech  and listen", "plain"]
        );
    }

    #[limited::test]
    fn hostile_candidates() {
        let candidate = |text: &str| shell::complete::Candidate {
            replacement: text.to_owned(),
            display: format!("{text}\x1b[2J"),
            is_live: false,
        };
        let shown = fit(vec![candidate("a\nb"), candidate("ok")], (80, 24));
        assert_eq!(shown, [Shown { display: "ok␛[2J".to_owned(), replacement: "ok".to_owned() }]);
    }
}
