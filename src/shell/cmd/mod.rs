//! The only list of commands.

mod api;
mod apps;
mod bgapi;
mod call;
mod calls;
mod connect;
mod disconnect;
mod events;
mod exit;
mod hangup;
mod help;
mod hosts;
mod hupall;
mod jobs;
mod listen;
mod load_app;
mod log;
mod originate;
mod set;
mod status;
mod unload_app;
mod use_host;
mod version;
mod wait;

use super::grammar::{self, Parsed};
use super::{CommandError, Context, Format, Kind, Next};
use super::{guard, near};

/// One line of the shell.
#[derive(Debug, clap::Parser)]
#[command(
    name = "",
    no_binary_name = true,
    disable_help_subcommand = true,
    disable_version_flag = true
)]
pub(super) struct Line {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Write the answer as table, vertical, json, jsonl, csv or raw
    #[arg(short, long, global = true, value_name = "FORMAT", hide_possible_values = true)]
    output: Option<Format>,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Api(api::Args),
    Apps(apps::Args),
    Bgapi(bgapi::Args),
    Call(call::Args),
    Calls(calls::Args),
    Connect(connect::Args),
    Disconnect(disconnect::Args),
    Events(events::Args),
    #[command(visible_alias = "quit")]
    Exit(exit::Args),
    Hangup(hangup::Args),
    Help(help::Args),
    Hosts(hosts::Args),
    Hupall(hupall::Args),
    Jobs(jobs::Args),
    Listen(listen::Args),
    LoadApp(load_app::Args),
    Log(log::Args),
    Originate(originate::Args),
    Set(set::Args),
    Status(status::Args),
    UnloadApp(unload_app::Args),
    Use(use_host::Args),
    Version(version::Args),
    Wait(wait::Args),
}

/// Reads and runs one line.
pub(super) async fn run(cx: &mut Context<'_>, line: &str) -> Result<Next, CommandError> {
    let line = match grammar::parse(line)? {
        Parsed::Builtin(line) => line,
        Parsed::Help(text) => return cx.line(text.trim_end()).map(|()| Next::Go),
        Parsed::Api(text) => return api::send_bare(cx, &text).await.map(|()| Next::Go),
    };
    cx.format = line.output;
    match &line.command {
        Command::Api(args) => api::run(cx, args).await?,
        Command::Apps(args) => apps::run(cx, args)?,
        Command::Bgapi(args) => bgapi::run(cx, args).await?,
        Command::Call(args) => call::run(cx, args)?,
        Command::Calls(args) => calls::run(cx, args)?,
        Command::Connect(args) => connect::run(cx, args).await?,
        Command::Disconnect(args) => disconnect::run(cx, args).await?,
        Command::Events(args) => events::run(cx, args).await?,
        Command::Exit(args) => return exit::run(args),
        Command::Hangup(args) => hangup::run(cx, args).await?,
        Command::Help(args) => help::run(cx, args)?,
        Command::Hosts(args) => hosts::run(cx, args)?,
        Command::Hupall(args) => hupall::run(cx, args).await?,
        Command::Jobs(args) => jobs::run(cx, args)?,
        Command::Listen(args) => listen::run(cx, args).await?,
        Command::LoadApp(args) => load_app::run(cx, args).await?,
        Command::Log(args) => log::run(cx, args).await?,
        Command::Originate(args) => originate::run(cx, args).await?,
        Command::Set(args) => set::run(cx, args)?,
        Command::Status(args) => status::run(cx, args).await?,
        Command::UnloadApp(args) => unload_app::run(cx, args).await?,
        Command::Use(args) => use_host::run(cx, args)?,
        Command::Version(args) => version::run(cx, args).await?,
        Command::Wait(args) => wait::run(cx, args).await?,
    }
    Ok(Next::Go)
}
