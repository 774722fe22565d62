//! Snapshots: what is true after a gap.
//!
//! FreeSWITCH's tables trail its events by some tenths of a second, so a snapshot never ends a
//! session that was heard of since the gap, and what it adds is looked at once more by
//! [`Tracker::confirm`].

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::apply::update;
use super::facts::Facts;
use super::tracker::{Legs, Tracker};
use crate::model::{Association, CallInfo, ChannelRow, Direction, Id, Origin, Phase, SessionInfo};
use crate::wire::EventData;

/// What a snapshot changed, in calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ResyncSummary {
    /// Calls that were there before and are no more.
    pub ended: usize,
    /// Calls that were not known.
    pub new: usize,
    /// Calls that went on.
    pub kept: usize,
}

impl Tracker {
    /// A connection begins, with or without one before it: events may be missing from here back.
    pub fn begin(&mut self) {
        self.generation += 1;
        self.sequence = None;
        self.before = Some(self.calls.keys().cloned().collect());
    }

    /// A check begins: the next [`Tracker::resync`] ends the sessions that it does not know and
    /// that were not heard of from here on. Take the snapshot two seconds later, when the tables
    /// have what was new.
    pub fn begin_check(&mut self) {
        self.generation += 1;
    }

    /// Merges a snapshot (`show channels as json`). `is_restarted` says that the switch is another
    /// process than before: then nothing of the old one is left, whatever was heard.
    ///
    /// Channels that were never seen become sessions that were joined in the middle; sessions that
    /// are not in the snapshot, and were not heard of since the gap, are over for an unknown cause.
    pub fn resync(&mut self, rows: &[ChannelRow], is_restarted: bool) -> ResyncSummary {
        let known: HashSet<&str, RandomState> = rows.iter().map(|row| row.uuid.as_str()).collect();
        self.take_table(rows, |id| is_restarted || !known.contains(id))
    }

    /// As [`Tracker::resync`], for a snapshot with rows that could not be read: a session that is
    /// not in it may be one of those, so it ends nothing but what a restart ended.
    pub fn resync_partial(&mut self, rows: &[ChannelRow], is_restarted: bool) -> ResyncSummary {
        self.take_table(rows, |_id| is_restarted)
    }

    fn take_table(&mut self, rows: &[ChannelRow], is_over: impl Fn(&str) -> bool) -> ResyncSummary {
        // What ended or began since the connection did is a part of the difference.
        let before = self.before.take().unwrap_or_else(|| self.calls.keys().cloned().collect());
        let generation = self.generation;
        let stale: Vec<Id<SessionInfo>> = self
            .sessions
            .values()
            .filter(|entry| entry.generation < generation && is_over(entry.session.id.as_str()))
            .map(|entry| entry.session.id.clone())
            .collect();
        for id in stale {
            self.end_unseen(&id);
        }
        let table = Table::of(rows);
        for row in rows {
            self.join(row, &table);
        }
        self.sort_calls();
        let kept = before.iter().filter(|call| self.calls.contains_key(*call)).count();
        ResyncSummary { ended: before.len() - kept, new: self.calls.len() - kept, kept }
    }

    /// Looks at a second snapshot, taken a moment after the first: sessions that only the first
    /// one knew, and that no event was about since, were over already. Returns how many.
    pub fn confirm(&mut self, rows: &[ChannelRow]) -> usize {
        let known: HashSet<&str, RandomState> = rows.iter().map(|row| row.uuid.as_str()).collect();
        let generation = self.generation;
        let ghosts: Vec<Id<SessionInfo>> = self
            .sessions
            .values()
            .filter(|entry| {
                let session = &entry.session;
                let is_only_told = session.origin == Origin::Joined && session.last_event == 0;
                (is_only_told || entry.generation < generation)
                    && !known.contains(session.id.as_str())
            })
            .map(|entry| entry.session.id.clone())
            .collect();
        for id in &ghosts {
            self.end_unseen(id);
        }
        ghosts.len()
    }

