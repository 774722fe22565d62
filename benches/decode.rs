//! Decoding and tracking recorded frames, beside a floor that only reads and discards.
//!
//! `cargo bench --bench decode`. All three get the same bytes in reads of 64 KiB.
#![expect(clippy::expect_used, reason = "a failed bench may panic")]

#[path = "common/lives.rs"]
mod lives;

use bytes::BytesMut;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use lives::Lives;
use switchy::model::Event;
use switchy::track::Tracker;
use switchy::wire::{Decoder, Frame};

fn main() {
    divan::main();
}

const LIVES: usize = 20;
const READ: usize = 64 << 10;

/// The bytes of some whole calls, and how many events they are.
fn stream() -> (Vec<u8>, usize) {
    let mut lives = Lives::load();
    let bytes = (0..LIVES).flat_map(|_life| lives.next_life().to_vec()).collect();
    (bytes, LIVES * lives.events_per_life())
}

fn run(bencher: Bencher<'_, '_>, mut work: impl FnMut(&[u8]) -> usize) {
    let (bytes, events) = stream();
    bencher
        .counter(BytesCount::new(bytes.len()))
        .counter(ItemsCount::new(events))
        .bench_local(|| work(divan::black_box(&bytes)));
}

#[divan::bench]
fn a_read_and_discard(bencher: Bencher<'_, '_>) {
    let mut buf = BytesMut::new();
    run(bencher, move |bytes| {
        bytes
            .chunks(READ)
            .map(|chunk| {
                buf.clear();
                buf.extend_from_slice(chunk);
                buf.len()
            })
            .sum()
    });
}

fn decode(bytes: &[u8], buf: &mut BytesMut, mut each: impl FnMut(Frame)) -> usize {
    let mut decoder = Decoder::new();
    let mut count = 0;
    for chunk in bytes.chunks(READ) {
        buf.extend_from_slice(chunk);
        while let Some(frame) = decoder.decode(buf).expect("recorded frames") {
            each(frame);
            count += 1;
        }
    }
    count
}

#[divan::bench]
fn b_decode(bencher: Bencher<'_, '_>) {
    let mut buf = BytesMut::new();
    run(bencher, move |bytes| {
        decode(bytes, &mut buf, |frame| {
            divan::black_box(frame);
        })
    });
}

#[divan::bench]
fn c_decode_and_track(bencher: Bencher<'_, '_>) {
    let mut buf = BytesMut::new();
    run(bencher, move |bytes| {
        let mut tracker = Tracker::new();
        decode(bytes, &mut buf, |frame| {
            if let Frame::Event(data) = frame {
                divan::black_box(tracker.apply(&Event::new(data)));
            }
        })
    });
}
