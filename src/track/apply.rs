//! One event at a time.

use std::borrow::Cow;

use super::change::{Change, What};
use super::commands::due;
use super::facts::{Facts, Kind};
use super::tracker::{Span, Totals, Tracker};
use crate::model::{
    CallInfo, Direction, Event, HangupCause, Id, Origin, Phase, SessionInfo, Times,
};
use crate::wire::Field;

impl Tracker {
    /// Folds one event in and says what changed.
    ///
    /// An event of a session never seen is normal: we connect in the middle of calls.
    pub fn apply(&mut self, event: &Event) -> Change {
        let facts = Facts::of(event.data(), |id| {
            let entry = self.sessions.get(id).filter(|entry| !entry.is_provisional);
            entry.map(|entry| entry.session.phase)
        });
        self.totals.events += 1;
        self.latest = self.latest.max(facts.timestamp);
        if self.epoch == 0 {
            self.epoch = facts.timestamp;
        }
        self.note_sequence(facts.sequence);
        self.note_core(facts.core);
        match facts.kind {
            Kind::BackgroundJob => {
                let job = self.jobs.finish(event, &self.limits);
                job.map_or(Change::Nothing, Change::Job)
            }
            Kind::Heartbeat => Change::Heartbeat,
            Kind::Api => {
                self.note_command(event);
                Change::Nothing
            }
            _ => match facts.unique_id {
                // A channel without an id is none.
                Some(id) if !id.is("") => self.apply_to_session(event, &facts, id),
                _ => Change::Nothing,
            },
        }
    }

    fn apply_to_session(&mut self, event: &Event, facts: &Facts<'_>, id: Field<'_>) -> Change {
        let id = text(id);
        if facts.kind == Kind::Uuid
            && let Some(old) = facts.old_unique_id
            && self.rename(&text(old), &id)
        {
            return self.change(&id, What::Renamed);
        }
        let mut is_new = false;
        if !self.sessions.contains_key(&*id) {
            let is_over = facts.kind == Kind::Destroy || facts.is_destroyed;
            if is_over || self.tombstones.contains(&id) {
                return Change::Nothing;
            }
            let mut session = SessionInfo::new(Id::new(&id));
            if facts.created > 0 && facts.timestamp.saturating_sub(facts.created) > JOINED_AFTER {
                session.origin = Origin::Joined;
            }
            self.add_session(session, true);
            is_new = true;
        }
        let Some(entry) = self.sessions.get_mut(&*id) else { return Change::Nothing };
        let before = entry.session.phase;
        entry.generation = self.generation;
        let is_called_elsewhere = update(&mut entry.session, facts);
        if before < Phase::Hangup && entry.session.phase == Phase::Hangup {
            entry.session.end.order = self.totals.events;
        }
        note_hold(&mut entry.session.times, before, entry.session.phase, facts.timestamp);
        let (phase, is_provisional) = (entry.session.phase, entry.is_provisional);
        if is_called_elsewhere {
            let call = entry.session.call.clone();
            self.note_awaited(&call);
        }
        if is_provisional && facts.has_variables {
            self.bind(&id, event.data(), facts);
        }
        if phase == Phase::Answered && before < Phase::Answered {
            self.totals.answered += 1;
        }
        let what = self.what(&id, event, facts, before, phase);
        match facts.kind {
            Kind::Bridge => self.join_bridge(&id, facts),
            Kind::Unbridge => self.split_bridge(&id, facts),
            Kind::Execute | Kind::Park => self.begins(&id),
            _ => {}
        }
        match what {
            Some(What::Gone { .. }) => self.bury(&id),
            Some(what) => self.change(&id, what),
            None if is_new => self.change(&id, What::New),
            None => Change::Nothing,
        }
    }

