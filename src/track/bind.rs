//! Which call a session belongs to, and which app controls it.

use super::facts::Facts;
use super::{Entry, Legs, Tracker};
use crate::model::{App, Association, Call, Id, Session};
use crate::wire::EventData;

/// The headers that bind a session to its call and to an app, in the order in which they are
/// tried. Any header can be one: where devices on the way strip ours, another may carry the id
/// (a `From` display name, the called number).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Headers that carry the uuid of the originating session, with the reason to remember.
    pub call: Vec<(String, Association)>,
    /// Headers that carry an app id.
    pub app: Vec<String>,
}

impl Rules {
    /// The channel variable that carries the originating session's uuid.
    pub const CALL_VARIABLE: &'static str = "switchy_originating_session";
    /// The channel variable that carries the app id.
    pub const APP_VARIABLE: &'static str = "switchy_app";
}

impl Default for Rules {
    /// Our SIP headers, then our plain variables.
    fn default() -> Self {
        let (call, app) = (Self::CALL_VARIABLE, Self::APP_VARIABLE);
        Self {
            call: vec![
                (format!("variable_sip_h_X-{call}"), Association::Header),
                (format!("variable_{call}"), Association::Variable),
            ],
            app: vec![format!("variable_{app}"), format!("variable_sip_h_X-{app}")],
        }
    }
}

/// What the variables of an event say about where a session belongs.
#[derive(Debug, Default)]
struct Ties {
    call: Option<(usize, Id<Call>)>,
    app: Option<(usize, Id<App>)>,
    loopback: Option<Id<Session>>,
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
    pub(super) fn add_session(&mut self, mut session: Session, is_provisional: bool) {
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
            Entry { session, order, is_provisional, generation: self.generation },
        );
        self.add_leg(call, id);
    }

    fn add_leg(&mut self, call: Id<Call>, session: Id<Session>) {
        if let Some(legs) = self.calls.get_mut(&call) {
            legs.alive.push(session);
            return;
        }
        self.next_order += 1;
        let order = self.next_order;
        self.order.insert(order, call.clone());
        self.calls.insert(call, Legs { order, alive: vec![session], gone: Vec::new() });
    }

    /// Binds a session for good, by the first event with variables.
    pub(super) fn bind(&mut self, id: &str, event: &EventData, facts: &Facts<'_>) {
        let ties = Ties::of(event, &self.rules);
        let (call, association) = self.belongs(id, &ties, facts);
        let Some(entry) = self.sessions.get_mut(id) else { return };
        entry.is_provisional = false;
        entry.session.association = association;
        entry.session.app = ties.app.map(|(_, app)| app);
        entry.session.gateway = ties.gateway.unwrap_or_default();
        if entry.session.call == call {
            return;
        }
        let old = std::mem::replace(&mut entry.session.call, call.clone());
        let id = entry.session.id.clone();
        self.leave(&old, &id);
        self.add_leg(call, id);
    }

    fn belongs(&self, id: &str, ties: &Ties, facts: &Facts<'_>) -> (Id<Call>, Association) {
        if let Some((at, call)) = &ties.call {
            let association = self.rules.call.get(*at).map_or(Association::Header, |rule| rule.1);
            let made = self.made.get(call.as_str());
            return (made.map_or_else(|| call.clone(), Id::cast), association);
        }
        let partner = ties.loopback.as_ref().and_then(|other| self.session(other.as_str()));
        if let Some(partner) = partner {
            return (partner.call.clone(), Association::Loopback);
        }
        if let Some(other) = facts.call_uuid.map(|field| field.value())
            && other != id
        {
            let known = self.session(&other).map(|session| session.call.clone());
            if let Some(call) =
                known.or_else(|| self.calls.get_key_value(&*other).map(|x| x.0.clone()))
            {
                return (call, Association::CallUuid);
            }
        }
        (Id::new(id), Association::OwnUuid)
    }

    /// Gives a call the name of the session that was made instead of the one asked for. Where the
    /// one asked for is somebody else's and lives, only the session itself moves.
    pub(super) fn move_call(&mut self, asked: &Id<Session>, made: &Id<Session>) {
        let (old, new): (Id<Call>, Id<Call>) = (asked.cast(), made.cast());
        if self.sessions.contains_key(asked) {
            let Some(entry) = self.sessions.get_mut(made).filter(|x| x.session.call == old) else {
                return;
            };
            entry.session.call = new.clone();
            self.leave(&old, made);
            self.add_leg(new, made.clone());
            return;
        }
        self.made.insert(asked.clone(), made.clone());
        if self.calls.contains_key(&new) {
            return;
        }
        let Some(mut legs) = self.calls.remove(&old) else { return };
        for leg in &legs.alive {
            if let Some(entry) = self.sessions.get_mut(leg) {
                entry.session.call = new.clone();
            }
        }
        for (_, leg) in &mut legs.gone {
            leg.call = new.clone();
        }
        self.order.insert(legs.order, new.clone());
        self.calls.insert(new, legs);
    }

    /// Takes a session out of a call that it does not belong to after all.
    fn leave(&mut self, call: &Id<Call>, session: &Id<Session>) {
        let Some(legs) = self.calls.get_mut(call) else { return };
        legs.alive.retain(|leg| leg != session);
        if !legs.alive.is_empty() {
            return;
        }
        if legs.gone.is_empty() {
            let order = legs.order;
            self.order.remove(&order);
            self.calls.remove(call);
        } else {
            // What is left of it are legs that are gone.
            self.end_call(call);
        }
    }

    /// CHANNEL_UUID: the session goes on under another id.
    pub(super) fn rename(&mut self, old: &str, new: &str) -> bool {
        if old == new || self.sessions.contains_key(new) {
            return false;
        }
        let Some(mut entry) = self.sessions.remove(old) else { return false };
        let (old, new) = (entry.session.id.clone(), Id::new(new));
        entry.session.id = new.clone();
        let call = entry.session.call.clone();
        if entry.is_provisional && call.as_str() == old.as_str() {
            entry.session.call = new.cast();
            self.leave(&call, &old);
            self.add_leg(new.cast(), new.clone());
        } else if let Some(legs) = self.calls.get_mut(&call) {
            for leg in &mut legs.alive {
                if *leg == old {
                    *leg = new.clone();
                }
            }
        }
        if self.own.remove(&old) {
            self.own.insert(new.clone());
        }
        self.sessions.insert(new, entry);
        self.tombstones.add(old, self.limits.tombstones);
        true
    }
}

/// Where FreeSWITCH says through which gateway a leg went out, and came in (`mod_sofia.c` and
/// `sofia.c` set them when they make the channel).
const GATEWAY: [&[u8]; 2] = [b"variable_sip_gateway_name", b"variable_sip_gateway"];
