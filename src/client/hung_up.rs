//! What `hupall` did.

use crate::model;
use crate::model::Id;
use serde::Serialize;

/// What `hupall` did for one app id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HungUp {
    /// The id that the hung up sessions carried.
    pub id: Id<model::App>,
    /// The app's name; `None` for calls without an app.
    pub name: Option<String>,
    /// How many tracked sessions carried it just before. FreeSWITCH's reply has no count.
    pub sessions: usize,
    /// Which.
    pub victims: Vec<Id<model::SessionInfo>>,
}

/// What became of a leg that was to be hung up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LegEnd {
    /// The switch hangs it up.
    HungUp,
    /// It was gone already.
    WasGone,
}
