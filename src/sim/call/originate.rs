//! Outgoing calls: the legs that compete to be answered.

use crate::sim::event::truth::truth;
use crate::sim::world::originate::{Again, Lane, Originate, lanes, settable};
use std::time::Duration;

use super::endpoint::members;
use crate::model::dial::{DialString, Leg, find};
use crate::sim::channel::State;
use crate::sim::channel::outgoing::Outgoing;
use crate::sim::channel::then::Then;
use crate::sim::world::World;
use crate::sim::world::agenda::{Action, Step, Tick};
use crate::sim::world::request::ApiCall;

impl World {
    /// Starts to dial.
    pub(in crate::sim) fn originate(
        &mut self,
        waiting: Option<ApiCall>,
        dial: DialString,
        then: Then,
        cid: (String, String),
        given: u64,
    ) {
        let timeout = dial.variable("originate_timeout").and_then(|text| text.parse().ok());
        let timeout = timeout.unwrap_or(given);
        let cause = "NORMAL_TEMPORARY_FAILURE".to_owned();
        let (id, again) = (self.token(), Again::of(&dial));
        let originate = Originate {
            waiting,
            then,
            lanes: lanes(dial),
            cid,
            timeout,
            winner: None,
            cause,
            tries: Vec::new(),
            again,
        };
        self.originates.insert(id, originate);
        self.dial_lanes(id);
    }

    fn dial_lanes(&mut self, id: u64) {
        let count = self.originates.get(&id).map_or(0, |originate| originate.lanes.len());
        for lane in 0..count {
            self.dial_next(id, lane);
        }
        self.give_up(id);
    }

    /// Dials everything once more, unless the leg that wants it has gone.
    pub(in crate::sim) fn redial(&mut self, id: u64) {
        let Some(originate) = self.originates.get_mut(&id) else { return };
        let by = originate.by();
        originate.again.waits = false;
        originate.lanes = lanes(originate.again.dial.clone());
        if by.is_some_and(|by| !self.channels.get(&by).is_some_and(|by| by.is_up())) {
            self.originates.remove(&id);
            return;
        }
        self.dial_lanes(id);
    }

    /// Lets a leg that exists already continue as if it had been dialled; no reply is sent.
    pub(in crate::sim) fn adopt(&mut self, leg: u64, then: Then) {
        let id = self.token();
        let originate = Originate {
            waiting: None,
            then,
            lanes: vec![Lane { legs: vec![leg], token: id, ..Lane::default() }],
            cid: (String::new(), String::new()),
            timeout: 60,
            winner: None,
            cause: "NORMAL_TEMPORARY_FAILURE".to_owned(),
            tries: Vec::new(),
            again: Again::default(),
        };
        self.originates.insert(id, originate);
        if let Some(channel) = self.channels.get_mut(&leg) {
            channel.originate = Some(id);
        }
    }

    /// Dials groups of a lane until one has a leg, or none is left.
    fn dial_next(&mut self, id: u64, lane: usize) {
        loop {
            let token = self.token();
            let Some(originate) = self.originates.get_mut(&id) else { return };
            let timeout = originate.timeout;
            let Some(run) = originate.lanes.get_mut(lane).filter(|run| !run.rest.is_empty()) else {
                return;
            };
            let (group, later) = members(run.rest.remove(0));
            run.rest.splice(0..0, later);
            run.token = token;
            for spec in group {
                self.dial_spec(id, lane, spec);
            }
            let run = self.originates.get(&id).and_then(|originate| originate.lanes.get(lane));
            if run.is_some_and(|run| !run.is_idle()) {
                self.after(Duration::from_secs(timeout), Action::RingTimeout(token));
                return;
            }
        }
    }

    /// Dials one leg, now or as late as its `leg_delay_start` says.
    fn dial_spec(&mut self, id: u64, lane: usize, spec: Leg) {
        let delay = find(&spec.variables, "leg_delay_start").and_then(|text| text.parse().ok());
        let Some(delay) = delay.filter(|delay| *delay > 0) else {
            self.dial_now(id, lane, &spec);
            return;
        };
        let run = self.originates.get_mut(&id).and_then(|originate| originate.lanes.get_mut(lane));
        if let Some(run) = run {
            run.late += 1;
            self.after(Duration::from_secs(delay), Action::LateLeg(id, lane, Box::new(spec)));
        }
    }

