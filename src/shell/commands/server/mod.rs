//! Commands that send the server's own commands.

pub(crate) mod api;
pub(crate) mod audit;
pub(crate) mod bgapi;
pub(crate) mod jobs;
pub(crate) mod wait;
