use crate::conn::Config;
use crate::shell::commands::checks;
use crate::shell::commands::checks::report::Report;
use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::duration::whole_seconds;
use crate::shell::text::error::{CommandError, Kind};

/// Check why a connection fails, or why a call cannot work
///
/// Without a target it is the current switch. Each check says what was found and, where something is
/// wrong, which line of the configuration to change. Nothing is changed. Behind "originate" stands
/// what would be dialled: endpoint, gateway, user, extension and application are looked at.
///
/// Examples:
///   doctor
///   doctor pbx1
///   doctor originate user/1000 &park
///   doctor --dialplan
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which server, or "originate" and a dial string
    #[arg(value_name = "HOST")]
    pub(in crate::shell) target: Vec<String>,
    /// The port of the event socket
    #[arg(short = 'P', long)]
    port: Option<u16>,
    /// Log in as a directory user
    #[arg(short, long, value_name = "USER@DOMAIN")]
    user: Option<String>,
    /// The password; SWITCHY_PASSWORD is safer
    #[arg(short, long)]
    password: Option<String>,
    /// The sofia profile whose context is looked at
    #[arg(long, value_name = "PROFILE", default_value = "external")]
    profile: String,
    /// Print a dial plan that parks every call, with a limit
    #[arg(long)]
    dialplan: bool,
    /// The limit of a parked call in that dial plan
    #[arg(long, value_name = "SECS", default_value_t = 3600, value_parser = whole_seconds::<u32>)]
    park_timeout: u32,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Connection).without_events().with_verbatim_tail(0);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    if args.dialplan {
        return cx.line(&checks::park_only(args.park_timeout));
    }
    let mut report = Report::default();
    // Such a line comes as one word, as it was typed.
    let line = args.target.first().and_then(|line| line.strip_prefix("originate"));
    if let Some(line) = line.filter(|line| line.is_empty() || line.starts_with(' ')) {
        if line.trim().is_empty() {
            return Err(CommandError::usage("what shall be dialled?")
                .hint("type \"doctor originate user/1000 &park\""));
        }
        checks::originate(&cx.client()?, line, &mut report).await;
        return report.write(cx, Kind::Refused);
    }
    let config = config(cx, args)?;
    let Some(client) = checks::connect(&config, &mut report).await else {
        return report.write(cx, Kind::Connection);
    };
    checks::server(&client, &args.profile, cx.is_read_only(), &mut report).await;
    client.disconnect().await;
    report.write(cx, Kind::Refused)
}

/// The server that is asked about: a connected one by its name, or any other.
fn config(cx: &Context<'_>, args: &Args) -> Result<Config, CommandError> {
    let defaults = cx.shell.settings().login;
    let config = match args.target.as_slice() {
        [] => match cx.switch() {
            Ok(switch) => switch.client().config(),
            Err(_none) => Config::new("127.0.0.1").with_login(defaults.login().clone()),
        },
        [name] => match cx.shell.switch(name) {
            Ok(switch) => switch.client().config(),
            Err(_other) => Config::new(name).with_login(defaults.login().clone()),
        },
        [_, more, ..] => {
            return Err(CommandError::usage(format!("one server at a time, not {more:?} as well"))
                .hint("\"@all doctor\" checks all that are connected"));
        }
    };
    let config = args.port.map_or_else(|| config.clone(), |port| config.clone().with_port(port));
    let config = match &args.user {
        Some(user) => config.with_user(user),
        None => config,
    };
    Ok(match &args.password {
        Some(password) => config.with_password(password),
        None => config,
    })
}
