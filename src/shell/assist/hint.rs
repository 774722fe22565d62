//! What may follow the typed text, shown but not inserted: the arguments of the command.

use super::complete;
use crate::client::is_dial_string;
use crate::shell::commands::grammar;
use crate::shell::run::redirect::{Tail, tail};
use crate::shell::run::typed::last_piece;
use crate::shell::session::Shell;
use crate::shell::text::words::split_host;

/// The arguments that a line still lacks, the one at the cursor first; `None` when there is nothing
/// to say. `<REQUIRED>`, `[OPTIONAL]`.
#[must_use]
pub fn hint(shell: &Shell, line: &str) -> Option<String> {
    if tail(line) != Tail::Command {
        return None;
    }
    of_command(shell, split_host(last_piece(line)).1.trim_start(), false)
}

/// As [`hint`], for one command, which perhaps `is_servers` although the shell has one of that name.
fn of_command(shell: &Shell, line: &str, is_servers: bool) -> Option<String> {
    let (verb, typed) = line.split_once(char::is_whitespace)?;
    let is_between = typed.is_empty() || typed.ends_with(char::is_whitespace);
    let mut words: Vec<&str> = typed.split_whitespace().collect();
    if matches!(verb, "api" | "bgapi") {
        let inner = complete::tail(&words).join(" ");
        return of_command(shell, &if is_between { inner + " " } else { inner }, true);
    }
    // The word at the cursor is an argument that has begun.
    let begun = if is_between { None } else { words.pop() };
    // The shell knows more of `originate` than the server's syntax says.
    let own = grammar::command(verb).filter(|_| !is_servers || verb == "originate");
    let left: Vec<String> = match own {
        Some(command) => of_grammar(&command, &words, begun)?,
        None => of_server(shell, verb)?.into_iter().skip(words.len()).collect(),
    };
    if left.is_empty() {
        return None;
    }
    let left = left.join(" ");
    Some(if is_between { left } else { format!("  {left}") })
}

/// What a command of ours still takes behind these words, the last of which has perhaps `begun`.
fn of_grammar(command: &clap::Command, words: &[&str], begun: Option<&str>) -> Option<Vec<String>> {
    if begun.is_some_and(|word| word.starts_with('-')) {
        return None;
    }
    let option_of = |word: &str| {
        command.get_arguments().find(|option| {
            option.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long))
                || option.get_short().is_some_and(|short| word == format!("-{short}"))
        })
    };
    let takes_filter = option_of("--where").is_some();
    let (mut first, mut count, mut used) = (begun, 0, Vec::new());
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        if takes_filter && word.eq_ignore_ascii_case("where") {
            return (rest.next().is_none() && begun.is_none()).then(|| vec![FILTER.to_owned()]);
        }
        let Some(option) = option_of(word) else {
            if !word.starts_with('-') {
                if count == 0 {
                    first = Some(*word);
                }
                count += 1;
            }
            continue;
        };
        used.push(option.get_id());
        let has_value = option.get_action().takes_values();
        let is_optional = option.get_num_args().is_some_and(|range| range.min_values() == 0);
        let is_number = |word: &&&str| word.bytes().all(|byte| byte.is_ascii_digit());
        if !has_value || (is_optional && !rest.peek().is_some_and(is_number)) {
            continue;
        }
        if rest.next().is_none() {
            return Some(vec![format!("<{}>", name_of(option))]);
        }
    }
    let mut arguments = positionals(command, count);
    // What FreeSWITCH takes itself goes there as it is: options of ours would go with it.
    if command.get_name() == "originate" && !first.is_some_and(is_address) {
        let template = ["<dial-string>", "<&app(args)|exten>", "[dialplan]", "[context]"];
        arguments = template.into_iter().skip(count).map(str::to_owned).collect();
        if first.is_some() {
            return Some(arguments);
        }
    }
    let is_own = |option: &&clap::Arg| {
        let is_shared = matches!(option.get_id().as_str(), "help" | "output");
        !is_shared && !option.is_hide_set() && !used.contains(&option.get_id())
    };
    let options = command
        .get_opts()
        .chain(command.get_arguments().filter(|a| !a.get_action().takes_values()));
    let options = options.filter(is_own).filter_map(clap::Arg::get_long).take(OPTIONS);
    arguments.extend(options.map(|long| match long {
        "where" => "[where FILTER]".to_owned(),
        long => format!("[--{long}]"),
    }));
    Some(arguments)
}

