//! Commands and applications with the same effect: what forbids one of them forbids the others.

use super::reach::Effect;
use crate::shell::freeswitch::server_command::{Role, application, facts, unquoted, verb_of};

/// The commands that do what this one does, for rules that name those.
pub(super) fn as_commands(effect: &Effect) -> Vec<String> {
    let line = effect.line();
    let rest = unquoted(verb_of(&line).1).to_ascii_lowercase();
    let found = match effect {
        Effect::Command(line) => facts(line),
        Effect::Application { name, .. } => application(name),
    };
    // Modules take that event for the end of FreeSWITCH itself.
    let is_end = found.role == Some(Role::Fires) && rest.contains("event-name=shutdown");
    let found = if is_end { facts("shutdown") } else { found };
    found.same().map(|command| format!("{command} {rest}")).collect()
}
