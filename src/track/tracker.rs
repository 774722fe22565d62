//! The state of one FreeSWITCH, as far as its events say.

use super::alive::Alive;
use super::jobs::Jobs;
use super::limits::Limits;
use super::rules::Rules;
use crate::model::{App, CallInfo, HangupCause, Id, JobRecord, Join, Phase, SessionInfo};
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// Totals since the tracker was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Totals {
    /// Events folded in.
    pub events: u64,
    /// Sessions seen.
    pub sessions: u64,
    /// Sessions answered.
    pub answered: u64,
    /// Calls that ended; those that run are not counted yet.
    pub ended_calls: u64,
    /// How often each cause ended a session.
    pub causes: BTreeMap<HangupCause, u64>,
    /// Legs and jobs that were forgotten before their call or they themselves were over, because
    /// of [`Limits::gone_legs`] and [`Limits::pending_jobs`].
    pub forgotten: u64,
}

pub(in crate::track) type Map<K, V> = HashMap<K, V, RandomState>;

/// Folds the events of one switch.
#[derive(Debug, Default)]
pub struct Tracker {
    pub(in crate::track) rules: Rules,
    pub(in crate::track) limits: Limits,
    pub(in crate::track) sessions: Map<Id<SessionInfo>, Entry>,
    pub(in crate::track) calls: Map<Id<CallInfo>, Legs>,
    /// Running calls in the order of their first event, or after a snapshot of their beginning.
    pub(in crate::track) order: BTreeMap<u64, Id<CallInfo>>,
    pub(in crate::track) next_order: u64,
    pub(in crate::track) ended: VecDeque<CallInfo>,
    pub(in crate::track) tombstones: Recent,
    pub(in crate::track) jobs: Jobs,
    /// Sessions of ours that no event was about yet.
    pub(in crate::track) expected: Recent,
    /// Sessions of ours that live, or are legs of a remembered call.
    pub(in crate::track) own: HashSet<Id<SessionInfo>, RandomState>,
    /// How many of our calls wait for their second leg, by the number that it comes in at.
    pub(in crate::track) awaited: Map<Box<str>, usize>,
    /// Sessions that we asked for and that the switch made under another uuid.
    pub(in crate::track) made: Map<Id<SessionInfo>, Id<SessionInfo>>,
    /// What calls are named now that had another name before they were joined.
    pub(in crate::track) former: Map<Id<CallInfo>, Id<CallInfo>>,
    pub(in crate::track) totals: Totals,
    pub(in crate::track) core: Option<String>,
    pub(in crate::track) epoch: u64,
    pub(in crate::track) latest: u64,
    pub(in crate::track) sequence: Option<Span>,
    /// Counts the connections that events came over.
    pub(in crate::track) generation: u64,
    /// The calls that ran when the connection began, until its snapshot comes.
    pub(in crate::track) before: Option<HashSet<Id<CallInfo>, RandomState>>,
    /// The latest command that hung up all sessions.
    pub(in crate::track) hupall: Option<super::hupall::Hupall>,
}

#[derive(Debug)]
pub(in crate::track) struct Entry {
    pub(in crate::track) session: SessionInfo,
    /// Its place in the order of first events.
    pub(in crate::track) order: u64,
    /// Its place among the living legs of its call.
    pub(in crate::track) place: u64,
    /// No event with channel variables was seen: the call may still change.
    pub(in crate::track) is_provisional: bool,
    /// The connection over which it was last heard of.
    pub(in crate::track) generation: u64,
    /// The call that our header or variable on it names.
    pub(in crate::track) home: Option<Id<CallInfo>>,
    /// The leg that dialled it, or the other half of its loopback.
    pub(in crate::track) tie: Option<Id<SessionInfo>>,
    /// The application that ran before the present one.
    pub(in crate::track) application_before: Option<Box<str>>,
    /// Its place among the events when it last began an application that is not part of a bridge.
    pub(in crate::track) executed: u64,
    /// Its place among the events when it was last bridged.
    pub(in crate::track) bridged: u64,
    /// The other side of a bridge that ended, while it is open whether the two part.
    pub(in crate::track) parted_from: Option<Id<SessionInfo>>,
}

/// The sessions of a running call.
#[derive(Debug)]
pub(in crate::track) struct Legs {
    pub(in crate::track) order: u64,
    pub(in crate::track) alive: Alive,
    pub(in crate::track) gone: Vec<(u64, SessionInfo)>,
    /// The calls that became part of it.
    pub(in crate::track) joins: Vec<Join>,
    /// The number that it is counted for in `awaited`.
    pub(in crate::track) awaits: Option<Box<str>>,
}

/// The latest of some ids: those before them are forgotten.
#[derive(Debug, Default)]
pub(in crate::track) struct Recent {
    pub(in crate::track) ids: HashSet<Id<SessionInfo>, RandomState>,
    oldest_first: VecDeque<Id<SessionInfo>>,
}

/// The `Event-Sequence` numbers seen.
#[derive(Debug, Clone, Copy)]
pub(in crate::track) struct Span {
    pub(in crate::track) first: u64,
    pub(in crate::track) last: u64,
    pub(in crate::track) count: u64,
}

