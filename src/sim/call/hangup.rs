//! How channels end: HANGUP at once, then the applications unwind, then the report.

use crate::sim::world::agenda::Tick;
use std::time::Duration;

use crate::model::HangupCause;
use crate::sim::channel::farewell::Farewell;
use crate::sim::channel::{Answer, CallState, Channel, Doing, Kind, State, sip};
use crate::sim::event::Event;
use crate::sim::world::agenda::{Action, Step};
use crate::sim::world::{World, log};

impl World {
    /// Decides a channel's end; what follows comes with its own steps.
    pub(in crate::sim) fn hangup(&mut self, id: u64, cause: &str, tick: Tick) {
        self.hangup_with(id, cause, tick, Vec::new());
    }

    /// Decides a channel's end; the variables are what its wire heard of it.
    pub(super) fn hangup_with(
        &mut self,
        id: u64,
        cause: &str,
        tick: Tick,
        vars: Vec<(&'static str, String)>,
    ) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if channel.cause.is_some() {
            return;
        }
        let cause = HangupCause::parse(cause);
        let text = format!("Hangup {} [{}] [{cause}]", channel.name, channel.state.name());
        let named = cause.to_string();
        channel.cause = Some(cause);
        channel.number = State::Hangup as u8;
        channel.vars.extend(vars);
        let (partner, bonded) = (channel.partner, self.bonded(id));
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let protocol = channel.vars.get("proto_specific_hangup_cause").map(str::to_owned);
        if partner.is_some() {
            let called = channel.other.as_ref().is_some_and(|other| other.role == "originator");
            let role = if called { "originatee" } else { "originator" };
            channel.vars.set("last_bridge_role", role);
        }
        if let Some(other) = bonded.and_then(|other| self.channels.get_mut(&other)) {
            other.vars.set("last_bridge_hangup_cause", named);
            if let Some(protocol) = protocol {
                other.vars.set("last_bridge_proto_specific_hangup_cause", protocol);
            }
        }
        self.fire_full(id, "CHANNEL_HANGUP", Vec::new(), Vec::new());
        self.eavesdropped_gone(id);
        let place = if self.hupall { log::HUPALL } else { log::HANGUP };
        self.log_channel(5, id, place, &text);
        let delay = if tick == Tick::Media { self.to_next_tick() } else { Duration::ZERO };
        self.after(delay, Action::Leg(id, Step::Unwind));
    }

    /// Leaves the applications, reports, and forgets the channel.
    pub(in crate::sim) fn unwind(&mut self, id: u64) {
        while self.channels.get(&id).is_some_and(|channel| !channel.stack.is_empty()) {
            self.leave(id);
        }
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let cause = channel.cause.clone().unwrap_or(HangupCause::NORMAL_CLEARING);
        let (peer, originate, partner) =
            (channel.peer.take(), channel.originate.take(), channel.partner.take());
        let answered = channel.answer == Answer::Answered;
        let farewell = Farewell::of(channel, &cause);
        let (loops, inbound) = (channel.kind == Kind::Loopback, channel.inbound);
        channel.vars.remove("bridge_to");
        self.set_state(id, State::Hangup, 10);
        let now = self.clock();
        if let Some(profile) = self.channels.get_mut(&id).and_then(|it| it.profile.as_mut()) {
            profile.hangup = now;
        }
        self.set_callstate(id, CallState::Hangup);
        if let Some(peer) = peer {
            let delay = if farewell.is_cancel(inbound) { 40 } else { u64::from(!loops) };
            self.step_in(delay, peer, Step::PeerGone(Box::new(farewell)));
        }
        self.set_state(id, State::Reporting, 11);
        self.report(id, &cause, answered);
        if let Some(originate) = originate {
            self.leg_failed(originate, id, cause.name());
        }
        if let Some(partner) = partner {
            self.partner_gone(partner, id, cause.name());
        }
        self.queue_call_ended(id);
        self.destroy(id);
    }

