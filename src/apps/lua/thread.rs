//! The thread that a script runs in, and what the others know of it.

use super::message::{Loaded, Message};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::LocalSet;

use super::engine::Engine;
use super::error::LuaError;
use super::options::Options;
use super::processor_time::Meter;
use super::pulse::Pulse;
use super::{failure, sandbox, verbs};

/// The other threads' end.
pub(super) struct Handle {
    pub(super) number: u64,
    pub(super) file: String,
    sender: mpsc::Sender<Message>,
    stop: Arc<Notify>,
    pub(super) pulse: Arc<Pulse>,
}

impl Handle {
    pub(super) async fn send(&self, message: Message) -> Result<(), String> {
        if self.pulse.is_stuck.load(Ordering::Relaxed) {
            return Err(format!("{} does not come back: it was given up", self.file));
        }
        let sent = self.sender.send(message).await;
        sent.map_err(|_| format!("{}: its thread has ended", self.file))
    }

    /// Ends the thread and with it what runs there.
    pub(super) fn stop(&self) {
        self.stop.notify_one();
    }

    pub(super) fn is_done(&self) -> bool {
        self.pulse.is_done.load(Ordering::Relaxed)
    }

    pub(super) fn is_stuck(&self) -> bool {
        self.pulse.is_stuck.load(Ordering::Relaxed)
    }

    pub(super) fn is_retired(&self) -> bool {
        self.pulse.is_retired.load(Ordering::Relaxed)
    }

    pub(super) fn memory(&self) -> usize {
        self.pulse.memory.load(Ordering::Relaxed)
    }

    pub(super) fn running(&self) -> usize {
        self.pulse.running.load(Ordering::Relaxed)
    }

    /// The latest failure, if there was one.
    pub(super) fn last_failure(&self) -> String {
        self.pulse.last_failure()
    }

    pub(super) fn failures(&self) -> usize {
        self.pulse.failures.load(Ordering::Relaxed)
    }
}

/// Starts the thread of a script; what it is loaded with comes over the channel.
pub(super) fn start(
    path: &Path,
    source: Vec<u8>,
    options: &Options,
) -> (Handle, oneshot::Receiver<Loaded>) {
    let file =
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let (sender, inbox) = mpsc::channel(ROOM);
    let (ready, loaded) = oneshot::channel();
    let (stop, pulse) = (Arc::new(Notify::new()), Arc::new(Pulse::default()));
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let handle = Handle {
        number,
        file: file.clone(),
        sender,
        stop: Arc::clone(&stop),
        pulse: Arc::clone(&pulse),
    };
    let options = options.clone();
    let thread = std::thread::Builder::new().name("lua".to_owned()).stack_size(STACK);
    let run = move || {
        let _first = pulse.meter.set(Meter::of_this_thread());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        if let Ok(runtime) = runtime {
            let local = LocalSet::new();
            let alive = Arc::clone(&pulse);
            local.block_on(&runtime, async move {
                let engine = match engine(number, &file, &options, Arc::clone(&alive)) {
                    Ok(engine) => engine,
                    Err(err) => {
                        let text = failure::describe(&err, &file);
                        let _nobody_waits = ready.send(Err(LuaError::Script { text })).is_err();
                        return;
                    }
                };
                let outcome = tokio::select! {
                    () = stop.notified() => return,
                    outcome = engine.load(&source) => outcome,
                };
                let is_good = outcome.is_ok();
                if ready.send(outcome).is_ok() && is_good {
                    tokio::select! {
                        () = stop.notified() => {}
                        () = engine.serve(inbox) => {}
                    }
                }
            });
        }
        pulse.is_done.store(true, Ordering::Relaxed);
    };
    // Without a thread no answer comes, which the caller reports.
    let _is_started = thread.spawn(run).is_ok();
    (handle, loaded)
}

/// A script's state with what it may call. `Engine` knows neither the sandbox nor the verbs.
fn engine(
    number: u64,
    file: &str,
    options: &Options,
    pulse: Arc<Pulse>,
) -> mlua::Result<Rc<Engine>> {
    let lua = sandbox::state(options.limits, &options.allow)?;
    let engine = Rc::new(Engine::new(number, file, lua, pulse));
    let (lua, weak) = (engine.lua(), Rc::downgrade(&engine));
    sandbox::guard(lua, &weak, options.limits)?;
    verbs::install(lua, &weak, &options.args)?;
    lua.set_app_data(weak);
    Ok(engine)
}

static NUMBER: AtomicU64 = AtomicU64::new(1);

/// How many events may wait for a script.
const ROOM: usize = 4096;

/// Lua itself uses little; patterns and the parser recurse.
const STACK: usize = 4 << 20;
