//! The command line: fs_cli's options with fs_cli's meaning, and our own.

use std::env::consts;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::cli::config;
use crate::cli::config::legacy::level;
use crate::cli::config::value::{Data, Section};
use crate::cli::sim::{SIM_ABOUT, ServeArgs, SimArgs, sim_examples};
use crate::cli::start::FS_CLI_CODES;
use crate::cli::terminal::Color;
use crate::shell::{Format, Kind};
use crate::time_span;

/// A shell for people who run live FreeSWITCH servers
///
/// Without a command it opens a prompt. Commands of the shell and FreeSWITCH's own API commands
/// can be typed there, given with -x, read from a file, or piped in, one a line. Under the name
/// fs_cli it behaves as fs_cli does.
#[derive(Debug, Parser)]
#[command(
    name = "switchy",
    version,
    long_version = BUILT.as_str(),
    args_conflicts_with_subcommands = true,
    args_override_self = true,
    infer_long_args = true,
    disable_help_flag = true,
    disable_help_subcommand = true,
    after_help = exit_codes()
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) connection: Connection,
    #[command(flatten)]
    pub(super) script: Script,
    #[command(flatten)]
    pub(super) look: Look,
    /// Print help; --help has more
    #[arg(short, long, short_alias = '?', action = clap::ArgAction::Help, global = true)]
    help: Option<bool>,
    #[command(subcommand)]
    pub(super) action: Option<Action>,
}

/// The exit codes, as `--help` and the manual page have them.
fn exit_codes() -> String {
    let mut text = "Exit codes:\n    0  all was done\n".to_owned();
    let line = |kind: &Kind| format!("  {:>3}  {}\n", kind.exit_code(), kind.meaning());
    text.extend(Kind::ALL.iter().map(line));
    text.push_str("Under the name fs_cli:\n");
    text.extend(FS_CLI_CODES.iter().map(|(code, about)| format!("  {code:>3}  {about}\n")));
    text
}

/// What was built.
static BUILT: LazyLock<String> = LazyLock::new(|| {
    let parts = [
        ("shell", cfg!(feature = "shell")),
        ("cli", cfg!(feature = "cli")),
        ("lua", cfg!(feature = "lua")),
        ("sim", cfg!(feature = "sim")),
        ("ssh", cfg!(feature = "ssh")),
    ];
    let features = parts.into_iter().filter_map(|(name, is_in)| is_in.then_some(name));
    let libc = match () {
        () if cfg!(target_env = "gnu") => "-gnu",
        () if cfg!(target_env = "musl") => "-musl",
        () if cfg!(target_env = "msvc") => "-msvc",
        () => "",
    };
    format!(
        "{}\nbuilt for: {}-{}{libc}, {}\nfeatures: {}\n\
         A shell for FreeSWITCH; a simulated one is built in. Licence: MIT OR Apache-2.0",
        env!("CARGO_PKG_VERSION"),
        consts::ARCH,
        consts::OS,
        if cfg!(debug_assertions) { "debug" } else { "release" },
        features.collect::<Vec<_>>().join(", "),
    )
});

/// Where to connect and how.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct Connection {
    /// Servers: a profile, HOST, HOST:PORT, unix:PATH or ssh://USER@HOST; the last one is current
    #[arg(value_name = "TARGET", conflicts_with = "host")]
    pub(super) targets: Vec<String>,
    /// A profile of the configuration; one that does not exist is an error
    #[arg(long, value_name = "NAME", conflicts_with = "targets")]
    pub(super) profile: Option<String>,
    /// The server
    #[arg(short = 'H', long)]
    host: Option<String>,
    /// The port of its event socket
    #[arg(short = 'P', long, value_parser = port, allow_negative_numbers = true)]
    port: Option<u16>,
    /// Log in as a directory user
    #[arg(short, long, value_name = "USER@DOMAIN")]
    user: Option<String>,
    /// The password; others can see it: SWITCHY_PASSWORD or password_command are safer
    #[arg(short, long)]
    pub(super) password: Option<String>,
    /// Try to connect again, once a second for two minutes
    #[arg(short, long)]
    retry: bool,
    /// Reconnect after a lost connection and restore subscriptions (always on)
    #[arg(short = 'R', long)]
    reconnect: bool,
    /// Limit for connecting, and the same again for the login: milliseconds, or with a unit (5s)
    #[arg(short = 'T', long, value_name = "MS", value_parser = milliseconds)]
    connect_timeout: Option<Duration>,
    /// How long an answer may take: milliseconds, or with a unit (5s)
    #[arg(short, long, value_name = "MS", value_parser = milliseconds)]
    timeout: Option<Duration>,
    /// Refuse whatever changes the server
    #[arg(long)]
    read_only: bool,
    /// Read this configuration instead of the user's
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(super) config: Option<PathBuf>,
    /// Read no configuration, neither ours nor fs_cli's
    #[arg(long)]
    pub(super) no_config: bool,
}

