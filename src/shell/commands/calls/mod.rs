//! Commands that make and end calls.

pub(crate) mod ghosts;
pub(crate) mod hangup;
pub(crate) mod hupall;
pub(crate) mod kill;
pub(crate) mod originate;
