//! The integration tests, in one binary.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic is a failed test"
)]

#[cfg(all(unix, feature = "shell"))]
mod agree;
mod alerts;
mod apps;
#[cfg(feature = "shell")]
mod audit;
#[cfg(feature = "cli")]
mod completions;
#[cfg(feature = "shell")]
mod confirmed;
#[cfg(all(unix, feature = "cli"))]
mod docs;
#[cfg(feature = "shell")]
mod doctor;
#[cfg(all(unix, feature = "cli"))]
mod drain;
#[cfg(feature = "shell")]
mod ending;
mod endings;
#[cfg(feature = "shell")]
mod examples;
mod exit_codes;
mod faults;
#[cfg(all(unix, feature = "cli"))]
mod fs_cli;
#[cfg(all(feature = "shell", feature = "lua"))]
mod guard;
#[cfg(feature = "shell")]
mod hostile_server;
mod imports;
#[cfg(feature = "shell")]
mod interrupted;
mod live;
#[cfg(feature = "lua")]
mod lua;
mod model;
mod newcomer;
#[cfg(feature = "cli")]
mod odd_scripts;
#[cfg(feature = "cli")]
mod oneshot;
mod points;
#[cfg(all(unix, feature = "cli"))]
mod pty;
#[cfg(all(unix, feature = "cli"))]
mod reach;
mod reconnect;
#[cfg(all(unix, feature = "shell"))]
mod recording;
mod replay;
#[cfg(feature = "shell")]
mod scripts;
#[cfg(all(unix, feature = "cli"))]
mod secrets;
mod sim;
mod sim_calls;
mod sim_digits;
mod sim_ends;
mod sim_faults;
mod sim_frames;
mod sim_kills;
mod sim_process;
mod support;
#[cfg(feature = "cli")]
mod switch;
mod tidy;
mod torture;
#[cfg(feature = "shell")]
mod trace;
mod transcripts;
mod twenty;
#[cfg(feature = "shell")]
mod unknown;
mod verbs;
#[cfg(feature = "shell")]
mod views;
