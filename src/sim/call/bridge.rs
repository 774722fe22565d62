//! What two legs do together: bridge, digits.

use super::legs::frozen;
use crate::model::dial::DialString;
use crate::sim::channel::then::Then;
use crate::sim::channel::{Answer, CallState, Channel, Doing, Kind, Running, State};
use crate::sim::event::truth::truth;
use crate::sim::world::World;
use crate::sim::world::agenda::{Step, Tick};
use crate::sim::world::request::ReplyTo;

impl World {
    /// The `bridge` application dials (`transcripts/call_bridge`).
    pub(in crate::sim) fn start_bridge(&mut self, id: u64, data: &str) {
        let Some(channel) = self.channels.get(&id) else { return };
        // A leg that was not answered continues to ring.
        if channel.answer == Answer::Answered {
            self.set_callstate(id, CallState::RingWait);
        }
        let Some(channel) = self.channels.get(&id) else { return };
        let profile = channel.profile.clone().unwrap_or_default();
        let Ok(mut dial) = DialString::parse(data) else {
            self.bridge_failed(id, "DESTINATION_OUT_OF_ORDER", &[]);
            return;
        };
        let vars: Vec<(String, String)> = channel
            .vars
            .iter()
            .filter(|(name, _)| name.starts_with("sip_h_"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        for lane in &mut dial.lanes {
            lane.variables.splice(0..0, vars.iter().cloned());
        }
        let timeout = channel.vars.get("call_timeout").and_then(|text| text.parse().ok());
        let effective = |name: &str, own: &str| channel.vars.get(name).unwrap_or(own).to_owned();
        let cid = (
            effective("effective_caller_id_name", &profile.cid_name),
            effective("effective_caller_id_number", &profile.cid_num),
        );
        self.originate(None, dial, Then::Bridge(id), cid, timeout.unwrap_or(60));
    }

    /// No leg of a `bridge` was answered: the application is over.
    pub(super) fn bridge_failed(&mut self, id: u64, cause: &str, tries: &[(String, String)]) {
        let Some(channel) = self.channels.get_mut(&id).filter(|channel| channel.is_up()) else {
            return;
        };
        channel.vars.extend([("originate_disposition", cause), ("DIALSTATUS", dial_status(cause))]);
        channel.push_tries(tries);
        channel.vars.set("originate_failed_cause", cause);
        let goes_on = goes_on_after(channel, cause);
        if channel.answer == Answer::Answered {
            self.set_callstate(id, CallState::Active);
        }
        if !goes_on {
            self.hangup(id, cause, Tick::Soon);
        }
        let bridging = |running: &Running| running.doing == Doing::Bridge;
        let top = self.channels.get(&id).and_then(|channel| channel.stack.last());
        if top.is_some_and(bridging) {
            self.complete(id);
        } else if top.is_some_and(|running| running.app == "bridge") {
            // Failed before the application could begin to wait: a step of the agenda ends it.
            let token = top.map_or(0, |running| running.token);
            self.step_in(0, id, Step::Over(token));
            return;
        }
        self.proceed(id);
    }

    /// Two legs talk to each other from now on.
    pub(super) fn join(&mut self, first: u64, second: u64, tries: &[(String, String)]) {
        if !self.channels.get(&first).is_some_and(|channel| channel.is_up()) {
            self.hangup(second, "ORIGINATOR_CANCEL", Tick::Soon);
            return;
        }
        // Early media is passed on; the answer follows when it comes.
        let answered = self.channels.get(&second).is_some_and(|it| it.answer == Answer::Answered);
        if answered {
            self.mark_answered(first);
        } else {
            self.mark_early(first);
        }
        self.note_success(first, second, tries);
        self.couple(first, second);
        self.note_callee(first, second);
        if self.channels.get(&first).is_some_and(|it| it.answer == Answer::Answered) {
            self.set_callstate(first, CallState::Active);
        }
        let before = self.bridge_headers(first, second);
        self.fire_full(first, "CHANNEL_BRIDGE", before, Vec::new());
        self.bond(first, second);
        self.set_state(second, State::ExchangeMedia, 5);
        self.show_both(first, second);
    }

    /// The leg whose `bridge` was answered learns by whom.
    fn note_success(&mut self, first: u64, second: u64, tries: &[(String, String)]) {
        let Some(b) = self.channels.get(&second) else { return };
        let description = b.vars.get("switch_r_sdp").map(str::to_owned);
        let Some(a) = self.channels.get_mut(&first) else { return };
        for name in
            ["originate_signal_bond", "sip_invite_failure_status", "sip_invite_failure_phrase"]
        {
            a.vars.remove(name);
        }
        if let Some(description) = description {
            a.vars.set("switch_m_sdp", description);
        }
        if a.dialog.is_some() {
            a.vars.extend([
                ("video_media_flow", "inactive"),
                ("text_media_flow", "inactive"),
                ("audio_media_flow", "sendrecv"),
            ]);
        }
        a.vars.extend([("originate_disposition", "SUCCESS"), ("DIALSTATUS", "SUCCESS")]);
        a.push_tries(tries);
    }

    /// A leg learns whom it is connected with.
    pub(super) fn note_callee(&mut self, first: u64, second: u64) {
        let Some(b) = self.channels.get(&second).and_then(|b| b.profile.as_ref()) else { return };
        let (name, number) = (b.callee_name.clone(), b.destination.clone());
        if let Some(own) = self.channels.get_mut(&first).and_then(|a| a.profile.as_mut()) {
            (own.callee_name, own.callee_num) = (name, number);
        }
    }

    /// Notes on both legs that they are partners.
    pub(super) fn couple(&mut self, first: u64, second: u64) {
        let now = self.clock();
        let (Some(a), Some(b)) = (self.channels.get(&first), self.channels.get(&second)) else {
            return;
        };
        let (call, a_uuid, b_uuid) = (a.call_uuid.clone(), a.uuid.clone(), b.uuid.clone());
        let (of_a, of_b) = (frozen(a, "originator", false), frozen(b, "originatee", true));
        if let Some(a) = self.channels.get_mut(&first) {
            a.partner = Some(second);
            a.other = Some(of_b);
            if let Some(profile) = a.profile.as_mut() {
                profile.bridged = now;
            }
            a.vars.set("signal_bond", b_uuid);
        }
        if let Some(b) = self.channels.get_mut(&second) {
            b.partner = Some(first);
            b.other = Some(of_a);
            b.call_uuid.clone_from(&call);
            if let Some(profile) = b.profile.as_mut() {
                profile.bridged = now;
            }
            b.vars.extend([("call_uuid", call), ("signal_bond", a_uuid)]);
        }
    }

    /// What both legs of a bridge remember of each other from BRIDGE on.
    pub(super) fn bond(&mut self, first: u64, second: u64) {
        let (Some(a), Some(b)) = (self.channels.get(&first), self.channels.get(&second)) else {
            return;
        };
        let ends =
            [(first, (b.uuid.clone(), b.name.clone())), (second, (a.uuid.clone(), a.name.clone()))];
        for (id, (uuid, name)) in ends {
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.vars.extend([
                    ("bridge_to", &uuid),
                    ("last_bridge_to", &uuid),
                    ("bridge_channel", &name),
                    ("bridge_uuid", &uuid),
                    ("signal_bond", &uuid),
                ]);
            }
        }
    }

    pub(super) fn bridge_headers(&self, first: u64, second: u64) -> crate::sim::event::Extra {
        let uuid = |id: u64| self.channels.get(&id).map(|channel| channel.uuid.clone());
        vec![
            ("Bridge-A-Unique-ID", uuid(first).unwrap_or_default()),
            ("Bridge-B-Unique-ID", uuid(second).unwrap_or_default()),
        ]
    }

    /// UNBRIDGE for the bridge on top of a channel's stack.
    pub(super) fn stop_bridge(&mut self, id: u64) {
        let Some(partner) = self.channels.get(&id).and_then(|channel| channel.partner) else {
            self.cancel_bridge(id);
            return;
        };
        // The called leg is hung up first, and without the caller's cause.
        self.partner_gone(partner, id, "NORMAL_CLEARING");
        let cause_of = |id: u64| self.channels.get(&id).and_then(|channel| channel.cause.clone());
        let cause = cause_of(id).or_else(|| cause_of(partner));
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.vars.remove("bridge_to");
            if let Some(cause) = cause {
                channel.vars.set("bridge_hangup_cause", cause.name());
            }
        }
        let mut before = self.bridge_headers(id, partner);
        if let Some(other) = self.channels.get(&id).and_then(|channel| channel.other.as_ref()) {
            before.retain(|(name, _)| *name == "Bridge-A-Unique-ID");
            before.push(("Bridge-B-Unique-ID", other.uuid.clone()));
        }
        self.fire_full(id, "CHANNEL_UNBRIDGE", before, Vec::new());
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.partner = None;
        }
    }

    /// The leg that a leg is bound to: its partner in a bridge, or the one that dials it.
    pub(super) fn bonded(&self, id: u64) -> Option<u64> {
        let channel = self.channels.get(&id)?;
        channel.partner.or_else(|| self.dialled_for(channel.originate?))
    }

    /// The leg at the other side of a bridge is gone.
    pub(super) fn partner_gone(&mut self, id: u64, gone: u64, cause: &str) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if channel.partner != Some(gone) {
            return;
        }
        let bridging = channel.stack.last().is_some_and(|running| running.doing == Doing::Bridge);
        if !channel.is_up() {
            return;
        }
        if bridging {
            let is_set = |name: &str| channel.vars.get(name).is_some_and(truth);
            let (ends, parks) = (is_set("hangup_after_bridge"), is_set("park_after_bridge"));
            self.stop_bridge(id);
            if ends {
                self.hangup(id, cause, Tick::Soon);
            }
            self.complete(id);
            if parks && !ends {
                self.park(id);
            } else {
                self.proceed(id);
            }
        } else {
            channel.partner = None;
            channel.vars.remove("bridge_to");
            self.hangup(id, cause, Tick::Soon);
        }
    }

    /// Digits go out on a leg; the other end receives them.
    pub(in crate::sim) fn send_digits(&mut self, id: u64, text: &str) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let (digits, duration) = digits(text);
        // Each digit with a quarter of a second behind it (`switch_core_io.c`).
        let count = u32::try_from(digits.chars().count()).unwrap_or(u32::MAX);
        let all = count.saturating_mul(duration / 8 + 250);
        channel.vars.set("last_dtmf_duration", all.to_string());
        let (peer, sip) = (channel.peer, channel.kind != Kind::Loopback);
        let Some(peer) = peer else { return };
        let source = if sip { "RTP" } else { "APP" };
        for (at, digit) in (1..).zip(digits.chars()) {
            self.step_in(120 * at, peer, Step::Digit(digit, duration, source));
        }
    }

    /// Digits as if the leg's far end had pressed them.
    pub(in crate::sim) fn receive_digits(&mut self, id: u64, text: &str) {
        let (digits, duration) = digits(text);
        for (at, digit) in (1..).zip(digits.chars()) {
            self.step_in(20 * at, id, Step::Digit(digit, duration, "APP"));
        }
    }

    pub(in crate::sim) fn digit(
        &mut self,
        id: u64,
        digit: char,
        duration: u32,
        source: &'static str,
    ) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.digits.push(digit);
        let after = vec![
            ("DTMF-Digit", digit.to_string()),
            ("DTMF-Duration", duration.to_string()),
            ("DTMF-Source", source.to_owned()),
        ];
        self.fire_brief(id, "DTMF", Vec::new(), after);
        self.reading_digit(id, digit);
        self.terminate(id, digit);
    }

    /// Runs an api command whose reply is dropped.
    pub(in crate::sim) fn run_quietly(&mut self, line: &str) {
        self.run_api(line, ReplyTo::Nowhere);
    }
}