impl Tracker {
    /// A tracker that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how sessions are bound to calls and apps.
    #[must_use]
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Sets how much is remembered.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// A session that lives (or hangs up just now), by its id.
    #[must_use]
    pub fn session(&self, id: &str) -> Option<&SessionInfo> {
        self.sessions.get(id).map(|entry| &entry.session)
    }

    /// All living sessions, in no order.
    pub fn sessions(&self) -> impl ExactSizeIterator<Item = &SessionInfo> {
        self.sessions.values().map(|entry| &entry.session)
    }

    /// A running call by the id of the call or of any of its living sessions.
    #[must_use]
    pub fn call(&self, id: &str) -> Option<CallInfo> {
        if let Some((id, legs)) = self.calls.get_key_value(id) {
            return Some(self.assemble(id, legs));
        }
        let id = match self.sessions.get(id) {
            Some(entry) => &entry.session.call,
            None => self.former.get(id)?,
        };
        self.calls.get(id).map(|legs| self.assemble(id, legs))
    }

    /// The running calls, oldest first: in the order of their first event, those of a snapshot by
    /// their beginning.
    pub fn calls(&self) -> impl DoubleEndedIterator<Item = CallInfo> {
        self.order.values().filter_map(|id| self.calls.get(id).map(|legs| self.assemble(id, legs)))
    }

    /// The names of the running calls, in no order.
    pub fn call_ids(&self) -> impl ExactSizeIterator<Item = &Id<CallInfo>> {
        self.calls.keys()
    }

    /// How many calls run.
    #[must_use]
    pub fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// The calls that ended, oldest first, with all their legs.
    pub fn ended(&self) -> impl DoubleEndedIterator<Item = &CallInfo> + ExactSizeIterator {
        self.ended.iter()
    }

    /// The jobs, in the order in which they were started or first heard of.
    pub fn jobs(&self) -> impl DoubleEndedIterator<Item = &JobRecord> {
        self.jobs.iter()
    }

