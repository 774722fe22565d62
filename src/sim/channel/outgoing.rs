//! A leg that is about to be dialled.

/// What a new outbound leg shall be.
#[derive(Debug, Clone, Default)]
pub(in crate::sim) struct Outgoing {
    pub(in crate::sim) uuid: Option<String>,
    pub(in crate::sim) cid_name: String,
    pub(in crate::sim) cid_num: String,
    pub(in crate::sim) vars: Vec<(String, String)>,
    /// The leg that dials, in a bridge.
    pub(in crate::sim) by: Option<u64>,
    /// Whether early media does not count as an answer.
    pub(in crate::sim) ignores_early: bool,
}