    fn destroy(&mut self, id: u64) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.call_uuid.clone_from(&channel.uuid);
        channel.number = 12;
        let (name, uuid) = (channel.name.clone(), channel.uuid.clone());
        self.log_channel(5, id, log::ENDED, &format!("Session {id} ({name}) Ended"));
        self.fire_full(id, "CHANNEL_DESTROY", Vec::new(), Vec::new());
        self.log_channel(5, id, log::CLOSED, &format!("Close Channel {name} [CS_DESTROY]"));
        self.set_state(id, State::Destroy, 12);
        self.drop_tasks(|_, task| task.is_for(&uuid));
        self.remove_channel(id);
        self.end_myevents(&uuid, &name);
    }

    /// CHANNEL_HANGUP_COMPLETE with the variables of a call detail record.
    fn report(&mut self, id: u64, cause: &HangupCause, answered: bool) {
        let stamps = self.stamps(id);
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if let Some(profile) = channel.profile.clone() {
            let q850 = cause.number().filter(|number| *number < 128).unwrap_or(16);
            channel.vars.set("hangup_cause", cause.name());
            channel.vars.set("hangup_cause_q850", q850.to_string());
            let digits = if channel.digits.is_empty() { "none" } else { &channel.digits };
            channel.vars.set("digits_dialed", digits);
            channel.vars.extend(stamps);
            channel.vars.extend(epochs(&profile));
            if let Some((app, data)) = channel.last_app.clone() {
                channel.vars.set("last_app", app);
                if !data.is_empty() {
                    channel.vars.set("last_arg", data);
                }
            }
            let caller = match profile.cid_name.as_str() {
                "" => profile.cid_num.clone(),
                name => format!("\"{name}\" <{}>", profile.cid_num),
            };
            channel.vars.set("caller_id", caller);
            channel.vars.extend(durations(&profile));
            let since = [profile.answered, profile.progress_media, profile.hangup];
            let since = since.into_iter().find(|at| *at != 0).unwrap_or_default();
            closing(channel, answered, profile.hangup.saturating_sub(since));
            self.count(id, answered);
        }
        let before = vec![("Hangup-Cause", cause.name().to_owned())];
        self.fire_full(id, "CHANNEL_HANGUP_COMPLETE", before, Vec::new());
    }

    fn stamps(&self, id: u64) -> Vec<(&'static str, String)> {
        let Some(channel) = self.channels.get(&id) else { return Vec::new() };
        let Some(profile) = &channel.profile else { return Vec::new() };
        let mut all = Vec::new();
        for (name, at) in [
            ("start_stamp", profile.created),
            ("profile_start_stamp", profile.profile_created),
            ("answer_stamp", profile.answered),
            ("bridge_stamp", profile.bridged),
            ("hold_stamp", profile.last_hold),
            ("progress_stamp", profile.progress),
            ("progress_media_stamp", profile.progress_media),
        ] {
            if at != 0 {
                all.push((name, self.stamp(at)));
            }
        }
        if !channel.holds.is_empty() {
            let list: Vec<String> =
                channel.holds.iter().map(|(from, to)| format!("{{{from},{to}}}")).collect();
            all.push(("hold_events", format!("{{{}}}", list.join(","))));
        }
        all.push(("end_stamp", self.stamp(profile.hangup)));
        all
    }

    /// The counters of `sofia status profile`.
    fn count(&mut self, id: u64, answered: bool) {
        let Some(channel) = self.channels.get(&id) else { return };
        let Some(profile) = channel.vars.get("sofia_profile_name") else { return };
        let counts = self.counts.calls.entry(profile.to_owned()).or_default();
        let [calls_in, failed_in, calls_out, failed_out] = counts;
        let (all, failed) =
            if channel.inbound { (calls_in, failed_in) } else { (calls_out, failed_out) };
        *all += 1;
        *failed += u64::from(!answered);
    }

    /// Leaves the application on top of the stack.
    fn leave(&mut self, id: u64) {
        let top = self.channels.get(&id).and_then(|channel| channel.stack.last());
        let Some(doing) = top.map(|running| running.doing.clone()) else { return };
        match doing {
            Doing::Park => self.fire_full(id, "CHANNEL_UNPARK", Vec::new(), Vec::new()),
            Doing::Playback { .. } => self.stop_playback(id, "done"),
            Doing::Bridge => self.stop_bridge(id),
            Doing::Conference => self.leave_conference(id),
            Doing::Valet(slot) => self.leave_valet(id, &slot),
            Doing::Queue => self.leave_queue(id),
            Doing::Fifo => self.leave_fifo(id),
            Doing::Digits(_) => self.leave_reading(id, "done"),
            Doing::Record(path) => self.stop_recorder(id, &path),
            Doing::Eavesdrop(target) => self.stop_eavesdrop(id, target),
            Doing::Nothing | Doing::Endless | Doing::Sleep => {}
        }
        self.complete(id);
    }

    /// A dump of a channel, as CHANNEL_DATA.
    pub(in crate::sim) fn dump(&mut self, id: u64) -> Event {
        let mut event = self.event("CHANNEL_DATA");
        if let Some(channel) = self.channels.get(&id) {
            channel.write_headers(&mut event);
            channel.write_variables(&mut event);
        }
        event
    }
}

