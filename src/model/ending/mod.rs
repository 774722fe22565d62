//! How a call ended: the one account that everything reads.
//!
//! Each leg says only how its own channel ended. What ended the call is found by following the end
//! from leg to leg, back to where it began: a BYE that a leg received was sent by the far end, or by
//! another leg of the same call whose SIP dialog it is; a leg that the switch hung up followed its
//! bridge partner, when that one ended first.
//!
//! FreeSWITCH's times have a step of 20 ms, so that legs which end one after the other often show
//! the same time (`transcripts/ends/end_bridge_callee`). Ties are broken by what each leg says of
//! its end, then by the order of the events.

use serde::{Deserialize, Serialize};

use super::{CallInfo, Direction, HangupCause, Id, Phase, SessionInfo};

/// What a leg says about its own end, beside its cause, SIP status and disposition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EndFacts {
    /// Its place among the events of the switch: which of two legs ended first. 0 while it lives.
    pub order: u64,
    /// The SIP Call-ID: two legs of one call that share it are the two ends of one dialog.
    pub dialog: Box<str>,
    /// Whether a SIP message of a far end ever came. `Some(false)`: FreeSWITCH made the final
    /// response itself, because the address did not answer.
    pub has_far_end: Option<bool>,
    /// Why the leg's latest attempt to bridge to somewhere failed.
    pub dial_failure: Option<HangupCause>,
    /// The command that hung it up.
    pub command: Option<HangupCommand>,
    /// When it was to be hung up by a schedule, in microseconds since 1970; 0 for never.
    pub scheduled: u64,
    /// Whether all about its end is known (CHANNEL_HANGUP_COMPLETE was seen).
    pub is_complete: bool,
}

/// A command of an operator that hung up a leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HangupCommand {
    /// The command, for example `uuid_kill`.
    pub command: Box<str>,
    /// Whether this client sent it.
    pub is_own: bool,
}

impl HangupCommand {
    /// A command of this client, or of another one.
    #[must_use]
    pub fn new(command: &str, is_own: bool) -> Self {
        Self { command: command.into(), is_own }
    }
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum EndedBy {
    /// The party that called.
    Caller,
    /// The party that was called.
    Called,
    /// The switch: its dial plan, an application, a limit of time on ringing, its shutdown.
    Switch,
    /// An operator's command, such as `uuid_kill` or `hupall`.
    Operator,
    /// No media came for too long.
    Media,
    /// A scheduled hangup.
    Schedule,
    /// There was no far end: nothing listens at the address, no route, not registered.
    None,
}

impl EndedBy {
    /// All of them, in the order in which they are documented.
    pub const ALL: [Self; 7] = [
        Self::Caller,
        Self::Called,
        Self::Switch,
        Self::Operator,
        Self::Media,
        Self::Schedule,
        Self::None,
    ];

    /// The word for it, as filters and JSON have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Called => "called",
            Self::Switch => "switch",
            Self::Operator => "operator",
            Self::Media => "media",
            Self::Schedule => "schedule",
            Self::None => "none",
        }
    }
}

/// A leg that ended while its call continued, or the one that was answered after such legs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Try {
    /// The leg.
    pub uuid: Id<SessionInfo>,
    /// The number or address that was tried.
    pub to: Box<str>,
    /// Whether it was answered.
    pub answered: bool,
    /// Why it ended.
    pub cause: Option<HangupCause>,
    /// The final SIP status that the far end sent.
    pub sip: Option<u16>,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Ending {
    /// When, in microseconds since 1970; 0 when the end was not seen.
    pub at: u64,
    /// Why.
    pub cause: HangupCause,
    /// Who ended it; `None` when the end was not seen.
    pub by: Option<EndedBy>,
    /// The leg at which the end began.
    pub leg: Id<SessionInfo>,
    /// The final SIP status (300 and above) that explains the cause.
    pub sip: Option<u16>,
    /// Whether the call was answered.
    pub answered: bool,
    /// From the answer to the end, in microseconds.
    pub talked: Option<u64>,
    /// The command that ended it, if one did.
    pub command: Option<HangupCommand>,
    /// The application that its decisive leg ran.
    pub application: Box<str>,
    /// Legs that ended while the call continued, in order.
    pub tries: Vec<Try>,
}

impl Ending {
    /// How a call ended that has these legs; `None` while one lives.
    pub(crate) fn of(legs: &[&SessionInfo], call: &Id<CallInfo>) -> Option<Self> {
        if legs.iter().any(|leg| leg.phase < Phase::Hangup) {
            return None;
        }
        let first = legs.iter().find(|leg| leg.id.as_str() == call.as_str());
        let lead = first.or_else(|| legs.first())?;
        Some(Account { legs, lead }.ending())
    }

