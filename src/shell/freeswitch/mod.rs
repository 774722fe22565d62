//! What is known of FreeSWITCH's own commands: tables and pure functions, no server.

pub(crate) mod danger;
pub(crate) mod dial_string_lint;
pub(crate) mod hangup_advice;
pub(crate) mod read_only;
pub(crate) mod secret_names;
pub(crate) mod secrets;
pub(crate) mod server_command;
