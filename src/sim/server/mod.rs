//! The event socket: connections, logins, the verbs, and the task that runs the switch.

pub(super) mod dispatch;
pub(super) mod gate;
pub(super) mod login;
pub(super) mod protocol;
pub(super) mod send;
pub(super) mod socket;
pub(super) mod verbs;