    /// Whether it is the ordinary end of a call that was answered.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        self.answered && self.cause.is_normal()
    }
}

impl CallInfo {
    /// How the call ended, as far as its legs say: all legs of an ended call, or of one whose last
    /// leg ends just now. `None` while a leg lives.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        let legs: Vec<_> = self.sessions.iter().collect();
        Ending::of(&legs, &self.id)
    }
}

/// The legs of a call that ended.
struct Account<'a> {
    legs: &'a [&'a SessionInfo],
    lead: &'a SessionInfo,
}

impl<'a> Account<'a> {
    fn legs(&self) -> impl DoubleEndedIterator<Item = &'a SessionInfo> + use<'a> {
        self.legs.iter().copied()
    }

    fn ending(&self) -> Ending {
        let last = self.last();
        let root = self.root(last);
        let failure = self.failed_dial(root);
        let (decisive, cause) = match &failure {
            Some((Some(tried), cause)) => (*tried, cause.clone()),
            Some((None, cause)) => (root, cause.clone()),
            None => (root, root.cause.clone().unwrap_or_else(|| HangupCause::parse("NONE"))),
        };
        let by = match failure {
            // There is no channel that anybody could have ended.
            Some((None, _)) => Some(EndedBy::None),
            _ => self.party(decisive, &cause),
        };
        let answered = self.answered();
        // The lead leg may have left a call that continued.
        let at = [last.times.hangup, root.times.hangup].into_iter().find(|at| *at > 0);
        let at = at.unwrap_or(if last.end.is_complete { last.last_event } else { 0 });
        let talked = answered.filter(|_| at > 0).map(|answered| at.saturating_sub(answered));
        Ending {
            at,
            by,
            leg: decisive.id.clone(),
            sip: status(decisive),
            answered: answered.is_some(),
            talked,
            command: root.end.command.clone(),
            application: format!("{} {}", root.application, root.application_data)
                .trim_end()
                .into(),
            tries: self.tries(last),
            cause,
        }
    }