impl Channel {
    /// Notes how each leg that was dialled for this one ended; `NONE` is the one that was answered.
    fn push_tries(&mut self, tries: &[(String, String)]) {
        for (uuid, cause) in tries {
            self.vars.push("originate_causes", &format!("{uuid};{cause}"));
        }
    }
}

/// Whether the plan of a leg continues after its `bridge` has failed (`audio_bridge_function` in
/// mod_dptools).
fn goes_on_after(channel: &Channel, cause: &str) -> bool {
    let var = |name: &str| channel.vars.get(name);
    let lists = |list: &str| list.split(',').any(|one| one.trim().eq_ignore_ascii_case(cause));
    match (var("continue_on_fail"), var("failure_causes")) {
        (None, None) => matches!(cause, "NO_ANSWER" | "NO_USER_RESPONSE" | "ORIGINATOR_CANCEL"),
        (Some(list), _) if truth(list) || lists(list) => true,
        (_, Some(list)) => !lists(list),
        (Some(_), None) => false,
    }
}

/// What DIALSTATUS says of a cause (`switch_ivr_originate.c`).
fn dial_status(cause: &str) -> &str {
    match cause {
        "ORIGINATOR_CANCEL" => "CANCEL",
        "USER_BUSY" => "BUSY",
        "NO_ANSWER" => "NOANSWER",
        "DESTINATION_OUT_OF_ORDER" | "INVALID_PROFILE" => "INVALIDARGS",
        "CALL_REJECTED" => "DONTCALL",
        other => other,
    }
}

/// The headers of a media bug.
pub(in crate::sim) fn bug(function: &str, target: &str) -> crate::sim::event::Extra {
    vec![("Media-Bug-Function", function.to_owned()), ("Media-Bug-Target", target.to_owned())]
}

/// `12#@100` is three digits of 100 ms; events report durations in samples.
fn digits(text: &str) -> (String, u32) {
    let (digits, duration) = text.split_once('@').unwrap_or((text, "250"));
    let kept = digits.chars().filter(|digit| "0123456789*#ABCDabcdFfWw".contains(*digit));
    let milliseconds: u32 = duration.trim().parse().unwrap_or(250);
    (kept.filter(|digit| !matches!(digit, 'W' | 'w')).collect(), milliseconds.min(4000) * 8)
}
