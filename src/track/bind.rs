//! Which call a session belongs to, and which app controls it.

use super::facts::Facts;
use super::rules::Rules;
use super::tracker::{Entry, Legs, Tracker};
use crate::model::{App, Association, CallInfo, Id, SessionInfo};
use crate::wire::EventData;

/// What the variables of an event say about where a session belongs.
#[derive(Debug, Default)]
struct Ties {
    call: Option<(usize, Id<CallInfo>)>,
    app: Option<(usize, Id<App>)>,
    loopback: Option<Id<SessionInfo>>,
    gateway: Option<Box<str>>,
}

impl Ties {
    fn of(event: &EventData, rules: &Rules) -> Self {
        let mut ties = Self::default();
        event.scan(|field| {
            let position = |name: &String| field.name.eq_ignore_ascii_case(name.as_bytes());
            if field.name == b"variable_other_loopback_leg_uuid" {
                ties.loopback = Some(Id::new(&field.value()));
            } else if GATEWAY.contains(&field.name) {
                ties.gateway = Some(field.value().into());
            } else if let Some(at) = rules.call.iter().position(|(name, _)| position(name)) {
                if !field.raw.is_empty() && ties.call.as_ref().is_none_or(|(best, _)| at < *best) {
                    ties.call = Some((at, Id::new(&field.value())));
                }
            } else if let Some(at) = rules.app.iter().position(position)
                && !field.raw.is_empty()
                && ties.app.as_ref().is_none_or(|(best, _)| at < *best)
            {
                ties.app = Some((at, Id::new(&field.value())));
            }
            true
        });
        ties
    }
}

impl Tracker {
    /// Makes a session for an id that was never seen. It stands for itself until it is bound.
    pub(super) fn add_session(&mut self, mut session: SessionInfo, is_provisional: bool) {
        self.totals.sessions += 1;
        if self.expected.take(session.id.as_str()) {
            self.own.insert(session.id.clone());
        }
        let (id, call) = (session.id.clone(), session.call.clone());
        session.call = call.clone();
        self.next_order += 1;
        let order = self.next_order;
        self.sessions.insert(
            id.clone(),
            Entry {
                session,
                order,
                place: 0,
                is_provisional,
                generation: self.generation,
                home: None,
                tie: None,
                application_before: None,
                executed: 0,
                bridged: 0,
                parted_from: None,
            },
        );
        self.add_leg(&call, id);
    }

    pub(super) fn add_leg(&mut self, call: &Id<CallInfo>, session: Id<SessionInfo>) {
        self.next_order += 1;
        let place = self.next_order;
        if let Some(entry) = self.sessions.get_mut(&session) {
            entry.place = place;
        }
        let legs = self.calls.entry(call.clone()).or_insert_with(|| {
            self.order.insert(place, call.clone());
            Legs::new(place)
        });
        legs.alive.push(place, session);
        self.note_awaited(call);
    }

    /// Takes a call out, its legs stay.
    pub(super) fn take_legs(&mut self, call: &Id<CallInfo>) -> Option<Legs> {
        let mut legs = self.calls.remove(call)?;
        self.order.remove(&legs.order);
        if let Some(number) = legs.awaits.take() {
            self.no_longer_awaited(&number);
        }
        Some(legs)
    }

    /// Looks again whether a call is ours and has one leg only, which dialled a number: then
    /// another leg may come in there.
    pub(super) fn note_awaited(&mut self, call: &Id<CallInfo>) {
        let is_own = self.own.contains(call.as_str());
        let Some(legs) = self.calls.get_mut(call) else { return };
        let only = legs.alive.only().filter(|_| is_own && legs.gone.is_empty());
        let first = only.and_then(|id| self.sessions.get(id));
        let number = first.map(|entry| &entry.session.destination);
        let number = number.filter(|number| !number.is_empty());
        if number == legs.awaits.as_ref() {
            return;
        }
        let number = number.cloned();
        if let Some(number) = &number {
            *self.awaited.entry(number.clone()).or_insert(0) += 1;
        }
        if let Some(number) = std::mem::replace(&mut legs.awaits, number) {
            self.no_longer_awaited(&number);
        }
    }

