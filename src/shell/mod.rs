//! A line in, an answer out; no terminal.
pub mod complete;
pub mod sampler;
pub mod sanitise;
