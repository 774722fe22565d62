//! Switchy: a shell and a library for people who run live FreeSWITCH servers.
pub mod conn;
pub mod listener;
pub mod model;
pub mod track;
pub mod wire;

pub use listener::{EventListener, get_listener};
