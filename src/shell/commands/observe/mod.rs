//! Commands that show what is going on.

pub(crate) mod call;
pub(crate) mod calls;
pub(crate) mod channels;
pub(crate) mod conferences;
pub(crate) mod events;
pub(crate) mod filter;
pub(crate) mod gateways;
pub(crate) mod log;
pub(crate) mod profiles;
pub(crate) mod registrations;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod trace;
pub(crate) mod why;
