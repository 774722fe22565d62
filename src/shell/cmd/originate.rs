use std::time::Duration;

use super::{CommandError, Context};
use crate::client::{Originate, is_dial_string};

/// Make a call
///
/// TARGET is USER@HOST[:PORT], called through a sofia profile or gateway, or FreeSWITCH's own form,
/// a dial string and what to run. Options stand before a dial string: it goes to the server word
/// for word. The job is returned at once; ringing, answer and end are told above the prompt.
///
/// Examples:
///   originate 9196@127.0.0.1:5080
///   originate park@127.0.0.1:5090 --app TonePlay --wait 10
///   originate --wait {origination_caller_id_name='Joe Smith'}user/1000 &park
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Whom to call
    #[arg(value_name = "TARGET")]
    target: String,
    /// Let a loaded app, by name or id, control the call
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Call through this sofia profile
    #[arg(long, value_name = "PROFILE", default_value = "external")]
    profile: String,
    /// Call through this gateway
    #[arg(long, value_name = "GATEWAY", conflicts_with = "profile")]
    gateway: Option<String>,
    /// Send the INVITE there, whatever TARGET says
    #[arg(long, value_name = "HOST:PORT")]
    proxy: Option<String>,
    /// Run this extension on the caller's side, instead of parking it
    #[arg(long, value_name = "EXTEN")]
    exten: Option<String>,
    /// The dialplan context of --exten
    #[arg(long, value_name = "CONTEXT", default_value = "default")]
    context: String,
    /// Set a channel variable
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// How long it may ring
    #[arg(long, value_name = "SECS", default_value_t = 60)]
    timeout: u32,
    /// Wait until it is answered, at most so long
    #[arg(long, value_name = "SECS", num_args = 0..=1, default_missing_value = "60")]
    wait: Option<u64>,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
}

impl Args {
    #[cfg(test)]
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// Whether nothing is sent.
    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    fn call(&self) -> Result<Originate, CommandError> {
        let mut call = if is_dial_string(&self.target) {
            Originate::verbatim(&self.target)
        } else {
            let call = Originate::to(&self.target).with_profile(&self.profile);
            match &self.exten {
                Some(exten) => call.with_dialplan(exten, "xml", &self.context),
                None => call,
            }
        };
        if let Some(gateway) = &self.gateway {
            call = call.with_gateway(gateway);
        }
        if let Some(proxy) = &self.proxy {
            call = call.with_proxy(proxy);
        }
        if let Some(app) = &self.app {
            call = call.with_app(app);
        }
        for variable in &self.variables {
            let Some((name, value)) = variable.split_once('=') else {
                return Err(CommandError::usage(format!("{variable:?} is no NAME=VALUE")));
            };
            call = call.with_variable(name, value);
        }
        Ok(call.with_timeout(self.timeout))
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let call = args.call()?;
    let client = cx.client()?;
    if args.dry_run {
        let line = client.dry_run(&call)?;
        return cx.line(&format!("bgapi {line}"));
    }
    let job = client.originate(&call).await?;
    cx.shell.set_latest(job.clone());
    let session = job.sess_uuid().map(ToString::to_string).unwrap_or_default();
    match args.wait {
        None => cx.line(&format!("{job} session {session}")),
        Some(seconds) => {
            cx.line(&job.to_string())?;
            let value = job.get(Duration::from_secs(seconds)).await?;
            cx.line(&format!("answered {value}"))
        }
    }
}
