//! The only list of commands.

pub(crate) mod app;
pub(crate) mod app_args;
pub(crate) mod bulk_hangup;
pub(crate) mod call_name;
pub(crate) mod call_trace;
pub(crate) mod calls;
pub(crate) mod checks;
pub(crate) mod confirm;
pub(crate) mod connection;
pub(crate) mod context;
pub(crate) mod error_hints;
pub(crate) mod grammar;
pub(crate) mod job_started;
pub(crate) mod leg;
pub(crate) mod leg_command;
pub(crate) mod observe;
pub(crate) mod plan_start;
pub(crate) mod playback;
pub(crate) mod script;
pub(crate) mod server;
pub(crate) mod server_tables;
pub(crate) mod session;
pub(crate) mod stream;
pub(crate) mod topics;
pub(in crate::shell) mod verbs;
pub(crate) mod whole_answer;
pub(crate) mod whole_ids;

use crate::shell::freeswitch::danger;
use crate::shell::text::error::CommandError;
use crate::shell::text::next::Next;
use crate::shell::view::Format;
use call_name::{CallArg, Purpose};
use confirm::read_only;
use context::Context;
use grammar::Parsed;

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
    Answer(leg::answer::Args),
    Alias(session::alias::Args),
    Api(server::api::Args),
    Apps(app::apps::Args),
    Apropos(session::apropos::Args),
    Audit(server::audit::Args),
    Bgapi(server::bgapi::Args),
    Bridge(leg::bridge::Args),
    Call(observe::call::Args),
    Calls(observe::calls::Args),
    Clear(session::clear::Args),
    Channels(observe::channels::Args),
    Conferences(observe::conferences::Args),
    Connect(connection::connect::Args),
    Deflect(leg::deflect::Args),
    Disconnect(connection::disconnect::Args),
    Doctor(connection::doctor::Args),
    Dtmf(leg::dtmf::Args),
    Dump(leg::dump::Args),
    Events(observe::events::Args),
    Execute(leg::execute::Args),
    #[command(visible_alias = "quit")]
    Exit(session::exit::Args),
    Filter(observe::filter::Args),
    Gateways(observe::gateways::Args),
    Getvar(leg::getvar::Args),
    Ghosts(calls::ghosts::Args),
    Expect(script::expect::Args),
    Hangup(calls::hangup::Args),
    #[command(visible_alias = "?")]
    Help(session::help::Args),
    History(session::history::Args),
    Hold(leg::hold::Args),
    Hosts(connection::hosts::Args),
    Hupall(calls::hupall::Args),
    Jobs(server::jobs::Args),
    Kill(calls::kill::Args),
    Let(script::let_::Args),
    Listen(connection::listen::Args),
    LoadApp(app::load_app::Args),
    Log(observe::log::Args),
    Mute(leg::mute::Args),
    Originate(calls::originate::Args),
    Park(leg::park::Args),
    Play(leg::play::Args),
    Profiles(observe::profiles::Args),
    Record(leg::record::Args),
    ReloadApp(app::reload_app::Args),
    Replay(script::replay::Args),
    Registrations(observe::registrations::Args),
    SchedHangup(leg::sched_hangup::Args),
    Set(session::set::Args),
    Setvar(leg::setvar::Args),
    Sleep(script::sleep::Args),
    Source(script::source::Args),
    Show(observe::show::Args),
    Status(observe::status::Args),
    Tour(session::tour::Args),
    Trace(observe::trace::Args),
    Transcript(script::transcript::Args),
    Transfer(leg::transfer::Args),
    UnloadApp(app::unload_app::Args),
    Use(connection::use_::Args),
    Version(session::version::Args),
    Wait(server::wait::Args),
    Why(observe::why::Args),
    With(app::with::Args),
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
            read_only(cx, danger::only_reads(&text), &text)?;
            return server::api::send_bare(cx, &text).await.map(|()| Next::Go);
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
        Command::Alias(args) => session::alias::run(cx, args)?,
        Command::Answer(args) => leg::answer::run(cx, args).await?,
        Command::Api(args) => server::api::run(cx, args).await?,
        Command::Apps(args) => app::apps::run(cx, args)?,
        Command::Apropos(args) => session::apropos::run(cx, args).await?,
        Command::Audit(args) => server::audit::run(cx, args).await?,
        Command::Bgapi(args) => server::bgapi::run(cx, args).await?,
        Command::Bridge(args) => leg::bridge::run(cx, args).await?,
        Command::Call(args) => observe::call::run(cx, args).await?,
        Command::Calls(args) => observe::calls::run(cx, args)?,
        Command::Clear(args) => session::clear::run(cx, args).await?,
        Command::Connect(args) => connection::connect::run(cx, args).await?,
        Command::Deflect(args) => leg::deflect::run(cx, args).await?,
        Command::Disconnect(args) => connection::disconnect::run(cx, args).await?,
        Command::Doctor(args) => connection::doctor::run(cx, args).await?,
        Command::Dtmf(args) => leg::dtmf::run(cx, args).await?,
        Command::Dump(args) => leg::dump::run(cx, args).await?,
        Command::Events(args) => observe::events::run(cx, args).await?,
        Command::Execute(args) => leg::execute::run(cx, args).await?,
        Command::Exit(args) => return session::exit::run(cx, args).await,
        Command::Filter(args) => observe::filter::run(cx, args).await?,
        Command::Getvar(args) => leg::getvar::run(cx, args).await?,
        Command::Expect(args) => script::expect::run(cx, args).await?,
        Command::Hangup(args) => calls::hangup::run(cx, args).await?,
        Command::Ghosts(args) => calls::ghosts::run(cx, args).await?,
        Command::Help(args) => session::help::run(cx, args).await?,
        Command::History(args) => session::history::run(cx, args)?,
        Command::Hold(args) => leg::hold::run(cx, args).await?,
        Command::Hosts(args) => connection::hosts::run(cx, args).await?,
        Command::Hupall(args) => calls::hupall::run(cx, args).await?,
        Command::Jobs(args) => server::jobs::run(cx, args)?,
        Command::Kill(args) => calls::kill::run(cx, args).await?,
        Command::Let(args) => script::let_::run(cx, args).await?,
        Command::Listen(args) => connection::listen::run(cx, args).await?,
        Command::LoadApp(args) => app::load_app::run(cx, args).await?,
        Command::Log(args) => observe::log::run(cx, args).await?,
        Command::Mute(args) => leg::mute::run(cx, args).await?,
        Command::Originate(args) => calls::originate::run(cx, args).await?,
        Command::Park(args) => leg::park::run(cx, args).await?,
        Command::Play(args) => leg::play::run(cx, args).await?,
        Command::Record(args) => leg::record::run(cx, args).await?,
        Command::ReloadApp(args) => app::reload_app::run(cx, args).await?,
        Command::Replay(args) => script::replay::run(cx, args).await?,
        Command::SchedHangup(args) => leg::sched_hangup::run(cx, args).await?,
        Command::Set(args) => session::set::run(cx, args)?,
        Command::Setvar(args) => leg::setvar::run(cx, args).await?,
        Command::Sleep(args) => script::sleep::run(cx, args).await?,
        Command::Source(args) => script::source::run(cx, args).await?,
        Command::Status(args) => observe::status::run(cx, args).await?,
        Command::Tour(args) => session::tour::run(cx, args).await?,
        Command::Trace(args) => observe::trace::run(cx, args).await?,
        Command::Transcript(args) => script::transcript::run(cx, args).await?,
        Command::Transfer(args) => leg::transfer::run(cx, args).await?,
        Command::UnloadApp(args) => app::unload_app::run(cx, args).await?,
        Command::Use(args) => connection::use_::run(cx, args)?,
        Command::Channels(args) => observe::channels::run(cx, args)?,
        Command::Show(args) => observe::show::run(cx, args).await?,
        Command::Gateways(args) => observe::gateways::run(cx, args).await?,
        Command::Registrations(args) => observe::registrations::run(cx, args).await?,
        Command::Profiles(args) => observe::profiles::run(cx, args).await?,
        Command::Conferences(args) => observe::conferences::run(cx, args).await?,
        Command::Version(args) => session::version::run(cx, args).await?,
        Command::Wait(args) => server::wait::run(cx, args).await?,
        Command::Why(args) => observe::why::run(cx, args).await?,
        Command::With(args) => app::with::run(cx, args).await?,
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
        Command::Api(args) => danger::only_reads(args.tail()),
        Command::Bgapi(args) => danger::only_reads(args.tail()),
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