/// The positional arguments after the first `count`.
fn positionals(command: &clap::Command, count: usize) -> Vec<String> {
    let repeats = |argument: &clap::Arg| matches!(argument.get_action(), clap::ArgAction::Append);
    let mut left: Vec<_> = command.get_positionals().skip(count).collect();
    // One that repeats is asked for once.
    let is_again = left.is_empty();
    if is_again {
        left.extend(command.get_positionals().last().filter(|last| repeats(last)));
    }
    let written = left.into_iter().map(|argument| {
        let name = name_of(argument);
        let more = if repeats(argument) { "..." } else { "" };
        match argument.is_required_set() && !is_again {
            true => format!("<{name}>{more}"),
            false => format!("[{name}]{more}"),
        }
    });
    written.collect()
}

fn name_of(argument: &clap::Arg) -> &str {
    let names = argument.get_value_names().unwrap_or_default();
    names.first().map_or_else(|| argument.get_id().as_str(), |name| name.as_str())
}

/// Whether a call goes to `NUMBER@HOST` or a name, and not to a dial string.
fn is_address(target: &str) -> bool {
    target.contains('@') && !is_dial_string(target)
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

/// What follows `where`.
const FILTER: &str = "<FIELD=VALUE> [and|or ...]";
/// Options named at most.
const OPTIONS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::settings::Settings;

    #[limited::test]
    fn arguments_of_our_own() {
        let shell = Shell::new(Settings::default(), None, false);
        for (line, expected) in [
            ("hangup ", Some("<CALL> [CAUSE] [--timeout] [--yes]")),
            ("hangup 6c1d", Some("  <CALL> [CAUSE] [--timeout] [--yes]")),
            ("hangup last ", Some("[CAUSE] [--timeout] [--yes]")),
            ("@pbx1 hangup last ", Some("[CAUSE] [--timeout] [--yes]")),
            ("calls;; hangup last ", Some("[CAUSE] [--timeout] [--yes]")),
            // An option and its value are no arguments, and not offered again.
            ("hangup --timeout ", Some("<SECS>")),
            ("hangup --timeout 5", Some("  <SECS>")),
            ("hangup --timeout 5 ", Some("<CALL> [CAUSE] [--yes]")),
            ("hangup last USER_BUSY --timeout 5 -y", None),
            ("hangup last USER_BUSY --timeout 5 ", Some("[--yes]")),
            ("hangup --t", None),
            ("hangup", None),
            ("getvar last ", Some("<NAME>...")),
            ("calls where ", Some("<FIELD=VALUE> [and|or ...]")),
            ("calls where ag", None),
            ("calls where age>1h ", None),
            ("calls | gr", None),
            ("calls > ", None),
            ("originate user/1000 ", Some("<&app(args)|exten> [dialplan] [context]")),
            ("originate user/1000 &park ", Some("[dialplan] [context]")),
            ("api originate user/1000 ", Some("<&app(args)|exten> [dialplan] [context]")),
            ("originate 9196@127.0.0.1:5080 --app ", Some("<APP>")),
            // The server's, of which nothing is known here.
            ("api --timeout 5 hangup ", None),
            ("nosuch ", None),
            ("", None),
        ] {
            assert_eq!(hint(&shell, line).as_deref(), expected, "{line:?}");
        }
        let found = hint(&shell, "originate 9196@127.0.0.1:5080 ").unwrap();
        assert!(found.starts_with("[--app] ") && !found.contains("dialplan"), "{found}");
        let found = hint(&shell, "originate ").unwrap();
        assert!(found.starts_with("<dial-string> <&app(args)|exten> "), "{found}");
    }
}
