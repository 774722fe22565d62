//! The only list of commands: a line a command, in the order of `help`.

use super::context::Context;
use super::meta::{Describe, Meta};
use super::{app, calls, connection, leg, observe, script, server, session};
use crate::shell::text::error::CommandError;
use crate::shell::text::next::Next;
use crate::shell::view::Format;

/// One line of the shell.
#[derive(Debug, clap::Parser)]
#[command(
    name = "",
    no_binary_name = true,
    disable_help_subcommand = true,
    disable_version_flag = true
)]
pub(crate) struct Line {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Write the answer as table, vertical, json, jsonl, csv or raw
    #[arg(short, long, global = true, value_name = "FORMAT", hide_possible_values = true)]
    pub(crate) output: Option<Format>,
}

/// Makes the commands from a table of their files.
macro_rules! commands {
    ($($(#[$attr:meta])* $variant:ident => $group:ident :: $module:ident,)+) => {
        /// A command and its arguments.
        #[derive(Debug, clap::Subcommand)]
        pub(crate) enum Command {
            $($(#[$attr])* $variant($group::$module::Args),)+
        }

        impl Command {
            /// What holds for each of its lines.
            pub(crate) fn meta(&self) -> &'static Meta {
                match self {
                    $(Self::$variant(_) => &<$group::$module::Args as Describe>::META,)+
                }
            }

            /// Whether this line changes nothing on the server.
            pub(crate) fn only_reads(&self) -> bool {
                match self {
                    $(Self::$variant(args) => args.only_reads(),)+
                }
            }

            /// Whether it asks by itself before it changes something, or the line says `--yes`.
            pub(crate) fn confirms_itself(&self) -> bool {
                match self {
                    $(Self::$variant(args) => args.confirms_itself(),)+
                }
            }

            /// Runs it.
            pub(crate) async fn run(&self, cx: &mut Context<'_>) -> Result<Next, CommandError> {
                Ok(match self {
                    $(Self::$variant(args) => $group::$module::run(cx, args).await?.into(),)+
                })
            }
        }

        static COMMANDS: &[(&str, Meta)] =
            &[$((stringify!($module), <$group::$module::Args as Describe>::META),)+];
    };
}

commands! {
    // What is going on
    Status => observe::status,
    Calls => observe::calls,
    Call => observe::call,
    Why => observe::why,
    Trace => observe::trace,
    Channels => observe::channels,
    Gateways => observe::gateways,
    Registrations => observe::registrations,
    Profiles => observe::profiles,
    Conferences => observe::conferences,
    Show => observe::show,
    Events => observe::events,
    Filter => observe::filter,
    Log => observe::log,
    // Make and end calls
    Originate => calls::originate,
    Hangup => calls::hangup,
    Hupall => calls::hupall,
    Kill => calls::kill,
    Ghosts => calls::ghosts,
    // Control a call
    Answer => leg::answer,
    Bridge => leg::bridge,
    Transfer => leg::transfer,
    Park => leg::park,
    Hold => leg::hold,
    Mute => leg::mute,
    Play => leg::play,
    Record => leg::record,
    Dtmf => leg::dtmf,
    Deflect => leg::deflect,
    Execute => leg::execute,
    Getvar => leg::getvar,
    Setvar => leg::setvar,
    Dump => leg::dump,
    SchedHangup => leg::sched_hangup,
    // Server commands
    Api => server::api,
    Bgapi => server::bgapi,
    Jobs => server::jobs,
    Wait => server::wait,
    Audit => server::audit,
    // Apps
    Apps => app::apps,
    LoadApp => app::load_app,
    ReloadApp => app::reload_app,
    UnloadApp => app::unload_app,
    With => app::with,
    // Connections
    Connect => connection::connect,
    Disconnect => connection::disconnect,
    Hosts => connection::hosts,
    Use => connection::use_,
    Listen => connection::listen,
    Doctor => connection::doctor,
    // Scripts
    Transcript => script::transcript,
    Replay => script::replay,
    Source => script::source,
    Let => script::let_,
    Sleep => script::sleep,
    Expect => script::expect,
    // This session
    Set => session::set,
    Alias => session::alias,
    History => session::history,
    #[command(visible_alias = "?")]
    Help => session::help,
    Tour => session::tour,
    Apropos => session::apropos,
    Clear => session::clear,
    Version => session::version,
    #[command(visible_alias = "quit")]
    Exit => session::exit,
}

/// The names of all commands, and what is known of each, in the order of `help`.
pub(crate) fn all() -> impl Iterator<Item = (String, &'static Meta)> {
    COMMANDS.iter().map(|(module, meta)| (letters(module).collect(), meta))
}

/// What is known of the command of this name. Nothing is made for it: it is asked at every key.
pub(crate) fn meta(verb: &str) -> Option<&'static Meta> {
    let is_named = |module: &str| letters(module).eq(verb.chars().map(|c| c.to_ascii_lowercase()));
    COMMANDS.iter().find(|(module, _)| is_named(module)).map(|(_, meta)| meta)
}

/// The name of a command after its module: `let_` is `let`, a keyword of Rust.
fn letters(module: &str) -> impl Iterator<Item = char> {
    module.trim_end_matches('_').chars().map(|c| if c == '_' { '-' } else { c })
}

#[cfg(test)]
mod tests {
    use super::super::grammar;
    use super::*;

    #[limited::test]
    fn each_command_of_the_grammar_is_described() {
        let mut described: Vec<String> = all().map(|(name, _)| name).collect();
        let mut verbs = grammar::verbs();
        described.sort();
        verbs.sort();
        assert_eq!(described, verbs);
        assert!(meta("LOAD-app").is_some() && meta("let").is_some() && meta("nope").is_none());
    }
}
