//! What may follow the typed text, shown but not inserted: the arguments of the command.

use super::{Shell, grammar};

/// The arguments that a line still lacks, the one at the cursor first; `None` when there is nothing
/// to say. `<REQUIRED>`, `[OPTIONAL]`.
#[must_use]
pub fn hint(shell: &Shell, line: &str) -> Option<String> {
    let rest = line.strip_prefix('@').map_or(Some(line), |tagged| {
        tagged.split_once(char::is_whitespace).map(|(_, rest)| rest)
    })?;
    let (verb, typed) = rest.split_once(char::is_whitespace)?;
    let arguments = match grammar::command(verb) {
        Some(command) if matches!(command.get_name(), "api" | "bgapi") => {
            return hint(shell, typed.trim_start());
        }
        Some(command) => of_grammar(&command),
        None => of_server(shell, verb)?,
    };
    let is_between = typed.is_empty() || typed.ends_with(char::is_whitespace);
    if !is_between && typed.split_whitespace().next_back().is_some_and(|word| word.starts_with('-'))
    {
        return None;
    }
    let words = typed.split_whitespace().filter(|word| !word.starts_with('-')).count();
    // The word at the cursor is an argument that has begun.
    let at = if is_between { words } else { words.saturating_sub(1) };
    let left = arguments.get(at..).filter(|left| !left.is_empty())?;
    let left = left.join(" ");
    Some(if is_between { left } else { format!("  {left}") })
}

fn of_grammar(command: &clap::Command) -> Vec<String> {
    let positionals = command.get_positionals().map(|argument| {
        let names = argument.get_value_names().unwrap_or_default();
        let name = names.first().map_or_else(|| argument.get_id().as_str(), |name| name.as_str());
        let more = match argument.get_action() {
            clap::ArgAction::Append => "...",
            _ => "",
        };
        if argument.is_required_set() {
            format!("<{name}>{more}")
        } else {
            format!("[{name}]{more}")
        }
    });
    let mut arguments: Vec<String> = positionals.collect();
    if command.get_name() == "originate" {
        arguments = vec!["<dial-string>".to_owned(), "<&app(args)|exten>".to_owned()];
        arguments.extend(["[dialplan]", "[context]"].map(str::to_owned));
    }
    let is_own = |option: &&clap::Arg| {
        !matches!(option.get_id().as_str(), "help" | "output") && !option.is_hide_set()
    };
    let options = command
        .get_opts()
        .chain(command.get_arguments().filter(|a| !a.get_action().takes_values()));
    let options = options.filter(is_own).filter_map(clap::Arg::get_long).take(OPTIONS);
    arguments.extend(options.map(|long| format!("[--{long}]")));
    arguments
}

/// From `show api`: `<uuid> [cause]`, split where no bracket is open.
fn of_server(shell: &Shell, verb: &str) -> Option<Vec<String>> {
    let catalog = shell.current()?.catalog();
    let syntax = &catalog.api(verb)?.syntax;
    let (mut arguments, mut depth) = (vec![String::new()], 0_i32);
    for letter in syntax.chars() {
        depth += i32::from(matches!(letter, '<' | '[' | '(' | '{'));
        depth -= i32::from(matches!(letter, '>' | ']' | ')' | '}'));
        match arguments.last_mut() {
            Some(last) if !(letter.is_whitespace() && depth <= 0) => last.push(letter),
            _ => arguments.push(String::new()),
        }
    }
    arguments.retain(|argument| !argument.is_empty());
    Some(arguments)
}

/// Options named at most.
const OPTIONS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::Settings;

    #[test]
    fn arguments_of_our_own() {
        let shell = Shell::new(Settings::default(), None, false);
        for (line, expected) in [
            ("hangup ", Some("<CALL> [CAUSE]")),
            ("hangup 6c1d", Some("  <CALL> [CAUSE]")),
            ("hangup last ", Some("[CAUSE]")),
            ("@pbx1 hangup last ", Some("[CAUSE]")),
            ("hangup last USER_BUSY ", None),
            ("hangup", None),
            ("originate user/1000 ", Some("<&app(args)|exten> [dialplan] [context]")),
            ("nosuch ", None),
            ("", None),
        ] {
            let found = hint(&shell, line);
            let found = found.as_deref();
            let is_so = match (found, expected) {
                (Some(found), Some(expected)) => found.starts_with(expected),
                (found, expected) => found == expected,
            };
            assert!(is_so || found.is_some_and(|f| f.starts_with("[--")), "{line:?}: {found:?}");
        }
    }
}
