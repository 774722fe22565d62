//! What a client sends gives the same requests however it is cut.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use switchy::wire::{Request, RequestDecoder};

fn outcome(stream: &[u8], step: usize) -> (Vec<Request>, bool) {
    let (mut decoder, mut buf, mut found) =
        (RequestDecoder::new(), BytesMut::new(), Vec::new());
    for piece in stream.chunks(step) {
        buf.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buf) {
                Ok(Some(request)) => found.push(request),
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
    }
    (found, false)
}

fuzz_target!(|data: (u8, &[u8])| {
    let (step, stream) = data;
    assert_eq!(outcome(stream, usize::from(step).max(1)), outcome(stream, stream.len().max(1)));
});