    /// The switch is another process than before: what was not heard of over this connection died
    /// with the old one.
    pub(super) fn restarted(&mut self) {
        let generation = self.generation;
        let dead = self.sessions.values().filter(|entry| entry.generation < generation);
        for id in dead.map(|entry| entry.session.id.clone()).collect::<Vec<_>>() {
            self.end_unseen(&id);
        }
    }

    /// Ends a session whose end was not seen.
    pub(super) fn end_unseen(&mut self, id: &Id<SessionInfo>) {
        if let Some(entry) = self.sessions.get_mut(id) {
            entry.session.phase = Phase::Hangup;
        }
        self.remove_session(id.as_str());
    }

    /// Puts the running calls in the order in which they began. A call whose first event comes while
    /// the snapshot is read would otherwise stand before the older ones that the snapshot adds.
    pub fn sort_calls(&mut self) {
        let mut began: Vec<(u64, u64, Id<CallInfo>)> = self
            .order
            .iter()
            .filter_map(|(order, id)| {
                Some((self.began(id, self.calls.get(id)?), *order, id.clone()))
            })
            .collect();
        if began.is_sorted_by_key(|(at, ..)| *at) {
            return;
        }
        let places: Vec<u64> = began.iter().map(|(_, order, _)| *order).collect();
        began.sort_by_key(|(at, order, _)| (*at, *order));
        self.order = places.into_iter().zip(began.into_iter().map(|(.., id)| id)).collect();
        for (place, id) in &self.order {
            if let Some(legs) = self.calls.get_mut(id) {
                legs.order = *place;
            }
        }
    }

    /// When a call began, by the leg that lists show; a call whose time is unknown comes last.
    fn began(&self, id: &Id<CallInfo>, legs: &Legs) -> u64 {
        let alive = || legs.alive.iter().filter_map(|leg| self.sessions.get(leg));
        let first = alive().find(|entry| entry.session.id.as_str() == id.as_str());
        let lead = first.or_else(|| alive().min_by_key(|entry| entry.order));
        let created = lead.map_or(0, |entry| entry.session.times.created);
        if created == 0 { u64::MAX } else { created }
    }

    fn join(&mut self, row: &ChannelRow, table: &Table<'_>) {
        let id = row.uuid.as_str();
        if id.is_empty() || self.sessions.contains_key(id) || self.tombstones.contains(id) {
            return;
        }
        let mut session = joined(row);
        (session.call, session.association) = self.placed(row, table);
        // The next event with variables may know better.
        self.add_session(session, true);
    }

    /// The call of a row: that of the leg which its `call_uuid` names, or of the other half of its
    /// loopback, and so on.
    fn placed(&self, row: &ChannelRow, table: &Table<'_>) -> (Id<CallInfo>, Association) {
        let mut at = row;
        let mut reason = None;
        for _hop in 0..HOPS {
            let (next, why) = match table.other_half(at) {
                _ if !at.call_uuid.is_empty() && at.call_uuid != at.uuid => {
                    (at.call_uuid.as_str(), Association::CallUuid)
                }
                Some(half) => (half, Association::Loopback),
                None => break,
            };
            let reason = *reason.get_or_insert(why);
            if let Some(known) = self.session(next) {
                return (known.call.clone(), reason);
            }
            match table.rows.get(next) {
                Some(row) => at = row,
                None => return (Id::new(next), reason),
            }
        }
        (Id::new(&at.uuid), reason.unwrap_or(Association::OwnUuid))
    }

    /// Which of these sessions no event with variables was seen of: what binds them to their call
    /// and their app may still be asked for.
    #[must_use]
    pub fn undescribed(&self, rows: &[ChannelRow]) -> Vec<Id<SessionInfo>> {
        let is_provisional = |id: &str| self.sessions.get(id).is_some_and(|x| x.is_provisional);
        let ids = rows.iter().map(|row| row.uuid.as_str());
        ids.filter(|id| is_provisional(id)).map(Id::new).collect()
    }

