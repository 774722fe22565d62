//! Asking before what harms.

use super::context::Context;
use crate::shell::freeswitch::danger::Guard;
use crate::shell::settings::ReadOnly;
use crate::shell::settings::profile::Ruling;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;

/// Clears a command of the shell: what the configuration forbids is refused, and where every change
/// is confirmed, one that `changes` something is asked about. In a script it has been thought of.
///
/// # Errors
/// When it is forbidden, or not confirmed.
pub(super) async fn verb(
    cx: &mut Context<'_>,
    line: &str,
    changes: bool,
) -> Result<(), CommandError> {
    let why = match cx.ruling(line) {
        Some(Ruling::Deny) => return Err(forbidden()),
        Some(Ruling::Confirm) if cx.operator().is_none() => {
            return Err(CommandError::usage("not done: the configuration wants to be asked")
                .hint("its [guard] says so under confirm, and no one can answer here"));
        }
        Some(Ruling::Confirm) => "the configuration wants to be asked",
        Some(Ruling::Allow) => return Ok(()),
        None if changes && cx.guard() == Guard::Strict && cx.operator().is_some() => {
            "it changes the server, and the guard is strict"
        }
        None => return Ok(()),
    };
    let name = cx.switch()?.name().to_owned();
    let line = sanitise::line(line);
    let answer = cx.ask(&format!("{why}\n{line} on {name}: go on? [y/N]")).await?;
    if ["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)) {
        return Ok(());
    }
    Err(CommandError::new(Kind::Interrupted, "not confirmed, nothing was done"))
}

/// What the configuration's deny says.
pub(super) fn forbidden() -> CommandError {
    CommandError::new(Kind::Refused, "not sent: the configuration forbids it").hint(
        "its [guard] says so under deny, which also holds where a line hides what it runs; \
               \"switchy config show\" shows where",
    )
}

/// Has the operator type the name of the switch. Without an operator to ask it is refused, with the
/// form of the line that does it.
///
/// # Errors
/// A usage error without an operator to ask; [`Kind::Interrupted`] when the answer is not the name.
pub(super) async fn by_name(
    cx: &mut Context<'_>,
    why: &str,
    with_yes: &str,
) -> Result<(), CommandError> {
    if cx.operator().is_none() {
        return Err(CommandError::usage(format!("not sent: {why}")).hint(with_yes.to_owned()));
    }
    let name = cx.switch()?.name().to_owned();
    let answer = cx.ask(&format!("{why}\nType {name} to go on:")).await?;
    if answer == name {
        return Ok(());
    }
    let message = format!("{answer:?} is not {name}: nothing was sent");
    Err(CommandError::new(Kind::Interrupted, message).hint(with_yes.to_owned()))
}

/// Refuses what may change the server, in a session that shall not.
pub(super) fn read_only(
    cx: &Context<'_>,
    only_reads: bool,
    line: &str,
) -> Result<(), CommandError> {
    if only_reads || !cx.is_read_only() {
        return Ok(());
    }
    let line = sanitise::line(line);
    let err = CommandError::new(Kind::Refused, format!("read-only: {line} may change the server"));
    Err(match cx.shell.settings().read_only {
        ReadOnly::Always => err.hint("--read-only says so, or read_only = true below [defaults]"),
        ReadOnly::Off => err.hint("its profile has read_only = true"),
        ReadOnly::On => err.hint("\"set read-only off\" ends it"),
    })
}
