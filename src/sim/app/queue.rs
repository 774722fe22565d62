//! Queues: `callcenter`, its agents, and `fifo`. What the queue fires was read off FreeSWITCH
//! 1.10.12; of `fifo` there are `in` and `out` for a call that waits already.

use crate::sim::world::queue::{Member, QUEUE};
use std::time::Duration;

use crate::model::dial::DialString;
use crate::sim::channel::Doing;
use crate::sim::channel::then::Then;
use crate::sim::event::Event;
use crate::sim::world::World;
use crate::sim::world::agenda::{Action, Tick};

impl World {
    /// `callcenter QUEUE`: the call waits until an agent answers.
    pub(super) fn start_queue(&mut self, id: u64, name: &str) -> Doing {
        let (uuid, joined) = (self.uuid(), self.now / 1_000_000);
        let Some(channel) = self.channels.get_mut(&id).filter(|_| name == QUEUE) else {
            return Doing::Nothing;
        };
        channel.vars.extend([
            ("cc_side", "member".to_owned()),
            ("cc_member_uuid", uuid.clone()),
            ("cc_queue_joined_epoch", joined.to_string()),
            ("cc_queue", name.to_owned()),
        ]);
        let profile = channel.profile.clone().unwrap_or_default();
        let member = Member {
            uuid,
            channel: id,
            session: channel.uuid.clone(),
            cid: (profile.cid_name.clone(), profile.cid_num.clone()),
            joined,
            agent: None,
            leg: None,
        };
        let all = member.headers();
        self.queue.members.push(member);
        self.fire_queue(Some(id), "member-queue-start", ("callcenter_function", "3113"), all);
        self.count_members();
        self.start_music(id);
        self.after(Duration::from_millis(40), Action::Dispatch);
        Doing::Queue
    }

    /// Offers waiting calls to agents that are free.
    pub(in crate::sim) fn offer_calls(&mut self) {
        loop {
            let waiting = self.queue.members.iter().position(|member| member.agent.is_none());
            let tiers = &self.queue.tiers;
            let free = self.queue.agents.iter().find(|agent| {
                let serves =
                    tiers.iter().any(|(queue, name, ..)| queue == QUEUE && *name == agent.name);
                serves && agent.state == "Waiting" && agent.status.starts_with("Available")
            });
            let (Some(at), Some(agent)) = (waiting, free) else { return };
            let (name, contact) = (agent.name.clone(), agent.contact.clone());
            let Some(member) = self.queue.members.get_mut(at) else { return };
            member.agent = Some(name.clone());
            let member = member.clone();
            self.set_agent_state(&name, "Receiving");
            let mut all = vec![
                ("CC-Agent", name.clone()),
                ("CC-Agent-Type", "callback".to_owned()),
                ("CC-Agent-System", "single_box".to_owned()),
            ];
            all.extend(member.headers());
            self.fire_queue(None, "agent-offering", ("outbound_agent_thread_run", "1717"), all);
            self.call_agent(&member, &name, &contact);
        }
    }

    fn call_agent(&mut self, member: &Member, agent: &str, contact: &str) {
        let Ok(mut dial) = DialString::parse(contact) else {
            self.agent_failed(member.channel);
            return;
        };
        let vars = [
            ("cc_queue", QUEUE.to_owned()),
            ("cc_queue_joined_epoch", member.joined.to_string()),
            ("cc_member_uuid", member.uuid.clone()),
            ("cc_member_session_uuid", member.session.clone()),
            ("cc_agent", agent.to_owned()),
            ("cc_agent_type", "callback".to_owned()),
            ("cc_side", "agent".to_owned()),
            ("loopback_bowout", "false".to_owned()),
            ("loopback_bowout_on_execute", "false".to_owned()),
            ("ignore_early_media", "true".to_owned()),
            ("origination_caller_id_name", member.cid.0.clone()),
            ("origination_caller_id_number", member.cid.1.clone()),
        ];
        for lane in &mut dial.lanes {
            lane.variables
                .extend(vars.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        self.originate(None, dial, Then::Queue(member.channel), member.cid.clone(), 60);
    }

    /// The agent of a waiting call has answered: the two are joined.
    pub(in crate::sim) fn agent_answered(&mut self, id: u64, leg: u64) {
        let now = self.now / 1_000_000;
        let uuid = self.channels.get(&leg).map(|leg| leg.uuid.clone()).unwrap_or_default();
        let found = self.queue.members.iter_mut().find(|member| member.channel == id);
        let Some(member) = found else {
            self.hangup(leg, "ORIGINATOR_CANCEL", Tick::Soon);
            return;
        };
        member.leg = Some((leg, uuid.clone(), now));
        let member = member.clone();
        let agent = member.agent.clone().unwrap_or_default();
        let origin = ("outbound_agent_thread_run", "1934");
        self.fire_queue(Some(leg), "bridge-agent-start", origin, member.agent_headers());
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.vars.extend([("cc_agent_uuid", uuid.as_str()), ("cc_cause", "answered")]);
        }
        self.bridge_legs(id, leg, true);
        for id in [id, leg] {
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.vars.set("cc_agent_bridged", "true");
            }
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.vars.set("cc_agent", &agent);
            channel.vars.set("cc_queue_answered_epoch", now.to_string());
        }
        self.set_agent_state(&agent, "In a queue call");
    }

    /// The agent did not answer: the call waits for the next one.
    pub(in crate::sim) fn agent_failed(&mut self, id: u64) {
        let found = self.queue.members.iter_mut().find(|member| member.channel == id);
        let Some(agent) = found.and_then(|member| member.agent.take()) else { return };
        self.set_agent_state(&agent, "Waiting");
        self.after(Duration::from_secs(2), Action::Dispatch);
    }

