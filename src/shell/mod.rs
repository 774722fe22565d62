//! A line in, an answer out; no terminal.
//!
//! A line is read in this order: `@HOST` or `@all` in front chooses the switch; a built-in command
//! runs here; anything else goes to the server as an `api` command, word for word.
//!
//! # Modules
//! Each may use those above it, and names what it uses where that is defined:
//!
//! | module | purpose |
//! |---|---|
//! | `text` | words, text and errors; knows no shell and no server |
//! | `freeswitch` | what is known of FreeSWITCH's own commands |
//! | `view` | tables, filters and formats of answers |
//! | `settings` | what the operator configured: plain data |
//! | `feed` | lines above the prompt: events, logs, alerts, transcripts |
//! | `session` | the state of one shell: switches, variables, jobs, history |
//! | `commands` | one file a command, and what only commands share |
//! | `run` | from a typed line to a command |
//! | `assist` | while a line is typed: completion, hints, colors |
//!
//! # Invariants
//! - Nothing here prints: answers go to what [`Shell::run_line`] is given, event lines to a channel.
//! - The tail of `api`, `bgapi`, a bare API line and a dial string is never re-quoted.
//! - Text from the network is sanitised on its way into an answer.

mod assist;
mod commands;
mod feed;
mod freeswitch;
mod run;
mod session;
mod settings;
mod text;
mod view;

pub use assist::continuation::{join_continuations, needs_more_input};
pub use assist::hint::hint;
pub use assist::{complete, highlight};
pub use commands::context::Context;
#[cfg(feature = "cli")]
pub(crate) use commands::grammar::{is_command, is_own};
pub use commands::playback::{ReplaySummary, replay};
#[cfg(feature = "cli")]
pub(crate) use commands::session::tour::DEMO_TOUR;
#[cfg(feature = "cli")]
pub(crate) use feed::alerts::{alert_event, alert_filter};
pub use feed::sampler;
pub use freeswitch::danger::Guard;
pub use freeswitch::secrets::is_secret;
#[cfg(feature = "cli")]
pub(crate) use run::clear_execute;
pub use run::typed::TypedLine;
pub use session::history::History;
#[cfg(feature = "cli")]
pub(crate) use session::history::import::fs_cli_history;
pub use session::resume::RunningCalls;
pub use session::script::{Joiner, script_lines, script_place};
pub use session::switch::Switch;
pub use session::{Shell, history};
pub use settings::alert::Alert;
pub use settings::colors::Colors;
pub use settings::keys::{Editing, Keys};
#[cfg(feature = "cli")]
pub(crate) use settings::log_view::style_named;
pub use settings::log_view::{LogView, Prefix};
pub use settings::paging::Paging;
pub use settings::profile::{GuardRules, PASSWORD_TRIES, Password, Profile, password_question};
pub use settings::prompt::{Part, Place, Template};
pub use settings::{Listening, ReadOnly, Settings};
pub use text::after_interrupt::AfterInterrupt;
pub use text::error::{CommandError, Kind};
pub use text::next::Next;
pub use text::operator::{Operator, OperatorRequest, TerminalLease};
#[cfg(feature = "cli")]
pub(crate) use text::outlet::{Backlog, Outlet, Pace};
pub use text::sanitise;
pub use text::suggest::nearest;
#[cfg(feature = "cli")]
pub(crate) use text::wrap::FEED_INDENT;
#[cfg(feature = "cli")]
pub(crate) use text::wrap::{Wrap, wrap};
pub use view::Format;
pub use view::output::Output;
#[cfg(feature = "cli")]
pub(crate) use view::table::cut;
#[cfg(feature = "cli")]
pub(crate) use view::{counted, span};
