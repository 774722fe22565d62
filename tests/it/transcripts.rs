//! Bytes recorded from a real FreeSWITCH, replayed into the decoder.

use std::path::{Path, PathBuf};

use bytes::BytesMut;
use serde_json::Value;
use switchy::wire::{Decoder, Format, Frame};

/// Every recording, by path.
pub(crate) fn all() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "jsonl"))
        .collect();
    found.sort();
    found
}

/// What the server sent, chunk by chunk as it was received.
pub(crate) fn server_chunks(path: &Path) -> Vec<Vec<u8>> {
    lines(path).filter(|(from, _)| from == "server").map(|(_, data)| data).collect()
}

fn lines(path: &Path) -> impl Iterator<Item = (String, Vec<u8>)> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.into_iter().map(|line| {
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap().to_owned();
        let byte = |letter| u8::try_from(u32::from(letter)).unwrap();
        (text("from"), text("data").chars().map(byte).collect())
    })
}

/// Decodes a stream that arrives in these chunks; nothing may be left over.
pub(crate) fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
    let (mut decoder, mut buf, mut frames) = (Decoder::new(), BytesMut::new(), Vec::new());
    for chunk in chunks {
        buf.extend_from_slice(chunk);
        while let Some(frame) = decoder.decode(&mut buf).unwrap() {
            frames.push(frame);
        }
    }
    assert!(!decoder.is_mid_frame(&buf), "left over: {buf:?}");
    frames
}

#[limited::test]
fn every_recording_decodes_the_same_however_it_is_cut() {
    let recordings = all();
    assert!(recordings.len() >= 20, "the recordings are gone");
    for path in recordings {
        let chunks = server_chunks(&path);
        let stream = chunks.concat();
        let whole = decode([&stream[..]]);
        assert!(whole.len() > 2, "{path:?}");
        assert_eq!(decode(chunks.iter().map(Vec::as_slice)), whole, "{path:?} as received");
        assert_eq!(decode(stream.chunks(1)), whole, "{path:?} byte by byte");
        let mut random = fastrand::Rng::with_seed(7);
        for _round in 0..5 {
            let (mut rest, mut cut) = (&stream[..], Vec::new());
            while !rest.is_empty() {
                let (head, tail) = rest.split_at(random.usize(1..=rest.len().min(5000)));
                cut.push(head);
                rest = tail;
            }
            assert_eq!(decode(cut), whole, "{path:?} at random places");
        }
    }
}

#[limited::test]
fn every_recorded_event_has_a_name_and_unspoiled_values() {
    let mut events = 0;
    for path in all() {
        let stream = server_chunks(&path).concat();
        for frame in decode([&stream[..]]) {
            let Frame::Event(event) = frame else { continue };
            events += 1;
            assert!(event.get("Event-Name").is_some(), "{path:?}: {event:?}");
            assert!(event.get("Core-UUID").is_some_and(|id| id.len() == 36), "{path:?}");
            assert!(event.get("Event-Sequence").is_some_and(|n| n.parse::<u64>().is_ok()));
            if event.format() == Format::Json {
                check_against_serde(&event);
            }
        }
    }
    assert!(events > 500, "only {events} events");
}

/// Where serde_json can read the object at all, both readers agree on every value.
fn check_against_serde(event: &switchy::wire::EventData) {
    let Ok(Value::Object(object)) = serde_json::from_slice(event.bytes()) else { return };
    for (name, value) in object {
        if let Value::String(value) = value {
            assert_eq!(event.get(&name).unwrap(), value, "{name}");
        }
    }
}
