//! Commands for this session.

pub(crate) mod alias;
pub(crate) mod apropos;
pub(crate) mod clear;
pub(crate) mod exit;
pub(crate) mod help;
pub(crate) mod history;
pub(crate) mod set;
pub(crate) mod tour;
pub(crate) mod version;
