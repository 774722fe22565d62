//! The calls that a client started, the latest one last.

use std::collections::VecDeque;

use crate::listener::Job;
use crate::model::{Id, JobState, Outcome, SessionInfo};

/// How a client started a call.
#[derive(Debug, Clone)]
pub(crate) enum Started {
    /// By an originate in the background.
    InBackground(Job),
    /// By an originate whose answer was waited for: its command and the answer.
    Directly { command: String, outcome: Outcome },
}

impl Started {
    /// The session that was made, or that was asked for. Nothing while that is not known.
    pub(crate) fn session(&self) -> Option<Id<SessionInfo>> {
        if let Self::InBackground(job) = self
            && let Some(session) = job.sess_uuid()
        {
            return Some(session.clone());
        }
        // An originate that does not choose the uuid answers with the one that was made.
        let JobState::Done(Outcome::Ok(text)) = self.state() else { return None };
        let made = text.strip_prefix("+OK").unwrap_or(&text).trim();
        let is_id = !made.is_empty() && !made.contains(char::is_whitespace);
        is_id.then(|| Id::new(made))
    }

    /// How its originate stands.
    pub(crate) fn state(&self) -> JobState {
        match self {
            Self::InBackground(job) => job.state(),
            Self::Directly { outcome, .. } => JobState::Done(outcome.clone()),
        }
    }

    /// The job, where there is one.
    pub(crate) fn job(&self) -> Option<&Job> {
        match self {
            Self::InBackground(job) => Some(job),
            Self::Directly { .. } => None,
        }
    }

    /// The command line.
    pub(crate) fn command(&self) -> &str {
        match self {
            Self::InBackground(job) => job.command(),
            Self::Directly { command, .. } => command,
        }
    }

    /// The server's text, when the originate failed.
    pub(crate) fn failure(&self) -> Option<String> {
        match self.state() {
            JobState::Done(Outcome::Failed(text)) => Some(text),
            _ => None,
        }
    }
}

/// What a client started, bounded.
#[derive(Debug, Default)]
pub(super) struct StartedCalls(VecDeque<Started>);

impl StartedCalls {
    /// Adds the latest one.
    pub(super) fn add(&mut self, started: Started) {
        self.0.push_back(started);
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    pub(super) fn latest(&self) -> Option<Started> {
        self.0.back().cloned()
    }

    pub(super) fn sessions(&self) -> impl Iterator<Item = Id<SessionInfo>> {
        self.0.iter().filter_map(Started::session)
    }
}

/// Older ones are known to the tracker by their uuid.
const MOST: usize = 256;

/// Whether a command line makes a call.
pub(super) fn is_originate(line: &str) -> bool {
    let verb = line.trim_start().trim_start_matches('/').split_whitespace().next();
    verb.is_some_and(|verb| verb.eq_ignore_ascii_case("originate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn a_direct_originate_names_its_session_in_its_answer() {
        let started = |text: &str| Started::Directly {
            command: "originate user/1000 &park".to_owned(),
            outcome: Outcome::of(text),
        };
        let made = started("+OK 6c1d2a5e-0001\n");
        assert_eq!(made.session(), Some(Id::new("6c1d2a5e-0001")));
        assert_eq!(made.failure(), None);
        let failed = started("-ERR USER_BUSY\n");
        assert_eq!(failed.session(), None);
        assert!(failed.failure().is_some_and(|text| text.starts_with("-ERR USER_BUSY")));
        assert_eq!(started("+OK").session(), None);
    }

    #[limited::test]
    fn originate_is_known_in_any_case() {
        for (line, is_one) in [
            ("originate user/1000 &park", true),
            (" ORIGINATE user/1000 &park", true),
            ("originated", false),
            ("uuid_kill x", false),
            ("", false),
        ] {
            assert_eq!(is_originate(line), is_one, "{line}");
        }
    }
}
