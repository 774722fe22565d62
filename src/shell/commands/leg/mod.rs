//! Commands on one leg of a call.

pub(crate) mod answer;
pub(crate) mod bridge;
pub(crate) mod deflect;
pub(crate) mod dtmf;
pub(crate) mod dump;
pub(crate) mod execute;
pub(crate) mod getvar;
pub(crate) mod hold;
pub(crate) mod mute;
pub(crate) mod park;
pub(crate) mod play;
pub(crate) mod record;
pub(crate) mod sched_hangup;
pub(crate) mod setvar;
pub(crate) mod transfer;
