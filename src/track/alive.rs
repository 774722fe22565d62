//! The living legs of a call, in the order in which they joined it.
//!
//! # Invariants
//! A leg that leaves costs no more in a call of 100,000 legs than in one of two: places stay empty
//! until half of them are, the ends never are.

use std::collections::VecDeque;

use crate::model::{Id, SessionInfo};

/// Legs by their place, which grows.
#[derive(Debug, Default)]
pub(super) struct Alive {
    legs: VecDeque<(u64, Option<Id<SessionInfo>>)>,
    count: usize,
}

impl Alive {
    /// Adds a leg at a place behind all others.
    pub(super) fn push(&mut self, place: u64, leg: Id<SessionInfo>) {
        self.legs.push_back((place, Some(leg)));
        self.count += 1;
    }

    /// Takes a leg out, of which the place is known or not. Says whether it was in.
    pub(super) fn remove(&mut self, place: Option<u64>, leg: &Id<SessionInfo>) -> bool {
        let Some(slot) = self.slot(place, leg) else { return false };
        *slot = None;
        self.count -= 1;
        while self.legs.front().is_some_and(|(_, leg)| leg.is_none()) {
            self.legs.pop_front();
        }
        while self.legs.back().is_some_and(|(_, leg)| leg.is_none()) {
            self.legs.pop_back();
        }
        if self.legs.len() > 2 * self.count.max(8) {
            self.legs.retain(|(_, leg)| leg.is_some());
        }
        true
    }

    /// Gives a leg another id.
    pub(super) fn rename(
        &mut self,
        place: Option<u64>,
        old: &Id<SessionInfo>,
        new: Id<SessionInfo>,
    ) {
        if let Some(slot) = self.slot(place, old) {
            *slot = Some(new);
        }
    }

    fn slot(
        &mut self,
        place: Option<u64>,
        leg: &Id<SessionInfo>,
    ) -> Option<&mut Option<Id<SessionInfo>>> {
        let known = place.and_then(|place| self.legs.binary_search_by_key(&place, |it| it.0).ok());
        let is_it = |at: &usize| self.legs.get(*at).is_some_and(|it| it.1.as_ref() == Some(leg));
        let at = known.filter(is_it);
        let at = at.or_else(|| self.legs.iter().position(|it| it.1.as_ref() == Some(leg)))?;
        self.legs.get_mut(at).map(|it| &mut it.1)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Id<SessionInfo>> {
        self.legs.iter().filter_map(|(_, leg)| leg.as_ref())
    }

    /// From both ends inwards: legs mostly end in the order in which they came, or the other way
    /// round, and one that has not is found at once either way.
    pub(super) fn inwards(&self) -> impl Iterator<Item = &Id<SessionInfo>> {
        let half = self.legs.len().div_ceil(2);
        let ends = self.legs.iter().zip(self.legs.iter().rev()).take(half);
        ends.flat_map(|(one, other)| [one, other]).filter_map(|(_, leg)| leg.as_ref())
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The leg that has no other beside it.
    pub(super) fn only(&self) -> Option<&Id<SessionInfo>> {
        self.iter().next().filter(|_| self.count == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn legs_keep_their_order_however_others_leave() {
        for step in [1, 7, 37] {
            let mut alive = Alive::default();
            let mut left: Vec<u64> = (0..100).collect();
            for n in &left {
                alive.push(n * 3, Id::new(&n.to_string()));
            }
            let mut at = 0;
            while !left.is_empty() {
                at = (at + step) % left.len();
                let n = left.remove(at);
                let place = if n.is_multiple_of(5) { None } else { Some(n * 3) };
                assert!(alive.remove(place, &Id::new(&n.to_string())));
                assert!(!alive.remove(place, &Id::new(&n.to_string())));
                let ids: Vec<String> = alive.iter().map(ToString::to_string).collect();
                assert_eq!(ids, left.iter().map(ToString::to_string).collect::<Vec<_>>());
                let mut inwards: Vec<u64> =
                    alive.inwards().map(|id| id.as_str().parse().unwrap()).collect();
                inwards.sort_unstable();
                inwards.dedup();
                assert_eq!(inwards, left);
                assert_eq!((alive.len(), alive.only().is_some()), (left.len(), left.len() == 1));
            }
            assert!(alive.is_empty());
        }
    }
}
