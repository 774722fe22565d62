//! The state of a call that is being set up.

use super::request::ApiCall;
use crate::model::dial;
use crate::model::dial::encode::names_variable;
use crate::model::dial::{DialString, Leg, Variables, find};
use crate::sim::channel::then::Then;
use crate::sim::event::truth::truth;
use std::time::Duration;

/// A call being set up.
#[derive(Debug)]
pub(in crate::sim) struct Originate {
    pub(in crate::sim) waiting: Option<ApiCall>,
    pub(in crate::sim) then: Then,
    pub(in crate::sim) lanes: Vec<Lane>,
    pub(in crate::sim) cid: (String, String),
    pub(in crate::sim) timeout: u64,
    pub(in crate::sim) winner: Option<u64>,
    pub(in crate::sim) cause: String,
    /// The legs that were dialled, with their causes once they have ended.
    pub(in crate::sim) tries: Vec<(u64, String, Option<String>)>,
    pub(in crate::sim) again: Again,
}

/// What is left of `originate_retries`.
#[derive(Debug, Default)]
pub(in crate::sim) struct Again {
    pub(in crate::sim) dial: DialString,
    pub(in crate::sim) left: u64,
    pub(in crate::sim) pause: Duration,
    /// Between two tries.
    pub(in crate::sim) waits: bool,
}

impl Again {
    /// One to a hundred tries, half a second to a minute between them; other numbers do not count
    /// (`switch_ivr_originate.c`).
    pub(in crate::sim) fn of(dial: &DialString) -> Self {
        let number = |name: &str| dial.variable(name).and_then(|text| text.parse::<u64>().ok());
        let tries = number("originate_retries").filter(|tries| (1..=100).contains(tries));
        let pause = number("originate_retry_sleep_ms").filter(|it| (500..=60_000).contains(it));
        match tries.unwrap_or(1) - 1 {
            0 => Self::default(),
            left => Self {
                dial: dial.clone(),
                left,
                pause: Duration::from_millis(pause.unwrap_or(1000)),
                waits: false,
            },
        }
    }
}

/// One of the originates that run at the same time; there is more than one only with `:_:`.
#[derive(Debug, Default)]
pub(in crate::sim) struct Lane {
    pub(in crate::sim) vars: Vec<(String, String)>,
    /// Legs that are still in the race.
    pub(in crate::sim) legs: Vec<u64>,
    /// Legs that start later.
    pub(in crate::sim) late: usize,
    /// What to try when these fail.
    pub(in crate::sim) rest: Vec<Vec<Leg>>,
    /// Of the timer that runs.
    pub(in crate::sim) token: u64,
}

impl Lane {
    pub(in crate::sim) fn is_idle(&self) -> bool {
        self.legs.is_empty() && self.late == 0
    }

    pub(in crate::sim) fn is_set(&self, name: &str) -> bool {
        find(&self.vars, name).is_some_and(truth)
    }
}

impl Originate {
    /// The leg whose `bridge` dials.
    pub(in crate::sim) fn by(&self) -> Option<u64> {
        match self.then {
            Then::Bridge(by) => Some(by),
            Then::Apps(_) | Then::Exten(_) | Then::Queue(_) => None,
        }
    }

    pub(in crate::sim) fn note_end(&mut self, leg: u64, cause: &str) {
        let found = self.tries.iter_mut().find(|(have, _, _)| *have == leg);
        if let Some((_, _, end)) = found {
            end.get_or_insert_with(|| cause.to_owned());
        }
    }
}

pub(in crate::sim) fn lanes(dial: DialString) -> Vec<Lane> {
    let lane =
        |lane: dial::Lane| Lane { vars: lane.variables, rest: lane.groups, ..Lane::default() };
    dial.lanes.into_iter().map(lane).collect()
}

/// The variables that a new leg gets: without those that a later, empty one of the same name takes
/// away, and, unless nested ones are allowed, without values that name a variable
/// (`switch_channel_set_variable_var_check`).
pub(in crate::sim) fn settable(vars: Variables, may_nest: bool) -> Variables {
    let mut kept = Variables::new();
    for (name, value) in vars {
        if value.is_empty() {
            kept.retain(|(have, _)| !have.eq_ignore_ascii_case(&name));
        } else if may_nest || !names_variable(&value) {
            kept.push((name, value));
        }
    }
    kept
}
