//! Words, text, programs and errors; knows no shell and no server.

pub(crate) mod after_interrupt;
pub(crate) mod alias;
pub(crate) mod brief;
pub(crate) mod duration;
pub(crate) mod error;
pub(crate) mod next;
pub(crate) mod operator;
pub(crate) mod outlet;
pub(crate) mod process;
pub mod sanitise;
pub(crate) mod short_id;
pub(crate) mod suggest;
pub(crate) mod words;
pub(crate) mod wrap;
