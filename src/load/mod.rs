//! Calls in number: how fast they are made, how many at a time, and what became of them.
//!
//! A [`Plan`] says when calls arrive (seeded, so that a run can be repeated), [`Load`] makes them
//! through a client and ends each after its time, [`Report`] counts the outcomes by FreeSWITCH's own
//! timestamps. Nothing on the server is changed: its limits and log levels stay as they are.

mod plan;
mod report;
mod run;

pub use plan::{Arrivals, Plan, Spacing};
pub use report::{Latency, Report};
pub use run::Load;
