use crate::shell::commands::meta::{Describe, Group, Meta};
use std::time::Duration;

use crate::client::Client;
use crate::model::{Event, HangupCause, Id, Rows};
use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command::Outcome;
use crate::shell::commands::{confirm, leg_command};
use crate::shell::freeswitch::danger;
use crate::shell::settings::profile::Ruling;
use crate::shell::text::duration::whole_seconds;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;

/// Run a dial plan application on a leg
///
/// Its arguments go to the server word for word: options stand before the leg. Confirmed by
/// CHANNEL_EXECUTE; with --wait by CHANNEL_EXECUTE_COMPLETE, with its response. An application that
/// the server does not have is refused here: FreeSWITCH would hang the leg up.
///
/// Examples:
///   execute last playback ivr/ivr-welcome.wav
///   execute --wait 10 last set foo=bar
///   execute 1000 sleep 500
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) target: CallArg,
    /// The application
    #[arg(value_name = "APPLICATION")]
    application: String,
    /// Its arguments
    #[arg(value_name = "ARGS")]
    args: Option<String>,
    /// Wait until it is over, at most this long
    #[arg(long, value_name = "SECS", num_args = 0..=1, default_missing_value = "60", value_parser = whole_seconds::<u64>)]
    wait: Option<u64>,
    /// How long to wait until it begins
    #[arg(long, value_name = "SECS", default_value_t = 5, value_parser = whole_seconds::<u64>)]
    timeout: u64,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Leg).with_verbatim_tail(2);

    fn target(&self) -> Option<&CallArg> {
        Some(&self.target)
    }
}

impl Args {
    #[cfg(test)]
    pub(crate) fn tail(&self) -> &str {
        self.args.as_deref().unwrap_or_default()
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let (app, arg) = (args.application.as_str(), args.args.as_deref().unwrap_or_default().trim());
    if cx.ruling_inside(&format!("{app} {arg}")) == Some(Ruling::Deny) {
        return Err(confirm::forbidden());
    }
    let danger = danger::dangerous_application(app, arg);
    if let Some(why) = danger.filter(|_| !args.target.yes && !cx.shell.settings().is_unguarded) {
        return Err(CommandError::usage(format!("not sent: {why}"))
            .hint(format!("\"execute --yes {} {app} ...\" sends it", args.target.call)));
    }
    let leg = leg_command::leg(cx, &args.target, |_| true).await?;
    known(&cx.client()?, app).await?;
    let mark = Id::<Event>::random();
    let kind = if args.wait.is_some() { "CHANNEL_EXECUTE_COMPLETE" } else { "CHANNEL_EXECUTE" };
    let event = leg.expect(&[kind]).await?.with("Application-UUID", mark.as_str());
    leg.execute_as(app, arg, mark.as_str()).await?;
    let Some(wait) = args.wait else {
        let within = Duration::from_secs(args.timeout);
        let why = "what runs on the leg now has to end first";
        let outcome = leg_command::confirmed_or(event, within, why).await?;
        let done = if matches!(outcome, Outcome::Queued(_)) { "is to run" } else { "runs" };
        return leg_command::say(cx, leg.id(), format!("{done} {app} {arg}").trim_end(), &outcome);
    };
    let (event, outcome) = leg_command::confirmed(event, Duration::from_secs(wait)).await?;
    let response = event.get("Application-Response").unwrap_or_default();
    if has_failed(&response) {
        let message = format!("{app} failed on {}: {response}", leg.id());
        let err = CommandError::new(Kind::Refused, sanitise::line(&message).into_owned());
        return Err(if response.contains("NOT FOUND") {
            err.hint(
                "the path is one of the server's; a relative one begins in its sounds directory",
            )
        } else {
            err.hint("\"log debug\" shows what the server says about it")
        });
    }
    let said = if matches!(&*response, "" | "_none_") {
        format!("ran {app}")
    } else {
        format!("ran {app}: {response}")
    };
    leg_command::say(cx, leg.id(), &said, &outcome)
}

/// Whether what an application said at its end means that it did not do its work: a missing file, a
/// cause for which a bridge failed, `-ERR`.
fn has_failed(response: &str) -> bool {
    let lower = response.trim().to_ascii_lowercase();
    let cause = HangupCause::parse(response.trim());
    let is_cause = cause.is_known()
        && !["NORMAL_CLEARING", "SUCCESS", "NONE", "ATTENDED_TRANSFER", "BLIND_TRANSFER"]
            .contains(&cause.name());
    is_cause
        || lower == "nothing"
        || ["-err", "cannot", "not found", "not ready", "error", "fail", "got timeout", "not match"]
            .iter()
            .any(|word| lower.contains(word))
}

/// Refuses an application that the server does not have; it may not let us ask.
async fn known(client: &Client, app: &str) -> Result<(), CommandError> {
    let Ok(reply) = client.api("show application as json").await else { return Ok(()) };
    let Ok(table) = Rows::parse(&reply.text()) else { return Ok(()) };
    let names: Vec<&str> = table.rows.iter().filter_map(|row| row.get("name")?.as_str()).collect();
    // It may be in a row that could not be read.
    let is_whole = table.unreadable == 0 && !names.is_empty();
    if !is_whole || names.iter().any(|name| name.eq_ignore_ascii_case(app)) {
        return Ok(());
    }
    let err = CommandError::new(Kind::Refused, format!("the server has no application {app:?}"));
    let otherwise = "\"api show application\" lists them; a module may not be loaded";
    Err(err.meant(app, names, otherwise))
}

#[cfg(test)]
mod tests {
    use super::has_failed;

    #[limited::test]
    fn a_response_says_whether_it_worked() {
        for (response, expected) in [
            ("FILE NOT FOUND", true),
            ("PLAYBACK ERROR", true),
            ("PLAYBACK_FAILED - See FS logs for detail.", true),
            ("UNKNOWN ERROR", true),
            ("NOTHING", true),
            ("USER_BUSY", true),
            ("NO_ANSWER", true),
            ("-ERR failed to start tone detector", true),
            ("Cannot initialize Fax engine", true),
            ("Got timeout while waiting for video", true),
            ("FILE PLAYED", false),
            ("PHRASE PLAYED", false),
            ("BROADCAST_SENT", false),
            ("SUCCESS", false),
            ("NORMAL_CLEARING", false),
            ("+OK started", false),
            ("OK", false),
            ("_none_", false),
            ("", false),
        ] {
            assert_eq!(has_failed(response), expected, "{response:?}");
        }
    }
}
