//! Events without end: whole call lives that only exist as events.

use crate::sim::world::background::Flood;
use std::time::Duration;

use crate::model::HangupCause;
use crate::sim::channel::profile::{Profile, Who};
use crate::sim::channel::{Answer, CallState, Channel, Kind, PCMU, State};
use crate::sim::event::{Event, origin};
use crate::sim::world::World;
use crate::sim::world::agenda::Action;

const TICK: u64 = 10;
const AT_ONCE: usize = 50;

/// One life, event by event.
const LIFE: &[&str] = &[
    "CHANNEL_CREATE",
    "CHANNEL_STATE",
    "CHANNEL_CALLSTATE",
    "CHANNEL_EXECUTE",
    "CHANNEL_ANSWER",
    "CHANNEL_CALLSTATE",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HANGUP",
    "CHANNEL_STATE",
    "CHANNEL_CALLSTATE",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_DESTROY",
];

impl World {
    pub(super) fn start_flood(&mut self, per_second: u32) {
        let running = self.flood.is_some();
        if per_second == 0 {
            self.flood = None;
            return;
        }
        self.flood = Some(Flood { per_second, debt: 0, calls: Vec::new(), turn: 0 });
        if !running {
            self.after(Duration::ZERO, Action::Flood);
        }
    }

    pub(in crate::sim) fn flood_tick(&mut self) {
        let Some(mut flood) = self.flood.take() else { return };
        flood.debt += u64::from(flood.per_second) * TICK;
        while flood.debt >= 1000 {
            flood.debt -= 1000;
            self.flood_event(&mut flood);
        }
        self.flood = Some(flood);
        self.after(Duration::from_millis(TICK), Action::Flood);
    }

    fn flood_event(&mut self, flood: &mut Flood) {
        if flood.calls.len() < AT_ONCE {
            let channel = self.flood_call();
            flood.calls.push((channel, 0));
        }
        flood.turn = (flood.turn + 1) % flood.calls.len();
        let Some((channel, at)) = flood.calls.get_mut(flood.turn) else { return };
        let Some(name) = LIFE.get(*at).copied() else { return };
        let old = channel.callstate;
        live(channel, *at, self.now);
        *at += 1;
        let over = *at == LIFE.len();
        if self.is_wanted(name) {
            let mut event = Event::bare(name);
            self.write_core(&mut event, name, origin(name));
            if name == "CHANNEL_CALLSTATE" {
                event.push("Original-Channel-Call-State", old.name());
                event.push("Channel-Call-State-Number", (channel.callstate as u8).to_string());
            }
            if name == "CHANNEL_HANGUP_COMPLETE" {
                event.push("Hangup-Cause", "NORMAL_CLEARING");
            }
            channel.write_headers(&mut event);
            if !matches!(name, "CHANNEL_STATE" | "CHANNEL_CALLSTATE") {
                channel.write_variables(&mut event);
            }
            if name.starts_with("CHANNEL_EXECUTE") {
                event.push("Application", "echo");
                if name == "CHANNEL_EXECUTE_COMPLETE" {
                    event.push("Application-Response", "_none_");
                }
                event.push("Application-UUID", &*channel.uuid);
            }
            self.emit(&event);
        } else {
            self.skip();
        }
        if over {
            flood.calls.swap_remove(flood.turn);
        }
    }

    fn flood_call(&mut self) -> Channel {
        let uuid = self.uuid();
        let number = format!("+1555{:07}", self.rng.u32(0..10_000_000));
        let mut dialog = self.dialog(("external", 5060), "9196", "127.0.0.1:5080");
        "external".clone_into(&mut dialog.to_profile);
        dialog.from_user.clone_from(&number);
        let name = format!("sofia/external/{number}@127.0.0.1");
        let mut channel = Channel::new(0, uuid.clone(), name.clone(), Kind::Phone, true);
        channel.set_profile(Profile::new(
            Who {
                username: number.clone(),
                dialplan: "XML".into(),
                cid_name: number.clone(),
                cid_num: number.clone(),
                ani: number,
                network_addr: "127.0.0.1".into(),
                destination: "9196".into(),
                source: "mod_sofia".into(),
                context: "default".into(),
                ..Who::default()
            },
            self.now,
        ));
        channel.vars.extend([("direction", "inbound".to_owned()), ("uuid", uuid)]);
        channel.vars.extend(dialog.received(&name, self.now));
        channel.vars.extend(dialog.parsed());
        channel.vars.extend(dialog.offered());
        channel
    }
}

/// Brings a channel to where the event at this place of its life leaves it.
fn live(channel: &mut Channel, at: usize, now: u64) {
    match at {
        0 => (channel.state, channel.number) = (State::Init, 2),
        1 => (channel.state, channel.number) = (State::Execute, 4),
        2 => channel.callstate = CallState::Ringing,
        4 => {
            channel.answer = Answer::Answered;
            channel.codec = Some(PCMU);
            if let Some(profile) = channel.profile.as_mut() {
                profile.answered = now;
            }
        }
        5 => channel.callstate = CallState::Active,
        7 => {
            channel.cause = Some(HangupCause::NORMAL_CLEARING);
            channel.number = 10;
        }
        8 => channel.state = State::Hangup,
        9 => channel.callstate = CallState::Hangup,
        10 => {
            (channel.state, channel.number) = (State::Reporting, 11);
            channel.vars.set("hangup_cause", "NORMAL_CLEARING");
        }
        11 => channel.number = 12,
        _ => {}
    }
}
