//! Apps in Lua files.
//!
//! A file defines functions that are called for the events of its calls, `on_park(session)`,
//! `on_dtmf(session, event)`, and says what is to happen as straight code: a verb such as
//! `session:play(..)` returns when FreeSWITCH has done it. Each call of a function is a coroutine of
//! its own.
//!
//! # Invariants
//! - A file runs in its own thread, in a state without `os`, `io`, `package` and `debug`, with
//!   limits of memory and of instructions without a pause. What it does there, or does not stop
//!   doing, holds up no other app.
//! - Nothing of it runs before the file as a whole was read and run without an error.

mod arguments;
mod call;
mod engine;
mod error;
mod event;
mod failure;
mod leg;
mod message;
mod methods;
mod options;
mod processor_time;
mod pulse;
mod sandbox;
mod session;
mod thread;
mod verbs;
mod watchdog;

pub use error::LuaError;
pub use options::Options;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::client::app::Handling;
use crate::client::{App, AppContext, Client, Error};
use message::Message;
pub use options::{Allow, Limits};
use thread::Handle;

/// An app in a Lua file. Made by [`LuaApp::open`].
pub struct LuaApp {
    name: String,
    path: PathBuf,
    options: Options,
    events: Vec<&'static str>,
    handle: Arc<Handle>,
    /// The one whose place it took, while handlers of it run: they still want to know of digits and
    /// hangups.
    predecessor: Mutex<Option<Arc<Handle>>>,
}

/// The files whose threads were given up and still run, in one long call of C code that nothing can
/// stop. They cost a processor until the process ends.
#[must_use]
pub fn given_up() -> Vec<PathBuf> {
    watchdog::given_up()
}

impl LuaApp {
    /// Reads and runs a file. Only what stands outside of its functions runs; nothing is registered
    /// anywhere.
    ///
    /// # Cancel safety
    /// Dropping the future ends the file's thread, with what it has run.
    ///
    /// # Errors
    /// [`LuaError`]; nothing of it is left then.
    pub async fn open(path: &Path, options: Options) -> Result<Self, LuaError> {
        let shown = path.display().to_string();
        let given_up = watchdog::given_up();
        if given_up.iter().any(|known| watchdog::is_same_file(known, path)) {
            return Err(LuaError::GivenUp { path: shown });
        }
        if given_up.len() >= MOST_GIVEN_UP {
            return Err(LuaError::TooManyGivenUp { path: shown, count: given_up.len() });
        }
        let source =
            std::fs::read(path).map_err(|reason| LuaError::Read { path: shown.clone(), reason })?;
        let name = path
            .file_stem()
            .map_or_else(|| shown.clone(), |stem| stem.to_string_lossy().into_owned());
        let (handle, ready) = thread::start(path, source, &options);
        let loaded = match tokio::time::timeout(START, ready).await {
            Ok(Ok(Ok(loaded))) => loaded,
            Ok(Ok(Err(err))) => return Err(err),
            Ok(Err(_ended)) => {
                return Err(LuaError::Script { text: format!("{shown}: its thread ended") });
            }
            Err(_elapsed) => {
                handle.stop();
                watchdog::give_up(path, &handle.pulse);
                return Err(LuaError::TooLong { path: shown, after: START });
            }
        };
        watchdog::watch(path, &handle);
        let (path, predecessor) = (path.to_owned(), Mutex::new(None));
        Ok(Self { name, path, options, events: loaded, handle: Arc::new(handle), predecessor })
    }

    /// Reads the file again, with the same options: for [`Client::reload_app`].
    ///
    /// # Cancel safety
    /// As [`LuaApp::open`]; the app that runs stays.
    ///
    /// # Errors
    /// As [`LuaApp::open`].
    pub async fn reopen(&self) -> Result<Self, LuaError> {
        Self::open(&self.path, self.options.clone()).await
    }

    /// As [`LuaApp::reopen`], with other `args`.
    ///
    /// # Cancel safety
    /// As [`LuaApp::reopen`].
    ///
    /// # Errors
    /// As [`LuaApp::open`].
    pub async fn reopen_with(&self, args: Vec<(String, String)>) -> Result<Self, LuaError> {
        Self::open(&self.path, Options { args, ..self.options.clone() }).await
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How much memory its Lua state uses, in bytes, as of its last event.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.handle.memory()
    }

