//! The latest `hupall`.

use crate::model::HangupCause;

/// The latest `hupall`: it names no session.
#[derive(Debug, Clone)]
pub(super) struct Hupall {
    pub(super) at: u64,
    pub(super) cause: HangupCause,
    pub(super) is_own: bool,
}
