use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::freeswitch::read_only;
use crate::shell::text::after_interrupt::AfterInterrupt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::listener::JobError;
use crate::model::{JobState, Outcome};
use crate::shell::commands::context::Context;
use crate::shell::commands::error_hints::advise;
use crate::shell::commands::{call_trace, confirm, whole_ids};
use crate::shell::freeswitch::danger;
use crate::shell::freeswitch::danger::Guard;
use crate::shell::freeswitch::server_command::facts;
use crate::shell::settings::profile::Ruling;
use crate::shell::text::brief::brief;
use crate::shell::text::duration::whole_seconds;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::view::{Cell, Format, View};

/// Run a command on the server and wait for its answer
///
/// What follows goes to the server word for word. A line that is no command of the shell is sent
/// in the same way, so "api" is only needed for a server command of the same name.
///
/// Examples:
///   api global_getvar local_ip_v4
///   api --timeout 60 reloadxml
///   sofia status profile internal
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Send it even if it can harm more than your own calls
    #[arg(long)]
    yes: bool,
    /// How long to wait for the answer
    #[arg(long, value_name = "SECS", value_parser = whole_seconds::<u64>)]
    timeout: Option<u64>,
    /// The command and its arguments
    #[arg(value_name = "API", required = true)]
    tail: String,
}

impl Describe for Args {
    const META: Meta = Meta::depends(Group::Server)
        .without_events()
        .with_verbatim_tail(0)
        .keeping_lists()
        .interrupted(AfterInterrupt::SENT);

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
    let line = whole_ids::in_line(cx, &args.tail).await?;
    clear_danger(cx, "api", &line, args.yes).await?;
    send(cx, &line, args.timeout, Via::Api).await
}

/// Sends a line that is no command of the shell.
pub(crate) async fn send_bare(cx: &mut Context<'_>, line: &str) -> Result<(), CommandError> {
    let line = &*whole_ids::in_line(cx, line).await?;
    clear_danger(cx, "api", line, false).await?;
    // An alias of the server can make something else of a word that only reads.
    let via = if cx.is_read_only() { Via::Api } else { Via::Console };
    send(cx, line, None, via).await
}

/// Commands that end calls of others, or the server, need a word more. What the configuration says
/// about a command comes before what we think of it.
pub(crate) async fn clear_danger(
    cx: &mut Context<'_>,
    verb: &str,
    line: &str,
    yes: bool,
) -> Result<(), CommandError> {
    let danger = match cx.ruling(line) {
        Some(Ruling::Deny) => return Err(confirm::forbidden()),
        Some(Ruling::Confirm) => Some("the configuration wants to be asked".to_owned()),
        Some(Ruling::Allow) => None,
        None if cx.shell.settings().is_unguarded => None,
        None => danger::danger(line, cx.guard()),
    };
    let Some(why) = danger.filter(|_| !yes) else { return Ok(()) };
    let line = line.trim_start_matches('/');
    let mut hint = format!("\"{verb} --yes {line}\" sends it");
    if line.to_ascii_lowercase().contains("hupall") {
        hint.push_str("; \"hupall\" alone ends your own calls, \"hupall --all\" asks first");
    }
    confirm::by_name(cx, &why, &hint).await
}

/// Clears what a command of the shell is about to send: its effect counts, not its verb. A strict
/// guard has asked about the command itself.
///
/// # Errors
/// When the configuration forbids it, or it is not confirmed; `sends_it` is a line that does it
/// without a question.
pub(crate) async fn clear_effect(
    cx: &mut Context<'_>,
    line: &str,
    sends_it: &str,
) -> Result<(), CommandError> {
    let danger = match cx.ruling_inside(line) {
        Some(Ruling::Deny) => return Err(confirm::forbidden()),
        Some(Ruling::Confirm) => Some("the configuration wants to be asked".to_owned()),
        _ if cx.shell.settings().is_unguarded => None,
        _ => danger::danger(line, Guard::Normal),
    };
    let Some(why) = danger else { return Ok(()) };
    confirm::by_name(cx, &why, &format!("\"{sends_it}\" sends it")).await
}