    /// A leg starts that had to wait.
    pub(in crate::sim) fn late_leg(&mut self, id: u64, lane: usize, spec: &Leg) {
        let originate = self.originates.get_mut(&id).filter(|it| it.winner.is_none());
        let Some(run) = originate.and_then(|originate| originate.lanes.get_mut(lane)) else {
            return;
        };
        run.late -= 1;
        self.dial_now(id, lane, spec);
        self.leg_is_over(id, lane);
    }

    fn dial_now(&mut self, id: u64, lane: usize, spec: &Leg) {
        let Some(originate) = self.originates.get(&id) else { return };
        let Some(run) = originate.lanes.get(lane) else { return };
        // What is set for all legs wins, unless it says that it does not.
        let vars: Vec<_> = if run.is_set("local_var_clobber") {
            run.vars.iter().chain(&spec.variables).cloned().collect()
        } else {
            spec.variables.iter().chain(&run.vars).cloned().collect()
        };
        let known = |name: &str| find(&spec.variables, name).or_else(|| find(&run.vars, name));
        let known = |name: &str| known(name).filter(|value| !value.is_empty());
        let named = |name: &str, word: &str| known(name).unwrap_or(word).to_owned();
        let (name, number) = &originate.cid;
        let by = originate.by();
        let out = Outgoing {
            uuid: known("origination_uuid").map(str::to_owned),
            cid_name: named("origination_caller_id_name", name),
            cid_num: named("origination_caller_id_number", number),
            by,
            ignores_early: run.is_set("ignore_early_media"),
            vars: settable(vars, run.is_set("origination_nested_vars")),
        };
        let limit = find(&out.vars, "leg_timeout").and_then(|text| text.parse::<u64>().ok());
        let dialled = self.dial_leg(&spec.target, &out);
        let Some(originate) = self.originates.get_mut(&id) else { return };
        let leg = match dialled {
            Ok(leg) => leg,
            Err(cause) => {
                cause.clone_into(&mut originate.cause);
                return;
            }
        };
        if let Some(run) = originate.lanes.get_mut(lane) {
            run.legs.push(leg);
        }
        let by = originate.by();
        if let Some(channel) = self.channels.get_mut(&leg) {
            channel.originate = Some(id);
            originate.tries.push((leg, channel.uuid.clone(), None));
            let callee = channel.profile.as_ref().map(|it| it.destination.clone());
            let text = format!("{};Outbound Call;{}", channel.uuid, callee.unwrap_or_default());
            let uuid = channel.uuid.clone();
            if let Some(by) = by.and_then(|by| self.channels.get_mut(&by)) {
                by.vars.set("originate_signal_bond", uuid);
                by.vars.push("originated_legs", &text);
            }
        }
        if let Some(limit) = limit {
            self.step_in(limit * 1000, leg, Step::LegTimeout);
        }
    }

    /// A leg is answered: it wins, the others lose.
    pub(super) fn leg_answered(&mut self, id: u64, leg: u64) {
        let Some(originate) = self.originates.get_mut(&id) else { return };
        if originate.winner.is_some_and(|winner| winner != leg) {
            return;
        }
        originate.winner = Some(leg);
        let mut losers = Vec::new();
        for lane in &mut originate.lanes {
            lane.rest.clear();
            losers.extend(lane.legs.drain(..).filter(|other| *other != leg));
        }
        for loser in losers {
            if let Some(channel) = self.channels.get_mut(&loser) {
                channel.vars.set("group_dial_status", "loser");
            }
            self.drop_leg(id, loser, "LOSE_RACE");
        }
        self.after(Duration::ZERO, Action::OriginateReady(id));
    }

    /// Early media is as good as an answer, unless the caller wants to wait.
    pub(super) fn early_media(&mut self, id: u64, leg: u64) {
        let Some(originate) = self.originates.get_mut(&id) else { return };
        let lane = originate.lanes.iter().find(|lane| lane.legs.contains(&leg));
        let ignored = lane.is_none_or(|lane| lane.is_set("ignore_early_media"));
        let racing = originate.lanes.iter().map(|lane| lane.legs.len() + lane.late).sum::<usize>();
        if ignored || originate.winner.is_some() || racing > 1 {
            return;
        }
        originate.winner = Some(leg);
        self.after(Duration::from_millis(20), Action::OriginateReady(id));
    }

