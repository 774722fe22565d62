//! A Lua thread that does not come back: in one long call of C code no limit of instructions holds.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::thread::Handle;

/// What a Lua thread tells of itself, for others to look at.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// Since when Lua runs, in milliseconds of the process; 0 while it does not.
    busy_since: AtomicU64,
    pub(super) is_stuck: AtomicBool,
    pub(super) is_retired: AtomicBool,
    pub(super) is_done: AtomicBool,
    /// Whether nobody waits for it any more: Lua stops at its next step.
    pub(super) is_given_up: AtomicBool,
    pub(super) running: AtomicUsize,
    pub(super) memory: AtomicUsize,
    pub(super) failures: AtomicUsize,
    last_failure: Mutex<String>,
}

impl Pulse {
    pub(super) fn note(&self, failure: &str) {
        let mut last = self.last_failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.clone_into(&mut last);
    }

    pub(super) fn last_failure(&self) -> String {
        self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn enter(&self) {
        self.busy_since.store(now(), Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.busy_since.store(0, Ordering::Relaxed);
    }

    fn busy(&self) -> Duration {
        match self.busy_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => Duration::from_millis(now().saturating_sub(since)),
        }
    }
}

/// Threads that were given up and still run, with their files: one long call of C code cannot be
/// stopped from outside.
static GIVEN_UP: Mutex<Vec<(PathBuf, Arc<Pulse>)>> = Mutex::new(Vec::new());

/// Gives a thread up: it ends as soon as it comes back to Lua, and is listed until then.
pub(super) fn give_up(path: &Path, pulse: &Arc<Pulse>) {
    pulse.is_given_up.store(true, Ordering::Relaxed);
    let mut given_up = GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner);
    if !given_up.iter().any(|(_, known)| Arc::ptr_eq(known, pulse)) {
        given_up.push((path.to_owned(), Arc::clone(pulse)));
    }
}

/// The files whose threads were given up and still run.
pub(super) fn given_up() -> Vec<PathBuf> {
    let mut given_up = GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner);
    given_up.retain(|(_, pulse)| !pulse.is_done.load(Ordering::Relaxed));
    given_up.iter().map(|(path, _)| path.clone()).collect()
}

/// Whether two paths lead to one file.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_gone| path.to_owned());
    one == other || whole(one) == whole(other)
}

/// Looks at a Lua thread from time to time, until nobody has its app any more.
pub(super) fn watch(path: &Path, handle: &Handle) {
    let path = path.to_owned();
    let (pulse, file): (Weak<Pulse>, String) = (Arc::downgrade(&handle.pulse), handle.file.clone());
    // It ends with the thread, or when it has told.
    let _task = tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(pulse) = pulse.upgrade() else { return };
            if pulse.is_done.load(Ordering::Relaxed) {
                return;
            }
            if pulse.busy() > STUCK {
                pulse.is_stuck.store(true, Ordering::Relaxed);
                give_up(&path, &pulse);
                tracing::error!(target: "switchy.Client", file, "a Lua app has not come back for {STUCK:?}: it is given up and gets no more events; \"unload-app\" takes it away, its calls go on");
                return;
            }
        }
    });
}

/// Milliseconds since the first look, and one more.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let since = START.get_or_init(Instant::now).elapsed();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}

/// Nothing that a script does in one go takes so long.
const STUCK: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(500);
