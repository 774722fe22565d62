//! The listener: one connection for events, and the tracker that they are folded into.
//!
//! Events are folded in the task that reads the socket, a whole read at a time under one short
//! lock. A watcher gets what changed through a bounded channel; one that does not keep up
//! loses updates and gets their number, the socket is drained all the same.
//!
//! # Invariants
//! - A listener sends nothing to the switch but subscriptions, filters, `log` and what a snapshot
//!   takes.
//! - What is lost is counted.

mod claims;
mod counts;
mod delay;
mod ended;
mod error;
mod event_listener;
mod event_waiters;
pub(crate) mod host_clock;
mod intake;
mod job;
mod link;
mod pause;
mod recorded;
mod snapshot;
mod state;
mod subscribe;
mod subscribers;

pub use event_listener::{DEFAULT_EVENTS, EventListener, get_listener};

pub use error::Error;
pub(crate) use event_waiters::SessionEvents;
pub use job::{Job, JobError};
pub use state::{Gap, Link, Snapshot};
pub use subscribers::{Changes, Events, Logs, Seen, Update, Updates};
