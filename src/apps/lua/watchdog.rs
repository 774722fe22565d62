//! A Lua thread that does not come back: in one long call of C code no limit of instructions holds.

use super::processor_time::Meter;
use super::pulse::Pulse;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use super::thread::Handle;

/// Threads that were given up and still run, with their files: one long call of C code cannot be
/// stopped from outside.
static GIVEN_UP: Mutex<Vec<(PathBuf, Arc<Pulse>)>> = Mutex::new(Vec::new());

/// Gives a thread up: it ends as soon as it comes back to Lua, and is listed until then.
pub(super) fn give_up(path: &Path, pulse: &Arc<Pulse>) {
    pulse.is_given_up.store(true, Ordering::Relaxed);
    let mut given_up = GIVEN_UP.lock();
    if !given_up.iter().any(|(_, known)| Arc::ptr_eq(known, pulse)) {
        given_up.push((path.to_owned(), Arc::clone(pulse)));
    }
}

/// The files whose threads were given up and still run.
pub(super) fn given_up() -> Vec<PathBuf> {
    let mut given_up = GIVEN_UP.lock();
    given_up.retain(|(_, pulse)| !pulse.is_done.load(Ordering::Relaxed));
    given_up.iter().map(|(path, _)| path.clone()).collect()
}

/// Whether two paths lead to one file.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_gone| path.to_owned());
    one == other || whole(one) == whole(other)
}

/// Looks at a Lua thread from time to time, until its app is dropped.
pub(super) fn watch(path: &Path, handle: &Handle) {
    let path = path.to_owned();
    let (pulse, file): (Weak<Pulse>, String) = (Arc::downgrade(&handle.pulse), handle.file.clone());
    // It ends with the thread, or when it has reported.
    let _task = tokio::spawn(async move {
        // Since when it has been busy, and what it had used of a processor by then.
        let mut began = (0, None);
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(pulse) = pulse.upgrade() else { return };
            if pulse.is_done.load(Ordering::Relaxed) {
                return;
            }
            let since = pulse.busy_since();
            if since == 0 {
                continue;
            }
            let used = pulse.meter.get().and_then(Meter::used);
            if began.0 != since {
                began = (since, used);
            }
            let computed = used.zip(began.1).map(|(now, then)| now.saturating_sub(then));
            if is_stuck(pulse.busy(), computed) {
                pulse.is_stuck.store(true, Ordering::Relaxed);
                give_up(&path, &pulse);
                tracing::error!(
                    file,
                    "a Lua app has not come back for {STUCK:?}: it is given up and gets no more events; \"unload-app\" takes it away, its calls go on"
                );
                return;
            }
        }
    });
}

/// Whether a thread that has been busy for a time will not come back: what it computed counts, since
/// on a busy machine it may wait for a processor; or the time, where it computes nothing.
fn is_stuck(busy: Duration, computed: Option<Duration>) -> bool {
    let computed = computed.map_or(busy, |computed| computed + LOOK);
    busy > STUCK && (computed > STUCK || busy > LONGEST)
}

/// Nothing that a script does in one go takes this much of a processor.
const STUCK: Duration = Duration::from_secs(5);
/// Nor this long, on a machine however busy.
const LONGEST: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn who_waits_for_a_processor_is_not_stuck() {
        let seconds = Duration::from_secs;
        for (busy, computed, stuck) in [
            (3, Some(3), false),
            (6, None, true),
            (6, Some(6), true),
            (30, Some(2), false),
            (30, Some(5), true),
            (61, Some(0), true),
        ] {
            let found = is_stuck(seconds(busy), computed.map(seconds));
            assert_eq!(found, stuck, "{busy} {computed:?}");
        }
    }
}
