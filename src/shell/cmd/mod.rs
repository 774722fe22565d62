//! The only list of commands.

mod alias;
mod answer;
mod api;
mod apps;
mod apropos;
mod audit;
mod bgapi;
mod bridge;
mod call;
mod calls;
mod channels;
mod clear;
mod conferences;
mod connect;
mod deflect;
mod disconnect;
mod doctor;
mod dtmf;
mod dump;
mod events;
mod execute;
mod exit;
mod expect;
mod filter;
mod gateways;
mod getvar;
mod ghosts;
mod hangup;
mod help;
mod history;
mod hold;
mod hosts;
mod hupall;
mod jobs;
mod kill;
mod let_value;
mod listen;
mod load_app;
mod log;
mod mute;
mod originate;
mod park;
mod play;
mod profiles;
mod record;
mod registrations;
mod reload_app;
mod replay;
mod sched_hangup;
mod set;
mod setvar;
mod show;
mod sleep;
mod source;
mod status;
mod tour;
mod trace;
mod transcript;
mod transfer;
mod unload_app;
mod use_host;
mod version;
mod wait;
mod why;
mod with;

use super::call_name::{CallArg, Purpose};
use super::confirm::read_only;
use super::grammar::{self, Parsed};
#[cfg(feature = "cli")]
pub(crate) use super::grammar::{is_command, is_own};
#[cfg(feature = "cli")]
pub(super) use super::left_behind::left_behind;
use super::{CommandError, Context, Format, Kind, Next};
use super::{confirm, guard};
#[cfg(feature = "cli")]
pub(crate) use api::clear_execute;
#[cfg(feature = "cli")]
pub(crate) use tour::DEMO_TOUR;

pub(super) use super::brief::brief as brief_command;
pub(super) use super::server_columns::status_columns;
pub(super) use expect::WORDS as WAITED_FOR;
pub(super) use log::refused;

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
    Answer(answer::Args),
    Alias(alias::Args),
    Api(api::Args),
    Apps(apps::Args),
    Apropos(apropos::Args),
    Audit(audit::Args),
    Bgapi(bgapi::Args),
    Bridge(bridge::Args),
    Call(call::Args),
    Calls(calls::Args),
    Clear(clear::Args),
    Channels(channels::Args),
    Conferences(conferences::Args),
    Connect(connect::Args),
    Deflect(deflect::Args),
    Disconnect(disconnect::Args),
    Doctor(doctor::Args),
    Dtmf(dtmf::Args),
    Dump(dump::Args),
    Events(events::Args),
    Execute(execute::Args),
    #[command(visible_alias = "quit")]
    Exit(exit::Args),
    Filter(filter::Args),
    Gateways(gateways::Args),
    Getvar(getvar::Args),
    Ghosts(ghosts::Args),
    Expect(expect::Args),
    Hangup(hangup::Args),
    #[command(visible_alias = "?")]
    Help(help::Args),
    History(history::Args),
    Hold(hold::Args),
    Hosts(hosts::Args),
    Hupall(hupall::Args),
    Jobs(jobs::Args),
    Kill(kill::Args),
    Let(let_value::Args),
    Listen(listen::Args),
    LoadApp(load_app::Args),
    Log(log::Args),
    Mute(mute::Args),
    Originate(originate::Args),
    Park(park::Args),
    Play(play::Args),
    Profiles(profiles::Args),
    Record(record::Args),
    ReloadApp(reload_app::Args),
    Replay(replay::Args),
    Registrations(registrations::Args),
    SchedHangup(sched_hangup::Args),
    Set(set::Args),
    Setvar(setvar::Args),
    Sleep(sleep::Args),
    Source(source::Args),
    Show(show::Args),
    Status(status::Args),
    Tour(tour::Args),
    Trace(trace::Args),
    Transcript(transcript::Args),
    Transfer(transfer::Args),
    UnloadApp(unload_app::Args),
    Use(use_host::Args),
    Version(version::Args),
    Wait(wait::Args),
    Why(why::Args),
    With(with::Args),
}

