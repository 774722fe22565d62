//! Switchy: a shell and a library for people who run live FreeSWITCH servers.

pub mod apps;
#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
pub mod conn;
pub mod listener;
pub mod load;
pub mod model;
#[cfg(feature = "shell")]
pub mod shell;
pub mod sim;
pub mod track;
pub mod wire;

pub use client::Client;
pub use listener::{EventListener, get_listener};