    /// The winner is ready for what comes next.
    pub(in crate::sim) fn originate_ready(&mut self, id: u64) {
        let Some(winner) = self.originates.get(&id).and_then(|originate| originate.winner) else {
            return;
        };
        self.originate_done(id, Ok(winner));
    }

    /// A leg is gone before its time.
    pub(super) fn leg_failed(&mut self, id: u64, leg: u64, cause: &str) {
        let Some(originate) = self.originates.get_mut(&id) else { return };
        cause.clone_into(&mut originate.cause);
        originate.note_end(leg, cause);
        if originate.winner == Some(leg) {
            // Answered, and gone before anybody could use it.
            originate.winner = None;
            originate.lanes.clear();
            self.give_up(id);
            return;
        }
        let lane = originate.lanes.iter().position(|lane| lane.legs.contains(&leg));
        let Some(lane) = lane else { return };
        let mut others = Vec::new();
        if let Some(run) = originate.lanes.get_mut(lane) {
            run.legs.retain(|other| *other != leg);
            let single = find(&run.vars, "fail_on_single_reject").unwrap_or_default();
            if truth(single) || single.split(',').any(|one| one.eq_ignore_ascii_case(cause)) {
                others = std::mem::take(&mut run.legs);
                run.late = 0;
            }
        }
        for other in others {
            self.drop_leg(id, other, "NORMAL_CLEARING");
        }
        self.leg_is_over(id, lane);
    }

    /// When a lane has no leg left its next group is tried; when no lane has any, that was it.
    fn leg_is_over(&mut self, id: u64, lane: usize) {
        let Some(originate) = self.originates.get(&id).filter(|it| it.winner.is_none()) else {
            return;
        };
        if originate.lanes.get(lane).is_some_and(Lane::is_idle) {
            self.dial_next(id, lane);
        }
        self.give_up(id);
    }

    /// Ends an originate in which nothing is left to wait for.
    fn give_up(&mut self, id: u64) {
        let open = self.originates.get_mut(&id).filter(|it| it.winner.is_none());
        let Some(originate) = open.filter(|it| !it.again.waits) else { return };
        if originate.lanes.iter().all(|lane| lane.is_idle() && lane.rest.is_empty()) {
            if originate.again.left > 0 {
                originate.again.left -= 1;
                originate.again.waits = true;
                let pause = originate.again.pause;
                self.after(pause, Action::Redial(id));
                return;
            }
            let cause = originate.cause.clone();
            self.originate_done(id, Err(cause));
        }
    }

    /// No leg answered in time.
    pub(in crate::sim) fn ring_timeout(&mut self, token: u64) {
        let mut waiting = self.originates.values_mut().filter(|it| it.winner.is_none());
        let found = waiting.find_map(|it| it.lanes.iter_mut().find(|lane| lane.token == token));
        let Some(lane) = found else { return };
        if !lane.is_set("originate_continue_on_timeout") {
            lane.rest.clear();
        }
        lane.late = 0;
        for leg in lane.legs.clone() {
            self.hangup(leg, "NO_ANSWER", Tick::Soon);
        }
    }

    fn originate_done(&mut self, id: u64, result: Result<u64, String>) {
        let Some(originate) = self.originates.remove(&id) else { return };
        let Originate { waiting, then, tries, .. } = originate;
        let tries: Vec<(String, String)> = tries
            .into_iter()
            .map(|(_, uuid, cause)| (uuid, cause.unwrap_or_else(|| "NONE".to_owned())))
            .collect();
        match result {
            Ok(leg) => self.originate_won(leg, waiting, then, &tries),
            Err(cause) => {
                if let Some(waiting) = waiting {
                    self.answered(&waiting, &format!("-ERR {cause}\n"));
                }
                match then {
                    Then::Bridge(by) => self.bridge_failed(by, &cause, &tries),
                    Then::Queue(member) => self.agent_failed(member),
                    Then::Apps(_) | Then::Exten(_) => {}
                }
            }
        }
    }

    /// A call has left its queue while its agent rings.
    pub(in crate::sim) fn cancel_agent(&mut self, member: u64) {
        let mut all = self.originates.iter();
        let found = all.find(|(_, it)| matches!(it.then, Then::Queue(of) if of == member));
        let Some(id) = found.map(|(id, _)| *id) else { return };
        let Some(mut originate) = self.originates.remove(&id) else { return };
        let legs: Vec<u64> =
            originate.lanes.iter_mut().flat_map(|lane| lane.legs.drain(..)).collect();
        for leg in legs {
            self.hangup(leg, "ORIGINATOR_CANCEL", Tick::Soon);
        }
    }

