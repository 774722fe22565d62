//! How many events of each kind were folded.
use std::fmt::Write as _;

use crate::shell::text::sanitise;

/// Counts by kind, bounded. They are listed as a call goes, then in order of first appearance.
#[derive(Debug, Default)]
pub(super) struct Tally {
    kinds: Vec<(String, u64)>,
    other: u64,
}

impl Tally {
    pub(super) fn add(&mut self, kind: &str, count: u64) {
        if let Some((_, n)) = self.kinds.iter_mut().find(|(name, _)| name == kind) {
            *n += count;
        } else if self.kinds.len() < KINDS && kind.len() <= LONGEST {
            self.kinds.push((kind.to_owned(), count));
        } else {
            self.other += count;
        }
    }

    pub(super) fn add_all(&mut self, tally: &Self) {
        for (kind, count) in &tally.kinds {
            self.add(kind, *count);
        }
        self.other += tally.other;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total() == 0
    }

    /// The summary line.
    pub(super) fn line(&self) -> String {
        let mut out = String::new();
        let total = self.total();
        let noun = if total == 1 { "event" } else { "events" };
        // Writing to a String cannot fail.
        _ = write!(out, "... +{} {noun}", Thousands(total));
        let mut separator = " (";
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        let rank = |kind: &str| LIFE.iter().position(|known| *known == kind).unwrap_or(LIFE.len());
        kinds.sort_by_key(|(kind, _)| rank(kind));
        for (kind, count) in kinds {
            _ = write!(out, "{separator}{} {}", sanitise::line(kind), Thousands(*count));
            separator = ", ";
        }
        if self.other > 0 {
            _ = write!(out, "{separator}other {}", Thousands(self.other));
        }
        out.push_str("); events last");
        out
    }

    fn total(&self) -> u64 {
        self.kinds.iter().map(|(_, n)| n).sum::<u64>() + self.other
    }
}

struct Thousands(u64);

impl std::fmt::Display for Thousands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 < 1000 {
            return write!(f, "{}", self.0);
        }
        write!(f, "{},{:03}", Self(self.0 / 1000), self.0 % 1000)
    }
}

/// Kinds named in one summary; the rest are "other".
const KINDS: usize = 9;
/// What becomes of a call, in order.
const LIFE: &[&str] =
    &["CREATE", "RINGING", "EARLY", "ANSWER", "BRIDGE", "UNBRIDGE", "PARK", "HOLD", "HANGUP"];
/// A longer kind is "other": it would break the summary line.
const LONGEST: usize = 40;
