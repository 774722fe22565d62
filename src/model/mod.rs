//! What frames mean: events, sessions, calls, jobs, causes, replies.
//!
//! # Invariants
//! - Nothing unknown is lost: a new event, cause or header is kept as text.
//! - No I/O and no clock.

mod call;
mod cause;
pub mod dial;
mod ending;
mod event;
mod id;
mod job;
mod names;
mod query;
mod reply;
mod session;
mod table;

pub use call::{CallInfo, Join};
pub use cause::HangupCause;
pub use ending::{EndFacts, EndedBy, Ending, HangupCommand, Try};
pub use event::Event;
pub use id::{Id, IdError};
pub use job::{JobRecord, JobState};
pub use names::EVENT_NAMES;
pub(crate) use query::CallRow;
pub use query::{ChannelRow, Status};
pub use reply::Outcome;
pub use session::{App, Association, Direction, Origin, Phase, SessionInfo, Times};
pub use table::{Row, Rows, TableError, plain_text};