    /// Takes a leg out of the race.
    fn drop_leg(&mut self, id: u64, leg: u64, cause: &str) {
        if let Some(originate) = self.originates.get_mut(&id) {
            originate.note_end(leg, cause);
        }
        self.hangup(leg, cause, Tick::Soon);
        if let Some(channel) = self.channels.get_mut(&leg) {
            channel.originate = None;
        }
    }

    /// The leg that an originate dials for.
    pub(super) fn dialled_for(&self, id: u64) -> Option<u64> {
        self.originates.get(&id)?.by()
    }

    /// Whether a leg is the only one that an originate has dialled.
    pub(super) fn rings_alone(&self, leg: u64) -> bool {
        let id = self.channels.get(&leg).and_then(|channel| channel.originate);
        let originate = id.and_then(|id| self.originates.get(&id));
        originate.is_some_and(|it| it.tries.len() == 1)
    }

    /// The leg whose `bridge` still dials has left it: what rings is cancelled.
    pub(super) fn cancel_bridge(&mut self, by: u64) {
        let found = self.originates.iter().find(|(_, it)| it.by() == Some(by)).map(|(id, _)| *id);
        let Some(id) = found else { return };
        let Some(originate) = self.originates.get_mut(&id) else { return };
        let mut legs: Vec<u64> =
            originate.lanes.iter_mut().flat_map(|lane| lane.legs.drain(..)).collect();
        legs.extend(originate.winner.filter(|winner| !legs.contains(winner)));
        // What the caller's wire said is passed on.
        let heard = self.channels.get(&by).map(|by| {
            let var = |name: &str| by.vars.get(name).map(str::to_owned);
            (var("sip_reason"), var("proto_specific_hangup_cause"))
        });
        let (reason, protocol) = heard.unwrap_or_default();
        for leg in legs {
            if let Some(channel) = self.channels.get_mut(&leg) {
                if let Some(reason) = &reason {
                    channel.vars.set("sip_reason", reason);
                    channel.vars.set("sip_hangup_phrase", "Request Terminated");
                }
                channel.vars.set("last_bridge_hangup_cause", "ORIGINATOR_CANCEL");
                if let Some(protocol) = &protocol {
                    channel.vars.set("last_bridge_proto_specific_hangup_cause", protocol);
                }
            }
            // Its end is no news to the caller, who has gone.
            if let Some(channel) = self.channels.get_mut(&leg) {
                channel.originate = None;
            }
            self.drop_leg(id, leg, "ORIGINATOR_CANCEL");
        }
        let Some(originate) = self.originates.remove(&id) else { return };
        if let Some(channel) = self.channels.get_mut(&by) {
            let all = [("originate_disposition", "ORIGINATOR_CANCEL"), ("DIALSTATUS", "CANCEL")];
            channel.vars.extend(all);
            for (_, uuid, cause) in originate.tries {
                let cause = cause.as_deref().unwrap_or("ORIGINATOR_CANCEL");
                channel.vars.push("originate_causes", &format!("{uuid};{cause}"));
            }
            channel.vars.set("originate_failed_cause", "ORIGINATOR_CANCEL");
        }
    }

    fn originate_won(
        &mut self,
        leg: u64,
        waiting: Option<ApiCall>,
        then: Then,
        tries: &[(String, String)],
    ) {
        let Some(channel) = self.channels.get_mut(&leg) else { return };
        channel.originate = None;
        let uuid = channel.uuid.clone();
        if let Then::Apps(_) = then {
            self.flip(leg);
        }
        if let Some(waiting) = waiting {
            self.answered(&waiting, &format!("+OK {uuid}\n"));
        }
        match then {
            Then::Apps(apps) => {
                if let Some(channel) = self.channels.get_mut(&leg) {
                    channel.plan = apps.into();
                }
                self.execute(leg);
            }
            Then::Exten(exten) => {
                self.transfer_profile(leg, &exten);
                self.set_state(leg, State::Routing, 2);
                if self.hunt(leg) {
                    self.flip(leg);
                    self.execute(leg);
                }
            }
            Then::Bridge(by) => self.join(by, leg, tries),
            Then::Queue(member) => self.agent_answered(member, leg),
        }
    }
}
