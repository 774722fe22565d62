//! What a simulated switch is like when it starts.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::sim::client::user::User;
use crate::sim::fault::planned::Planned;

/// Options of a simulated switch.
///
/// `Debug` shows no password.
#[derive(Clone)]
pub struct Config {
    pub(in crate::sim) password: String,
    pub(in crate::sim) users: Vec<User>,
    pub(super) seed: Option<u64>,
    pub(super) traffic: f64,
    pub(in crate::sim) quiet_start: Duration,
    pub(super) heartbeat: Duration,
    pub(in crate::sim) auth_timeout: Duration,
    pub(in crate::sim) clock: Option<Timestamp>,
    pub(super) faults: Vec<Planned>,
}

impl Config {
    /// Password `ClueCon`, no users, no background traffic, a heartbeat every 20 s, a random seed.
    #[must_use]
    pub fn new() -> Self {
        Self {
            password: "ClueCon".to_owned(),
            users: Vec::new(),
            seed: None,
            traffic: 0.0,
            quiet_start: Duration::ZERO,
            heartbeat: Duration::from_secs(20),
            auth_timeout: Duration::from_secs(25),
            clock: None,
            faults: Vec::new(),
        }
    }

    /// Sets the password that `auth` must give.
    #[must_use]
    pub fn with_password(mut self, password: impl Into<String>) -> Self {
        self.password = password.into();
        self
    }

    /// Adds a user, named `user@domain`, who may log in with `userauth`.
    #[must_use]
    pub fn with_user(self, user: &str, password: &str) -> Self {
        self.with_limited_user(User::new(user, password))
    }

    /// Adds a user with limits.
    #[must_use]
    pub fn with_limited_user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Makes ids, ports, tags and the background traffic repeat from run to run.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Starts background calls at this rate; 0 is none.
    #[must_use]
    pub fn with_traffic(mut self, calls_per_second: f64) -> Self {
        self.traffic = if calls_per_second.is_finite() { calls_per_second.max(0.0) } else { 0.0 };
        self
    }

    /// Lets few background calls begin in this time after the start, so that a person can read.
    #[must_use]
    pub fn with_quiet_start(mut self, lasts: Duration) -> Self {
        self.quiet_start = lasts;
        self
    }

    /// Sets the time between two HEARTBEAT events.
    #[must_use]
    pub fn with_heartbeat(mut self, every: Duration) -> Self {
        self.heartbeat = every.max(Duration::from_millis(10));
        self
    }

    /// Sets how long a new socket may wait with its first command.
    #[must_use]
    pub fn with_auth_timeout(mut self, timeout: Duration) -> Self {
        self.auth_timeout = timeout;
        self
    }

    /// Lets something go wrong, from the start or when it is planned.
    #[must_use]
    pub fn with_fault(mut self, fault: impl Into<Planned>) -> Self {
        self.faults.push(fault.into());
        self
    }

    /// Sets what the switch's clock shows at its start. Without it the clock is the machine's, and
    /// two runs of one seed differ in their time stamps.
    #[must_use]
    pub fn with_clock(mut self, start: Timestamp) -> Self {
        self.clock = Some(start);
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users: Vec<&str> = self.users.iter().map(|user| user.name.as_str()).collect();
        f.debug_struct("Config")
            .field("users", &users)
            .field("seed", &self.seed)
            .field("traffic", &self.traffic)
            .field("quiet_start", &self.quiet_start)
            .field("heartbeat", &self.heartbeat)
            .field("auth_timeout", &self.auth_timeout)
            .field("clock", &self.clock)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn debug_shows_no_password() {
        let config = Config::new().with_password("hunter2").with_user("bob@lan", "hunter3");
        let shown = format!("{config:?}");
        assert!(shown.contains("bob@lan") && !shown.contains("hunter"), "{shown}");
    }
}
