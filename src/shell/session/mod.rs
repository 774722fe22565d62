//! The state of one shell: its switches, its settings, what was typed.

pub(crate) mod catalog;
pub(crate) mod completeness;
pub(crate) mod console_complete;
pub(crate) mod gate;
pub mod history;
mod import_history;
pub(in crate::shell) mod job_list;
pub(crate) mod left_behind;
pub(crate) mod masking;
pub(crate) mod pending_jobs;
pub(crate) mod resume;
pub(crate) mod script;
pub(crate) mod switch;
pub(crate) mod switches;
pub(crate) mod transcript;
pub(crate) mod variables;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

#[cfg(feature = "cli")]
use nu_ansi_term::Style;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{mpsc, watch};

use crate::conn::WeakConnection;
use crate::shell::feed::Narration;
#[cfg(feature = "cli")]
use crate::shell::feed::mode::Mode;
use crate::shell::feed::sampler::Line;
use crate::shell::feed::sink::Lines;
use crate::shell::freeswitch::secret_names::Names;
use crate::shell::freeswitch::secrets::Secrets;
use crate::shell::settings::Settings;
use crate::shell::settings::log_view::LogView;
#[cfg(feature = "sim")]
use crate::sim::Sim;
use history::History;
use switch::Switch;

/// A shell session: its switches and settings. A clone is another handle to the same one.
#[derive(Clone)]
pub struct Shell {
    pub(super) inner: Arc<Inner>,
}

/// A shell that may be gone.
#[derive(Debug, Clone)]
pub(crate) struct WeakShell(Weak<Inner>);

impl WeakShell {
    pub(crate) fn upgrade(&self) -> Option<Shell> {
        self.0.upgrade().map(|inner| Shell { inner })
    }
}

pub(super) struct Inner {
    history: History,
    pub(super) narration: Arc<Narration>,
    pub(super) secrets: Arc<Secrets>,
    /// Set once it is closed.
    closing: watch::Sender<bool>,
    /// Set while this process stands still.
    pub(super) paused: watch::Sender<bool>,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) switches: Vec<Arc<Switch>>,
    /// Connections with events that belong to no switch.
    pub(super) others: Vec<WeakConnection>,
    pub(super) current: Option<String>,
    pub(super) previous: Option<String>,
    settings: Settings,
    /// Jobs that no line has asked about.
    pub(super) left: pending_jobs::Left,
    /// What `let` set.
    pub(super) variables: BTreeMap<String, String>,
    /// What continues after its command was interrupted.
    finishing: Vec<tokio::task::JoinHandle<()>>,
    /// Simulated switches that `connect sim` started; they end with the shell.
    #[cfg(feature = "sim")]
    pub(super) sims: Vec<Sim>,
    /// The latest dumps of legs, by uuid, for what has changed since.
    dumps: VecDeque<(String, BTreeMap<String, String>)>,
}

impl Shell {
    /// A shell without a connection. Event lines go to `lines`, if a program shows them; what does
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
        let listed = settings.profiles.iter().flat_map(|profile| &profile.secret_variables);
        let names = Names::new(settings.secret_variables.iter().chain(listed).map(String::as_str));
        let secrets = Arc::new(Secrets::new(names));
        secrets.learn(&settings.login);
        settings.profiles.iter().for_each(|profile| secrets.learn(&profile.config));
        let state = State {
            switches: Vec::new(),
            others: Vec::new(),
            current: None,
            previous: None,
            settings,
            left: pending_jobs::Left::default(),
            variables: BTreeMap::new(),
            finishing: Vec::new(),
            #[cfg(feature = "sim")]
            sims: Vec::new(),
            dumps: VecDeque::new(),
        };
        let (closing, paused) = (watch::Sender::new(false), watch::Sender::new(false));
        let state = Mutex::new(state);
        let inner = Inner { history, narration, secrets, closing, paused, state };
        Self { inner: Arc::new(inner) }
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

    /// Does something to its end, also after its caller was dropped: closing waits for it.
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
            // A server that does not answer keeps no operator from leaving.
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
        #[cfg(feature = "sim")]
        for sim in self.state().sims.drain(..) {
            sim.stop();
        }
    }

    /// How many event lines were not shown because they were not taken in time.
    #[must_use]
    pub fn unseen(&self) -> u64 {
        self.inner.narration.unseen()
    }

    pub(super) fn narration(&self) -> &Arc<Narration> {
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

    /// The color of a thing: that of the current switch's profile before that of the session.
    #[cfg(feature = "cli")]
    pub(crate) fn color_of(&self, name: &str) -> Option<Style> {
        let own = self.current().and_then(|switch| switch.profile()?.colors.get(name));
        own.or_else(|| self.settings().colors.get(name))
    }

    pub(crate) fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state().settings);
    }

    /// Chooses which log lines are shown.
    pub fn set_log_view(&self, view: LogView) {
        self.narration().change_log_view(|now| *now = view);
    }

    /// Shows no events, until `events` chooses some.
    #[cfg(feature = "cli")]
    pub(crate) fn show_no_events(&self) {
        self.narration().choose(|choice| choice.mode = Mode::Off);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock()
    }
}

/// How many dumps are kept for comparison.
const DUMPS: usize = 50;

/// How long leaving waits for what an interrupted command has to put right.
const FINISH: Duration = Duration::from_secs(5);

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell").field("switches", &self.switches().len()).finish_non_exhaustive()
    }
}
