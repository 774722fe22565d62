//! How calls are set up, bridged, transferred and ended: the events and their order.

pub(super) mod bridge;
pub(super) mod dialplan;
pub(super) mod display;
pub(super) mod endpoint;
pub(super) mod farewell;
pub(super) mod hangup;
pub(super) mod legs;
pub(super) mod loopback;
pub(super) mod media_timeout;
pub(super) mod originate;
pub(super) mod reinvite;
pub(super) mod transfer;
pub(super) mod uuid_bridge;
pub(super) mod variable;