    /// Which change is worth telling.
    fn what(
        &mut self,
        id: &str,
        event: &Event,
        facts: &Facts<'_>,
        before: Phase,
        phase: Phase,
    ) -> Option<What> {
        let is_alive = phase < Phase::Hangup;
        let entry = self.sessions.get_mut(id)?;
        let session = &mut entry.session;
        let special = match facts.kind {
            Kind::Destroy => Some(What::Gone { is_last: false }),
            Kind::HangupComplete => {
                note_end(session, event);
                self.note_hupall(id);
                Some(What::Ended)
            }
            Kind::Bridge => {
                let ends = [facts.bridge_b, facts.bridge_a].into_iter().flatten();
                session.other_leg = ends.map(text).find(|end| end != id).map(|end| Id::new(&end));
                session.is_bridged = true;
                session.times.unbridged = 0;
                let other = session.other_leg.clone();
                self.joins(other.as_ref(), Some(id), facts.timestamp);
                Some(What::Bridged)
            }
            Kind::Unbridge => {
                session.is_bridged = false;
                session.times.unbridged = facts.timestamp;
                // `Other-Leg-Unique-ID` may name the next partner already.
                let ends = [facts.bridge_b, facts.bridge_a].into_iter().flatten();
                let left = ends.map(text).find(|end| end != id).map(|end| Id::new(&end));
                let other = left.or_else(|| session.other_leg.clone());
                self.joins(other.as_ref(), None, facts.timestamp);
                is_alive.then_some(What::Unbridged)
            }
            Kind::Park => {
                session.is_parked = true;
                Some(What::Parked)
            }
            Kind::Unpark => {
                session.is_parked = false;
                is_alive.then_some(What::Unparked)
            }
            Kind::Execute => {
                let before = std::mem::take(&mut session.application);
                session.application_data = Box::default();
                event.data().scan(|field| {
                    match field.name {
                        b"Application" => set(&mut session.application, Some(field)),
                        b"Application-Data" => set(&mut session.application_data, Some(field)),
                        _ => {}
                    }
                    true
                });
                entry.application_before = Some(before);
                if &*session.application == "sched_hangup" {
                    let time = session.application_data.split(' ').next().unwrap_or_default();
                    session.end.scheduled = due(time, facts.timestamp).unwrap_or(0);
                }
                Some(What::Executes)
            }
            _ => None,
        };
        special.or_else(|| {
            if phase == before {
                return None;
            }
            Some(match (before, phase) {
                (_, Phase::New) => return None,
                (_, Phase::Ringing) => What::Ringing,
                (_, Phase::Early) => What::Early,
                (Phase::Held, Phase::Answered) => What::Unheld,
                (_, Phase::Answered) => What::Answered,
                (_, Phase::Held) => What::Held,
                (_, Phase::Hangup) => What::Hangup,
            })
        })
    }

    /// It runs an application that is not part of a bridge's making.
    fn begins(&mut self, id: &str) {
        let now = self.totals.events;
        let Some(entry) = self.sessions.get_mut(id) else { return };
        if &*entry.session.application != "uuid_bridge" {
            entry.executed = now;
            self.part(id);
        }
    }

    /// The other end of a bridge: FreeSWITCH fires an event only for the one that began it.
    fn joins(&mut self, other: Option<&Id<SessionInfo>>, with: Option<&str>, now: u64) {
        let Some(entry) = other.and_then(|id| self.sessions.get_mut(id)) else { return };
        let session = &mut entry.session;
        session.is_bridged = with.is_some();
        session.times.unbridged = if with.is_some() { 0 } else { now };
        if let Some(with) = with {
            session.other_leg = Some(Id::new(with));
            if session.times.bridged == 0 {
                session.times.bridged = now;
            }
        }
    }

    fn change(&self, id: &str, what: What) -> Change {
        match self.session(id) {
            Some(session) => {
                Change::Session { session: session.id.clone(), call: session.call.clone(), what }
            }
            None => Change::Nothing,
        }
    }

    /// CHANNEL_DESTROY: the session is over, and its call with the last one.
    fn bury(&mut self, id: &str) -> Change {
        let cause = self.session(id).and_then(|session| session.cause.clone());
        let cause = cause.unwrap_or_else(|| HangupCause::parse("NONE"));
        self.totals.count(cause);
        match self.remove_session(id) {
            Some((session, call, is_last)) => {
                Change::Session { session, call, what: What::Gone { is_last } }
            }
            None => Change::Nothing,
        }
    }

