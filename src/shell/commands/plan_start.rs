//! Whether a dial plan took a leg, after it was sent to an extension.
//!
//! FreeSWITCH says nothing when no extension matches. Extensions with `continue="true"` run before,
//! and set variables for any number; after the last application of the plan FreeSWITCH hangs up with
//! NORMAL_CLEARING (`switch_core_state_machine.c`, `switch_core_standard_on_execute`). So an
//! application counts as the extension's own once it holds the leg, or ends it.

use std::time::Duration;

use tokio::time::Instant;

use super::leg_command::Outcome;
use crate::client::{Error, Expect};
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;

/// The events to wait for.
pub(super) const EVENTS: &[&str] = &["CHANNEL_EXECUTE", "CHANNEL_EXECUTE_COMPLETE"];

/// Waits for the application that the leg stays in; returns its name.
///
/// # Errors
/// When the dial plan ended, or no application ran in time.
pub(super) async fn wait_for_application(
    mut events: Expect,
    target: &str,
    within: Duration,
) -> Result<(String, Outcome), CommandError> {
    let start = Instant::now();
    let deadline = start + within;
    let mut plan = Plan::default();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = if plan.may_hold() { left.min(HOLDS) } else { left };
        match events.next_within(wait).await {
            Ok(event) => {
                let text = |name: &str| event.get(name).unwrap_or_default().into_owned();
                let mark = text("Application-UUID");
                if event.kind() == "CHANNEL_EXECUTE_COMPLETE" {
                    plan.complete(&mark);
                    continue;
                }
                plan.execute(text("Application"), mark, start.elapsed());
            }
            Err(Error::NotConfirmed { .. }) if plan.may_hold() || plan.current.is_some() => {}
            Err(Error::NotConfirmed { .. }) if !plan.ran.is_empty() => {
                return Err(CommandError::new(
                    Kind::TimedOut,
                    format!("{} ran, and nothing after it in time", plan.names()),
                )
                .hint("--timeout waits longer"));
            }
            // The leg ended inside an application: that one was the extension's own.
            Err(Error::Gone { .. }) if plan.current.is_some() => {}
            Err(Error::Gone { uuid, cause }) => {
                let message = match plan.names() {
                    names if names.is_empty() => format!("{uuid} is gone: {cause}"),
                    names => format!("{uuid} ran {names}, then its dial plan ended: {cause}"),
                };
                return Err(CommandError::new(
                    Kind::Refused,
                    sanitise::line(&message).into_owned(),
                )
                .hint(format!("no extension matches {target}, or it does no more than that")));
            }
            Err(err) => {
                return Err(CommandError::from(err)
                    .hint(format!("no application of {target} ran; does it exist?")));
            }
        }
        if let Some(app) = plan.own(start.elapsed()) {
            let outcome = Outcome::Done("CHANNEL_EXECUTE".to_owned(), app.after);
            return Ok((app.name.clone(), outcome));
        }
    }
}

/// What the leg has run so far.
#[derive(Debug, Default)]
struct Plan {
    ran: Vec<String>,
    current: Option<App>,
}

#[derive(Debug)]
struct App {
    name: String,
    mark: String,
    after: Duration,
}

impl Plan {
    fn execute(&mut self, name: String, mark: String, after: Duration) {
        self.ran.push(name.clone());
        self.current = Some(App { name, mark, after });
    }

    /// One has ended; those of before the transfer are not ours.
    fn complete(&mut self, mark: &str) {
        self.current.take_if(|app| app.mark == mark);
    }

    /// Whether an application runs that may be over in an instant.
    fn may_hold(&self) -> bool {
        self.current.as_ref().is_some_and(|app| !PASSING.contains(&app.name.as_str()))
    }

    /// The application that has the leg, once that is sure.
    fn own(&self, now: Duration) -> Option<&App> {
        let app = self.current.as_ref()?;
        let name = app.name.as_str();
        let is_sure = HOLDING.contains(&name) || now.saturating_sub(app.after) >= HOLDS;
        is_sure.then_some(app)
    }

    fn names(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for name in &self.ran {
            if names.last() != Some(&name.as_str()) {
                names.push(name);
            }
        }
        names.join(", ")
    }
}

/// An application that takes longer than this has the leg.
const HOLDS: Duration = Duration::from_millis(300);

/// Applications that hold a leg, or end it, for sure.
const HOLDING: &[&str] = &[
    "bert_test",
    "bridge",
    "callcenter",
    "conference",
    "deflect",
    "delay_echo",
    "echo",
    "endless_playback",
    "fifo",
    "hangup",
    "ivr",
    "loop_playback",
    "park",
    "playback",
    "record",
    "redirect",
    "respond",
    "valet_park",
    "voicemail",
];

/// Applications that never hold a leg, however long they take.
const PASSING: &[&str] = &[
    "bridge_export",
    "db",
    "eval",
    "event",
    "export",
    "hash",
    "info",
    "log",
    "multiset",
    "push",
    "sched_hangup",
    "set",
    "set_global",
    "set_profile_var",
    "set_user",
    "unset",
    "unshift",
    "verbose_events",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn only_what_has_the_leg_is_the_extensions_own() {
        let ms = Duration::from_millis;
        let mut plan = Plan::default();
        plan.execute("set".to_owned(), "1".to_owned(), ms(5));
        assert!(plan.own(ms(6)).is_none() && !plan.may_hold());
        plan.complete("0");
        assert!(plan.current.is_some(), "the end of what ran before");
        plan.complete("1");
        plan.execute("answer".to_owned(), "2".to_owned(), ms(7));
        assert!(plan.own(ms(8)).is_none() && plan.may_hold());
        assert_eq!(plan.own(ms(400)).map(|app| app.name.as_str()), Some("answer"));
        plan.complete("2");
        assert!(plan.own(ms(900)).is_none());
        plan.execute("echo".to_owned(), "3".to_owned(), ms(10));
        assert_eq!(plan.own(ms(11)).map(|app| app.name.as_str()), Some("echo"));
        assert_eq!(plan.names(), "set, answer, echo");
    }
}
