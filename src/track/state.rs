//! What runs now, in a form that another tracker takes in: for recordings.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use super::tracker::Tracker;
use crate::model::SessionInfo;

/// A leg of a running call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Leg {
    /// As it is now, or was last.
    #[serde(flatten)]
    pub session: SessionInfo,
    /// Whether its call is ours.
    #[serde(default)]
    pub is_own: bool,
    /// Whether it is gone, while others of its call live.
    #[serde(default)]
    pub is_gone: bool,
    /// Whether no event has shown yet which call it belongs to.
    #[serde(default)]
    pub is_provisional: bool,
}

impl Tracker {
    /// The legs of the running calls, in the order of their first events.
    #[must_use]
    pub fn state(&self) -> Vec<Leg> {
        let mut state = Vec::new();
        for (id, legs) in self.order.values().filter_map(|id| self.calls.get_key_value(id)) {
            let is_own = self.is_own_call(id);
            let alive = legs.alive.iter().filter_map(|leg| self.sessions.get(leg.as_str()));
            let alive = alive.map(|entry| {
                let (session, is_provisional) = (entry.session.clone(), entry.is_provisional);
                (entry.order, Leg { session, is_own, is_gone: false, is_provisional })
            });
            let gone = legs.gone.iter().map(|(order, session)| {
                let session = session.clone();
                (*order, Leg { session, is_own, is_gone: true, is_provisional: false })
            });
            let mut legs: Vec<_> = alive.chain(gone).collect();
            legs.sort_by_key(|(order, _)| *order);
            state.extend(legs.into_iter().map(|(_, leg)| leg));
        }
        state
    }

    /// Takes in what ran elsewhere at a time, in microseconds since 1970: from here on these legs
    /// are there, and no others.
    pub fn restore(&mut self, legs: Vec<Leg>, now: u64) {
        let there: HashSet<&str, RandomState> =
            legs.iter().filter(|leg| !leg.is_gone).map(|leg| leg.session.id.as_str()).collect();
        let is_over = |id: &str| !there.contains(id);
        let over: Vec<_> =
            self.sessions.keys().filter(|id| is_over(id.as_str())).cloned().collect();
        for id in over {
            self.end_unseen(&id);
        }
        let mut gone = Vec::new();
        for leg in legs {
            let Leg { session, is_own, is_gone, is_provisional } = leg;
            if is_own && !self.is_own_call(&session.call) {
                self.expect_session(session.call.cast());
            }
            if let Some(entry) = self.sessions.get_mut(session.id.as_str()) {
                if entry.session.call == session.call {
                    entry.session = session;
                }
            } else if !self.tombstones.contains(session.id.as_str()) {
                if is_gone {
                    gone.push(session.id.clone());
                }
                self.add_session(session, is_provisional);
            }
        }
        for id in gone {
            self.remove_session(id.as_str());
        }
        self.latest = self.latest.max(now);
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Event, Id};
    use crate::track::tracker::Tracker;
    use crate::wire::{EventData, Format};

    fn event(name: &str, uuid: &str, call: &str) -> Event {
        let text = format!(
            "Event-Name: {name}\nUnique-ID: {uuid}\nChannel-Call-UUID: {call}\nAnswer-State: early\n\
             Event-Date-Timestamp: 5000000\nvariable_x: y\n\n"
        );
        Event::new(EventData::new(Format::Plain, text.into()))
    }

    #[limited::test]
    fn another_tracker_goes_on_where_this_one_is() {
        let (mut lived, mut again) = (Tracker::new(), Tracker::new());
        lived.expect_session(Id::new("a"));
        for (name, uuid, call) in [
            ("CHANNEL_CREATE", "a", "a"),
            ("CHANNEL_CREATE", "b", "a"),
            ("CHANNEL_CREATE", "c", "a"),
            ("CHANNEL_DESTROY", "b", "a"),
            ("CHANNEL_CREATE", "other", "other"),
        ] {
            lived.apply(&event(name, uuid, call));
        }
        let text = serde_json::to_string(&lived.state()).unwrap();
        // What ran here before is over.
        again.apply(&event("CHANNEL_CREATE", "old", "old"));
        again.restore(serde_json::from_str(&text).unwrap(), lived.latest());
        assert_eq!(again.state(), lived.state());
        assert_eq!(again.ended().map(|call| call.id.as_str()).collect::<Vec<_>>(), ["old"]);
        assert!(again.is_own_call(&Id::new("a")) && !again.is_own_call(&Id::new("other")));
        for tracker in [&mut lived, &mut again] {
            tracker.apply(&event("CHANNEL_DESTROY", "c", "a"));
            tracker.apply(&event("CHANNEL_DESTROY", "a", "a"));
        }
        assert_eq!(again.ended().next_back(), lived.ended().next_back());
        // Twice is as once.
        let state = lived.state();
        again.restore(state.clone(), 0);
        assert_eq!(again.state(), state);
    }
}
