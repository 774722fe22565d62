//! Commands for connections to switches.

pub(crate) mod connect;
pub(crate) mod disconnect;
pub(crate) mod doctor;
pub(crate) mod hosts;
pub(crate) mod listen;
pub(crate) mod use_;
