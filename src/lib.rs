//! Switchy: a shell and a library for people who run live FreeSWITCH servers.
pub mod model;
pub mod sim;
pub mod wire;
