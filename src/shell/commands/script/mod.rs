//! Commands for scripts and recordings.

pub(crate) mod expect;
pub(crate) mod let_;
pub(crate) mod replay;
pub(crate) mod sleep;
pub(crate) mod source;
pub(crate) mod transcript;