    /// Takes a session out, its call too when it was the last one. Says which, and whether so.
    pub(super) fn remove_session(
        &mut self,
        id: &str,
    ) -> Option<(Id<SessionInfo>, Id<CallInfo>, bool)> {
        let entry = self.sessions.remove(id)?;
        let (order, place, mut session) = (entry.order, entry.place, entry.session);
        session.phase = Phase::Hangup;
        self.tombstones.add(session.id.clone(), self.limits.tombstones);
        let (id, call) = (session.id.clone(), session.call.clone());
        let legs = self.calls.get_mut(&call)?;
        legs.alive.remove(Some(place), &id);
        legs.gone.push((order, session));
        // A call that dials on and on for days keeps its first leg and the latest ones.
        while legs.gone.len() > self.limits.gone_legs.max(2) {
            let (_, forgotten) = legs.gone.remove(1);
            self.own.remove(&forgotten.id);
            self.totals.forgotten += 1;
        }
        let is_last = legs.alive.is_empty();
        self.note_awaited(&call);
        if is_last {
            self.end_call(&call);
        }
        Some((id, call, is_last))
    }

    /// Forgets what was kept for a call that is no longer in the history.
    pub(super) fn forget_call(&mut self, call: &CallInfo) {
        for leg in &call.sessions {
            self.own.remove(&leg.id);
        }
        if !self.made.is_empty() {
            self.made.retain(|_, made| made.as_str() != call.id.as_str());
        }
    }

    /// Moves a call without living sessions to those that ended.
    pub(super) fn end_call(&mut self, call: &Id<CallInfo>) {
        let Some(mut legs) = self.take_legs(call) else { return };
        legs.gone.sort_by_key(|(order, _)| *order);
        let sessions = legs.gone.into_iter().map(|(_, leg)| leg).collect();
        self.totals.ended_calls += 1;
        self.ended.push_back(CallInfo::new(call.clone(), sessions).with_joins(legs.joins));
        while self.ended.len() > self.limits.ended_calls {
            if let Some(forgotten) = self.ended.pop_front() {
                self.forget_call(&forgotten);
            }
        }
    }

    fn note_sequence(&mut self, sequence: u64) {
        if sequence == 0 {
            return;
        }
        let span = self.sequence.get_or_insert(Span { first: sequence, last: sequence, count: 0 });
        span.first = span.first.min(sequence);
        span.last = span.last.max(sequence);
        span.count += 1;
    }

    fn note_core(&mut self, core: Option<Field<'_>>) {
        if let Some(core) = core
            && !self.core.as_deref().is_some_and(|known| core.is(known))
        {
            let old = self.core.replace(core.value().into_owned());
            self.sequence = None;
            if old.is_some() {
                self.restarted();
            }
        }
    }
}

impl Totals {
    fn count(&mut self, cause: HangupCause) {
        // FreeSWITCH has some eighty causes; what a stranger makes up is bounded all the same.
        let is_room = self.causes.len() < CAUSES || self.causes.contains_key(&cause);
        let cause = if is_room { cause } else { HangupCause::parse("NONE") };
        *self.causes.entry(cause).or_insert(0) += 1;
    }
}

