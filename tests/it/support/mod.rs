//! What tests have in common: waiting, with a deadline and a name for what is waited for.

pub(crate) mod nowhere;
#[cfg(feature = "cli")]
pub(crate) mod program;

use std::fmt::{self, Debug, Formatter};
use std::io::Write as _;
use std::panic::Location;
use std::thread;
use std::time::Duration;

use switchy::conn::Config;
use switchy::sim::{self, Sim};
use switchy::{Client, EventListener};
use tokio::time::{Instant, sleep};

/// How long something may take that takes a moment, on a machine with much else to do.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// How long something may take that takes a while: a login, a call, a program that starts.
pub(crate) const LONG: Duration = Duration::from_secs(90);

/// How long after a look comes the next one.
const PAUSE: Duration = Duration::from_millis(10);

/// What a look found.
pub(crate) trait Look {
    /// What there is when it is as it should be.
    type Found;

    /// It, or what there is instead.
    fn found(self) -> Result<Self::Found, String>;
}

impl Look for bool {
    type Found = ();

    fn found(self) -> Result<(), String> {
        if self { Ok(()) } else { Err(String::new()) }
    }
}

impl<T> Look for Option<T> {
    type Found = T;

    fn found(self) -> Result<T, String> {
        self.ok_or_else(String::new)
    }
}

impl<T, E: Debug> Look for Result<T, E> {
    type Found = T;

    fn found(self) -> Result<T, String> {
        self.map_err(|instead| format!(": {instead:#?}"))
    }
}

/// For the runner, which shows it with a test that fails or takes too long.
#[expect(clippy::print_stdout, reason = "the output of a test that fails is shown")]
fn waits_for(what: &str) {
    println!("waits for {what}");
}

/// Looks again and again until it is so; fails with what it waited for, and with what there is
/// instead. `f` returns whether it is so, or what is there then, or an error with what is instead.
pub(crate) async fn until<L: Look>(
    deadline: Duration,
    what: &str,
    mut f: impl AsyncFnMut() -> L,
) -> L::Found {
    let end = begin(deadline, what);
    let mut last = String::from(": the first look was not over");
    let looking = async {
        loop {
            match f().await.found() {
                Ok(found) => return Some(found),
                Err(instead) => last = instead,
            }
            if Instant::now() >= end {
                return None;
            }
            sleep(PAUSE).await;
        }
    };
    // A look that hangs is a failure, too.
    let found = tokio::time::timeout(deadline + PAUSE, looking).await;
    found.ok().flatten().unwrap_or_else(|| panic!("{what}: not after {deadline:?}{last}"))
}

/// The same for a look that waits for nothing.
pub(crate) async fn until_so<L: Look>(
    deadline: Duration,
    what: &str,
    mut f: impl FnMut() -> L,
) -> L::Found {
    let end = begin(deadline, what);
    loop {
        if let Some(found) = found_in_time(f(), deadline, end, what) {
            return found;
        }
        sleep(PAUSE).await;
    }
}

/// The same for what blocks.
#[expect(clippy::disallowed_methods, reason = "there is no runtime")]
pub(crate) fn until_blocking<L: Look>(
    deadline: Duration,
    what: &str,
    f: impl FnMut() -> L,
) -> L::Found {
    until_woken(deadline, what, f, || thread::sleep(PAUSE))
}

/// The same, with a pause that something may end.
pub(crate) fn until_woken<L: Look>(
    deadline: Duration,
    what: &str,
    mut f: impl FnMut() -> L,
    mut pause: impl FnMut(),
) -> L::Found {
    let end = begin(deadline, what);
    loop {
        if let Some(found) = found_in_time(f(), deadline, end, what) {
            return found;
        }
        pause();
    }
}

/// What a failure shows as it is, and not quoted.
pub(crate) struct Shown(pub(crate) String);

impl Debug for Shown {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Begins to wait, and returns until when.
fn begin(deadline: Duration, what: &str) -> Instant {
    waits_for(what);
    Instant::now() + deadline
}

/// What a look found, if it is so; fails when it is too late for another look.
fn found_in_time<L: Look>(
    look: L,
    deadline: Duration,
    end: Instant,
    what: &str,
) -> Option<L::Found> {
    match look.found() {
        Ok(found) => Some(found),
        Err(instead) if Instant::now() >= end => {
            panic!("{what}: not after {deadline:?}{instead}")
        }
        Err(_) => None,
    }
}

/// Waits for a future; fails with what it waited for.
pub(crate) async fn within<T>(deadline: Duration, what: &str, f: impl Future<Output = T>) -> T {
    waits_for(what);
    let waited = tokio::time::timeout(deadline, f).await;
    waited.unwrap_or_else(|_late| panic!("{what}: not after {deadline:?}"))
}

/// Says that the test that runs does nothing here, and why, also where the runner shows only what
/// failed.
pub(crate) fn skipped(why: &str) {
    let name = thread::current().name().unwrap_or("a test").to_owned();
    // Not `eprintln!`, which the runner keeps to itself.
    let _written = writeln!(std::io::stderr(), "{name}: skipped: {why}");
}

/// Waits until a listener has seen so; where it fails, it says which line of the test waited.
#[track_caller]
pub(crate) fn tracked<L: Look>(
    listener: &EventListener,
    look: impl Fn(&EventListener) -> L,
) -> impl Future<Output = L::Found> {
    let what = format!("what {} waits for", Location::caller());
    async move {
        until_so(LONG, &what, || {
            look(listener).found().map_err(|instead| format!("{instead} {:#?}", listener.calls()))
        })
        .await
    }
}

/// A simulated switch, and a client with a running listener on it, over in-memory sockets.
pub(crate) async fn pair(sim: &Sim) -> (Client, EventListener) {
    let config = Config::new("vm-host");
    let listener = EventListener::with_config(config.clone());
    listener.connect_over(sim.connect()).await.unwrap();
    listener.start().await.unwrap();
    let client = Client::with_config(config).with_listener(listener.clone());
    client.connect_over(sim.connect()).await.unwrap();
    (client, listener)
}

pub(crate) fn sim() -> Sim {
    Sim::start(sim::Config::new().with_seed(1))
}

/// Whether the test has a process of its own, which what it leaves behind ends with. Where it has
/// none it is run again in one, and there is nothing more to do here.
pub(crate) fn is_alone() -> bool {
    const ALONE: &str = "SWITCHY_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let thread = thread::current();
    let name = thread.name().and_then(|name| name.strip_prefix("it::")).unwrap();
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", name, "--nocapture"]).env(ALONE, "1");
    // Memory that is free in the heap of another thread would count as new.
    again.env("MALLOC_ARENA_MAX", "1");
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{failed}");
    false
}
