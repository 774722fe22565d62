//! What 40,000 live sessions in 20,000 calls take.
//!
//! `cargo bench --bench memory`. Folds recorded call lives (`transcripts/call_toneplay`) up to
//! where both legs are answered and play, and prints the growth of the resident set (Linux).
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::expect_used, reason = "a failed bench may panic")]

#[path = "common/lives.rs"]
mod lives;

use bytes::BytesMut;
use lives::Lives;
use switchy::model::{Event, Phase};
use switchy::track::Tracker;
use switchy::wire::{Decoder, Frame};

fn main() {
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let calls = if is_bench { 20_000 } else { 100 };
    let mut lives = Lives::load();
    let before = resident();
    let mut tracker = Tracker::new();
    let (mut decoder, mut buf) = (Decoder::new(), BytesMut::new());
    let mut seen = 0;
    for _call in 0..calls {
        buf.extend_from_slice(lives.next_life());
        let mut is_up = true;
        while let Some(frame) = decoder.decode(&mut buf).expect("recorded frames") {
            let Frame::Event(data) = frame else { continue };
            let event = Event::new(data);
            seen += 1;
            is_up = is_up && event.name() != "CHANNEL_HANGUP";
            if is_up {
                tracker.apply(&event);
            }
        }
    }
    assert_eq!(seen, calls * lives.events_per_life());
    let grown = resident().saturating_sub(before);
    let answered = tracker.sessions().filter(|leg| leg.phase == Phase::Answered).count();
    assert_eq!((tracker.call_count(), answered), (calls, 2 * calls));
    println!(
        "{} sessions in {} calls ({} events a call): {} MB, {} bytes a session",
        tracker.sessions().len(),
        tracker.call_count(),
        lives.events_per_life(),
        grown >> 20,
        grown / tracker.sessions().len().max(1)
    );
}

/// The resident set of this process, in bytes; 0 where /proc does not tell.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|text| text.parse().ok());
    pages.unwrap_or(0_usize) * 4096
}