    /// How many of its functions run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.handle.running()
    }

    pub(in crate::apps) fn is(&self, number: u64) -> bool {
        self.handle.number == number
    }

    async fn ask(
        &self,
        client: &Client,
        make: fn(Client, oneshot::Sender<Result<(), String>>) -> Message,
    ) -> Result<(), Error> {
        let (done, answer) = oneshot::channel();
        let failed = |text: String| Error::App { text };
        self.handle.send(make(client.clone(), done)).await.map_err(failed)?;
        match tokio::time::timeout(START, answer).await {
            Ok(Ok(outcome)) => outcome.map_err(failed),
            Ok(Err(_)) => Err(failed(format!("{}: its thread ended", self.path.display()))),
            Err(_) => {
                watchdog::give_up(&self.path, &self.handle.pulse);
                Err(failed(format!("{}: not through after {START:?}", self.path.display())))
            }
        }
    }
}

impl App for LuaApp {
    fn name(&self) -> &str {
        &self.name
    }

    fn events(&self) -> &[&str] {
        &self.events
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(async move {
            let predecessor = {
                let mut slot = self.predecessor.lock();
                if slot.as_ref().is_some_and(|old| old.is_done()) {
                    *slot = None;
                }
                slot.clone()
            };
            if let Some(old) = predecessor {
                // Its thread may have ended meanwhile.
                let _sent = old.send(Message::event(session, event, true)).await.is_ok();
            }
            let sent = self.handle.send(Message::event(session, event, false)).await;
            sent.map_err(|text| Error::App { text })
        })
    }

    fn set_up<'a>(&'a self, client: &'a Client) -> Handling<'a> {
        Box::pin(self.ask(client, |client, done| Message::SetUp { client, done }))
    }

    fn tear_down<'a>(&'a self, client: &'a Client) -> Handling<'a> {
        Box::pin(async move {
            let outcome = self.ask(client, |client, done| Message::TearDown { client, done }).await;
            self.handle.stop();
            outcome
        })
    }

    fn retire<'a>(&'a self, client: &'a Client, successor: &'a dyn App) -> Handling<'a> {
        Box::pin(async move {
            let Some(successor) = (successor as &dyn std::any::Any).downcast_ref::<Self>() else {
                return self.tear_down(client).await;
            };
            *successor.predecessor.lock() = Some(Arc::clone(&self.handle));
            // Its running functions go on to their end, then its thread ends.
            self.handle.send(Message::Retire).await.map_err(|text| Error::App { text })
        })
    }

    fn notes(&self) -> Vec<(&'static str, String)> {
        let state = match (self.handle.is_stuck(), self.handle.is_done()) {
            (true, _) => "stuck",
            (_, true) => "ended",
            _ => "good",
        };
        vec![
            ("file", self.path.display().to_string()),
            ("state", state.to_owned()),
            ("running", self.running().to_string()),
            ("memory", format!("{} KiB", self.memory() / 1024)),
            ("failures", self.handle.failures().to_string()),
            ("last failure", self.handle.last_failure()),
        ]
    }
}

impl Drop for LuaApp {
    fn drop(&mut self) {
        // One that was never loaded. Retired, it continues to the end of what runs.
        if !self.handle.is_retired() {
            self.handle.stop();
        }
    }
}

impl fmt::Debug for LuaApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LuaApp").field("path", &self.path).finish_non_exhaustive()
    }
}

/// How many threads that were given up may run at once: each takes a processor from calls.
const MOST_GIVEN_UP: usize = 3;

/// How long a file, its `on_load` and its `on_unload` may take.
const START: Duration = Duration::from_secs(10);

impl engine::Engine {
    /// The name under which this script is loaded on a client.
    pub(super) fn own_name(&self, client: &Client) -> Option<String> {
        let mut loaded = client.loaded_apps().into_iter();
        loaded.find_map(|(_, id)| {
            let app = client.app(id.as_str()).ok()?;
            let is_own = app.instance::<LuaApp>().is_some_and(|app| app.is(self.number));
            is_own.then(|| id.to_string())
        })
    }
}
