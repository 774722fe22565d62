//! No sequence of events makes the tracker panic or lose count of its calls.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use switchy::model::Event;
use switchy::track::Tracker;
use switchy::wire::{EventData, Format};

const NAMES: [&str; 12] = [
    "CHANNEL_CREATE",
    "CHANNEL_ANSWER",
    "CHANNEL_STATE",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_EXECUTE",
    "CHANNEL_PARK",
    "CHANNEL_UUID",
    "CHANNEL_HOLD",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_DESTROY",
];

fuzz_target!(|steps: Vec<(u8, u8, u8, bool)>| {
    let mut tracker = Tracker::new();
    for (name, leg, other, has_variables) in steps {
        let name = NAMES[usize::from(name) % NAMES.len()];
        let (leg, other) = (leg % 8, other % 8);
        let variables = if has_variables { "variable_x: y\n" } else { "" };
        let text = format!(
            "Event-Name: {name}\nUnique-ID: {leg}\nOld-Unique-ID: {other}\n\
             Channel-Call-UUID: {other}\nOther-Leg-Unique-ID: {other}\n\
             Bridge-A-Unique-ID: {leg}\nBridge-B-Unique-ID: {other}\n{variables}\n"
        );
        tracker.apply(&Event::new(EventData::new(Format::Plain, Bytes::from(text))));
        let legs: usize = tracker.calls().map(|call| call.sessions.len()).sum();
        assert_eq!(legs, tracker.sessions().len());
        assert_eq!(tracker.calls().count(), tracker.call_count());
    }
});
