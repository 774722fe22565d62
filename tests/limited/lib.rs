//! Tests that end. `#[limited::test]` takes the place of `#[test]` and of `#[tokio::test]`:
//!
//! - `#[limited::test]`: the function, or the `async` one on a runtime with one thread;
//! - `#[limited::test(paused)]`: on a clock that moves only when all wait for it;
//! - `#[limited::test(threads)]`: on a runtime with two worker threads;
//! - `#[limited::test(seconds = 900)]`: with another limit than [`SECONDS`];
//! - `#[limited::test(needs = "SWITCHY_LIVE")]`: ignored, and shown so, unless these variables of the
//!   environment are set. It is decided when the test is compiled; cargo compiles it again when one
//!   of them changes.
//!
//! The test runs on a thread of its own, so that neither a future that is never ready nor a call that
//! blocks can hold the others up: past its limit it fails with its name, and its thread is left behind.

use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

pub use limited_macros::test;
use tokio::runtime::Builder;

/// The limit of a test that says nothing else: far more than it takes on a busy machine.
pub const SECONDS: u64 = 300;

/// What a test is.
pub enum Body {
    /// A function.
    Plain(fn()),
    /// A future on one thread.
    Async(fn() -> Pin<Box<dyn Future<Output = ()>>>),
    /// A future on one thread, with a paused clock.
    Paused(fn() -> Pin<Box<dyn Future<Output = ()>>>),
    /// A future beside two worker threads.
    Threads(fn() -> Pin<Box<dyn Future<Output = ()>>>),
}

/// Runs a test; panics if it does, or when it takes longer than `seconds`.
pub fn run(name: &'static str, seconds: Option<u64>, body: Body) {
    let seconds = seconds.unwrap_or(SECONDS);
    let (over, end) = channel::<()>();
    let test = thread::Builder::new().name(name.to_owned()).spawn(move || {
        // Dropped at the end, also by a panic.
        let _over = over;
        match body {
            Body::Plain(body) => body(),
            Body::Async(body) => block_on(Builder::new_current_thread().enable_all(), body),
            Body::Paused(body) => {
                block_on(Builder::new_current_thread().enable_all().start_paused(true), body);
            }
            Body::Threads(body) => {
                block_on(Builder::new_multi_thread().enable_all().worker_threads(2), body);
            }
        }
    });
    let test = test.expect("a thread for the test");
    let waited = end.recv_timeout(Duration::from_secs(seconds));
    assert!(
        waited != Err(RecvTimeoutError::Timeout),
        "{name} is not over after {seconds} s; the last line above is what it waits for"
    );
    if let Err(panic) = test.join() {
        resume_unwind(panic);
    }
}

fn block_on(builder: &mut Builder, body: fn() -> Pin<Box<dyn Future<Output = ()>>>) {
    builder.build().expect("a runtime for the test").block_on(body());
}
