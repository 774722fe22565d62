use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::after_interrupt::AfterInterrupt;
use std::sync::Arc;

use crate::conn::Config;
use crate::shell::commands::context::Context;
use crate::shell::session::completeness;
use crate::shell::session::switch::Switch;
use crate::shell::settings::profile::{PASSWORD_TRIES, Password, Profile, password_question};
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::view::counted;

/// Connect to servers, and make the last one current
///
/// A target is a profile of the configuration, a host with an optional port, unix:PATH,
/// ssh://USER@HOST, or "sim": a simulated switch in this process.
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

impl Describe for Args {
    const META: Meta =
        Meta::reads(Group::Connection).without_events().waited_for().interrupted(AfterInterrupt {
            continues: None,
            hint: Some("\"hosts\" shows what is connected"),
        });
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    if args.targets.is_empty() {
        let switch = cx.switch()?;
        let known = switch.profile();
        let config = switch.client().config();
        let profile = known.unwrap_or_else(|| Profile::new(switch.name(), config));
        return connect(cx, &profile, true).await;
    }
    for target in &args.targets {
        if target == "sim" {
            connect_sim(cx).await?;
        } else {
            connect(cx, &args.profile(cx, target), args.password.is_none()).await?;
        }
    }
    Ok(())
}

#[cfg(feature = "sim")]
async fn connect_sim(cx: &mut Context<'_>) -> Result<(), CommandError> {
    let config = cx.shell.start_sim(crate::sim::Config::new()).await?;
    let name = cx.shell.free_name("sim");
    connect(cx, &Profile::new(&name, config), false).await
}

#[cfg(not(feature = "sim"))]
async fn connect_sim(_: &mut Context<'_>) -> Result<(), CommandError> {
    let err = CommandError::usage("this program was built without the feature \"sim\"");
    Err(err.hint("build it with the feature \"sim\" to have a simulated switch, or name a server"))
}

impl Args {
    /// The profile of this name, or a host of it, with what the options say.
    fn profile(&self, cx: &Context<'_>, target: &str) -> Profile {
        let mut profile = cx.shell.profile(target).unwrap_or_else(|| {
            let login = cx.shell.settings().login;
            Profile::new(target, Config::new(target).with_login(login.login().clone()))
        });
        if let Some(port) = self.port {
            profile.config = profile.config.with_port(port);
        }
        if let Some(user) = &self.user {
            profile.config = profile.config.with_user(user);
        }
        if let Some(password) = &self.password {
            profile.config = profile.config.with_password(password);
            profile.password = Password::Given;
        }
        profile
    }
}

/// Connects; the operator at a prompt is asked for the password, and again, while it is wrong.
async fn open(
    cx: &mut Context<'_>,
    profile: &Profile,
    asks: bool,
) -> Result<Arc<Switch>, CommandError> {
    let mut opened = cx.shell.open_for(cx.operator(), profile).await;
    let Some(operator) = cx.operator().filter(|_| asks).cloned() else { return opened };
    let mut profile = profile.clone();
    for tried in 0..PASSWORD_TRIES {
        match &opened {
            Err(err) if err.is_wrong_password() => {
                if tried > 0 {
                    cx.line(&sanitise::line(&err.message))?;
                }
            }
            _ => break,
        }
        let Some(password) = operator.ask_password(&password_question(&profile.config)).await
        else {
            return Err(CommandError::new(Kind::Interrupted, "no password was given"));
        };
        profile.config = profile.config.with_password(password);
        profile.password = Password::Given;
        opened = cx.shell.open_for(Some(&operator), &profile).await;
    }
    opened
}

async fn connect(cx: &mut Context<'_>, profile: &Profile, asks: bool) -> Result<(), CommandError> {
    let switch = open(cx, profile, asks).await?;
    let listener = switch.listener();
    let calls = listener.with(|tracker| tracker.call_count());
    let address = switch.address();
    let calls = match completeness::of_calls(&switch) {
        Some(gap) if listener.is_connected() => gap.error("calls").message,
        _ => counted(calls, "call"),
    };
    cx.line(&format!("connected to {address} ({})", sanitise::line(&calls)))?;
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
    for line in &profile.on_connect {
        cx.nested(line).await?;
    }
    Ok(())
}

#[cfg(test)]
#[cfg(not(feature = "sim"))]
mod tests {
    use crate::shell::session::Shell;
    use crate::shell::settings::Settings;
    use crate::shell::view::output::Output;

    #[limited::test]
    async fn without_a_simulated_switch_the_error_names_the_feature() {
        let shell = Shell::new(Settings::default(), None, false);
        let mut out = String::new();
        let err = shell.run_line("connect sim", Output::new(&mut out)).await.unwrap_err();
        assert!(err.message.contains("feature \"sim\""), "{err:?}");
        assert!(shell.switches().is_empty(), "{out}");
    }
}
