//! A Lua thread that does not come back: in one long call of C code no limit of instructions holds.

use super::pulse::Pulse;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::thread::Handle;

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

/// Nothing that a script does in one go takes so long.
const STUCK: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(500);
