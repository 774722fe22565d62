//! Up and Down: through what was typed before, or through the rows of what is being typed.
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustyline::history::{History, MemHistory, SearchDirection, SearchResult};
use rustyline::{Cmd, ConditionalEventHandler, Config, Event, EventContext, Result};

/// A key that leads through the past, or any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To older lines: Up.
    Back,
    /// To newer lines: Down.
    Forth,
    /// Elsewhere.
    Away,
}

/// Decides what Up and Down mean: with something typed before the cursor they find the lines that
/// begin so, otherwise all lines, until another key is pressed.
pub(super) struct Walk {
    way: Way,
    /// All lines are gone through.
    is_walking: Arc<AtomicBool>,
}

impl Walk {
    /// One for each way.
    pub(super) fn all() -> [(Way, Self); 3] {
        let is_walking = Arc::<AtomicBool>::default();
        [Way::Back, Way::Forth, Way::Away]
            .map(|way| (way, Self { way, is_walking: Arc::clone(&is_walking) }))
    }

    fn command(&self, left: &str, right: &str) -> Option<Cmd> {
        let walks = || {
            let walks = left.is_empty() || self.is_walking.load(Ordering::Relaxed);
            self.is_walking.store(walks, Ordering::Relaxed);
            walks
        };
        Some(match self.way {
            Way::Away => {
                self.is_walking.store(false, Ordering::Relaxed);
                return None;
            }
            Way::Back if left.contains('\n') => Cmd::LineUpOrPreviousHistory(1),
            Way::Forth if right.contains('\n') => Cmd::LineDownOrNextHistory(1),
            Way::Back if walks() => Cmd::PreviousHistory,
            Way::Back => Cmd::HistorySearchBackward,
            Way::Forth if walks() => Cmd::NextHistory,
            Way::Forth => Cmd::HistorySearchForward,
        })
    }
}

impl ConditionalEventHandler for Walk {
    fn handle(&self, _: &Event, _: u16, _: bool, cx: &EventContext<'_>) -> Option<Cmd> {
        let (left, right) = cx.line().split_at_checked(cx.pos())?;
        self.command(left, right)
    }
}

/// The lines of the past. Behind the newest one that begins as what was typed comes that again.
pub(super) struct Past(MemHistory);

impl Past {
    pub(super) fn new(config: &Config) -> Self {
        Self(MemHistory::with_config(config))
    }
}

impl History for Past {
    fn get(&self, index: usize, dir: SearchDirection) -> Result<Option<SearchResult<'_>>> {
        self.0.get(index, dir)
    }

    fn add(&mut self, line: &str) -> Result<bool> {
        self.0.add(line)
    }

    fn add_owned(&mut self, line: String) -> Result<bool> {
        self.0.add_owned(line)
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn set_max_len(&mut self, len: usize) -> Result<()> {
        self.0.set_max_len(len)
    }

    fn ignore_dups(&mut self, yes: bool) -> Result<()> {
        self.0.ignore_dups(yes)
    }

    fn ignore_space(&mut self, yes: bool) {
        self.0.ignore_space(yes);
    }

    fn save(&mut self, path: &Path) -> Result<()> {
        self.0.save(path)
    }

    fn append(&mut self, path: &Path) -> Result<()> {
        self.0.append(path)
    }

    fn load(&mut self, path: &Path) -> Result<()> {
        self.0.load(path)
    }

    fn clear(&mut self) -> Result<()> {
        self.0.clear()
    }

    fn search(
        &self,
        term: &str,
        start: usize,
        dir: SearchDirection,
    ) -> Result<Option<SearchResult<'_>>> {
        self.0.search(term, start, dir)
    }

    fn starts_with(
        &self,
        term: &str,
        start: usize,
        dir: SearchDirection,
    ) -> Result<Option<SearchResult<'_>>> {
        let found = self.0.starts_with(term, start, dir)?;
        Ok(found.or_else(|| {
            let typed = || Cow::Owned(term.to_owned());
            (dir == SearchDirection::Forward).then(|| SearchResult {
                entry: typed(),
                idx: self.0.len(),
                pos: term.len(),
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn up_and_down_mean_what_is_before_the_cursor() {
        let [(_, up), (_, down), (_, other)] = Walk::all();
        assert_eq!(up.command("ev", ""), Some(Cmd::HistorySearchBackward));
        assert_eq!(down.command("ev", "ents"), Some(Cmd::HistorySearchForward));
        // From an empty line on, whatever is shown meanwhile.
        assert_eq!(up.command("", ""), Some(Cmd::PreviousHistory));
        assert_eq!(up.command("status", ""), Some(Cmd::PreviousHistory));
        assert_eq!(down.command("status", ""), Some(Cmd::NextHistory));
        // Until something else is pressed.
        assert_eq!(other.command("status", ""), None);
        assert_eq!(up.command("status", ""), Some(Cmd::HistorySearchBackward));
        // Among several rows to the one above.
        assert_eq!(up.command("one\ntwo", ""), Some(Cmd::LineUpOrPreviousHistory(1)));
        assert_eq!(down.command("one", "\ntwo"), Some(Cmd::LineDownOrNextHistory(1)));
    }

    #[limited::test]
    fn behind_the_newest_stands_what_was_typed() {
        let mut past = Past::new(&Config::default());
        for line in ["calls", "events", "status"] {
            past.add(line).unwrap();
        }
        let at = |start, way| {
            let found = past.starts_with("e", start, way).unwrap()?;
            Some((found.entry.into_owned(), found.idx))
        };
        assert_eq!(at(2, SearchDirection::Reverse), Some(("events".to_owned(), 1)));
        assert_eq!(at(0, SearchDirection::Reverse), None);
        assert_eq!(at(2, SearchDirection::Forward), Some(("e".to_owned(), 3)));
    }
}
