//! The switches of a shell: connected, chosen, forgotten.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::switch::Switch;
use super::{Shell, gate};
use crate::conn::Config;
use crate::shell::settings::profile::Profile;
use crate::shell::settings::{Listening, profile};
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::operator::Operator;
use crate::shell::text::{sanitise, suggest};

impl Shell {
    /// The switches, in the order in which they were named.
    #[must_use]
    pub fn switches(&self) -> Vec<Arc<Switch>> {
        self.state().switches.clone()
    }

    /// The switch that lines go to.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Switch>> {
        let state = self.state();
        let name = state.current.as_deref()?;
        state.switches.iter().find(|switch| switch.name() == name).cloned()
    }

    fn named(&self, name: &str) -> Option<Arc<Switch>> {
        self.state().switches.iter().find(|switch| switch.name() == name).cloned()
    }

    /// A switch by name, or else by its `HOST:PORT`.
    ///
    /// # Errors
    /// A usage error that lists the names.
    pub fn switch(&self, name: &str) -> Result<Arc<Switch>, CommandError> {
        let switches = self.switches();
        let is_there = |switch: &&Arc<Switch>| switch.client().config().address() == name;
        let found = self.named(name).or_else(|| switches.iter().find(is_there).cloned());
        if let Some(switch) = found {
            return Ok(switch);
        }
        let names: Vec<_> = switches.iter().map(|switch| switch.name()).collect();
        let err = CommandError::usage(format!("no switch is called {name:?}"));
        if names.is_empty() {
            return Err(err.hint("type \"connect HOST\" first"));
        }
        let known = names.iter().copied();
        Err(err.meant(name, known, "").hint(format!("there are: {}", names.join(", "))))
    }

    /// Connects a switch under a name and makes it the current one. One of the same name that is
    /// configured in another way is replaced, once the new one is connected.
    ///
    /// # Errors
    /// As for `connect`. A new switch is listed all the same, so that `connect` can try again; one
    /// that was there stays as it was.
    pub async fn connect(&self, name: &str, config: Config) -> Result<Arc<Switch>, CommandError> {
        profile::without_password(&config)?;
        self.inner.secrets.learn(&config);
        let known = self.named(name);
        if let Some(known) = known.as_ref().filter(|known| known.client().config() == config) {
            self.select(name);
            self.up(known).await?;
            return Ok(Arc::clone(known));
        }
        let alerts = match self.profile(name) {
            Some(profile) => profile.alerts,
            None => self.settings().alerts,
        };
        let switch = Switch::new(name, config, Arc::clone(&self.inner.narration));
        let switch = Arc::new(switch.with_alerts(alerts));
        gate::put(self, &switch);
        let connected = self.up(&switch).await;
        if connected.is_ok() || known.is_none() {
            self.remove(name).await;
            self.state().switches.push(Arc::clone(&switch));
            if connected.is_ok() || self.current().is_none() {
                self.select(name);
            }
        }
        connected.map(|()| switch)
    }

    /// Connects what a switch needs now.
    async fn up(&self, switch: &Switch) -> Result<(), CommandError> {
        match self.settings().listening {
            Listening::Always => switch.connect().await,
            Listening::WhenNeeded => switch.connect_commands().await,
        }
    }

    /// Connects a profile: finds its password, tries for as long as it says, and starts the log.
    /// Its lines are for the caller to run.
    ///
    /// # Errors
    /// As for [`Shell::connect`]; that of the last attempt.
    pub async fn open(&self, profile: &Profile) -> Result<Arc<Switch>, CommandError> {
        self.open_for(None, profile).await
    }

    /// As [`open`](Self::open), while an operator is at the prompt.
    pub(in crate::shell) async fn open_for(
        &self,
        operator: Option<&Operator>,
        profile: &Profile,
    ) -> Result<Arc<Switch>, CommandError> {
        let profile = profile.clone().careful_like(&self.settings().profiles);
        let config = profile.login(operator).await?;
        let until = Instant::now() + profile.retry;
        let switch = loop {
            match self.connect(&profile.name, config.clone()).await {
                Err(err) if err.is_passing() && Instant::now() < until => sleep(PAUSE).await,
                Err(err) => {
                    // It is listed, and may be connected later: as what it is.
                    if let Some(switch) = self.named(&profile.name)
                        && switch.profile().is_none()
                    {
                        switch.set_profile(profile.clone());
                    }
                    return Err(self.with_ways_on(err, &profile));
                }
                Ok(switch) => break switch,
            }
        };
        switch.set_profile(profile.clone());
        if let Some(level) = &profile.log
            && switch.listener().is_connected()
        {
            // Before the server is asked: the first lines may come before its answer is read.
            self.narration().choose(|choice| choice.log_level = Some(level.clone()));
            switch.listener().log(Some(level)).await?;
        }
        Ok(switch)
    }

    /// Adds to an error of connecting what looks closer, and a profile that was perhaps meant.
    fn with_ways_on(&self, err: CommandError, profile: &Profile) -> CommandError {
        if err.kind != Kind::Connection {
            return err;
        }
        let (name, profiles) = (&profile.name, self.settings().profiles);
        let is_profile = profiles.iter().any(|known| known.name == *name);
        let address = profile.config.address();
        let server = if is_profile {
            name.clone()
        } else {
            let user = profile.config.user().map_or_else(String::new, |user| format!(" -u {user}"));
            format!("{}{user}", address.strip_suffix(":8021").unwrap_or(&address))
        };
        let err = match &*err.message {
            // A name without an address may have been meant for a profile.
            message if message.starts_with("no address") && !is_profile => {
                let near = suggest::nearest(name, profiles.iter().map(|known| known.name.as_str()));
                match near {
                    Some(near) => {
                        let hint = format!("there is no profile {name:?}; did you mean {near}?");
                        err.hint(hint)
                    }
                    None => err,
                }
            }
            _ => err,
        };
        let server = sanitise::line(&server).into_owned();
        err.hint(format!(
            "\"switchy doctor {server}\" finds where it fails, \"doctor {server}\" does at the prompt"
        ))
    }

    /// The profile of this name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<Profile> {
        self.settings().profiles.into_iter().find(|profile| profile.name == name)
    }

    /// A name that no switch has yet: `sim`, `sim2`, ...
    pub(crate) fn free_name(&self, name: &str) -> String {
        let is_free = |name: &str| self.named(name).is_none();
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|name| is_free(name)).unwrap_or_else(|| name.to_owned())
    }

    /// Starts a simulated switch in this process, on a free loopback port.
    ///
    /// # Errors
    /// When no port can be had.
    #[cfg(feature = "sim")]
    pub async fn start_sim(&self, config: crate::sim::Config) -> Result<Config, CommandError> {
        let sim = crate::sim::Sim::start(config);
        let address = sim.listen("127.0.0.1:0").await.map_err(|err| {
            CommandError::new(Kind::Connection, format!("no port for the simulated switch: {err}"))
        })?;
        self.state().sims.push(sim);
        Ok(Config::new("127.0.0.1").with_port(address.port()))
    }

    /// Lists a switch.
    pub(in crate::shell) fn add(&self, switch: Arc<Switch>) {
        self.state().switches.push(switch);
    }

    /// Makes a switch the current one.
    pub(crate) fn select(&self, name: &str) {
        let mut state = self.state();
        if state.current.as_deref() != Some(name) {
            state.previous = state.current.take();
            state.current = Some(name.to_owned());
        }
        let is_many = state.switches.len() > 1;
        drop(state);
        self.inner.narration.set_many(is_many);
    }

    /// Closes a switch and forgets it.
    pub(crate) async fn remove(&self, name: &str) {
        let Some(switch) = self.named(name) else { return };
        {
            let mut state = self.state();
            state.switches.retain(|other| other.name() != name);
            if state.current.as_deref() == Some(name) {
                let next = state.switches.first().map(|next| next.name().to_owned());
                state.current = next;
            }
            let current = state.current.clone();
            let is_of_no_use =
                |previous: &str| previous == name || current.as_deref() == Some(previous);
            state.previous.take_if(|previous| is_of_no_use(previous));
            self.inner.narration.set_many(state.switches.len() > 1);
        }
        switch.disconnect().await;
    }

    /// The switch that was current before.
    pub(crate) fn previous(&self) -> Option<String> {
        self.state().previous.clone()
    }
}

/// How long to wait between attempts to connect.
const PAUSE: Duration = Duration::from_secs(1);