    fn leg(&self, id: &Id<SessionInfo>) -> Option<&'a SessionInfo> {
        self.legs().find(|leg| leg.id == *id)
    }

    fn partner(&self, leg: &SessionInfo) -> Option<&'a SessionInfo> {
        leg.other_leg.as_ref().and_then(|id| self.leg(id)).filter(|other| other.id != leg.id)
    }

    /// When the call was answered: when its lead leg was.
    fn answered(&self) -> Option<u64> {
        let first = || self.legs().map(|leg| leg.times.answered).filter(|at| *at > 0).min();
        match self.lead.times.answered {
            // A leg that lived on without its lead did so in a call that was answered.
            0 if self.lead.times.bridged > 0 => first(),
            0 => None,
            at => Some(at),
        }
    }

    /// The leg with which the call ended: its lead leg, or one of the pair that talked on without
    /// it.
    fn last(&self) -> &'a SessionInfo {
        let pairs = self.legs().filter_map(|leg| {
            let other = self.partner(leg)?;
            let was_talking = was_bridged_at_end(leg) || was_bridged_at_end(other);
            (was_talking && leg.times.bridged > 0).then_some((leg, other))
        });
        let ends = pairs.map(|(one, other)| if is_before(other, one) { other } else { one });
        match ends.max_by_key(|leg| (leg.times.hangup, leg.end.order)) {
            Some(leg) if leg.times.hangup > self.lead.times.hangup + 2 * TICK => leg,
            _ => self.lead,
        }
    }

    /// Follows the end back to the leg at which it began.
    fn root(&self, start: &'a SessionInfo) -> &'a SessionInfo {
        let mut visited = vec![&start.id];
        let mut leg = start;
        while let Some(before) = self.cause_of(leg) {
            if visited.contains(&&before.id) {
                break;
            }
            visited.push(&before.id);
            leg = before;
        }
        leg
    }

    /// The leg whose end made this one end.
    fn cause_of(&self, leg: &'a SessionInfo) -> Option<&'a SessionInfo> {
        if leg.end.command.is_some() {
            return None;
        }
        if leg.ended_by_far_end() == Some(true) {
            return self.far_side(leg);
        }
        if is_reason_enough(leg) {
            return None;
        }
        // The two halves of a loopback are one call inside the switch, without SIP.
        if let Some(half) = self.other_half(leg).filter(|half| is_before(half, leg)) {
            return Some(half);
        }
        let other = self.partner(leg)?;
        let followed = was_bridged_at_end(leg) && was_bridged_at_end(other);
        (followed && is_before(other, leg)).then_some(other)
    }

    /// The other end of a leg's SIP dialog, when it is a leg of this call too.
    fn far_side(&self, leg: &SessionInfo) -> Option<&'a SessionInfo> {
        if leg.end.dialog.is_empty() {
            return None;
        }
        let is_it = |other: &&SessionInfo| other.id != leg.id && other.end.dialog == leg.end.dialog;
        self.legs().find(is_it)
    }

    fn other_half(&self, leg: &SessionInfo) -> Option<&'a SessionInfo> {
        let (name, half) = leg.channel_name.rsplit_once('-')?;
        if !name.starts_with("loopback/") {
            return None;
        }
        let other = if half == "a" { "b" } else { "a" };
        let is_it = |other_leg: &&SessionInfo| {
            other_leg.id != leg.id && other_leg.channel_name.rsplit_once('-') == Some((name, other))
        };
        self.legs().find(is_it)
    }

    /// What ended a leg that could not be bridged to where it called: the cause, and the leg that
    /// was tried last, where one was made.
    fn failed_dial(&self, root: &SessionInfo) -> Option<(Option<&'a SessionInfo>, HangupCause)> {
        let cause = root.end.dial_failure.clone()?;
        let is_followed = root.ended_by_far_end() != Some(true)
            && root.end.command.is_none()
            && !is_reason_enough(root)
            && !was_bridged_at_end(root)
            && &*root.application == "bridge";
        if !is_followed {
            return None;
        }
        let tried = self.legs().filter(|leg| is_tried_by(leg, root));
        let failed = tried.filter(|leg| leg.times.answered == 0);
        let last = failed.max_by_key(|leg| (leg.cause.as_ref() == Some(&cause), leg.end.order));
        let Some(last) = last else { return Some((None, cause)) };
        // Where the leg itself was refused by another leg of this call, that one says why.
        Some((Some(self.root(last)), cause))
    }

    /// Who ended the call, from the leg at which the end began.
    fn party(&self, leg: &SessionInfo, cause: &HangupCause) -> Option<EndedBy> {
        if leg.times.hangup == 0 && leg.disposition.is_empty() && leg.cause.is_none() {
            return None;
        }
        if leg.end.command.is_some() {
            return Some(EndedBy::Operator);
        }
        if leg.end.has_far_end == Some(false) && leg.times.answered == 0 {
            return Some(EndedBy::None);
        }
        if leg.ended_by_far_end() == Some(true) {
            return Some(self.side(leg));
        }
        Some(match cause.name() {
            "MANAGER_REQUEST" => EndedBy::Operator,
            "MEDIA_TIMEOUT" => EndedBy::Media,
            "ALLOTTED_TIMEOUT" => EndedBy::Schedule,
            _ if is_scheduled(leg) => EndedBy::Schedule,
            name if NO_FAR_END.contains(&name) && self.answered().is_none() => EndedBy::None,
            // The far end of a leg of ours refused in its own dial plan.
            _ if &*leg.application == "respond" && self.answers_leg(leg) => EndedBy::Called,
            _ => EndedBy::Switch,
        })
    }

    /// Whether this leg is where an outbound leg of the same call came out.
    fn answers_leg(&self, leg: &SessionInfo) -> bool {
        leg.direction == Direction::Inbound
            && self.far_side(leg).is_some_and(|other| other.direction == Direction::Outbound)
    }

    /// Which party is at the far end of a leg.
    fn side(&self, leg: &SessionInfo) -> EndedBy {
        match leg.direction {
            Direction::Inbound if leg.id == self.lead.id => EndedBy::Caller,
            // A caller who picked up the call, as from a parking lot.
            Direction::Inbound if self.lead.direction == Direction::Inbound => EndedBy::Called,
            Direction::Inbound => EndedBy::Caller,
            Direction::Outbound => EndedBy::Called,
        }
    }

    /// The legs that were dialled and ended while the call continued.
    fn tries(&self, last: &SessionInfo) -> Vec<Try> {
        let pair = self.partner(last);
        let pair = pair.filter(|other| was_bridged_at_end(last) && was_bridged_at_end(other));
        let is_last =
            |leg: &SessionInfo| leg.id == last.id || pair.is_some_and(|it| it.id == leg.id);
        let dialled = self.legs().filter(|leg| {
            leg.direction == Direction::Outbound && leg.id != self.lead.id && !is_half(leg)
        });
        let dialled: Vec<_> = dialled.collect();
        let has_left = |leg: &&&SessionInfo| !is_last(leg) && has_ended_before(leg, last);
        if !dialled.iter().any(|leg| has_left(&leg)) {
            return Vec::new();
        }
        let tries = dialled.into_iter().filter(|leg| has_left(&leg) || leg.times.answered > 0);
        let mut tries: Vec<_> = tries.collect();
        // By when each was decided: those that lost a race end just after the one that won it.
        tries.sort_by_key(|leg| match leg.times.answered {
            0 => leg.times.hangup,
            answered => answered + 5 * TICK,
        });
        tries.into_iter().map(Try::of).collect()
    }
}

