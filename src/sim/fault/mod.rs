//! What can be made to go wrong on purpose, as data. `traffic/inject.rs` makes it happen.

pub(super) mod planned;

use std::time::Duration;

/// One thing that goes wrong, given to [`Sim::inject`](crate::sim::Sim::inject) or, at a planned time, to
/// [`Config::with_fault`](crate::sim::Config::with_fault). As text: [`Planned`](crate::sim::Planned).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The reply to the next command with this prefix is late. The socket keeps its order: nothing
    /// else is sent to it before.
    LateReply {
        /// How the verb line of the command starts, for example `api status`.
        command_prefix: String,
        /// How late.
        by: Duration,
    },
    /// From now on all replies to commands with this prefix are late.
    SlowReplies {
        /// How the verb line of the command starts; empty is every command.
        command_prefix: String,
        /// How late.
        by: Duration,
    },
    /// The next command with this prefix runs, but its reply is swallowed.
    NoReply {
        /// How the verb line of the command starts.
        command_prefix: String,
    },
    /// From now on commands with this prefix are refused: `-ERR permission denied`.
    Deny {
        /// How the verb line of the command starts.
        command_prefix: String,
    },
    /// New sockets are turned away as by an ACL: `text/rude-rejection`, a notice, the end.
    RejectAcl,
    /// New sockets are accepted, but nothing is ever sent to them.
    Silent,
    /// Nothing is written to any socket for a while; then all that waited. Commands that arrive
    /// meanwhile run.
    Stall(Duration),
    /// Cuts every socket.
    DropAll,
    /// Cuts every socket in the middle of a frame.
    CutFrame,
    /// Writes these bytes to every socket.
    Junk(Vec<u8>),
    /// Writes in pieces of this many bytes from now on; 0 ends it.
    SplitWrites(usize),
    /// Drops all sockets and calls and comes back with a new Core-UUID.
    Restart,
    /// Every event is lost to every subscriber with this probability, 0 to 1, without a word, as
    /// from a full queue. `Event-Sequence` has gaps.
    LoseEvents(f64),
    /// Fires the events of whole call lives without end; 0 ends it. These calls are in the events
    /// only, not in `show channels`.
    Flood {
        /// How many events a second.
        events_per_second: u32,
    },
    /// Background callers, and calls that are placed without a caller name, get names with escapes,
    /// bidi controls, line ends and bytes that are no UTF-8.
    HostileNames,
    /// The rows that `show channels` has, now and later, stay in it when their channels have ended.
    GhostRows,
    /// The XML of the configuration is broken: a reload reports it, and continues with
    /// what it had.
    BrokenXml,
    /// Ends all faults that last.
    Clear,
}

/// The faults that last, or wait for their command.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) late: Vec<(String, Duration)>,
    pub(super) slow: Vec<(String, Duration)>,
    pub(super) swallow: Vec<String>,
    pub(super) deny: Vec<String>,
    pub(super) reject: bool,
    pub(super) silent: bool,
    pub(super) hostile: bool,
    pub(super) xml_is_broken: bool,
    /// Rows of `show channels` that stay.
    pub(super) ghosts: Vec<Vec<String>>,
    /// Whether those of channels that end from now on stay, too.
    pub(super) haunted: bool,
    pub(super) lose: f64,
    pub(super) split: usize,
}

impl Faults {
    /// Takes the delay waiting for this verb line, once; or the one that lasts.
    pub(super) fn take_late(&mut self, line: &str) -> Option<Duration> {
        let matches = |(prefix, _): &(String, Duration)| line.starts_with(prefix.as_str());
        match self.late.iter().position(matches) {
            Some(at) => Some(self.late.remove(at).1),
            None => self.slow.iter().rev().find(|late| matches(late)).map(|(_, by)| *by),
        }
    }

    /// Takes the order to swallow the reply to this verb line, once.
    pub(super) fn take_swallow(&mut self, line: &str) -> bool {
        let found = self.swallow.iter().position(|prefix| line.starts_with(prefix.as_str()));
        found.map(|at| self.swallow.remove(at)).is_some()
    }

    /// Whether this verb line is denied.
    pub(super) fn denies(&self, line: &str) -> bool {
        self.deny.iter().any(|prefix| line.starts_with(prefix.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn one_time_faults_are_used_up() {
        let mut faults = Faults::default();
        faults.swallow.push("api st".to_owned());
        assert!(!faults.take_swallow("api show"));
        assert!(faults.take_swallow("api status"));
        assert!(!faults.take_swallow("api status"));
        let second = Duration::from_secs(1);
        faults.slow.push((String::new(), second));
        faults.late.push(("api".to_owned(), second * 2));
        assert_eq!(faults.take_late("api status"), Some(second * 2));
        assert_eq!(faults.take_late("api status"), Some(second));
    }
}
