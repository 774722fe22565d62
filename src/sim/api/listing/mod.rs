//! Lists of what there is: `show`, `help`, `console_complete`, and how tables are written.

pub(in crate::sim) mod complete;
pub(in crate::sim) mod help;
pub(in crate::sim) mod render;
pub(in crate::sim) mod rows;
pub(in crate::sim) mod show;