impl Command {
    /// Whether it wants to know what is going on, and not only to send something.
    fn needs_events(&self) -> bool {
        !matches!(
            self,
            Self::Alias(_)
                | Self::Doctor(_)
                | Self::Audit(_)
                | Self::Api(_)
                | Self::Conferences(_)
                | Self::Connect(_)
                | Self::Disconnect(_)
                | Self::Exit(_)
                | Self::Gateways(_)
                | Self::Help(_)
                | Self::Hosts(_)
                | Self::Let(_)
                | Self::Listen(_)
                | Self::Profiles(_)
                | Self::Registrations(_)
                | Self::Set(_)
                | Self::Show(_)
                | Self::Sleep(_)
                | Self::Source(_)
                | Self::Replay(_)
                | Self::Status(_)
                | Self::Tour(_)
                | Self::Transcript(_)
                | Self::Use(_)
                | Self::Version(_)
        )
    }

    /// Which call it changes.
    fn target(&self) -> Option<&CallArg> {
        match self {
            Self::Answer(args) => Some(&args.on.target),
            Self::Bridge(args) => Some(&args.target),
            Self::Deflect(args) => Some(&args.on.target),
            Self::Dtmf(args) => Some(&args.on.target),
            Self::Execute(args) => Some(&args.target),
            Self::Hangup(args) => Some(&args.on.target),
            Self::Hold(args) => Some(&args.on.target),
            Self::Mute(args) => Some(&args.on.target),
            Self::Park(args) => Some(&args.on.target),
            Self::Play(args) => Some(&args.on.target),
            Self::Record(args) => Some(&args.on.target),
            Self::SchedHangup(args) => Some(&args.on.target),
            Self::Setvar(args) => Some(&args.target),
            Self::Transfer(args) => Some(&args.on.target),
            _ => None,
        }
    }

    /// Whether it asks by itself before it changes something, or was told not to.
    pub(super) fn asks_itself(&self) -> bool {
        match self {
            Self::Api(_) | Self::Bgapi(_) | Self::Kill(_) => true,
            Self::Hupall(args) => args.asks_itself(),
            _ => self.target().is_some_and(|target| target.yes),
        }
    }
}