    /// Leaves the application: an agent has answered, or the call ends while it waits.
    pub(in crate::sim) fn leave_queue(&mut self, id: u64) {
        self.stop_music(id);
        self.count_members();
        let is_served =
            self.queue.members.iter().any(|member| member.channel == id && member.leg.is_some());
        if !is_served {
            self.queue_call_ended(id);
            self.cancel_agent(id);
        }
    }

    /// One of the two legs of a queue's call has ended, or the caller has given up.
    pub(in crate::sim) fn queue_call_ended(&mut self, id: u64) {
        let is_of = |member: &Member| {
            member.channel == id || member.leg.as_ref().is_some_and(|(leg, ..)| *leg == id)
        };
        let Some(at) = self.queue.members.iter().position(is_of) else { return };
        let member = self.queue.members.remove(at);
        let left = self.now / 1_000_000;
        if let Some((leg, ..)) = &member.leg {
            let mut all = vec![("CC-Hangup-Cause", "SUCCESS".to_owned())];
            all.extend(member.agent_headers());
            all.push(("CC-Bridge-Terminated-Time", left.to_string()));
            let origin = ("outbound_agent_thread_run", "2062");
            self.fire_queue(Some(*leg), "bridge-agent-end", origin, all);
        }
        let (hangup, cause) = match member.leg {
            Some(_) => ("SUCCESS", "Terminated"),
            None => ("ORIGINATOR_CANCEL", "Cancel"),
        };
        let mut all = vec![("CC-Hangup-Cause", hangup.to_owned()), ("CC-Cause", cause.to_owned())];
        all.extend(member.agent_headers());
        all.push(("CC-Member-Leaving-Time", left.to_string()));
        let origin = ("outbound_agent_thread_run", "2098");
        self.fire_queue(Some(member.channel), "member-queue-end", origin, all);
        if let Some(agent) = member.agent {
            let served = member.leg.is_some();
            if let Some(agent) = self.queue.agents.iter_mut().find(|it| it.name == agent) {
                agent.answered += u32::from(served);
            }
            self.set_agent_state(&agent, "Waiting");
            self.after(Duration::from_millis(80), Action::Dispatch);
        }
    }

    pub(super) fn set_agent_state(&mut self, name: &str, state: &str) {
        let Some(agent) = self.queue.agents.iter_mut().find(|agent| agent.name == name) else {
            return;
        };
        state.clone_into(&mut agent.state);
        let all = vec![("CC-Agent", name.to_owned()), ("CC-Agent-State", state.to_owned())];
        self.fire_agent("agent-state-change", ("cc_agent_update", "1067"), all);
    }

    fn count_members(&mut self) {
        let count = self.queue.members.len().to_string();
        let all = vec![("CC-Count", count), ("CC-Selection", "Single-Queue".to_owned())];
        self.fire_queue(None, "members-count", ("cc_queue_count", "878"), all);
    }

    fn fire_queue(
        &mut self,
        id: Option<u64>,
        action: &str,
        origin: (&'static str, &'static str),
        after: crate::sim::event::Extra,
    ) {
        let mut all = vec![("CC-Queue", QUEUE.to_owned()), ("CC-Action", action.to_owned())];
        all.extend(after);
        self.fire_callcenter(id, origin, all);
    }

    /// An event about an agent alone.
    pub(in crate::sim) fn fire_agent(
        &mut self,
        action: &str,
        origin: (&'static str, &'static str),
        mut all: crate::sim::event::Extra,
    ) {
        all.insert(1.min(all.len()), ("CC-Action", action.to_owned()));
        self.fire_callcenter(None, origin, all);
    }

    fn fire_callcenter(
        &mut self,
        id: Option<u64>,
        (function, line): (&'static str, &'static str),
        all: crate::sim::event::Extra,
    ) {
        let mut event = Event::bare("CUSTOM");
        event.subclass = Some("callcenter::info".to_owned());
        event.push("Event-Subclass", "callcenter::info");
        self.write_core(&mut event, "CUSTOM", ("mod_callcenter.c", function, line));
        if let Some(channel) = id.and_then(|id| self.channels.get(&id)) {
            channel.write_headers(&mut event);
            channel.write_variables(&mut event);
        }
        for (name, value) in all {
            event.push(name, value);
        }
        self.emit(&event);
    }

    /// `fifo NAME in` waits; `out` is joined with the call that has waited longest.
    pub(super) fn start_fifo(&mut self, id: u64, data: &str) -> Doing {
        let (name, way) = data.split_once(' ').unwrap_or((data, ""));
        if !way.trim_start().starts_with("in") {
            return Doing::Nothing;
        }
        self.queue.fifos.push((name.to_owned(), id));
        self.start_music(id);
        Doing::Fifo
    }

    /// Serves the oldest call of a fifo once `fifo NAME out` is over.
    pub(super) fn serve_fifo(&mut self, id: u64, data: &str) {
        let (name, way) = data.split_once(' ').unwrap_or((data, ""));
        let waiting = self.queue.fifos.iter().find(|(have, _)| have == name);
        if let Some((_, caller)) = waiting.filter(|_| way.trim_start().starts_with("out")) {
            self.bridge_legs(id, *caller, true);
        }
    }

    pub(in crate::sim) fn leave_fifo(&mut self, id: u64) {
        self.stop_music(id);
        self.queue.fifos.retain(|(_, waiting)| *waiting != id);
    }
}
