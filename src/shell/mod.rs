//! A line in, an answer out; no terminal.
//!
//! A line is read in this order: `@HOST` or `@all` in front chooses the switch; a built-in command
//! runs here; anything else goes to the server as an `api` command, word for word.
//!
//! # Invariants
//! - Nothing here prints: answers go to what [`Shell::run_line`] is given, event lines to a channel.
//! - The tail of `api`, `bgapi`, a bare API line and a dial string is never re-quoted.
//! - Text from the network is sanitised on its way into an answer.

mod account;
mod advice;
mod alert;
mod alerts;
mod alias;
mod brief;
mod call_name;
mod catalog;
mod causes;
pub mod cmd;
mod colors;
pub mod complete;
mod completeness;
mod confirm;
mod console_complete;
mod context;
mod control;
mod doctor;
mod ending;
mod error;
mod filter;
mod gate;
mod grammar;
mod guard;
pub mod highlight;
mod hint;
pub mod history;
mod keys;
mod kinds;
mod left;
mod left_behind;
mod line;
mod log_view;
mod masking;
mod narrate;
mod near;
mod next;
mod open;
mod operator;
mod outlet;
mod output;
mod paging;
mod pipe;
mod plan_start;
mod process;
mod profile;
mod prompt;
pub mod render;
mod replay;
mod rows;
mod run;
pub mod sampler;
pub mod sanitise;
mod schema;
mod script;
mod secret;
mod server_columns;
mod session;
mod session_transcript;
mod settings;
mod settle;
mod sink;
mod slash;
mod slow;
mod standstill;
mod started;
mod starts;
mod stopping;
mod stream;
mod switch;
mod switches;
mod tables;
mod topics;
mod trace;
mod transcribed;
mod transcript;
mod traps;
mod vars;
mod verbs;
mod whole_answer;
mod whole_ids;
mod words;
mod wrap;

pub use alert::Alert;
#[cfg(feature = "cli")]
pub(crate) use alerts::{alert_event, alert_filter};
pub use colors::Colors;
pub use context::Context;
pub use error::{CommandError, Kind};
pub use guard::Guard;
pub use hint::hint;
pub use history::History;
pub use keys::{Editing, Keys};
pub(crate) use log_view::style_named;
pub use log_view::{LogView, Prefix};
pub use near::nearest;
pub use next::Next;
pub use open::{is_open, whole_lines};
pub use operator::{Lent, Operator, Wish};
#[cfg(feature = "cli")]
pub(crate) use outlet::{Backlog, Outlet, Pace};
pub use output::Output;
pub use paging::Paging;
pub use profile::{GuardRules, PASSWORD_TRIES, Password, Profile, password_question};
pub use prompt::{Part, Place, Template};
pub use render::Format;
pub use replay::{Replayed, replay};
#[cfg(feature = "cli")]
pub(crate) use run::clear_execute;
pub use script::{Joiner, script_lines, script_place};
pub use secret::is_secret;
pub use session::Shell;
pub use settings::{Listening, ReadOnly, Settings};
pub use standstill::RunningCalls;
pub use stopping::Stopped;
pub use switch::Switch;
#[cfg(feature = "cli")]
pub(crate) use wrap::{Wrap, wrap};
