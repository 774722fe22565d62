//! What an INVITE within a call asks for.

/// What an INVITE within a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Reinvite {
    Hold,
    Unhold,
    /// The sound goes through the switch from now on.
    Media,
    /// It goes past it; no event is fired.
    NoMedia,
}
