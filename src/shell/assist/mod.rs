//! What helps while a line is typed: completion, hints, colors, continuation lines.

pub mod complete;
pub(crate) mod continuation;
pub mod highlight;
pub(crate) mod hint;