/// Takes over what any channel event says. Says whether the session has another destination now.
pub(super) fn update(session: &mut SessionInfo, facts: &Facts<'_>) -> bool {
    session.last_event = session.last_event.max(facts.timestamp);
    if let Some(direction) = facts.direction {
        let is_inbound = direction.raw == b"inbound";
        session.direction = if is_inbound { Direction::Inbound } else { Direction::Outbound };
    }
    set(&mut session.channel_name, facts.channel_name);
    // On an outbound leg FreeSWITCH puts the called party there once it is answered
    // (transcripts/call_toneplay, call_echo_plain): who calls is what its first events say. The
    // destination follows transfers, as in the table of channels.
    if session.direction == Direction::Inbound || session.caller_number.is_empty() {
        set(&mut session.caller_name, facts.caller_name);
        set(&mut session.caller_number, facts.caller_number);
    }
    if session.dialled.is_empty() {
        set(&mut session.dialled, facts.destination);
    }
    let is_called_elsewhere = replace(&mut session.destination, facts.destination);
    set(&mut session.context, facts.context);
    set(&mut session.codec, facts.codec);
    let times = &mut session.times;
    for (kept, new) in [
        (&mut times.created, facts.created),
        (&mut times.progress, facts.progress),
        (&mut times.progress_media, facts.progress_media),
        (&mut times.answered, facts.answered),
        (&mut times.bridged, facts.bridged),
        (&mut times.hangup, facts.hangup),
    ] {
        if new > 0 {
            *kept = new;
        }
    }
    if let Some(other) = facts.other_leg
        && !session.other_leg.as_ref().is_some_and(|known| other.is(known.as_str()))
        && !other.raw.is_empty()
    {
        session.other_leg = Some(Id::new(&other.value()));
    }
    if let Some(cause) = facts.cause
        && !session.cause.as_ref().is_some_and(|known| cause.is(known.name()))
    {
        session.cause = Some(HangupCause::parse(&cause.value()));
    }
    session.phase = facts.phase_after(session.phase);
    is_called_elsewhere
}

/// FreeSWITCH keeps such a sum too, but says it late: the events themselves are exact.
fn note_hold(times: &mut Times, before: Phase, phase: Phase, now: u64) {
    if phase == Phase::Held && before != Phase::Held {
        times.held = now;
    } else if phase != Phase::Held && times.held > 0 {
        times.hold_sum += now.saturating_sub(times.held);
        times.held = 0;
    }
}

/// Facts that only CHANNEL_HANGUP_COMPLETE has. SIP says how an INVITE was refused in a variable of
/// its own (`transcripts/call_refused`).
fn note_end(session: &mut SessionInfo, event: &Event) {
    event.data().scan(|field| {
        match field.name {
            b"variable_sip_term_status" | b"variable_sip_invite_failure_status" => {
                session.sip_status = field.value().parse().ok();
            }
            b"variable_sip_hangup_disposition" => set(&mut session.disposition, Some(field)),
            b"variable_sip_call_id" => set(&mut session.end.dialog, Some(field)),
            // Of a response that FreeSWITCH made itself there is no sender
            // (`transcripts/ends/end_closed_port`, `end_respond_503`).
            b"variable_sip_network_port" => {
                session.end.has_far_end = Some(!field.is("0"));
            }
            b"variable_originate_failed_cause" => {
                session.end.dial_failure = Some(HangupCause::parse(&field.value()));
            }
            _ => {}
        }
        true
    });
    session.end.is_complete = true;
}

/// Replaces a text by a header, if it is there and says something else. An empty one does not
/// replace: FreeSWITCH leaves out late what it knew before. Says whether it did.
fn replace(kept: &mut Box<str>, field: Option<Field<'_>>) -> bool {
    if let Some(field) = field
        && !field.raw.is_empty()
        && !field.is(kept)
    {
        let value = field.value();
        if !value.is_empty() {
            *kept = shortened(&value).into();
            return true;
        }
    }
    false
}

fn set(kept: &mut Box<str>, field: Option<Field<'_>>) {
    let _has_changed = replace(kept, field);
}

/// What a session keeps of a text is bounded; nothing real is longer.
fn shortened(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST_TEXT)).unwrap_or_default()
}

fn text(field: Field<'_>) -> Cow<'_, str> {
    field.value()
}

/// A channel older than this (in microseconds) at its first event was there before us.
const JOINED_AFTER: u64 = 2_000_000;

/// How many bytes of a text a session keeps.
const LONGEST_TEXT: usize = 4096;

/// How many causes are counted by name.
const CAUSES: usize = 256;
