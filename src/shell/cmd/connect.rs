use super::{CommandError, Context};
use crate::conn::Config;
use crate::shell::render::counted;
use crate::shell::sanitise;
use crate::sim;

/// Connect to servers, and make the last one current
///
/// A target is a host with an optional port, or "sim": a simulated switch in this process.
/// Without a target the current switch is connected again.
///
/// Examples:
///   connect pbx1
///   connect 10.0.0.1:8022 --user 1000@pbx.example.com
///   connect sim
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Where to
    #[arg(value_name = "HOST")]
    targets: Vec<String>,
    /// The port of the event socket
    #[arg(short = 'P', long)]
    port: Option<u16>,
    /// Log in as a directory user
    #[arg(short, long, value_name = "USER@DOMAIN")]
    user: Option<String>,
    /// The password; SWITCHY_PASSWORD or the prompt are safer
    #[arg(short, long)]
    password: Option<String>,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    if args.targets.is_empty() {
        let switch = cx.switch()?;
        let config = switch.client().config();
        return connect(cx, switch.name(), config).await;
    }
    for target in &args.targets {
        if target == "sim" {
            let config = cx.shell.start_sim(sim::Config::new()).await?;
            let name = cx.shell.free_name("sim");
            connect(cx, &name, config).await?;
        } else {
            let config = args.config(target, &cx.shell.settings().login);
            connect(cx, target, config).await?;
        }
    }
    Ok(())
}

impl Args {
    fn config(&self, target: &str, defaults: &Config) -> Config {
        let mut config = Config::new(target).with_login(defaults.login().clone());
        if let Some(port) = self.port {
            config = config.with_port(port);
        }
        if let Some(user) = &self.user {
            config = config.with_user(user);
        }
        match &self.password {
            Some(password) => config.with_password(password),
            None => config,
        }
    }
}

async fn connect(cx: &mut Context<'_>, name: &str, config: Config) -> Result<(), CommandError> {
    let switch = cx.shell.connect(name, config).await?;
    let listener = switch.listener();
    let calls = listener.with(|tracker| tracker.call_count());
    let address = switch.address();
    cx.line(&format!("connected to {address} ({})", counted(calls, "call")))?;
    if let Ok(connection) = switch.client().connection() {
        let rights = connection.permissions();
        for (what, names) in [("api", &rights.api), ("events", &rights.events)] {
            if let Some(names) = names {
                cx.line(&format!("this login may {what}: {}", sanitise::line(&names.join(" "))))?;
            }
        }
        if rights.log == Some(false) {
            cx.line("this login may not see the log")?;
        }
    }
    Ok(())
}
