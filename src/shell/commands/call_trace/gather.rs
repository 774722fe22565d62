//! What is of the call: events, log lines, SIP messages.

use super::item::{Item, letter};
use super::sip::Message;
use super::{Request, Trace, item};
use crate::listener::{EventListener, Snapshot};
use crate::model::{Event, Id, SessionInfo};
use crate::shell::commands::call_name::plain_number;
use crate::wire::LogLine;

impl Trace {
    /// Takes an event, if it is about this call.
    pub(super) fn event(&mut self, event: &Event) {
        let Some(id) = event.unique_id().map(|id| Id::<SessionInfo>::new(&id)) else { return };
        let Some(leg) = self.leg(&id, event) else { return };
        if let Some(sip_id) = event.variable("sip_call_id") {
            self.bind(sip_id.into_owned(), leg);
        }
        if event.name() == "CHANNEL_DESTROY" {
            self.alive = self.alive.saturating_sub(1);
        }
        if self.began == 0 {
            self.began = event.timestamp();
        }
        let others = |id: &str| {
            let at = self.legs.iter().position(|leg| leg.as_str() == id);
            at.map_or_else(|| id.to_owned(), letter)
        };
        if let Some(text) = item::describe(event, others) {
            let raw = event.data();
            self.items.push(Item {
                at: event.timestamp(),
                leg: Some(leg),
                kind: "event",
                text,
                full: item::headers(raw),
            });
        }
    }

    /// The number of the leg that an event is about; a new leg of the same call is taken in.
    fn leg(&mut self, id: &Id<SessionInfo>, event: &Event) -> Option<usize> {
        if let Some(at) = self.legs.iter().position(|leg| leg == id) {
            return Some(at);
        }
        if event.name() == "CHANNEL_UUID" {
            self.rename(event);
            if let Some(at) = self.legs.iter().position(|leg| leg == id) {
                return Some(at);
            }
        }
        // What has ended does not begin.
        if event.name() == "CHANNEL_DESTROY"
            || event.get("Channel-State").as_deref() == Some("CS_DESTROY")
        {
            return None;
        }
        let is_ours = if self.legs.is_empty() {
            self.number.as_deref().is_some_and(|number| has_number(event, number))
        } else {
            self.is_related(id, event)
        };
        if !is_ours {
            return None;
        }
        self.legs.push(id.clone());
        self.alive += 1;
        Some(self.legs.len() - 1)
    }

    /// Takes the new id of a leg, if the event is about one.
    pub(super) fn rename(&mut self, event: &Event) {
        let (Some(old), Some(new)) = (event.get("Old-Unique-ID"), event.unique_id()) else {
            return;
        };
        if let Some(leg) = self.legs.iter_mut().find(|leg| leg.as_str() == old) {
            *leg = Id::new(&new);
        }
    }

    /// Whether no leg is left, as far as it is known: the switch does not list it, or the shell saw
    /// its end.
    pub(super) fn is_gone(&self, shell: &EventListener) -> bool {
        let is_complete = self.listener.snapshot_state() == Snapshot::Complete;
        let is_over = |id: &str| {
            let is_listed = self.listener.session(&Id::new(id)).is_some();
            let has_ended = || {
                shell.with(|tracker| {
                    let mut legs = tracker.ended().rev().flat_map(|call| &call.sessions);
                    tracker.session(id).is_none() && legs.any(|leg| leg.id.as_str() == id)
                })
            };
            (is_complete && !is_listed) || has_ended()
        };
        !self.legs.is_empty() && self.legs.iter().all(|leg| is_over(leg.as_str()))
    }

    fn is_related(&self, id: &Id<SessionInfo>, event: &Event) -> bool {
        let is_leg = |id: &str| self.legs.iter().any(|leg| leg.as_str() == id);
        let names = [
            "Other-Leg-Unique-ID",
            "Channel-Call-UUID",
            "variable_originator",
            "variable_other_loopback_leg_uuid",
            "Bridge-A-Unique-ID",
            "Bridge-B-Unique-ID",
        ];
        names.iter().any(|name| event.get(name).is_some_and(|id| is_leg(&id)))
            || self.listener.with(|tracker| {
                let call = tracker.session(id.as_str()).map(|session| session.call.clone());
                call.is_some_and(|call| {
                    tracker.legs(&call).iter().any(|leg| is_leg(leg.id.as_str()))
                })
            })
    }

    /// Takes a log line, if it is about this call, or a SIP message of it.
    pub(super) fn line(&mut self, line: &LogLine, request: &Request) {
        if let Some(message) = request.sip.then(|| Message::of(line)).flatten() {
            match self.sip_ids.get(&message.call_id).copied() {
                Some(leg) => self.items.push(message.into_item(leg)),
                None => {
                    // The INVITE comes before the first event.
                    if self.unmatched_sip.len() >= STRANGERS {
                        self.unmatched_sip.remove(0);
                    }
                    self.unmatched_sip.push(message);
                }
            }
            return;
        }
        if request.log.is_none() {
            return;
        }
        let user = line.user_data();
        if let Some(leg) = self.legs.iter().position(|leg| leg.as_str() == &*user) {
            let text = line.text().into_owned();
            let at = self.items.last().map_or(self.began, |item| item.at);
            self.items.push(Item {
                at: item::time_of(&text, at),
                leg: Some(leg),
                kind: "log",
                text: item::without_stamp(&text),
                full: text,
            });
        }
    }

    /// A leg's SIP Call-ID is known: its messages until now are of this call.
    fn bind(&mut self, sip_id: String, leg: usize) {
        if self.sip_ids.contains_key(&sip_id) {
            return;
        }
        let (ours, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unmatched_sip)
            .into_iter()
            .partition(|message| message.call_id == sip_id);
        self.unmatched_sip = rest;
        self.items.extend(ours.into_iter().map(|message| message.into_item(leg)));
        self.sip_ids.insert(sip_id, leg);
    }
}

/// How many SIP messages are kept for a call that is not known yet.
const STRANGERS: usize = 500;

/// Whether an event is of a call from or to a number; one with digits in front of it counts.
fn has_number(event: &Event, number: &str) -> bool {
    let wanted = plain_number(number);
    let names = [
        "Caller-Caller-ID-Number",
        "Caller-Destination-Number",
        "Caller-ANI",
        "Caller-Orig-Caller-ID-Number",
        "Caller-Callee-ID-Number",
    ];
    names.iter().any(|name| {
        event.get(name).is_some_and(|found| {
            let found = plain_number(&found);
            found == wanted || (wanted.len() >= 5 && found.ends_with(wanted))
        })
    })
}