    /// A job by its id.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<&JobRecord> {
        self.jobs.get(id)
    }

    /// Announces a job of our own, before its command is sent.
    pub fn register_job(&mut self, id: Id<JobRecord>, command: &str) {
        self.register_job_at(id, command, self.latest);
    }

    /// As [`Tracker::register_job`], where the time is known better than from the latest event.
    pub fn register_job_at(&mut self, id: Id<JobRecord>, command: &str, at: u64) {
        self.totals.forgotten += self.jobs.expect(id, command, at, &self.limits);
    }

    /// Marks all jobs without a result as unknown, and returns their ids.
    pub fn mark_jobs_unknown(&mut self) -> Vec<Id<JobRecord>> {
        self.jobs.lose()
    }

    /// A job of our own was sent, but its acceptance was not confirmed: its outcome is unknown unless
    /// its result comes.
    pub fn mark_job_unknown(&mut self, id: &Id<JobRecord>) {
        self.jobs.doubt(id);
    }

    /// Takes back a job that was never sent.
    pub fn cancel_job(&mut self, id: &Id<JobRecord>) {
        self.jobs.forget(id);
    }

    /// Announces a session that we are about to originate.
    pub fn expect_session(&mut self, id: Id<SessionInfo>) {
        self.expected.add(id, self.limits.tombstones);
    }

    /// The switch made a session under another uuid than the one that we announced. Its call is the
    /// one of that name from now on, and ours.
    pub fn rebind(&mut self, asked: &Id<SessionInfo>, made: &Id<SessionInfo>) {
        if self.sessions.contains_key(made) {
            self.own.insert(made.clone());
            self.note_awaited(&made.cast());
        } else {
            self.expect_session(made.clone());
        }
        self.move_call(asked, made);
    }

    /// Whether we originated this call.
    #[must_use]
    pub fn is_own_call(&self, call: &Id<CallInfo>) -> bool {
        self.own.contains(call.as_str()) || self.expected.contains(call.as_str())
    }

    /// Whether a call of ours still waits for its second leg to come in at this number.
    #[must_use]
    pub fn is_awaited(&self, session: &SessionInfo) -> bool {
        self.awaited.contains_key(&session.destination)
    }

    /// Whether a call of this name runs.
    #[must_use]
    pub fn is_running(&self, call: &Id<CallInfo>) -> bool {
        self.calls.contains_key(call)
    }

    /// Whether a leg of a call has not hung up.
    #[must_use]
    pub fn has_living_leg(&self, call: &Id<CallInfo>) -> bool {
        let is_up = |id: &Id<SessionInfo>| {
            self.session(id.as_str()).is_some_and(|session| session.phase < Phase::Hangup)
        };
        self.calls.get(call).is_some_and(|legs| legs.alive.inwards().any(is_up))
    }

    /// A leg of a call, running or ended. As [`legs`](Self::legs) it knows those that are gone, but
    /// it takes no longer for a call of many.
    #[must_use]
    pub fn leg(&self, call: &Id<CallInfo>, leg: &Id<SessionInfo>) -> Option<&SessionInfo> {
        if let Some(session) = self.session(leg.as_str()).filter(|session| session.call == *call) {
            return Some(session);
        }
        if let Some(legs) = self.calls.get(call) {
            return legs.gone.iter().map(|(_, gone)| gone).find(|gone| gone.id == *leg);
        }
        let ended = self.ended.iter().rev().find(|ended| ended.id == *call)?;
        ended.sessions.iter().find(|session| session.id == *leg)
    }

    /// The other leg of a call that has, or had, two.
    #[must_use]
    pub fn peer(&self, call: &Id<CallInfo>, leg: &Id<SessionInfo>) -> Option<&SessionInfo> {
        if self.calls.get(call).is_some_and(|legs| legs.alive.len() + legs.gone.len() != 2) {
            return None;
        }
        match self.legs(call).as_slice() {
            [one, other] => Some(if one.id == *leg { *other } else { *one }),
            _ => None,
        }
    }

    /// All legs of a call, those that are gone included, running or ended.
    #[must_use]
    pub fn legs(&self, call: &Id<CallInfo>) -> Vec<&SessionInfo> {
        if let Some(legs) = self.calls.get(call) {
            let alive = legs.alive.iter().filter_map(|id| self.session(id.as_str()));
            return legs.gone.iter().map(|(_, leg)| leg).chain(alive).collect();
        }
        let ended = self.ended.iter().rev().find(|ended| ended.id == *call);
        ended.map_or_else(Vec::new, |ended| ended.sessions.iter().collect())
    }

    /// A running call with all its legs, once all is known about the end of each of them.
    #[must_use]
    pub fn ending_call(&self, id: &Id<CallInfo>) -> Option<CallInfo> {
        let legs = self.calls.get(id)?;
        let open =
            |id: &Id<SessionInfo>| self.session(id.as_str()).filter(|it| !it.end.is_complete);
        if legs.alive.inwards().any(|id| open(id).is_some()) {
            return None;
        }
        let alive = legs.alive.iter().filter_map(|id| self.sessions.get(id));
        let alive = alive.map(|entry| (entry.order, &entry.session));
        let gone = legs.gone.iter().map(|(order, session)| (*order, session));
        let mut all: Vec<_> = gone.chain(alive).collect();
        if !all.iter().all(|(_, leg)| leg.end.is_complete) {
            return None;
        }
        all.sort_by_key(|(order, _)| *order);
        let sessions = all.into_iter().map(|(_, leg)| leg.clone()).collect();
        Some(CallInfo::new(id.clone(), sessions).with_joins(legs.joins.clone()))
    }

    /// The totals so far.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The time of the latest event, in microseconds since 1970: now, by the server's clock.
    #[must_use]
    pub fn latest(&self) -> u64 {
        self.latest
    }

    /// How many numbers are missing in the `Event-Sequence` of what was folded in. It means loss
    /// only under a subscription to ALL without a filter.
    #[must_use]
    pub fn sequence_gaps(&self) -> u64 {
        self.sequence.map_or(0, |span| (span.last - span.first + 1).saturating_sub(span.count))
    }

    /// The `Core-UUID` of the switch: another one means that it was restarted.
    #[must_use]
    pub fn core_uuid(&self) -> Option<&str> {
        self.core.as_deref()
    }

    /// Living sessions that carry this app id.
    pub fn sessions_of_app(&self, app: &Id<App>) -> impl Iterator<Item = &SessionInfo> {
        self.sessions().filter(move |session| session.app.as_ref() == Some(app))
    }

    fn assemble(&self, id: &Id<CallInfo>, legs: &Legs) -> CallInfo {
        let alive = legs.alive.iter().filter_map(|id| self.sessions.get(id));
        let mut alive: Vec<_> = alive.map(|entry| (entry.order, &entry.session)).collect();
        alive.sort_by_key(|(order, _)| *order);
        let sessions = alive.into_iter().map(|(_, session)| session.clone()).collect();
        CallInfo::new(id.clone(), sessions).with_joins(legs.joins.clone())
    }
}

impl Legs {
    pub(in crate::track) fn new(order: u64) -> Self {
        Self { order, alive: Alive::default(), gone: Vec::new(), joins: Vec::new(), awaits: None }
    }
}

impl Recent {
    pub(in crate::track) fn contains(&self, id: &str) -> bool {
        !self.ids.is_empty() && self.ids.contains(id)
    }

    /// Takes an id out, if it is in. Its place in the order of forgetting stays.
    pub(in crate::track) fn take(&mut self, id: &str) -> bool {
        !self.ids.is_empty() && self.ids.remove(id)
    }

    pub(in crate::track) fn add(&mut self, id: Id<SessionInfo>, limit: usize) {
        if self.ids.insert(id.clone()) {
            self.oldest_first.push_back(id);
        }
        while self.oldest_first.len() > limit {
            if let Some(oldest) = self.oldest_first.pop_front() {
                self.ids.remove(&oldest);
            }
        }
    }
}