/// What the end of the wire adds behind the record.
fn closing(channel: &mut Channel, answered: bool, micros: u64) {
    let media = channel.codec.is_some();
    match channel.kind {
        Kind::Loopback => channel.vars.set("is_loopback", "1"),
        Kind::Null => {}
        Kind::Sofia | Kind::Phone => {
            let is_known = channel.vars.get("sip_hangup_disposition").is_some();
            let elsewhere = channel.cause.as_ref().map(HangupCause::name);
            if elsewhere.is_some_and(|cause| matches!(cause, "LOSE_RACE" | "PICKED_OFF")) {
                channel.vars.set("call_completed_elsewhere", "true");
            }
            if !is_known && answered {
                channel.vars.set("sip_hangup_disposition", "send_bye");
            } else if !is_known && !channel.inbound {
                channel.vars.set("sip_hangup_disposition", "send_cancel");
                channel.vars.set("sip_invite_failure_status", "487");
                channel.vars.set("sip_invite_failure_phrase", "CANCEL");
            } else if !is_known {
                channel.vars.set("sip_hangup_disposition", "send_refuse");
            }
            after_bridge(channel);
            if media {
                channel.vars.extend(sip::media_report(seconds(micros)));
            }
        }
    }
}

/// What a leg whose partner went first learns of that when its own end is reported.
fn after_bridge(channel: &mut Channel) {
    let called = channel.other.as_ref().is_some_and(|other| other.role == "originator");
    let cause = channel.vars.get("last_bridge_hangup_cause").map(str::to_owned);
    if let (Some(cause), true) = (cause, called) {
        channel.vars.set("bridge_hangup_cause", cause);
        channel.call_uuid.clone_from(&channel.uuid);
        channel.vars.set("call_uuid", &channel.uuid);
    }
}

/// Microseconds as seconds.
fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

fn epochs(profile: &crate::sim::channel::profile::Profile) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut both = |name: &str, micros: u64| {
        all.push((format!("{name}_epoch"), (micros / 1_000_000).to_string()));
        all.push((format!("{name}_uepoch"), micros.to_string()));
    };
    both("start", profile.created);
    both("profile_start", profile.profile_created);
    both("answer", profile.answered);
    both("bridge", profile.bridged);
    both("last_hold", profile.last_hold);
    let hold = profile.hold_accum;
    all.push(("hold_accum_seconds".into(), (hold / 1_000_000).to_string()));
    all.push(("hold_accum_usec".into(), hold.to_string()));
    all.push(("hold_accum_ms".into(), (hold / 1000).to_string()));
    for (name, micros) in [
        ("resurrect", 0),
        ("progress", profile.progress),
        ("progress_media", profile.progress_media),
        ("end", profile.hangup),
    ] {
        all.push((format!("{name}_epoch"), (micros / 1_000_000).to_string()));
        all.push((format!("{name}_uepoch"), micros.to_string()));
    }
    all
}

fn durations(profile: &crate::sim::channel::profile::Profile) -> Vec<(String, String)> {
    let since = |from: u64, to: u64| if from == 0 || to == 0 { 0 } else { to.saturating_sub(from) };
    let spans = [
        ("duration", since(profile.created, profile.hangup)),
        ("bill", since(profile.answered, profile.hangup)),
        ("progress", since(profile.created, profile.progress)),
        ("answer", since(profile.created, profile.answered)),
        ("wait", since(profile.created, profile.bridged)),
        ("progress_media", since(profile.created, profile.progress_media)),
        ("flow_bill", since(profile.profile_created, profile.hangup)),
    ];
    let mut all = Vec::new();
    let seconds = |at: u64| at / 1_000_000;
    for (prefix, unit, suffix) in [("", 0, "sec"), ("m", 1, "msec"), ("u", 2, "usec")] {
        for (name, micros) in spans {
            let value = match unit {
                // Whole seconds count the borders crossed, as in the recordings.
                0 if name == "duration" || name == "flow_bill" => {
                    seconds(profile.hangup).saturating_sub(seconds(profile.created))
                }
                0 if name == "bill" && profile.answered != 0 => {
                    seconds(profile.hangup).saturating_sub(seconds(profile.answered))
                }
                0 => micros / 1_000_000,
                1 => micros / 1000,
                _ => micros,
            };
            let name = if name == "duration" {
                format!("{prefix}duration")
            } else {
                format!("{name}{suffix}")
            };
            all.push((name, value.to_string()));
        }
    }
    all
}
