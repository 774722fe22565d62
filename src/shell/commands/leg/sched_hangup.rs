use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::meta::{Describe, Group, Meta};
use std::time::Duration;

use tokio::time::Instant;

use crate::client::Client;
use crate::model::HangupCause;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::commands::leg_command::On;
use crate::shell::text::error::CommandError;
use crate::shell::view::counted;

/// Let a leg end by itself after a time, or take that back
///
/// Confirmed by ADD_SCHEDULE. Several may be set: the first one ends the leg. "why ID" shows them.
///
/// Examples:
///   sched-hangup last 300
///   sched-hangup 1000 60 ALLOTTED_TIMEOUT
///   sched-hangup last --cancel
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) on: On,
    /// After how long
    #[arg(value_name = "SECS", required_unless_present = "cancel",
        value_parser = clap::value_parser!(u32).range(1..))]
    seconds: Option<u32>,
    /// Why, as a FreeSWITCH hangup cause
    #[arg(value_name = "CAUSE", default_value = "ALLOTTED_TIMEOUT")]
    cause: String,
    /// Take back whatever was scheduled for the leg
    #[arg(long, conflicts_with = "seconds")]
    cancel: bool,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Leg);

    fn target(&self) -> Option<&CallArg> {
        Some(&self.on.target)
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = leg_command::leg(cx, &args.on.target, |_| true).await?;
    let Some(seconds) = args.seconds else {
        let text = cx.client()?.cmd(&format!("sched_del {}", leg.id())).await?;
        let count = text.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0);
        if count > 0 {
            leaves_the_table(&cx.client()?, leg.id().as_str()).await;
        }
        return cx.line(&format!("{} {} taken back", leg.id(), counted(count, "task")));
    };
    let cause = HangupCause::parse(&args.cause);
    let event = leg.expect(&["ADD_SCHEDULE"]).await?.named_by("Task-Group");
    leg.sched_hangup(Duration::from_secs(seconds.into()), &cause).await?;
    let (_, outcome) = leg_command::confirmed(event, args.on.within()).await?;
    leg_command::say(cx, leg.id(), &format!("ends in {seconds} s with {cause}"), &outcome)
}

/// Waits until the server's table of tasks, which lags behind, has none of a leg: what asks next,
/// as "why" does, sees what is so.
async fn leaves_the_table(client: &Client, uuid: &str) {
    let end = Instant::now() + Duration::from_secs(2);
    while Instant::now() < end {
        match client.cmd("show tasks").await {
            Ok(table) if table.contains(uuid) => tokio::time::sleep(LOOK).await,
            // Who may not ask does not see them either.
            Ok(_) | Err(_) => break,
        }
    }
}

/// How often the table is looked at.
const LOOK: Duration = Duration::from_millis(50);
