//! Switchy: a shell and a library for people who run live FreeSWITCH servers.
pub mod model;
pub mod wire;

#[cfg(feature = "shell")]
pub mod shell;

#[cfg(feature = "cli")]
pub mod cli;
