//! A line in, an answer out; no terminal.
//!
//! A line is read in this order: `@HOST` or `@all` in front chooses the switch; a built-in command
//! runs here; anything else goes to the server as an `api` command, word for word.
//!
//! # Invariants
//! - Nothing here prints: answers go to what [`Shell::run_line`] is given, event lines to a channel.
//! - The tail of `api`, `bgapi`, a bare API line and a dial string is never re-quoted.
//! - Text from the network is sanitised on its way into an answer.

mod account;
mod advice;
mod alerts;
mod alias;
mod call_name;
mod catalog;
mod causes;
pub mod cmd;
mod colors;
pub mod complete;
mod completeness;
mod confirm;
mod context;
mod control;
mod doctor;
mod ending;
mod error;
mod filter;
mod gate;
mod grammar;
mod guard;
pub mod highlight;
mod hint;
pub mod history;
mod keys;
mod kinds;
mod left;
mod line;
mod log_view;
mod narrate;
mod near;
mod open;
mod operator;
mod pipe;
mod plan_start;
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
mod starts;
mod stopping;
mod stream;
mod switch;
mod switches;
mod tables;
mod topics;
mod trace;
mod transcript;
mod traps;
mod vars;
mod whole_ids;
mod wrap;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

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
#[cfg(feature = "cli")]
pub(crate) use pipe::{Backlog, Outlet, Pace};
pub use profile::{GuardRules, PASSWORD_TRIES, Password, Profile, password_question};
pub use prompt::{Part, Place, Template};
pub use render::Format;
pub use replay::Replayed;
pub use script::{Joiner, script_lines, script_place};
pub use secret::is_secret;
pub use settings::{Listening, ReadOnly, Settings};
pub use standstill::RunningCalls;
pub use stopping::Stopped;
pub use switch::Switch;
#[cfg(feature = "cli")]
pub(crate) use wrap::{Wrap, wrap};

use crate::conn::WeakConnection;
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

/// A shell that may be gone.
#[derive(Debug, Clone)]
pub(crate) struct WeakShell(Weak<Inner>);

impl WeakShell {
    pub(crate) fn upgrade(&self) -> Option<Shell> {
        self.0.upgrade().map(|inner| Shell { inner })
    }
}

struct Inner {
    history: History,
    narration: Arc<Narration>,
    secrets: Arc<Secrets>,
    /// Set once it is closed.
    closing: watch::Sender<bool>,
    /// Set while this process stands still.
    paused: watch::Sender<bool>,
    state: Mutex<State>,
}

struct State {
    switches: Vec<Arc<Switch>>,
    /// Connections with events that belong to no switch.
    others: Vec<WeakConnection>,
    current: Option<String>,
    previous: Option<String>,
    settings: Settings,
    /// Jobs that no line has asked about.
    left: left::Left,
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
            others: Vec::new(),
            current: None,
            previous: None,
            settings,
            left: left::Left::default(),
            variables: BTreeMap::new(),
            finishing: Vec::new(),
            sims: Vec::new(),
            dumps: VecDeque::new(),
        };
        let (closing, paused) = (watch::Sender::new(false), watch::Sender::new(false));
        let state = Mutex::new(state);
        let inner = Inner { history, narration, secrets, closing, paused, state };
        Self { inner: Arc::new(inner) }
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
                notes: output.notes.clone(),
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

    /// Under which name lines are kept now: that of the current switch, with its port where it is
    /// named by its host and has another port than FreeSWITCH's own.
    #[must_use]
    pub fn history_name(&self) -> String {
        let Some(switch) = self.current() else { return "default".to_owned() };
        let (name, config) = (switch.name(), switch.client().config());
        let is_host = name == config.host() && self.profile(name).is_none();
        match config.port() {
            port if is_host && port != crate::conn::Config::PORT => format!("{name}:{port}"),
            _ => name.to_owned(),
        }
    }

    /// Whether leaving would leave calls of this shell behind, or end its apps.
    #[cfg(feature = "cli")]
    pub(crate) fn leaves_something(&self) -> bool {
        cmd::left_behind(self).is_some()
    }

    /// The settings as they are now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.state().settings.clone()
    }

    /// Looks at the settings where they are.
    pub(crate) fn with_settings<T>(&self, look: impl FnOnce(&Settings) -> T) -> T {
        look(&self.state().settings)
    }

    /// For what outlives the shell.
    pub(crate) fn downgrade(&self) -> WeakShell {
        WeakShell(Arc::downgrade(&self.inner))
    }

    /// Whether a word is an alias.
    pub(crate) fn has_alias(&self, word: &str) -> bool {
        self.state().settings.aliases.contains_key(word)
    }

    /// Does something to its end, also where nobody waits for it any more: closing waits for it.
    pub(crate) fn finish(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let finishing = &mut self.state().finishing;
            finishing.retain(|work| !work.is_finished());
            finishing.push(runtime.spawn(work));
        }
    }

    /// Waits until the shell is closed.
    pub(crate) async fn closing(&self) {
        let mut closing = self.inner.closing.subscribe();
        // An error is its end, too.
        let _closed = closing.wait_for(|is_closing| *is_closing).await.is_ok();
    }

    /// Closes everything.
    pub async fn close(&self) {
        self.inner.closing.send_replace(true);
        let finishing = std::mem::take(&mut self.state().finishing);
        for work in finishing {
            // A server that does not answer keeps nobody from leaving.
            let _in_time = tokio::time::timeout(FINISH, work).await.is_ok();
        }
        if let Some(Err(err)) = self.stop_transcript().await {
            tracing::warn!("{err}");
        }
        for switch in self.switches() {
            // What calls that ended a moment ago leave behind is written first.
            let _is_idle = switch.client().apps_idle(FINISH).await;
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