/// What to run without a prompt.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Without a prompt")]
pub(super) struct Script {
    /// Run this line and leave; may be repeated
    #[arg(short = 'x', long = "execute", value_name = "LINE", allow_hyphen_values = true)]
    pub(super) once: Vec<String>,
    /// Run the lines of this file and leave; - is standard input
    #[arg(short, long, value_name = "FILE", conflicts_with = "once")]
    pub(super) file: Vec<String>,
    /// Stop at the first line that fails (the default)
    #[arg(long, conflicts_with = "keep_going")]
    pub(super) stop_on_error: bool,
    /// Continue after lines that fail; the exit code is that of the first
    #[arg(long)]
    pub(super) keep_going: bool,
    /// Write each line to standard error before it is run
    #[arg(long)]
    pub(super) echo: bool,
    /// Write the session down in this new file, as "transcript start" does
    #[arg(long, value_name = "FILE")]
    pub(super) transcript: Option<PathBuf>,
    /// Set a variable of the script: $NAME in a line stands for VALUE
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(super) variables: Vec<String>,
    /// Write answers in this format
    #[arg(short, long, value_name = "FORMAT")]
    pub(super) output: Option<Format>,
    /// Behave as fs_cli does, as under its name
    #[arg(long)]
    pub(super) as_fs_cli: bool,
    /// As fs_cli: leave with 1 when the server refuses, though fs_cli leaves with 0
    #[arg(long)]
    pub(super) fail_on_error: bool,
}

/// What is shown, and how.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "At the prompt")]
pub(super) struct Look {
    /// Use color: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    color: Color,
    /// No color
    #[arg(short, long)]
    no_color: bool,
    /// For screen readers and simple terminals: no color, states in words, no prompt drawn again
    #[arg(long)]
    pub(super) plain: bool,
    /// No color and no line editing; log lines (-l) go to standard output, also beside a pipe
    #[arg(short, long)]
    pub(super) batchmode: bool,
    /// Start with the server's log up to this level
    #[arg(short, long, value_name = "LEVEL")]
    loglevel: Option<String>,
    /// Start without log lines (the default)
    #[arg(short, long, overrides_with = "loglevel")]
    quiet: bool,
    /// Put the call's uuid in front of log lines
    #[arg(short = 'U', long)]
    log_uuid: bool,
    /// Put the first eight characters of the call's uuid in front of log lines
    #[arg(short = 'S', long)]
    log_uuid_short: bool,
    /// Show only log lines of this call
    #[arg(short, long, value_name = "UUID")]
    pub(super) set_log_uuid: Option<String>,
    /// Let Ctrl-C at an empty prompt leave
    #[arg(short, long)]
    interrupt: bool,
    /// Keep no history of typed lines
    #[arg(short = 'Q', long)]
    no_history_file: bool,
    /// How much this client logs about itself: 0 to 7
    #[arg(short, long, value_name = "LEVEL", default_value_t = 0, hide_default_value = true,
        value_parser = clap::value_parser!(u8).range(..=7))]
    pub(super) debug: u8,
}

fn port(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| "a port is a number from 1 to 65535".to_owned())
}

/// fs_cli's times are milliseconds.
fn milliseconds(text: &str) -> Result<Duration, String> {
    let span = time_span::parse_in(text, Duration::from_millis(1));
    span.ok_or_else(|| "milliseconds, or a number with a unit: 500ms, 5s, 2m".to_owned())
}