    /// Takes what `uuid_dump` says of a session that no event with variables was seen of, and binds
    /// it. What it knows better by then stays.
    pub fn describe(&mut self, dump: &EventData) {
        let facts = Facts::of(dump, |_| None);
        let Some(id) = facts.unique_id.map(|id| id.value().into_owned()) else { return };
        let Some(entry) = self.sessions.get_mut(&*id).filter(|entry| entry.is_provisional) else {
            return;
        };
        // It is no event: whether one was seen decides who is a ghost.
        let last_event = entry.session.last_event;
        let is_called_elsewhere = update(&mut entry.session, &facts);
        entry.session.last_event = last_event;
        let call = entry.session.call.clone();
        if facts.has_variables {
            self.bind(&id, dump, &facts);
        }
        if is_called_elsewhere {
            self.note_awaited(&call);
        }
    }
}

/// A snapshot, for looking up.
struct Table<'a> {
    rows: HashMap<&'a str, &'a ChannelRow, RandomState>,
    /// The `-a` half of a `-b` half.
    halves: HashMap<&'a str, &'a str, RandomState>,
}

impl<'a> Table<'a> {
    fn of(rows: &'a [ChannelRow]) -> Self {
        // The two halves of a loopback share a name and the second of their birth
        // (`transcripts/call_loopback`). Where more do, only their variables show which belong together.
        type Halves<'a> = (Vec<&'a str>, Vec<&'a str>);
        let mut named: HashMap<_, Halves<'a>, RandomState> = HashMap::default();
        for row in rows {
            let Some((name, half)) = row.name.rsplit_once('-') else { continue };
            if !name.starts_with("loopback/") {
                continue;
            }
            let (a, b) = named.entry((name, row.created_epoch.as_str())).or_default();
            match half {
                "a" => a.push(&row.uuid),
                "b" => b.push(&row.uuid),
                _ => {}
            }
        }
        let pairs = named.into_values().filter_map(|(a, b)| match (a.as_slice(), b.as_slice()) {
            ([a], [b]) => Some((*b, *a)),
            _ => None,
        });
        let halves = pairs.collect();
        Self { rows: rows.iter().map(|row| (row.uuid.as_str(), row)).collect(), halves }
    }

    fn other_half(&self, row: &ChannelRow) -> Option<&'a str> {
        self.halves.get(row.uuid.as_str()).copied()
    }
}

/// How far a leg may be from the one that its call is named after.
const HOPS: usize = 16;

/// A session from a row of `show channels`.
fn joined(row: &ChannelRow) -> SessionInfo {
    let mut session = SessionInfo::new(Id::new(&row.uuid));
    session.origin = Origin::Joined;
    session.direction =
        if row.direction == "inbound" { Direction::Inbound } else { Direction::Outbound };
    // On an answered outbound leg `cid_*` is the called party; the initial columns keep who called.
    let (name, number) = if row.initial_cid_num.is_empty() {
        (&row.cid_name, &row.cid_num)
    } else {
        (&row.initial_cid_name, &row.initial_cid_num)
    };
    for (kept, column) in [
        (&mut session.channel_name, &row.name),
        (&mut session.caller_name, name),
        (&mut session.caller_number, number),
        (&mut session.destination, &row.dest),
        (&mut session.context, &row.context),
        (&mut session.application, &row.application),
        (&mut session.application_data, &row.application_data),
        (&mut session.codec, &row.read_codec),
    ] {
        *kept = column.as_str().into();
    }
    session.is_parked = row.application == "park";
    // Behind `uuid_bridge` the first leg's state is CS_SOFT_EXECUTE.
    let is_in_bridge = ["bridge", "uuid_bridge"].contains(&row.application.as_str());
    session.is_bridged = match row.bridged_to.as_deref() {
        Some(peer) => !peer.is_empty(),
        None => row.callstate == "ACTIVE" && (is_in_bridge || row.state == "CS_EXCHANGE_MEDIA"),
    };
    session.other_leg = row.bridged_to.as_deref().filter(|peer| !peer.is_empty()).map(Id::new);
    session.times.created = row.created_epoch.parse::<u64>().unwrap_or(0).saturating_mul(1_000_000);
    session.phase = match row.callstate.as_str() {
        "RINGING" => Phase::Ringing,
        "EARLY" => Phase::Early,
        "ACTIVE" | "UNHELD" | "RING_WAIT" => Phase::Answered,
        "HELD" => Phase::Held,
        "HANGUP" => Phase::Hangup,
        _ => Phase::New,
    };
    session
}
