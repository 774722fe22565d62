//! The command line.

use clap::{Parser, Subcommand};

use super::sim::{SIM_ABOUT, ServeArgs, SimArgs, sim_examples};
use super::terminal::Color;
use crate::conn::Config;
use crate::shell::Format;

/// A shell for people who run live FreeSWITCH servers
///
/// Without a command it opens a prompt. Commands of the shell and FreeSWITCH's own API commands
/// can be typed there, given with -x, or piped in, one a line.
#[derive(Debug, Parser)]
#[command(name = "switchy", version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) connection: Connection,
    /// Run this line and leave; may be repeated
    #[arg(short = 'x', long = "execute", value_name = "LINE")]
    pub(super) once: Vec<String>,
    /// Write answers in this format
    #[arg(short, long, value_name = "FORMAT")]
    pub(super) output: Option<Format>,
    /// Use color: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Color,
    /// Refuse whatever changes the server
    #[arg(long)]
    pub(super) read_only: bool,
    #[command(subcommand)]
    pub(super) action: Option<Action>,
}

const EXIT_CODES: &str = "Exit codes: 0 ok, 1 the server refused, 2 usage, 3 no connection or login, \
                          4 timeout, 5 partly done, 130 interrupted";

/// Where to connect and how.
#[derive(Debug, clap::Args)]
pub(super) struct Connection {
    /// Servers: HOST or HOST:PORT; the last one is current at the prompt
    #[arg(value_name = "TARGET", conflicts_with = "host")]
    targets: Vec<String>,
    /// The server
    #[arg(short = 'H', long)]
    host: Option<String>,
    /// The port of its event socket
    #[arg(short = 'P', long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Log in as a directory user
    #[arg(short, long, value_name = "USER@DOMAIN")]
    user: Option<String>,
    /// The password; SWITCHY_PASSWORD is safer, others can see this one
    #[arg(short, long)]
    password: Option<String>,
}

impl Connection {
    /// The servers by name, the stock one of this machine when none is named.
    pub(super) fn hosts(&self) -> Vec<(String, Config)> {
        let login = self.login();
        let stock = || self.host.clone().unwrap_or_else(|| "127.0.0.1".to_owned());
        let names = if self.targets.is_empty() { vec![stock()] } else { self.targets.clone() };
        names
            .into_iter()
            .map(|name| {
                let mut config = Config::new(&name).with_login(login.login().clone());
                if let Some(port) = self.port {
                    config = config.with_port(port);
                }
                (name, config)
            })
            .collect()
    }

    /// A configuration that carries the login only.
    pub(super) fn login(&self) -> Config {
        let mut config = Config::new("localhost");
        if let Some(user) = &self.user {
            config = config.with_user(user);
        }
        match self.password.clone().or_else(password_of_environment) {
            Some(password) => config.with_password(password),
            None => config,
        }
    }

    /// Whether a password was given: then a wrong one is not asked for again.
    pub(super) fn has_password(&self) -> bool {
        self.password.is_some() || password_of_environment().is_some()
    }
}

/// What SWITCHY_PASSWORD says; empty is not set.
fn password_of_environment() -> Option<String> {
    std::env::var("SWITCHY_PASSWORD").ok().filter(|password| !password.is_empty())
}

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Open the shell on a simulated switch with some traffic
    #[command(after_help = "Faults are those of: switchy sim --help")]
    Demo(DemoArgs),
    /// Serve a simulated switch to any event-socket client
    #[command(long_about = SIM_ABOUT, after_help = sim_examples())]
    Sim(ServeArgs),
    /// Print the completion script of a shell
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {
    #[command(flatten)]
    pub(super) sim: SimArgs,
    /// Run this line and leave; may be repeated
    #[arg(short = 'x', long = "execute", value_name = "LINE")]
    pub(super) once: Vec<String>,
    /// Write answers in this format
    #[arg(short, long, value_name = "FORMAT")]
    pub(super) output: Option<Format>,
}
