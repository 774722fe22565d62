//! A recorded call life whose uuids are fresh each time.

use std::collections::BTreeSet;
use std::path::Path;

/// The frames of one recorded call, and where uuids stand in them.
#[derive(Debug)]
pub(crate) struct Lives {
    bytes: Vec<u8>,
    events: usize,
    /// Where each of the call's uuids stands, by uuid.
    places: Vec<Vec<usize>>,
    count: u64,
}

impl Lives {
    /// Reads `transcripts/call_toneplay`: a call of two legs, 52 events.
    pub(crate) fn load() -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/call_toneplay.jsonl");
        let text = std::fs::read_to_string(path).expect("the recording");
        let mut stream = Vec::new();
        for line in text.lines() {
            let chunk: serde_json::Value = serde_json::from_str(line).expect("a chunk");
            if chunk.get("from").is_some_and(|from| from == "server") {
                let data = chunk.get("data").and_then(|data| data.as_str()).expect("data");
                stream.extend(
                    data.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')),
                );
            }
        }
        let mut lives = Self { bytes: Vec::new(), events: 0, places: Vec::new(), count: 0 };
        lives.keep_channel_events(&stream);
        lives.find_uuids();
        lives
    }

    pub(crate) fn events_per_life(&self) -> usize {
        self.events
    }

    /// The bytes of the next life.
    pub(crate) fn next_life(&mut self) -> &[u8] {
        self.count += 1;
        for (leg, places) in self.places.iter().enumerate() {
            let uuid = format!("{:08x}-0000-4000-8000-{leg:012x}", self.count);
            for &at in places {
                if let Some(place) = self.bytes.get_mut(at..at + 36) {
                    place.copy_from_slice(uuid.as_bytes());
                }
            }
        }
        &self.bytes
    }

    fn keep_channel_events(&mut self, stream: &[u8]) {
        let mut rest = stream;
        while let Some(end) = memchr::memmem::find(rest, b"\n\n") {
            let (headers, _) = rest.split_at(end);
            let headers = String::from_utf8_lossy(headers).into_owned();
            let length = headers.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let whole = end + 2 + length.map_or(0, |text| text.parse().unwrap_or(0));
            let (frame, tail) = rest.split_at(whole.min(rest.len()));
            if headers.contains("text/event-plain")
                && memchr::memmem::find(frame, b"\nUnique-ID: ").is_some()
            {
                self.bytes.extend_from_slice(frame);
                self.events += 1;
            }
            rest = tail;
        }
    }

    fn find_uuids(&mut self) {
        let name = b"\nUnique-ID: ";
        let starts: Vec<usize> = memchr::memmem::find_iter(&self.bytes, name).collect();
        let uuids: BTreeSet<Vec<u8>> = starts
            .iter()
            .filter_map(|at| self.bytes.get(at + name.len()..at + name.len() + 36))
            .map(<[u8]>::to_vec)
            .collect();
        let places = |uuid: &Vec<u8>| memchr::memmem::find_iter(&self.bytes, uuid).collect();
        self.places = uuids.iter().map(places).collect();
    }
}
