//! Calls that become one, and legs that become calls of their own, as they do on the switch.
//!
//! What makes legs one call: a bridge, a SIP header or variable of ours, the two halves of a
//! loopback, and being dialled by another leg (until a bridge between the two ends while both
//! live). FreeSWITCH's own table does the same with its column `call_uuid`
//! (`core_event_handler` in `src/switch_core_sqldb.c`), so that `show channels` of that moment
//! gives the same calls.

use std::collections::HashSet;

use super::facts::Facts;
use super::tracker::{Entry, Map, Tracker};
use crate::model::{CallInfo, ChannelRow, Id, Join, Phase, SessionInfo};

impl Tracker {
    /// The two ends of a bridge are one call from here on.
    pub(super) fn join_bridge(&mut self, id: &str, facts: &Facts<'_>) {
        let Some((first, second)) = self.ends(id, facts) else { return };
        let now = self.totals.events;
        for (leg, peer) in [(&first, &second), (&second, &first)] {
            if let Some(entry) = self.sessions.get_mut(leg) {
                entry.bridged = now;
                entry.parted_from = entry.parted_from.take().filter(|from| from != peer);
            }
        }
        self.join_calls(&first, &second, facts.timestamp);
    }

    /// Makes one call of those of two legs, named after the older call.
    fn join_calls(&mut self, first: &Id<SessionInfo>, second: &Id<SessionInfo>, at: u64) {
        let (Some(one), Some(other)) =
            (self.session(first.as_str()), self.session(second.as_str()))
        else {
            return;
        };
        let (mut kept, mut joined) = (one.call.clone(), other.call.clone());
        if kept == joined {
            return;
        }
        let order = |call: &Id<CallInfo>| self.calls.get(call).map(|legs| legs.order);
        // The first half of a loopback is the one that was dialled, whichever is heard of first.
        let half = |leg: &SessionInfo| {
            let name = leg.channel_name.strip_prefix("loopback/")?;
            Some(name.rsplit_once('-')?.0.to_owned())
        };
        let are_halves = half(one).is_some() && half(one) == half(other);
        if !are_halves && order(&joined) < order(&kept) {
            std::mem::swap(&mut kept, &mut joined);
        }
        let how = self.how(first).or_else(|| self.how(second)).unwrap_or_else(|| "bridge".into());
        let is_own = self.is_own_call(&kept) || self.is_own_call(&joined);
        self.merge_calls(&joined, &kept);
        self.remember_name(&joined, &kept);
        if is_own {
            self.own.insert(kept.cast());
        }
        if let Some(legs) = self.calls.get_mut(&kept) {
            legs.joins.push(Join::new(at, how, joined));
        }
        self.note_awaited(&kept);
    }

    /// Keeps the former name of a call, which operators may have seen.
    fn remember_name(&mut self, old: &Id<CallInfo>, new: &Id<CallInfo>) {
        if self.former.len() >= self.limits.tombstones {
            self.former.clear();
        }
        self.former.insert(old.clone(), new.clone());
        self.former.remove(new);
    }

    /// The application that brought a leg into the bridge.
    fn how(&self, id: &Id<SessionInfo>) -> Option<Box<str>> {
        let entry = self.sessions.get(id)?;
        let name = &entry.session.application;
        let is_joining = |name: &str| JOINING.contains(&name);
        let before = entry.application_before.as_deref().filter(|name| is_joining(name));
        let now = Some(&**name).filter(|name| is_joining(name));
        // `uuid_bridge` is what the others do inside.
        before.or(now).map(Into::into)
    }

    /// A bridge ended while both sides live. They part when one of them begins something of its
    /// own; one that only hangs up (its partner was taken over) stays a leg of the call.
    pub(super) fn split_bridge(&mut self, id: &str, facts: &Facts<'_>) {
        let Some((first, second)) = self.ends(id, facts) else { return };
        let has_begun = |id: &Id<SessionInfo>| {
            self.sessions.get(id).is_some_and(|entry| entry.executed > entry.bridged)
        };
        // Transferred: its new application may be heard of before the end of the bridge.
        if has_begun(&first) || has_begun(&second) {
            return self.split(&first, &second);
        }
        for (leg, peer) in [(&first, &second), (&second, &first)] {
            if let Some(entry) = self.sessions.get_mut(leg) {
                entry.parted_from = Some(peer.clone());
            }
        }
    }

    /// A leg begins something: if it left a bridge whose other side lives, the two part here.
    pub(super) fn part(&mut self, id: &str) {
        let parted = self.sessions.get_mut(id).and_then(|entry| entry.parted_from.take());
        if let Some(peer) = parted {
            self.split(&Id::new(id), &peer);
        }
    }

    fn split(&mut self, first: &Id<SessionInfo>, second: &Id<SessionInfo>) {
        let lives = |entry: &&Entry| entry.session.phase < Phase::Hangup;
        let Some(one) = self.sessions.get(first).filter(lives) else { return };
        let Some(other) = self.sessions.get(second).filter(lives) else { return };
        let call = one.session.call.clone();
        if other.session.call != call {
            return;
        }
        for (leg, peer) in [(first, second), (second, first)] {
            if let Some(entry) = self.sessions.get_mut(leg) {
                entry.tie = entry.tie.take().filter(|tie| tie != peer);
            }
        }
        let leaver = if second.as_str() == call.as_str() { first } else { second };
        let part = self.connected(&call, leaver);
        let stays = if leaver == second { first } else { second };
        if part.contains(stays) || part.iter().any(|leg| leg.as_str() == call.as_str()) {
            return;
        }
        let home = self.sessions.get(leaver).and_then(|entry| entry.home.clone());
        let new = home.filter(|home| *home != call).unwrap_or_else(|| leaver.cast());
        for leg in part {
            self.leave(&call, &leg);
            if let Some(entry) = self.sessions.get_mut(&leg) {
                entry.session.call = new.clone();
            }
            self.add_leg(&new, leg);
        }
        self.former.remove(&new);
        self.note_awaited(&call);
    }