    fn no_longer_awaited(&mut self, number: &str) {
        if let Some(count) = self.awaited.get_mut(number) {
            *count -= 1;
            if *count == 0 {
                self.awaited.remove(number);
            }
        }
    }

    /// Binds a session for good, by the first event with variables.
    pub(super) fn bind(&mut self, id: &str, event: &EventData, facts: &Facts<'_>) {
        let ties = Ties::of(event, &self.rules);
        let (call, association) = self.belongs(id, &ties, facts);
        let Some(entry) = self.sessions.get_mut(id) else { return };
        entry.is_provisional = false;
        match association {
            Association::Header | Association::Variable => entry.home = Some(call.clone()),
            Association::Loopback => entry.tie = ties.loopback.clone(),
            Association::CallUuid => entry.tie = facts.call_uuid.map(|id| Id::new(&id.value())),
            Association::OwnUuid => {}
        }
        let rule = ties.app.as_ref().and_then(|(at, _)| self.rules.app.get(*at));
        // `mod_sofia` puts what it makes of an INVITE under names that begin like this.
        let is_header = |name: &String| name.starts_with("variable_sip_");
        entry.session.app_association = rule
            .map(|name| if is_header(name) { Association::Header } else { Association::Variable });
        entry.session.app = ties.app.map(|(_, app)| app);
        entry.session.gateway = ties.gateway.unwrap_or_default();
        // The table of channels knew better: towards its end a leg says that it stands for itself.
        if association == Association::OwnUuid && entry.session.association != association {
            return;
        }
        entry.session.association = association;
        if entry.session.call == call {
            return;
        }
        let (old, id) = (entry.session.call.clone(), entry.session.id.clone());
        if old.as_str() == id.as_str() {
            // Those that came before it, and belong to it, belong where it does.
            self.merge_calls(&old, &call);
        } else {
            entry.session.call = call.clone();
            self.leave(&old, &id);
            self.add_leg(&call, id);
        }
    }

    /// Gives all legs of a call to another one, which may be new.
    pub(super) fn merge_calls(&mut self, old: &Id<CallInfo>, new: &Id<CallInfo>) {
        let Some(legs) = self.take_legs(old) else { return };
        let Legs { order, alive, mut gone, joins, .. } = legs;
        for leg in alive.iter() {
            if let Some(entry) = self.sessions.get_mut(leg) {
                entry.session.call = new.clone();
            }
        }
        for (_, leg) in &mut gone {
            leg.call = new.clone();
        }
        if let Some(legs) = self.calls.get_mut(new) {
            for leg in alive.iter() {
                self.next_order += 1;
                legs.alive.push(self.next_order, leg.clone());
                if let Some(entry) = self.sessions.get_mut(leg) {
                    entry.place = self.next_order;
                }
            }
            legs.gone.extend(gone);
            legs.joins.extend(joins);
        } else {
            self.order.insert(order, new.clone());
            self.calls.insert(new.clone(), Legs { order, alive, gone, joins, awaits: None });
        }
        self.note_awaited(new);
    }

    fn belongs(&self, id: &str, ties: &Ties, facts: &Facts<'_>) -> (Id<CallInfo>, Association) {
        if let Some((at, call)) = &ties.call {
            let association = self.rules.call.get(*at).map_or(Association::Header, |rule| rule.1);
            let made = self.made.get(call.as_str());
            return (made.map_or_else(|| call.clone(), Id::cast), association);
        }
        // Of a loopback the half that was dialled gives the call its name, whichever is heard of
        // first.
        let half = |ending: &str| {
            facts.channel_name.is_some_and(|name| {
                let name = name.value();
                name.starts_with("loopback/") && name.ends_with(ending)
            })
        };
        if let Some(other) = ties.loopback.as_ref().filter(|_| !half("-a")) {
            if let Some(partner) = self.session(other.as_str()) {
                return (partner.call.clone(), Association::Loopback);
            }
            if half("-b") && !self.tombstones.contains(other.as_str()) {
                return (other.cast(), Association::Loopback);
            }
        }
        if let Some(other) = facts.call_uuid.map(|field| field.value())
            && other != id
            && !other.is_empty()
        {
            let known = self.session(&other).map(|session| session.call.clone());
            // One that was not seen yet may still be: we came in the middle of the call.
            let is_possible =
                || self.calls.contains_key(&*other) || !self.tombstones.contains(&other);
            if let Some(call) = known.or_else(|| is_possible().then(|| Id::new(&other))) {
                return (call, Association::CallUuid);
            }
        }
        (Id::new(id), Association::OwnUuid)
    }