/// Runs what a line was read as.
#[expect(clippy::too_many_lines, reason = "one line a command")]
pub(super) async fn run(
    cx: &mut Context<'_>,
    parsed: Parsed,
    text: &str,
) -> Result<Next, CommandError> {
    let parsed = match parsed {
        Parsed::Builtin(line) => line,
        Parsed::Help(text) => return cx.line(text.trim_end()).map(|()| Next::Go),
        Parsed::Api(text) => {
            read_only(cx, guard::only_reads(&text), &text)?;
            return api::send_bare(cx, &text).await.map(|()| Next::Go);
        }
    };
    let changes = !only_reads(&parsed.command);
    read_only(cx, !changes, text)?;
    if !parsed.command.asks_itself() {
        confirm::verb(cx, text, changes).await?;
    }
    cx.format = parsed.output;
    cx.purpose = purpose(text);
    if parsed.command.needs_events()
        && let Ok(switch) = cx.switch()
    {
        switch.listen_once().await?;
    }
    if looks_after_calls(&parsed.command) {
        cx.shell.has_seen_calls();
    }
    match &parsed.command {
        Command::Alias(args) => alias::run(cx, args)?,
        Command::Answer(args) => answer::run(cx, args).await?,
        Command::Api(args) => api::run(cx, args).await?,
        Command::Apps(args) => apps::run(cx, args)?,
        Command::Apropos(args) => apropos::run(cx, args).await?,
        Command::Audit(args) => audit::run(cx, args).await?,
        Command::Bgapi(args) => bgapi::run(cx, args).await?,
        Command::Bridge(args) => bridge::run(cx, args).await?,
        Command::Call(args) => call::run(cx, args).await?,
        Command::Calls(args) => calls::run(cx, args)?,
        Command::Clear(args) => clear::run(cx, args).await?,
        Command::Connect(args) => connect::run(cx, args).await?,
        Command::Deflect(args) => deflect::run(cx, args).await?,
        Command::Disconnect(args) => disconnect::run(cx, args).await?,
        Command::Doctor(args) => doctor::run(cx, args).await?,
        Command::Dtmf(args) => dtmf::run(cx, args).await?,
        Command::Dump(args) => dump::run(cx, args).await?,
        Command::Events(args) => events::run(cx, args).await?,
        Command::Execute(args) => execute::run(cx, args).await?,
        Command::Exit(args) => return exit::run(cx, args).await,
        Command::Filter(args) => filter::run(cx, args).await?,
        Command::Getvar(args) => getvar::run(cx, args).await?,
        Command::Expect(args) => expect::run(cx, args).await?,
        Command::Hangup(args) => hangup::run(cx, args).await?,
        Command::Ghosts(args) => ghosts::run(cx, args).await?,
        Command::Help(args) => help::run(cx, args).await?,
        Command::History(args) => history::run(cx, args)?,
        Command::Hold(args) => hold::run(cx, args).await?,
        Command::Hosts(args) => hosts::run(cx, args).await?,
        Command::Hupall(args) => hupall::run(cx, args).await?,
        Command::Jobs(args) => jobs::run(cx, args)?,
        Command::Kill(args) => kill::run(cx, args).await?,
        Command::Let(args) => let_value::run(cx, args).await?,
        Command::Listen(args) => listen::run(cx, args).await?,
        Command::LoadApp(args) => load_app::run(cx, args).await?,
        Command::Log(args) => log::run(cx, args).await?,
        Command::Mute(args) => mute::run(cx, args).await?,
        Command::Originate(args) => originate::run(cx, args).await?,
        Command::Park(args) => park::run(cx, args).await?,
        Command::Play(args) => play::run(cx, args).await?,
        Command::Record(args) => record::run(cx, args).await?,
        Command::ReloadApp(args) => reload_app::run(cx, args).await?,
        Command::Replay(args) => replay::run(cx, args).await?,
        Command::SchedHangup(args) => sched_hangup::run(cx, args).await?,
        Command::Set(args) => set::run(cx, args)?,
        Command::Setvar(args) => setvar::run(cx, args).await?,
        Command::Sleep(args) => sleep::run(cx, args).await?,
        Command::Source(args) => source::run(cx, args).await?,
        Command::Status(args) => status::run(cx, args).await?,
        Command::Tour(args) => tour::run(cx, args).await?,
        Command::Trace(args) => trace::run(cx, args).await?,
        Command::Transcript(args) => transcript::run(cx, args).await?,
        Command::Transfer(args) => transfer::run(cx, args).await?,
        Command::UnloadApp(args) => unload_app::run(cx, args).await?,
        Command::Use(args) => use_host::run(cx, args)?,
        Command::Channels(args) => channels::run(cx, args)?,
        Command::Show(args) => show::run(cx, args).await?,
        Command::Gateways(args) => gateways::run(cx, args).await?,
        Command::Registrations(args) => registrations::run(cx, args).await?,
        Command::Profiles(args) => profiles::run(cx, args).await?,
        Command::Conferences(args) => conferences::run(cx, args).await?,
        Command::Version(args) => version::run(cx, args).await?,
        Command::Wait(args) => wait::run(cx, args).await?,
        Command::Why(args) => why::run(cx, args).await?,
        Command::With(args) => with::run(cx, args).await?,
    }
    Ok(Next::Go)
}