impl Try {
    fn of(leg: &SessionInfo) -> Self {
        Self {
            uuid: leg.id.clone(),
            to: leg.dialled.clone(),
            answered: leg.times.answered > 0,
            cause: leg.cause.clone(),
            sip: status(leg).filter(|_| leg.times.answered == 0),
        }
    }
}

/// The SIP status that explains a leg's end: not the 200 of a BYE, nor the 487 of our own CANCEL.
fn status(leg: &SessionInfo) -> Option<u16> {
    let is_ours = matches!(&*leg.disposition, "send_cancel" | "send_bye" | "send_refuse");
    if is_ours && &*leg.application == "respond" {
        return leg.application_data.split([' ', ';']).next()?.parse().ok();
    }
    leg.sip_status.filter(|code| *code >= 300 && !is_ours)
}

/// Whether a leg was dialled by another one.
fn is_tried_by(leg: &SessionInfo, dialler: &SessionInfo) -> bool {
    leg.direction == Direction::Outbound
        && leg.id != dialler.id
        && leg.other_leg.as_ref().is_some_and(|other| *other == dialler.id)
}

/// Whether the leg talked to its partner until it ended. The side that did not hang up first leaves
/// the bridge a moment before its own end.
fn was_bridged_at_end(leg: &SessionInfo) -> bool {
    leg.times.bridged > 0
        && (leg.times.unbridged == 0 || leg.times.unbridged + 5 * TICK >= leg.times.hangup)
}

/// A cause that comes from this leg alone, whatever its partner did.
fn is_reason_enough(leg: &SessionInfo) -> bool {
    let cause = leg.cause.as_ref().map_or("", HangupCause::name);
    matches!(cause, "MEDIA_TIMEOUT" | "ALLOTTED_TIMEOUT" | "MANAGER_REQUEST" | "SYSTEM_SHUTDOWN")
        || is_scheduled(leg)
}

/// Whether it ended at the second for which its end was scheduled.
fn is_scheduled(leg: &SessionInfo) -> bool {
    let scheduled = leg.end.scheduled;
    scheduled > 0 && leg.times.hangup.abs_diff(scheduled) < 1_500_000
}

/// Whether one of two legs ended before the other: by time, and within one step of FreeSWITCH's
/// clock by what each says of its end, then by the order of the events.
fn is_before(one: &SessionInfo, other: &SessionInfo) -> bool {
    if one.times.hangup.abs_diff(other.times.hangup) > TICK {
        return one.times.hangup < other.times.hangup;
    }
    (weight(one), one.end.order) < (weight(other), other.end.order)
}

/// The less, the more likely the end began with this leg.
fn weight(leg: &SessionInfo) -> u8 {
    let is_odd = !leg.cause.as_ref().is_none_or(HangupCause::is_normal);
    match leg.ended_by_far_end() {
        _ if leg.end.command.is_some() || is_reason_enough(leg) => 0,
        Some(true) => 1,
        _ if is_odd => 2,
        _ => 3,
    }
}

fn has_ended_before(leg: &SessionInfo, last: &SessionInfo) -> bool {
    leg.times.hangup > 0
        && (leg.times.answered == 0 || leg.times.hangup + 5 * TICK < last.times.hangup)
}

/// Whether it is a half of a loopback, which is no separate attempt.
fn is_half(leg: &SessionInfo) -> bool {
    leg.channel_name.starts_with("loopback/") && leg.channel_name.ends_with("-a")
}

/// Causes that FreeSWITCH gives when there was no party to call.
const NO_FAR_END: &[&str] = &[
    "USER_NOT_REGISTERED",
    "SUBSCRIBER_ABSENT",
    "NO_ROUTE_DESTINATION",
    "NO_ROUTE_TRANSIT_NET",
    "INVALID_GATEWAY",
    "GATEWAY_DOWN",
    "INVALID_PROFILE",
    "INVALID_URL",
    "CHAN_NOT_IMPLEMENTED",
    "RECOVERY_ON_TIMER_EXPIRE",
];

/// The step of the times in events, in microseconds.
const TICK: u64 = 20_000;

#[cfg(test)]
mod tests;
