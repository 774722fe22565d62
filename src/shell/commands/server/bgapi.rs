use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::freeswitch::read_only;
use crate::shell::text::after_interrupt::AfterInterrupt;
use std::time::Duration;

use crate::shell::commands::context::Context;
use crate::shell::commands::error_hints::advise;
use crate::shell::commands::job_started::started;
use crate::shell::commands::whole_ids;
use crate::shell::text::duration::whole_seconds;
use crate::shell::text::error::CommandError;

/// Run a command in the background on the server
///
/// Returns at once; the result appears above the prompt and kept in "jobs". A script that has not
/// asked for it (--wait, "wait") gets it at its end, and fails when the job did; "exit" as its last
/// line waits for none.
///
/// Examples:
///   bgapi reloadxml
///   bgapi --wait 30 originate user/1000 &park
///   bgapi msleep 5000
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Send it even if it can harm more than your own calls
    #[arg(long)]
    yes: bool,
    /// Wait for the result, at most this long
    #[arg(long, value_name = "SECS", num_args = 0..=1, default_missing_value = "60", value_parser = whole_seconds::<u64>)]
    wait: Option<u64>,
    /// The command and its arguments
    #[arg(value_name = "API", required = true)]
    tail: String,
}

impl Describe for Args {
    const META: Meta = Meta::depends(Group::Server)
        .with_verbatim_tail(0)
        .keeping_lists()
        .interrupted(AfterInterrupt::JOB);

    fn only_reads(&self) -> bool {
        read_only::only_reads(self.tail())
    }

    fn confirms_itself(&self) -> bool {
        true
    }
}

impl Args {
    pub(crate) fn tail(&self) -> &str {
        &self.tail
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let line = &*whole_ids::in_line(cx, &args.tail).await?;
    super::api::clear_danger(cx, "bgapi", line, args.yes).await?;
    let job = match cx.client()?.bgapi(line).await {
        Ok(job) => job,
        Err(err) => return Err(advise(&cx.verbs(), &*cx.switch()?, line, err.into()).await),
    };
    match args.wait {
        None => {
            cx.shell.leave(&job, &cx.switch()?, false);
            started(cx, &job)
        }
        Some(seconds) => match job.get(Duration::from_secs(seconds)).await {
            Ok(text) => cx.server_text(&text),
            Err(err) => Err(advise(&cx.verbs(), &*cx.switch()?, line, err.into()).await),
        },
    }
}
