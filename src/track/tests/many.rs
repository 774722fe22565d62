//! One call of very many legs: no event of it costs more than one of another call.

use std::time::{Duration, Instant};

use super::*;

const LEGS: usize = 40_000;

fn event(name: &str, leg: usize, more: &str) -> Event {
    let text = format!(
        "Event-Name: {name}\nUnique-ID: leg-{leg}\nChannel-Call-UUID: lead\nvariable_x: y\n\
         Event-Date-Timestamp: 5000000\n{more}\n"
    );
    Event::new(EventData::new(Format::Plain, text.into()))
}

/// What a listener asks of each event.
fn ask(tracker: &Tracker, leg: usize) -> bool {
    let (call, leg) = (Id::new("lead"), Id::new(&format!("leg-{leg}")));
    let _asked = (tracker.leg(&call, &leg), tracker.peer(&call, &leg));
    let _alive = tracker.has_living_leg(&call);
    tracker.ending_call(&call).is_some()
}

fn lived(orders: &[Vec<usize>]) {
    let start = Instant::now();
    let mut tracker = Tracker::new();
    for leg in 0..LEGS {
        tracker.apply(&event("CHANNEL_CREATE", leg, "Answer-State: early\n"));
        ask(&tracker, leg);
    }
    assert_eq!((tracker.call_count(), tracker.sessions().len()), (1, LEGS));
    let names = ["CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"];
    let mut endings = 0;
    for (at, order) in orders.iter().enumerate() {
        for leg in order {
            // In one order: both events of a leg together.
            let names = if orders.len() == 1 { &names[..] } else { &names[at..=at] };
            for name in names {
                tracker.apply(&event(name, *leg, "Answer-State: hangup\n"));
                if *name == names[0] && at == 0 {
                    endings += usize::from(ask(&tracker, *leg));
                }
            }
        }
    }
    assert_eq!((endings, tracker.call_count(), tracker.ended().len()), (1, 0, 1));
    // Looked through at each event, it would take many minutes.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[limited::test]
fn legs_of_one_call_end_in_any_order() {
    let forth: Vec<usize> = (0..LEGS).collect();
    let back: Vec<usize> = (0..LEGS).rev().collect();
    let mixed: Vec<usize> = (0..LEGS).map(|n| n * 7919 % LEGS).collect();
    lived(std::slice::from_ref(&mixed));
    lived(&[forth, back]);
}

#[limited::test]
fn a_chain_of_legs_is_walked_once() {
    let mut tracker = Tracker::new();
    for leg in 0..LEGS {
        let other = format!("Other-Leg-Unique-ID: leg-{}\n", leg + 1);
        tracker.apply(&event("CHANNEL_CREATE", leg, &other));
    }
    for leg in (0..LEGS).step_by(2) {
        let more = format!("Bridge-A-Unique-ID: leg-{leg}\nBridge-B-Unique-ID: leg-{}\n", leg + 1);
        tracker.apply(&event("CHANNEL_BRIDGE", leg, &more));
    }
    let start = Instant::now();
    let more = "Bridge-A-Unique-ID: leg-0\nBridge-B-Unique-ID: leg-1\n";
    tracker.apply(&event("CHANNEL_UNBRIDGE", 0, more));
    tracker.apply(&event("CHANNEL_EXECUTE", 0, "Application: park\n"));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