/// Whether a line may go out as fs_cli's `-x` sends it, and if so, whether the server may read its own
/// aliases and lists in it.
///
/// # Errors
/// What `read_only` and the lists of the configuration say against it.
#[cfg(feature = "cli")]
pub(crate) async fn clear_execute(cx: &mut Context<'_>, line: &str) -> Result<bool, CommandError> {
    let mut pieces = line.split(";;").map(str::trim).filter(|piece| !piece.is_empty());
    confirm::read_only(cx, pieces.all(danger::only_reads), line)?;
    clear_danger(cx, "api", line, false).await?;
    Ok(!cx.is_read_only())
}

/// How a line goes out: word for word, or as from the server's own console, with its aliases.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Via {
    Api,
    Console,
}

/// Sends a line and shows the answer; a failed one is an error with the server's text.
pub(crate) async fn send(
    cx: &mut Context<'_>,
    line: &str,
    timeout: Option<u64>,
    via: Via,
) -> Result<(), CommandError> {
    let within = timeout.map_or_else(|| cx.shell.settings().timeout, Duration::from_secs);
    let sent = if goes_behind(cx, line) {
        in_background(cx, line, within).await
    } else {
        directly(cx, line, within, via).await
    };
    let text = match sent {
        Ok(text) => {
            call_trace::note_line(cx.switch()?.client(), line).await;
            text
        }
        Err(err) => return Err(advise(&cx.verbs(), &*cx.switch()?, line, err).await),
    };
    match cx.format() {
        Format::Json | Format::Jsonl | Format::Csv => {
            // Many answers are JSON themselves: they are not wrapped again.
            if let Ok(document) = serde_json::from_str::<serde_json::Value>(&text)
                && cx.format() == Format::Json
                && document.is_object()
            {
                return cx.line(&format!("{document:#}"));
            }
            cx.view(&View::single(vec![
                ("command", Cell::text(line)),
                ("text", Cell::shown("", json!(text))),
            ]))
        }
        _ => cx.server_text(&text),
    }
}

/// Whether a line is better sent by bgapi: the prompt waits, and it shows results later.
fn goes_behind(cx: &Context<'_>, line: &str) -> bool {
    cx.operator().is_some()
        && facts(line).may_block
        && cx.listener().is_ok_and(|listener| listener.is_running())
}

/// Sends a line over the command connection. At the prompt one that takes long keeps it for itself:
/// what comes next gets another.
async fn directly(
    cx: &mut Context<'_>,
    line: &str,
    within: Duration,
    via: Via,
) -> Result<String, CommandError> {
    let switch = cx.switch()?;
    let client = switch.client();
    let asked = async {
        match via {
            Via::Api => client.api_within(line, within).await,
            Via::Console => client.console_within(line, within).await,
        }
    };
    let mut asked = std::pin::pin!(asked);
    let reply = match tokio::time::timeout(HELD_UP, asked.as_mut()).await {
        Ok(reply) => reply?,
        Err(_slow) => {
            if cx.operator().is_some() {
                let switch = Arc::clone(&switch);
                let _task = tokio::spawn(async move { switch.reconnect_if_busy().await });
            }
            asked.await?
        }
    };
    Ok(reply.text())
}

/// Sends a line by bgapi and waits for its result, which is shown later after Ctrl-C.
async fn in_background(
    cx: &mut Context<'_>,
    line: &str,
    within: Duration,
) -> Result<String, CommandError> {
    let mut awaited = cx.suppress_job_line(line);
    let job = cx.client()?.bgapi(line).await?;
    awaited.is_job(job.id().as_str());
    let result = job.get(within).await;
    match (job.state(), result) {
        // The whole text: `get` takes `+OK` off.
        (JobState::Done(Outcome::Ok(text)), Ok(_value)) => {
            awaited.answered();
            // What comes by `api` says so when there is nothing to say.
            Ok(if text.is_empty() { "-ERR no reply".to_owned() } else { text })
        }
        (_, Err(JobError::TimedOut { after })) => {
            let seconds = after.as_secs_f64();
            let message = format!("no answer within {seconds} s: {}", brief(line));
            Err(CommandError::new(Kind::TimedOut, message).hint(format!(
                "it still runs as job {}, and its result appears above the prompt; \
                 \"api --timeout SECS ...\" waits longer",
                job.id().short()
            )))
        }
        (JobState::Done(_), Err(err)) => {
            awaited.answered();
            Err(err.into())
        }
        (_, Err(err)) => Err(err.into()),
        (_, Ok(text)) => Ok(text),
    }
}

/// A command that has no answer by then holds up its connection.
const HELD_UP: Duration = Duration::from_millis(400);