impl Args {
    /// What the options say, as values above those of any file.
    ///
    /// # Errors
    /// When a log level is none.
    pub(super) fn values(&self) -> Result<Section, String> {
        let (mut values, connection, look) = (Section::new(), &self.connection, &self.look);
        let mut put = |key, name, data| config::option(&mut values, key, name, data);
        let text = |text: &str| Some(Data::Text(text.to_owned()));
        put("host", "-H", connection.host.as_deref().and_then(text));
        put("port", "-P", connection.port.map(|port| Data::Number(u64::from(port))));
        put("user", "-u", connection.user.as_deref().and_then(text));
        put("password", "-p", connection.password.clone().map(Data::Secret));
        put("read_only", "--read-only", connection.read_only.then_some(Data::Flag(true)));
        put("retry", "-r", connection.retry.then_some(Data::Span(RETRY)));
        put("connect_timeout", "-T", connection.connect_timeout.and_then(limit));
        put("timeout", "-t", connection.timeout.and_then(limit));
        let level = look.loglevel.as_deref().map(|name| {
            level(name).ok_or_else(|| {
                format!("{name:?} is not a log level: debug, info, notice, ... or 0 to 7")
            })
        });
        put("log", "-l", level.transpose()?.and_then(text));
        put("log", "-q", if look.quiet { text("off") } else { None });
        put("log_uuid", "-S", if look.log_uuid_short { text("short") } else { None });
        put("log_uuid", "-U", if look.log_uuid { text("full") } else { None });
        put("interrupt", "-i", look.interrupt.then_some(Data::Flag(true)));
        put("history", "-Q", look.no_history_file.then_some(Data::Flag(false)));
        let color = match look.color {
            _ if look.no_color || look.plain || look.batchmode => text("never"),
            Color::Always => text("always"),
            Color::Never => text("never"),
            Color::Auto => None,
        };
        put("color", "--color", color);
        Ok(values)
    }
}

/// A time of nothing means no limit, as in fs_cli.
fn limit(span: Duration) -> Option<Data> {
    Some(Data::Span(if span.is_zero() { FOREVER } else { span }))
}

/// As long as anybody waits.
pub(super) const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// As long as fs_cli tries.
const RETRY: Duration = Duration::from_secs(120);

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Open the shell on a simulated switch with some traffic
    #[command(after_help = "Faults are those of: switchy sim --help")]
    Demo(DemoArgs),
    /// Open the shell on a transcript
    Replay(ReplayArgs),
    /// Serve a simulated switch to any event-socket client
    #[command(long_about = SIM_ABOUT, after_help = sim_examples())]
    Sim(ServeArgs),
    /// Check why a connection fails, or what is wrong with a server
    Doctor(DoctorArgs),
    /// Check, show or make the configuration
    Config {
        #[command(subcommand)]
        action: config::Action,
    },
    /// Print the completion script of a shell
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
    /// Print help; of a command of the prompt, too
    Help {
        /// A command, for example originate, or a topic of the prompt's "help"
        words: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    pub(super) connection: Connection,
    /// The sofia profile whose context is looked at
    #[arg(long, value_name = "PROFILE", default_value = "external")]
    pub(super) sofia_profile: String,
    /// Print a dial plan that parks every call, with a limit
    #[arg(long)]
    dialplan: bool,
    /// Write the answer in this format
    #[arg(short, long, value_name = "FORMAT")]
    pub(super) output: Option<Format>,
}

impl DoctorArgs {
    /// The line of the shell that does it, for all servers that are named.
    pub(super) fn line(&self) -> String {
        if self.dialplan {
            return "doctor --dialplan".to_owned();
        }
        format!("doctor --profile {}", self.sofia_profile)
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct ReplayArgs {
    /// Which file
    #[arg(value_name = "FILE")]
    pub(super) path: PathBuf,
    /// Only what was before: 19:15:39, or 2026-11-22T19:15:39Z
    #[arg(long, visible_alias = "at", value_name = "TIME", conflicts_with = "speed")]
    pub(super) until: Option<String>,
    /// Play it back at this multiple of the recorded speed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) speed: Option<u32>,
    #[command(flatten)]
    pub(super) script: Script,
    #[command(flatten)]
    pub(super) look: Look,
}

#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {
    #[command(flatten)]
    pub(super) sim: SimArgs,
    #[command(flatten)]
    pub(super) script: Script,
    #[command(flatten)]
    pub(super) look: Look,
}
