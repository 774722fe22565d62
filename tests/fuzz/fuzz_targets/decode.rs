//! A stream gives the same frames, and the same kind of error, however it is cut.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use switchy::wire::{Decoder, Frame};

fn outcome(stream: &[u8], step: usize) -> (Vec<Frame>, bool) {
    let (mut decoder, mut buf, mut frames) = (Decoder::new(), BytesMut::new(), Vec::new());
    for piece in stream.chunks(step) {
        buf.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buf) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    (frames, false)
}

fuzz_target!(|data: (u8, &[u8])| {
    let (step, stream) = data;
    assert_eq!(outcome(stream, usize::from(step).max(1)), outcome(stream, stream.len().max(1)));
});
