//! Commands that turn text into text: they change nothing and ask for little.

pub(in crate::sim) mod dates;
pub(in crate::sim) mod expr;
pub(in crate::sim) mod network;
pub(in crate::sim) mod text;
pub(in crate::sim) mod xml;
