//! A line in, an answer out; no terminal.
//!
//! A line is read in this order: `@HOST` or `@all` in front chooses the switch; a built-in command
//! runs here; anything else goes to the server as an `api` command, word for word.
//!
//! # Invariants
//! - Nothing here prints: answers go to what [`Shell::run_line`] is given, event lines to a channel.
//! - The tail of `api`, `bgapi`, a bare API line and a dial string is never re-quoted.
//! - Text from the network is sanitised on its way into an answer.

mod advice;
mod alerts;
mod alias;
mod catalog;
mod causes;
pub mod cmd;
mod colors;
pub mod complete;
mod confirm;
mod context;
mod control;
mod doctor;
mod ending;
mod error;
mod filter;
mod grammar;
mod guard;
pub mod highlight;
mod hint;
pub mod history;
mod keys;
mod kinds;
mod line;
mod log_view;
mod narrate;
mod near;
mod open;
mod operator;
mod pipe;
mod profile;
mod prompt;
pub mod render;
mod replay;
mod rows;
pub mod sampler;
pub mod sanitise;
mod schema;
mod script;
mod secret;
mod settings;
mod slash;
mod slow;
mod standstill;
mod stopping;
mod stream;
mod switch;
mod tables;
mod trace;
mod transcript;
mod traps;
mod vars;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

pub use alerts::Alert;
#[cfg(feature = "cli")]
pub(crate) use alerts::{alert_event, alert_filter};
pub use colors::Colors;
pub use context::{Context, Output};
pub use error::{CommandError, Kind};
pub use guard::Guard;
pub use hint::hint;
pub use history::History;
pub use keys::{Editing, Keys};
pub(crate) use log_view::style_named;
pub use log_view::{LogView, Prefix};
pub use near::nearest;
pub use open::{is_open, whole_lines};
pub use operator::{Lent, Operator, Wish};
pub use pipe::Paging;
pub use profile::{GuardRules, Password, Profile};
pub use prompt::{Part, Place, Template};
pub use render::Format;
pub use replay::Replayed;
pub use script::{Joiner, script_lines};
pub use secret::is_secret;
pub use settings::{Listening, ReadOnly, Settings};
pub use standstill::RunningCalls;
pub use stopping::Stopped;
pub use switch::Switch;

use crate::conn::Config;
use crate::listener::Job;
use crate::sim::Sim;
use narrate::Narration;
use sampler::Line;
use secret::Secrets;
use switch::Lines;

/// A shell session: its switches and settings. A clone is another handle to the same one.
#[derive(Clone)]
pub struct Shell {
    inner: Arc<Inner>,
}

struct Inner {
    history: History,
    narration: Arc<Narration>,
    secrets: Arc<Secrets>,
    state: Mutex<State>,
}

struct State {
    switches: Vec<Arc<Switch>>,
    current: Option<String>,
    previous: Option<String>,
    settings: Settings,
    /// What was originated last.
    latest: Option<Job>,
    /// What `let` set.
    variables: BTreeMap<String, String>,
    /// What goes on after its command was interrupted.
    finishing: Vec<tokio::task::JoinHandle<()>>,
    /// Simulated switches that `connect sim` started; they end with the shell.
    sims: Vec<Sim>,
    /// The latest dumps of legs, by uuid, for what has changed since.
    dumps: VecDeque<(String, BTreeMap<String, String>)>,
}

impl Shell {
    /// A shell without a connection. Event lines go to `lines`, if somebody shows them; what does
    /// not fit into the channel is counted, not waited for.
    #[must_use]
    pub fn new(settings: Settings, lines: Option<mpsc::Sender<Line>>, color: bool) -> Self {
        Self::with_history(settings, lines, color, History::default())
    }

    /// As [`Shell::new`], with a history that is kept.
    #[must_use]
    pub fn with_history(
        settings: Settings,
        lines: Option<mpsc::Sender<Line>>,
        color: bool,
        history: History,
    ) -> Self {
        let narration = Arc::new(Narration::new(Lines(lines), color));
        narration.set_colors(settings.colors.clone());
        let secrets = Arc::new(Secrets::default());
        secrets.learn(&settings.login);
        settings.profiles.iter().for_each(|profile| secrets.learn(&profile.config));
        let state = State {
            switches: Vec::new(),
            current: None,
            previous: None,
            settings,
            latest: None,
            variables: BTreeMap::new(),
            finishing: Vec::new(),
            sims: Vec::new(),
            dumps: VecDeque::new(),
        };
        Self { inner: Arc::new(Inner { history, narration, secrets, state: Mutex::new(state) }) }
    }

