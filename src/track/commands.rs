//! Which commands of operators end or schedule the end of sessions: API events say what was run,
//! after it was (`transcripts/ends/end_killed`).

use super::hupall::Hupall;
use super::tracker::Tracker;
use crate::model::{Event, HangupCause, HangupCommand, Id, SessionInfo};

impl Tracker {
    /// Announces that this client is about to send an `api` line, which may hang up sessions.
    pub fn expect_command(&mut self, line: &str) {
        let (command, arguments) = line.split_once(' ').unwrap_or((line, ""));
        self.note(command, arguments, self.latest, true);
    }

    /// The line of an API event, when this client sent it and it hung up sessions.
    #[must_use]
    pub fn own_hangup(&self, event: &Event) -> Option<String> {
        if event.name() != "API" {
            return None;
        }
        let (command, arguments) = (event.get("API-Command")?, event.get("API-Command-Argument"));
        let arguments = arguments.unwrap_or_default();
        let is_own = match &*command {
            "uuid_kill" => {
                let id: Id<SessionInfo> = Id::new(arguments.split_whitespace().next()?);
                let leg = self.known_leg(&id)?;
                leg.end.command.as_ref().is_some_and(|command| command.is_own)
            }
            "hupall" | "fsctl" => self.hupall.as_ref().is_some_and(|hupall| hupall.is_own),
            _ => false,
        };
        is_own.then(|| format!("{command} {arguments}"))
    }

    fn known_leg(&self, id: &Id<SessionInfo>) -> Option<&SessionInfo> {
        let alive = self.session(id.as_str());
        let gone = || self.calls.values().flat_map(|legs| legs.gone.iter().map(|(_, leg)| leg));
        let ended = || self.ended.iter().rev().take(RECENT).flat_map(|call| &call.sessions);
        alive.or_else(|| gone().chain(ended()).find(|leg| leg.id == *id))
    }

    /// Takes in an API event.
    pub(super) fn note_command(&mut self, event: &Event) {
        let command = event.get("API-Command").unwrap_or_default();
        let arguments = event.get("API-Command-Argument").unwrap_or_default();
        self.note(&command, &arguments, event.timestamp(), false);
    }

    fn note(&mut self, command: &str, arguments: &str, at: u64, is_own: bool) {
        let mut words = arguments.split_whitespace();
        match command {
            "uuid_kill" => {
                if let Some(session) = words.next().and_then(|id| self.session_mut(id)) {
                    let command = || HangupCommand::new("uuid_kill", is_own);
                    session.end.command.get_or_insert_with(command);
                }
            }
            "hupall" => self.hupall(at, words.next(), is_own),
            "fsctl" if words.next() == Some("hupall") => self.hupall(at, words.next(), is_own),
            "sched_hangup" => {
                let time = words.next().and_then(|time| due(time, at));
                let session = words.next().and_then(|id| self.session_mut(id));
                if let (Some(time), Some(session)) = (time, session) {
                    session.end.scheduled = time;
                }
            }
            _ => {}
        }
    }

    fn hupall(&mut self, at: u64, cause: Option<&str>, is_own: bool) {
        let cause = HangupCause::parse(cause.unwrap_or("MANAGER_REQUEST"));
        let is_expected = self.hupall.as_ref().is_some_and(|known| {
            known.is_own && known.cause == cause && at.saturating_sub(known.at) < SPREAD
        });
        self.hupall = Some(Hupall { at, cause, is_own: is_own || is_expected });
        let ids: Vec<_> = self.sessions.keys().cloned().collect();
        for id in ids {
            self.note_hupall(id.as_str());
        }
    }

    /// Marks a session that ended with the cause of a `hupall`, at its time.
    pub(super) fn note_hupall(&mut self, id: &str) {
        let Some(Hupall { at, cause, is_own }) = self.hupall.clone() else { return };
        let Some(session) = self.session_mut(id) else { return };
        let is_its = session.cause.as_ref() == Some(&cause)
            && session.times.hangup.max(session.last_event).abs_diff(at) < SPREAD
            && session.ended_by_far_end() != Some(true);
        if is_its && session.end.order > 0 {
            session.end.command.get_or_insert_with(|| HangupCommand::new("hupall", is_own));
        }
    }

    /// A session that lives, or is a leg of a call that ended lately: the event about a command may
    /// come after those of its effect.
    fn session_mut(&mut self, id: &str) -> Option<&mut SessionInfo> {
        if self.sessions.contains_key(id) {
            return self.sessions.get_mut(id).map(|entry| &mut entry.session);
        }
        let known: Id<SessionInfo> = Id::new(id);
        if !self.tombstones.contains(id) {
            return None;
        }
        let gone =
            self.calls.values_mut().flat_map(|legs| legs.gone.iter_mut().map(|(_, leg)| leg));
        let ended = self.ended.iter_mut().rev().take(RECENT).flat_map(|call| &mut call.sessions);
        gone.chain(ended).find(|leg| leg.id == known)
    }
}

/// When a hangup is due that is scheduled with `+SECONDS` or a time of day in seconds since 1970.
pub(super) fn due(time: &str, now: u64) -> Option<u64> {
    let (start, seconds) = time.strip_prefix('+').map_or((0, time), |seconds| (now, seconds));
    seconds.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(start)
}

/// How many ended calls an event about a command may come late for.
const RECENT: usize = 32;

/// How far apart the ends of the sessions of one `hupall` may be, in microseconds.
const SPREAD: u64 = 2_000_000;

#[cfg(test)]
mod tests {
    use super::due;

    #[limited::test]
    fn a_time_that_no_clock_has_is_none() {
        for (time, expected) in [
            ("+4", Some(9_000_000)),
            ("7", Some(7_000_000)),
            ("+18446744073709", None),
            ("18446744073710", None),
            ("+", None),
            ("soon", None),
        ] {
            assert_eq!(due(time, 5_000_000), expected, "{time}");
        }
    }
}