    /// The living legs of a call that hang together with one of them by more than the call's name.
    /// Each leg is looked at once, however they hang together.
    fn connected(&self, call: &Id<CallInfo>, from: &Id<SessionInfo>) -> Vec<Id<SessionInfo>> {
        let legs = self.calls.get(call).into_iter().flat_map(|legs| legs.alive.iter());
        let mut near: Map<&Id<SessionInfo>, Vec<&Id<SessionInfo>>> = Map::default();
        let mut homes: Map<&Id<CallInfo>, Vec<&Id<SessionInfo>>> = Map::default();
        for (id, entry) in legs.filter_map(|id| self.sessions.get_key_value(id)) {
            let bridged = entry.session.other_leg.as_ref().filter(|_| entry.session.is_bridged);
            for other in [bridged, entry.tie.as_ref()].into_iter().flatten() {
                near.entry(id).or_default().push(other);
                near.entry(other).or_default().push(id);
            }
            if let Some(home) = &entry.home {
                homes.entry(home).or_default().push(id);
            }
        }
        let is_leg = |id: &Id<SessionInfo>| {
            self.sessions.get(id).is_some_and(|entry| entry.session.call == *call)
        };
        let (mut found, mut seen, mut at) = (vec![from], HashSet::from([from]), 0);
        while let Some(id) = found.get(at).copied() {
            let home = self.sessions.get(id).and_then(|entry| entry.home.as_ref());
            let by_home = home.and_then(|home| homes.remove(home)).unwrap_or_default();
            for other in near.remove(id).unwrap_or_default().into_iter().chain(by_home) {
                if is_leg(other) && seen.insert(other) {
                    found.push(other);
                }
            }
            at += 1;
        }
        found.into_iter().cloned().collect()
    }

    /// The two legs that an event about a bridge names, the one that began it first.
    fn ends(&self, id: &str, facts: &Facts<'_>) -> Option<(Id<SessionInfo>, Id<SessionInfo>)> {
        let named = |field: Option<crate::wire::Field<'_>>| {
            field
                .map(|field| Id::new(&field.value()))
                .filter(|id: &Id<SessionInfo>| !id.as_str().is_empty())
        };
        let (first, second) = (named(facts.bridge_a), named(facts.bridge_b));
        let other = || self.session(id).and_then(|session| session.other_leg.clone());
        let (first, second) = match (first, second) {
            (Some(first), Some(second)) => (first, second),
            _ => (Id::new(id), other()?),
        };
        (first != second).then_some((first, second))
    }

    /// Joins and splits what the table of channels says was bridged, or is no more, while no events
    /// came. Call it when all rows are in and described.
    pub fn regroup(&mut self, rows: &[ChannelRow]) {
        let table: Map<&str, &ChannelRow> = rows.iter().map(|row| (&*row.uuid, row)).collect();
        for row in rows {
            if let Some(peer) = self.bridge_is_over(row, &table) {
                let id = Id::new(&row.uuid);
                for leg in [&id, &peer] {
                    if let Some(entry) = self.sessions.get_mut(leg) {
                        entry.session.is_bridged = false;
                    }
                }
                self.split(&id, &peer);
            }
        }
        for row in rows.iter().filter(|row| row.call_uuid != row.uuid) {
            let (lead, leg) = (Id::new(&row.call_uuid), Id::new(&row.uuid));
            self.join_calls(&lead, &leg, 0);
            for (one, other) in [(&lead, &leg), (&leg, &lead)] {
                if let Some(entry) = self.sessions.get_mut(one)
                    && entry.session.is_bridged
                    && entry.session.other_leg.is_none()
                {
                    entry.session.other_leg = Some(other.clone());
                }
            }
        }
    }

    /// The leg that a row's leg was bridged to as far as was heard, and is not in the table. The
    /// table trails the events, so that it says nothing of legs which were heard of since.
    fn bridge_is_over(
        &self,
        row: &ChannelRow,
        table: &Map<&str, &ChannelRow>,
    ) -> Option<Id<SessionInfo>> {
        let is_old = |entry: &&Entry| entry.generation < self.generation;
        let entry = self.sessions.get(&*row.uuid).filter(is_old)?;
        let peer = entry.session.other_leg.clone().filter(|_| entry.session.is_bridged)?;
        let other =
            self.sessions.get(&peer).filter(is_old).and_then(|_| table.get(peer.as_str()))?;
        let is_bridged = !row.call_uuid.is_empty() && row.call_uuid == other.call_uuid;
        (!is_bridged).then_some(peer)
    }
}

/// Applications that bring two calls together, by the name under which they are known.
const JOINING: &[&str] =
    &["valet_park", "callcenter", "fifo", "intercept", "att_xfer", "uuid_bridge", "bridge"];
