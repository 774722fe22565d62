//! The latest lines, in a ring of bytes.
//!
//! # Invariants
//! Never more than [`ROOM`] bytes, whatever the lines are.

use std::collections::VecDeque;

/// What `events last` and `log last` show again.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// Each line: one byte that says what it is of, its text, a line feed.
    bytes: VecDeque<u8>,
}

/// What a line is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Source {
    /// Calls, jobs, events, the connection.
    Events,
    /// The server's log.
    Log,
}

impl Source {
    fn mark(self) -> u8 {
        match self {
            Self::Events => b'E',
            Self::Log => b'L',
        }
    }
}

impl Recent {
    /// Keeps the rows of a text, each as a line.
    pub(super) fn push(&mut self, source: Source, text: &str) {
        let mark = source.mark();
        for row in text.split('\n') {
            let row = row.get(..row.floor_char_boundary(LONGEST)).unwrap_or(row);
            while self.bytes.len() + row.len() + 2 > ROOM {
                self.drop_oldest();
            }
            self.bytes.push_back(mark);
            self.bytes.extend(row.as_bytes());
            self.bytes.push_back(b'\n');
        }
    }

    /// The latest lines of a source, oldest first.
    pub(super) fn last(&self, count: usize, source: Source) -> Vec<String> {
        let mut lines = Vec::new();
        let (older, newer) = self.bytes.as_slices();
        // A line may lie across the end of the ring.
        let (head, tail) = match newer.iter().position(|byte| *byte == b'\n') {
            Some(at) => newer.split_at(at + 1),
            None => (newer, &[][..]),
        };
        let start = older.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (older, across) = older.split_at(start);
        let across = [across, head].concat();
        let rows = [older, &across, tail];
        for row in rows.iter().rev().flat_map(|part| {
            part.strip_suffix(b"\n").into_iter().flat_map(|part| part.rsplit(|byte| *byte == b'\n'))
        }) {
            if lines.len() >= count {
                break;
            }
            let Some((mark, text)) = row.split_first() else { continue };
            if *mark == source.mark() {
                lines.push(String::from_utf8_lossy(text).into_owned());
            }
        }
        lines.reverse();
        lines
    }

    fn drop_oldest(&mut self) {
        let end = self.bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = if end == 0 { self.bytes.len() } else { end };
        drop(self.bytes.drain(..end));
    }
}

/// Bytes: some 100,000 lines of a log, and 20,000 of 800 bytes each.
const ROOM: usize = 16 << 20;
/// Bytes of one line.
const LONGEST: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn the_latest_lines_are_kept_in_order() {
        let mut recent = Recent::default();
        recent.push(Source::Events, "one");
        recent.push(Source::Log, "two\n  of the log\n");
        recent.push(Source::Events, "três ☎");
        assert_eq!(recent.last(2, Source::Log), ["  of the log", ""]);
        assert_eq!(recent.last(9, Source::Log), ["two", "  of the log", ""]);
        assert_eq!(recent.last(9, Source::Events), ["one", "três ☎"]);
        assert!(recent.last(0, Source::Log).is_empty());
        assert!(Recent::default().last(9, Source::Log).is_empty());
    }

    #[limited::test]
    fn memory_is_bounded_and_reaches_far_back() {
        for (wide, least) in [(10, 100_000), (150, 100_000), (800, 20_000), (LONGEST * 2, 60)] {
            let mut recent = Recent::default();
            let count = (ROOM * 2 / wide).clamp(200, 250_000);
            for n in 0..count {
                recent.push(Source::Log, &format!("{n:08}{}", "x".repeat(wide - 8)));
                assert!(recent.bytes.len() <= ROOM && recent.bytes.capacity() <= 2 * ROOM);
            }
            let kept = recent.last(usize::MAX, Source::Log);
            assert!(kept.len() >= least.min(count), "{wide}: {}", kept.len());
            let numbers: Vec<usize> =
                kept.iter().map(|line| line.get(..8).unwrap().parse().unwrap()).collect();
            let expected: Vec<usize> = (count - kept.len()..count).collect();
            assert!(numbers == expected, "{wide}: none is missing at the seam");
            assert_eq!(recent.last(7, Source::Log), kept[kept.len() - 7..]);
        }
    }
}