    /// Gives a call the name of the session that was made instead of the one asked for. Where the
    /// one asked for is a stranger's and lives, only the session itself moves.
    pub(super) fn move_call(&mut self, asked: &Id<SessionInfo>, made: &Id<SessionInfo>) {
        let (old, new): (Id<CallInfo>, Id<CallInfo>) = (asked.cast(), made.cast());
        if self.sessions.contains_key(asked) {
            let Some(entry) = self.sessions.get_mut(made).filter(|x| x.session.call == old) else {
                return;
            };
            entry.session.call = new.clone();
            self.leave(&old, made);
            self.add_leg(&new, made.clone());
            return;
        }
        // Those whose call never came are of no use to anybody.
        if self.made.len() >= self.limits.tombstones {
            self.made.clear();
        }
        self.made.insert(asked.clone(), made.clone());
        if !self.calls.contains_key(&new) {
            self.merge_calls(&old, &new);
        }
    }

    /// Takes a session out of a call that it does not belong to after all.
    pub(super) fn leave(&mut self, call: &Id<CallInfo>, session: &Id<SessionInfo>) {
        let place = self.sessions.get(session).map(|entry| entry.place);
        let Some(legs) = self.calls.get_mut(call) else { return };
        legs.alive.remove(place, session);
        if !legs.alive.is_empty() {
            self.note_awaited(call);
        } else if legs.gone.is_empty() {
            let _empty = self.take_legs(call);
        } else {
            // What is left of it are legs that are gone.
            self.end_call(call);
        }
    }

    /// CHANNEL_UUID: the session continues under another id.
    pub(super) fn rename(&mut self, old: &str, new: &str) -> bool {
        if old == new {
            return false;
        }
        let Some(mut entry) = self.sessions.remove(old) else { return false };
        let (old, new) = (entry.session.id.clone(), Id::new(new));
        let (call, place) = (entry.session.call.clone(), entry.place);
        if self.own.remove(&old) {
            self.own.insert(new.clone());
        }
        self.tombstones.add(old.clone(), self.limits.tombstones);
        if self.sessions.contains_key(&new) {
            // Events with its new id came before the rename: one channel, seen as two.
            self.totals.sessions = self.totals.sessions.saturating_sub(1);
            if let Some(known) = self.sessions.get_mut(&new) {
                known.order = known.order.min(entry.order);
            }
            if call.as_str() == old.as_str() {
                let now = self.session(new.as_str()).map(|session| session.call.clone());
                self.leave(&call, &old);
                self.merge_calls(&call, &now.unwrap_or_else(|| new.cast()));
            } else {
                self.leave(&call, &old);
            }
            return true;
        }
        entry.session.id = new.clone();
        let is_named_after_it = entry.is_provisional && call.as_str() == old.as_str();
        self.sessions.insert(new.clone(), entry);
        if let Some(legs) = self.calls.get_mut(&call) {
            legs.alive.rename(Some(place), &old, new.clone());
        }
        if is_named_after_it {
            // It takes along who came before it was bound.
            self.merge_calls(&call, &new.cast());
        } else {
            self.note_awaited(&call);
        }
        true
    }
}

/// Where FreeSWITCH says through which gateway a leg went out, and came in (`mod_sofia.c` and
/// `sofia.c` set them when they make the channel).
const GATEWAY: [&[u8]; 2] = [b"variable_sip_gateway_name", b"variable_sip_gateway"];
