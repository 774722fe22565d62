//! Waits for the events of single sessions.
//!
//! Who waits is found by session, so that an event costs the same however many wait for others.

use std::collections::HashMap;
use std::sync::Arc;

use super::intake::Shared;
use super::subscribers;
use super::subscribers::{Feed, Updates};
use crate::model::Event;

/// Who waits for which session: by the header that names the session, then by its uuid.
#[derive(Default)]
pub(super) struct Waiters(HashMap<&'static str, HashMap<Box<str>, Vec<Waiter>>>);

/// The listener's end of one wait.
struct Waiter {
    kinds: Arc<[String]>,
    feed: Feed<Event>,
}

/// The events of some kinds of a few sessions, through a bounded channel.
pub(crate) struct SessionEvents {
    shared: Arc<Shared>,
    kinds: Arc<[String]>,
    feed: Feed<Event>,
    watch: Updates<Event>,
    /// Where it stands among the waiters.
    places: Vec<(&'static str, Box<str>)>,
}

impl Waiters {
    /// Hands an event to the waits for it, and to no other.
    pub(super) fn notify(&self, event: &Event) {
        for (key, sessions) in &self.0 {
            if sessions.is_empty() {
                continue;
            }
            let waiters = event.get(key).and_then(|id| sessions.get(&*id));
            let Some(waiters) = waiters else { continue };
            let kind = event.kind();
            for waiter in waiters.iter().filter(|it| it.kinds.iter().any(|it| *it == kind)) {
                waiter.feed.offer(|| event.detached());
            }
        }
    }

    fn add(&mut self, key: &'static str, id: &str, waiter: Waiter) {
        self.0.entry(key).or_default().entry(id.into()).or_default().push(waiter);
    }

    /// Lets go of those who wait no more.
    fn sweep(&mut self, key: &str, id: &str) {
        let Some(sessions) = self.0.get_mut(key) else { return };
        let Some(waiters) = sessions.get_mut(id) else { return };
        waiters.retain(|waiter| waiter.feed.is_open());
        if waiters.is_empty() {
            sessions.remove(id);
        }
    }

    #[cfg(test)]
    fn sessions(&self) -> usize {
        self.0.values().map(HashMap::len).sum()
    }
}

impl SessionEvents {
    pub(super) fn new(shared: &Arc<Shared>, kinds: &[&str]) -> Self {
        let (feed, watch) = subscribers::feed(shared);
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        Self { shared: Arc::clone(shared), kinds, feed, watch, places: Vec::new() }
    }

    /// Takes the events that name this session in this header, from now on.
    pub(crate) fn add(&mut self, key: &'static str, id: &str) {
        if self.places.iter().any(|(known, other)| *known == key && **other == *id) {
            return;
        }
        self.places.push((key, id.into()));
        let waiter = Waiter { kinds: Arc::clone(&self.kinds), feed: self.feed.clone() };
        self.shared.waiters().add(key, id, waiter);
    }

    /// Waits for the next of them. Safe to cancel. Watch for the end of the connection beside it.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        self.watch.receiver.recv().await
    }
}

impl Drop for SessionEvents {
    fn drop(&mut self) {
        self.watch.receiver.close();
        let mut waiters = self.shared.waiters();
        for (key, id) in &self.places {
            waiters.sweep(key, id);
        }
    }
}

impl std::fmt::Debug for SessionEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionEvents")
            .field("kinds", &self.kinds)
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::Tracker;
    use crate::wire::{EventData, Format};

    fn event(headers: &[(&str, &str)]) -> Event {
        let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
        let text = headers.collect::<String>() + "\n";
        Event::new(EventData::new(Format::Plain, text.into_bytes().into()))
    }

    #[limited::test]
    fn an_event_reaches_only_those_who_wait_for_its_session() {
        let shared = Arc::new(Shared::new(Tracker::new()));
        let mut waits: Vec<SessionEvents> = (0..300)
            .map(|number| {
                let mut wait = SessionEvents::new(&shared, &["DTMF", "mod_x::y"]);
                wait.add("Unique-ID", &format!("leg-{number}"));
                wait
            })
            .collect();
        waits[7].add("Unique-ID", "leg-8");
        waits[9].add("Task-Group", "leg-9");
        waits[9].add("Task-Group", "leg-9");
        for (headers, expected) in [
            (&[("Event-Name", "DTMF"), ("Unique-ID", "leg-5")][..], &[5][..]),
            (&[("Event-Name", "DTMF"), ("Unique-ID", "leg-8")], &[7, 8]),
            (&[("Event-Name", "CHANNEL_PARK"), ("Unique-ID", "leg-5")], &[]),
            (&[("Event-Name", "DTMF"), ("Unique-ID", "leg-300")], &[]),
            (&[("Event-Name", "DTMF")], &[]),
            (&[("Event-Name", "DTMF"), ("Task-Group", "leg-9")], &[9]),
            (&[("Event-Name", "DTMF"), ("Task-Group", "leg-5")], &[]),
            (
                &[
                    ("Event-Name", "CUSTOM"),
                    ("Event-Subclass", "mod_x%3A%3Ay"),
                    ("Unique-ID", "leg-1"),
                ],
                &[1],
            ),
        ] {
            shared.waiters().notify(&event(headers));
            let heard: Vec<usize> = waits
                .iter_mut()
                .enumerate()
                .flat_map(|(number, wait)| {
                    std::iter::from_fn(|| wait.watch.receiver.try_recv().ok().map(|_| number))
                        .collect::<Vec<_>>()
                })
                .collect();
            assert_eq!(heard, expected, "{headers:?}");
        }
    }

    #[limited::test]
    fn a_wait_that_is_over_leaves_nothing_and_the_others_go_on() {
        let shared = Arc::new(Shared::new(Tracker::new()));
        let mut kept = SessionEvents::new(&shared, &["DTMF"]);
        kept.add("Unique-ID", "leg-0");
        for number in 0..1000 {
            let mut wait = SessionEvents::new(&shared, &["DTMF"]);
            wait.add("Unique-ID", &format!("leg-{}", number % 10));
            wait.add("Task-Group", "leg-0");
        }
        assert_eq!(shared.waiters().sessions(), 1);
        shared.waiters().notify(&event(&[("Event-Name", "DTMF"), ("Unique-ID", "leg-0")]));
        assert_eq!(kept.watch.receiver.try_recv().unwrap().name(), "DTMF");
        drop(kept);
        assert_eq!(shared.waiters().sessions(), 0);
    }
}
