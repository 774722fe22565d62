//! What happens without a client: background calls, floods of events, faults. The background calls
//! are planned by the seed: people with names call each other, some in vain.

pub(super) mod flood;
pub(super) mod inject;

use std::sync::Arc;
use std::time::Duration;

use crate::sim::channel::Kind;
use crate::sim::channel::farewell::Farewell;
use crate::sim::channel::outgoing::Outgoing;
use crate::sim::channel::then::Then;
use crate::sim::world::World;
use crate::sim::world::agenda::{Action, Step, Tick};

const NAMES: &[&str] = &[
    "Alice Cooper",
    "Bob Dylan",
    "Zoë Müller",
    "José Núñez",
    "Łukasz Żak",
    "Дмитрий Иванов",
    "Ελένη Παππά",
    "李小龍",
    "山田太郎",
    "김민준",
    "محمد علي",
    "שרה כהן",
    "สมชาย ใจดี",
    "अमित कुमार",
    "O'Brien, \"Mick\"",
    "ACME 100% Sales",
];

/// What a hostile caller calls itself. U+F7FF stands for a stray byte 0xFF.
const HOSTILE: &[&str] = &[
    "\u{1b}[31mEVIL\u{1b}[0m",
    "\u{1b}]0;owned\u{7}",
    "left\u{202e}thgir\u{2066}",
    "two\r\nEvent-Name: FORGED\n\n",
    "bad \u{f7ff}\u{f7c3} bytes",
    "\u{9b}2J\u{8}\u{8}",
    "%0a%1b[2J",
    "a|:b ARRAY::c",
];

/// The least time between two calls of a quiet start.
const QUIET_GAP: Duration = Duration::from_secs(12);

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl World {
    /// Places the next background call and plans the one after it.
    pub(super) fn traffic(&mut self) {
        let Some(plan) = self.plan.as_mut() else { return };
        let rng = &mut plan.rng;
        let gap = -(1.0 - rng.f64()).ln() / plan.rate.max(0.001);
        let names = if self.faults.hostile { HOSTILE } else { NAMES };
        let name = rng.choice(names).copied().unwrap_or_default().to_owned();
        let number = format!("+1555{:07}", rng.u32(0..10_000_000));
        let (kind, hold) = (rng.u32(0..100), rng.u64(3000..60_000));
        let (user, digits) = (rng.u32(1000..1004), rng.u32(200..999_999));
        let mut gap = Duration::from_secs_f64(gap.clamp(0.001, 3600.0));
        if self.now.saturating_sub(self.started) < micros(self.config.quiet_start) {
            gap = gap.max(QUIET_GAP);
        }
        self.after(gap, Action::Traffic);
        if self.paused {
            return;
        }
        match kind {
            0..35 => self.incoming(name, number, &user.to_string(), hold),
            35..50 => self.incoming(name, number, if kind < 43 { "9196" } else { "9664" }, hold),
            50..80 => self.outgoing(name, number, digits, hold, None),
            80..88 => {
                let busy = ("USER_BUSY", 486, "Busy Here");
                self.outgoing(name, number, digits, hold, Some(busy));
            }
            88..93 => {
                let away = ("NO_ANSWER", 480, "Temporarily Unavailable");
                self.outgoing(name, number, digits, hold, Some(away));
            }
            93..96 => {
                let unknown = ("UNALLOCATED_NUMBER", 404, "Not Found");
                self.outgoing(name, number, digits, hold, Some(unknown));
            }
            _ => self.incoming(name, number, &digits.to_string(), hold),
        }
    }

    /// A name for a caller that has none, while hostile names are on.
    pub(super) fn hostile_name(&mut self) -> Option<&'static str> {
        if self.faults.hostile { self.rng.choice(HOSTILE).copied() } else { None }
    }

    fn incoming(&mut self, name: String, number: String, exten: &str, hold: u64) {
        let mut dialog = self.dialog(("external", 5060), exten, "127.0.0.1:5080");
        "external".clone_into(&mut dialog.to_profile);
        dialog.from_user = number;
        dialog.from_name = name;
        let id = self.inbound_leg(Arc::new(dialog), Kind::Phone, "default", Vec::new());
        self.step_in(hold, id, Step::PeerGone(Box::new(Farewell::bye("NORMAL_CLEARING"))));
    }

    fn outgoing(
        &mut self,
        cid_name: String,
        cid_num: String,
        digits: u32,
        hold: u64,
        failure: Option<(&'static str, u16, &'static str)>,
    ) {
        let out = Outgoing { cid_name, cid_num, ..Outgoing::default() };
        let dialog = self.dialog(("external", 5080), &digits.to_string(), "198.51.100.7:5060");
        let id = self.sofia_leg(dialog, Kind::Phone, &out);
        self.step_in(120, id, Step::Ringing);
        self.adopt(id, Then::Apps(vec![("park".to_owned(), String::new())]));
        match failure {
            Some((cause, status, phrase)) => {
                let after = if status == 480 { 8000 } else { 400 };
                self.step_in(after, id, Step::Refused(cause, status, phrase));
            }
            None => {
                self.step_in(1500, id, Step::Answered);
                self.step_in(hold, id, Step::Hangup("NORMAL_CLEARING".to_owned()));
            }
        }
    }

    /// Hangs up every channel, perhaps only those with these variables.
    pub(super) fn hangup_all(&mut self, cause: &str, pairs: &[(String, String)]) {
        let matching: Vec<u64> = self
            .channels
            .values()
            .filter(|channel| {
                pairs.iter().all(|(name, value)| channel.vars.get(name) == Some(value))
            })
            .map(|channel| channel.id)
            .collect();
        self.hupall = true;
        for id in matching {
            self.hangup(id, cause, Tick::Media);
        }
        self.hupall = false;
    }
}