/// The commands that take a call, and what they do with it: the one that a word names is found
/// accordingly. A command that is not in this list changes what it names.
pub(super) const CALL_COMMANDS: &[(&str, Purpose)] = &[
    ("answer", Purpose::Change),
    ("bridge", Purpose::Change),
    ("call", Purpose::Read),
    ("deflect", Purpose::Change),
    ("dtmf", Purpose::Change),
    ("dump", Purpose::Read),
    ("events", Purpose::Read),
    ("execute", Purpose::Change),
    ("expect", Purpose::Read),
    ("getvar", Purpose::Read),
    ("hangup", Purpose::Change),
    ("hold", Purpose::Change),
    ("log", Purpose::Read),
    ("mute", Purpose::Change),
    ("park", Purpose::Change),
    ("play", Purpose::Change),
    ("record", Purpose::Change),
    ("sched-hangup", Purpose::Change),
    ("setvar", Purpose::Change),
    ("trace", Purpose::Read),
    ("transfer", Purpose::Change),
    ("why", Purpose::Read),
];

/// What the command of a line does with the call that it names.
fn purpose(line: &str) -> Purpose {
    let (verb, _) = grammar::first_word(line);
    let row = CALL_COMMANDS.iter().find(|(name, _)| verb.eq_ignore_ascii_case(name));
    row.map_or(Purpose::Change, |(_, purpose)| *purpose)
}

/// Whether a script with this line sees itself what becomes of the calls that it made.
fn looks_after_calls(command: &Command) -> bool {
    use Command::{Expect, Hangup, Hupall, Kill, Trace, Why};
    matches!(command, Expect(_) | Hangup(_) | Hupall(_) | Kill(_) | Trace(_) | Why(_))
}

/// Whether a command changes nothing on the server. Loading an app is a change: it acts on calls.
pub(super) fn only_reads(command: &Command) -> bool {
    match command {
        Command::Api(args) => guard::only_reads(args.tail()),
        Command::Bgapi(args) => guard::only_reads(args.tail()),
        Command::Hupall(args) => args.is_dry_run(),
        Command::Kill(args) => args.is_dry_run(),
        Command::Originate(args) => args.is_dry_run(),
        Command::UnloadApp(args) => !args.hangs_up(),
        Command::Answer(_)
        | Command::Bridge(_)
        | Command::Deflect(_)
        | Command::Dtmf(_)
        | Command::Execute(_)
        | Command::Hangup(_)
        | Command::Hold(_)
        | Command::LoadApp(_)
        | Command::Mute(_)
        | Command::Park(_)
        | Command::Play(_)
        | Command::Record(_)
        | Command::ReloadApp(_)
        | Command::SchedHangup(_)
        | Command::Setvar(_)
        | Command::Transfer(_)
        | Command::With(_) => false,
        Command::Alias(_)
        | Command::Apps(_)
        | Command::Apropos(_)
        | Command::Audit(_)
        | Command::Call(_)
        | Command::Calls(_)
        | Command::Clear(_)
        | Command::Connect(_)
        | Command::Disconnect(_)
        | Command::Doctor(_)
        | Command::Dump(_)
        | Command::Events(_)
        | Command::Exit(_)
        | Command::Filter(_)
        | Command::Expect(_)
        | Command::Let(_)
        | Command::Sleep(_)
        | Command::Source(_)
        | Command::Getvar(_)
        | Command::Ghosts(_)
        | Command::Help(_)
        | Command::History(_)
        | Command::Hosts(_)
        | Command::Jobs(_)
        | Command::Listen(_)
        | Command::Log(_)
        | Command::Replay(_)
        | Command::Transcript(_)
        | Command::Set(_)
        | Command::Status(_)
        | Command::Use(_)
        | Command::Channels(_)
        | Command::Show(_)
        | Command::Gateways(_)
        | Command::Registrations(_)
        | Command::Profiles(_)
        | Command::Conferences(_)
        | Command::Version(_)
        | Command::Wait(_)
        | Command::Tour(_)
        | Command::Trace(_)
        | Command::Why(_) => true,
    }
}
