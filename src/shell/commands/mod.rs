//! The commands, a file each in the folders of help's groups, and what only commands share.
//!
//! A new command is a file with its `Args`, their [`meta::Describe`] and a `run`, a `mod` line in its
//! folder, and a line in [`table`].

pub(crate) mod app;
pub(crate) mod app_args;
pub(crate) mod bulk_hangup;
pub(crate) mod call_name;
pub(crate) mod call_trace;
pub(crate) mod calls;
pub(crate) mod checks;
pub(crate) mod confirm;
pub(crate) mod connection;
pub(crate) mod context;
pub(crate) mod dispatch;
pub(crate) mod error_hints;
pub(crate) mod grammar;
pub(crate) mod job_started;
pub(crate) mod leg;
pub(crate) mod leg_command;
pub(crate) mod meta;
pub(crate) mod observe;
pub(crate) mod plan_start;
pub(crate) mod playback;
pub(crate) mod script;
pub(crate) mod server;
pub(crate) mod server_tables;
pub(crate) mod session;
pub(crate) mod stream;
pub(crate) mod table;
pub(crate) mod topics;
pub(in crate::shell) mod verbs;
pub(crate) mod whole_answer;
pub(crate) mod whole_ids;
