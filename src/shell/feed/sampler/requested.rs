//! Lines that the operator asked for one by one: whole and in order while the terminal keeps up.
//!
//! # Invariants
//! Bounded in bytes. Every line that is pushed is taken, or counted as skipped.

use std::collections::VecDeque;
use std::time::Duration;

use super::tally::Tally;
use super::{Entry, Priority};

/// What waits, and how much of it the terminal takes in one frame.
#[derive(Debug)]
pub(super) struct Requested {
    queue: VecDeque<Entry>,
    bytes: usize,
    /// Bytes in one frame; learnt from how long frames take.
    pace: usize,
    is_full_frame: bool,
    skipped: Tally,
}

impl Default for Requested {
    fn default() -> Self {
        let (queue, skipped) = (VecDeque::new(), Tally::default());
        Self { queue, bytes: 0, pace: START, is_full_frame: false, skipped }
    }
}

impl Requested {
    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes += entry.size();
        self.queue.push_back(entry);
        // What waits longer than this is old by the time it is read.
        if self.bytes > self.pace * FRAMES {
            self.skip();
        }
    }

    /// Counts the routine lines that wait. Failures stay, the latest of them if they are many.
    pub(super) fn skip(&mut self) {
        let Self { queue, bytes, skipped, pace, .. } = self;
        queue.retain(|entry| {
            let is_kept = entry.priority <= Priority::Alert;
            if !is_kept {
                *bytes -= entry.size();
                skipped.add_all(&entry.kinds);
            }
            is_kept
        });
        // Half, so that a flood of failures does not come here with each line.
        while *bytes > *pace * FRAMES / 2
            && let Some(entry) = queue.pop_front()
        {
            *bytes -= entry.size();
            skipped.add_all(&entry.kinds);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.skipped.is_empty()
    }

    /// The count of what was skipped, which stands before the lines of the next frame.
    pub(super) fn take_skipped(&mut self) -> Tally {
        std::mem::take(&mut self.skipped)
    }

    /// The lines of one frame, oldest first.
    pub(super) fn take(&mut self) -> Vec<Entry> {
        let mut left = self.pace;
        let mut taken = Vec::new();
        while let Some(entry) = self.queue.front()
            && (taken.is_empty() || entry.size() <= left)
        {
            left = left.saturating_sub(entry.size());
            self.bytes -= entry.size();
            taken.extend(self.queue.pop_front());
        }
        self.is_full_frame = !self.queue.is_empty();
        taken
    }

    /// Learns how long the terminal took for the last frame.
    pub(super) fn printed_in(&mut self, took: Duration) {
        if took > super::SLOW {
            self.pace = (self.pace / 2).max(LEAST);
        } else if self.is_full_frame && took < QUICK {
            self.pace = (self.pace * 2).min(MOST);
        }
    }
}

/// Bytes of a frame at first: some hundred lines of a log.
const START: usize = 16 << 10;
/// A terminal that is slower than this shows next to nothing.
const LEAST: usize = 2 << 10;
/// More than this in one frame holds up the keys.
const MOST: usize = 64 << 10;
/// As many frames may wait: some seconds. The first of them hold the log of several calls.
const FRAMES: usize = 48;
/// A quicker frame than this could have been longer.
const QUICK: Duration = Duration::from_millis(60);