    /// Runs one line and writes its answer to `out`, in parts as they come.
    ///
    /// Dropping the future stops waiting; what was sent to a server may still be carried out.
    ///
    /// # Errors
    /// A [`CommandError`] with what happened and what to type next. What was written to `out`
    /// before it is part of the answer.
    pub async fn run_line(&self, line: &str, output: Output<'_>) -> Result<Next, CommandError> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(Next::Go);
        }
        transcript::run_line(self, line, output).await
    }

    /// Runs a line that is a command and nothing else.
    async fn run_command(&self, line: &str, output: Output<'_>) -> Result<Next, CommandError> {
        let Some(tagged) = line.strip_prefix('@') else {
            let switch = self.current();
            return line::run(&mut Context::new(self, switch, output), line).await;
        };
        let (name, rest) = tagged.split_once(char::is_whitespace).unwrap_or((tagged, ""));
        if rest.is_empty() {
            return Err(CommandError::usage(format!("what shall {name} do?"))
                .hint("type \"@HOST COMMAND\" or \"@all COMMAND\""));
        }
        if name != "all" {
            let switch = self.switch(name)?;
            return line::run(&mut Context::new(self, Some(switch), output), rest).await;
        }
        self.on_all(rest, output).await
    }

    /// Runs a line on every switch, one after the other. For people each answer stands under the
    /// name of its switch.
    async fn on_all(&self, line: &str, output: Output<'_>) -> Result<Next, CommandError> {
        let switches = self.switches();
        if switches.is_empty() {
            return Err(CommandError::new(Kind::Connection, "no switch is connected")
                .hint("type \"connect HOST\" first"));
        }
        let (count, mut failed) = (switches.len(), Vec::new());
        for switch in switches {
            let name = switch.name().to_owned();
            let text = &mut *output.text;
            let output = Output {
                text,
                operator: output.operator.clone(),
                pace: output.pace.clone(),
                ..output
            };
            let mut cx = Context::new(self, Some(switch), output);
            if cx.format() == Format::Table {
                cx.line(&format!("{name}:"))?;
            }
            if let Err(err) = line::run(&mut cx, line).await {
                cx.failure(&err)?;
                failed.push(name);
            }
        }
        match failed.len() {
            0 => Ok(Next::Go),
            all if all == count => Err(CommandError::new(Kind::Refused, "no switch did it")),
            _ => Err(CommandError::new(Kind::Partial, format!("failed on {}", failed.join(", ")))),
        }
    }

    /// What was typed.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.inner.history
    }

    /// Under which name lines are kept now: that of the current switch.
    #[must_use]
    pub fn history_name(&self) -> String {
        self.current().map_or_else(|| "default".to_owned(), |switch| switch.name().to_owned())
    }

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

    /// A switch by name.
    ///
    /// # Errors
    /// A usage error that lists the names.
    pub fn switch(&self, name: &str) -> Result<Arc<Switch>, CommandError> {
        let switches = self.switches();
        if let Some(switch) = switches.iter().find(|switch| switch.name() == name) {
            return Ok(Arc::clone(switch));
        }
        let names: Vec<_> = switches.iter().map(|switch| switch.name()).collect();
        Err(CommandError::usage(format!("no switch is called {name:?}")).hint(
            if names.is_empty() {
                "type \"connect HOST\" first".to_owned()
            } else {
                format!("there are: {}", names.join(", "))
            },
        ))
    }

    /// The settings as they are now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// Whether a word is an alias.
    pub(crate) fn has_alias(&self, word: &str) -> bool {
        self.state().settings.aliases.contains_key(word)
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
        let known = self.switch(name).ok();
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
        let config = profile.login().await?;
        let until = Instant::now() + profile.retry;
        let switch = loop {
            match self.connect(&profile.name, config.clone()).await {
                Err(err) if err.is_passing() && Instant::now() < until => sleep(PAUSE).await,
                outcome => break outcome?,
            }
        };
        switch.set_profile(profile.clone());
        if let Some(level) = &profile.log
            && switch.listener().is_connected()
        {
            switch.listener().log(Some(level)).await?;
            self.narration().choose(|choice| choice.log_level = Some(level.clone()));
        }
        Ok(switch)
    }

    /// The profile of this name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<Profile> {
        self.settings().profiles.into_iter().find(|profile| profile.name == name)
    }

    /// A name that no switch has yet: `sim`, `sim2`, ...
    pub(crate) fn free_name(&self, name: &str) -> String {
        let is_free = |name: &str| self.switch(name).is_err();
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|name| is_free(name)).unwrap_or_else(|| name.to_owned())
    }

    /// Starts a simulated switch in this process, on a free loopback port.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start_sim(&self, config: crate::sim::Config) -> Result<Config, CommandError> {
        let sim = Sim::start(config);
        let address = sim.listen("127.0.0.1:0").await.map_err(|err| {
            CommandError::new(Kind::Connection, format!("no port for the simulated switch: {err}"))
        })?;
        self.state().sims.push(sim);
        Ok(Config::new("127.0.0.1").with_port(address.port()))
    }

    /// Lists a switch.
    fn add(&self, switch: Arc<Switch>) {
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
        let Ok(switch) = self.switch(name) else { return };
        {
            let mut state = self.state();
            state.switches.retain(|other| other.name() != name);
            if state.current.as_deref() == Some(name) {
                let next = state.switches.first().map(|next| next.name().to_owned());
                state.current = next;
            }
        }
        switch.disconnect().await;
    }

    /// Does something to its end, also where nobody waits for it any more: closing waits for it.
    pub(crate) fn finish(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.state().finishing.push(runtime.spawn(work));
        }
    }

    /// Closes everything.
    pub async fn close(&self) {
        let finishing = std::mem::take(&mut self.state().finishing);
        for work in finishing {
            // A server that does not answer keeps nobody from leaving.
            let _in_time = tokio::time::timeout(FINISH, work).await.is_ok();
        }
        if let Some(Err(err)) = self.stop_transcript().await {
            tracing::warn!("{err}");
        }
        for switch in self.switches() {
            switch.disconnect().await;
        }
        for sim in self.state().sims.drain(..) {
            sim.stop();
        }
    }

    /// How many event lines were not shown because nobody took them in time.
    #[must_use]
    pub fn unseen(&self) -> u64 {
        self.inner.narration.unseen()
    }

    fn narration(&self) -> &Arc<Narration> {
        &self.inner.narration
    }

    pub(crate) fn previous(&self) -> Option<String> {
        self.state().previous.clone()
    }

    /// Keeps a dump of a leg, and returns the one before.
    pub(crate) fn remember_dump(
        &self,
        uuid: &str,
        headers: BTreeMap<String, String>,
    ) -> Option<BTreeMap<String, String>> {
        let dumps = &mut self.state().dumps;
        let at = dumps.iter().position(|(known, _)| known == uuid);
        let before = at.and_then(|at| dumps.remove(at));
        dumps.push_back((uuid.to_owned(), headers));
        if dumps.len() > DUMPS {
            dumps.pop_front();
        }
        before.map(|(_, headers)| headers)
    }

    pub(crate) fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state().settings);
    }

    /// The call that was originated last.
    pub(crate) fn latest(&self) -> Option<Job> {
        self.state().latest.clone()
    }

    pub(crate) fn set_latest(&self, job: Job) {
        self.state().latest = Some(job);
    }

    /// Chooses which log lines are shown.
    pub fn set_log_view(&self, view: LogView) {
        self.narration().change_log_view(|now| *now = view);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many dumps are kept for comparison.
const DUMPS: usize = 50;

/// How long leaving waits for what an interrupted command has to put right.
const FINISH: Duration = Duration::from_secs(5);
/// How long to wait between attempts to connect.
const PAUSE: Duration = Duration::from_secs(1);

/// What comes after a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next line.
    Go,
    /// Nothing: the operator leaves.
    Exit,
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell").field("switches", &self.switches().len()).finish_non_exhaustive()
    }
}
