//! What a line makes FreeSWITCH run besides itself: commands in commands, applications of inline
//! dial plans, and both in the channel variables that FreeSWITCH acts on later ("hooks").

use crate::shell::freeswitch::server_command::{Role, application, facts, unquoted, verb_of};
use crate::shell::text::words::first_word;

/// A command or an application that FreeSWITCH runs because of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// An API command and its arguments.
    Command(String),
    /// An application of the dial plan.
    Application { name: String, args: String },
}

impl Effect {
    /// A command. What people type before one changes nothing: blanks, fs_cli's slash, and what `;;;`
    /// leaves of a list.
    pub(super) fn command(line: &str) -> Self {
        let is_before = |letter: char| matches!(letter, '/' | ';') || letter.is_whitespace();
        Self::Command(line.trim_start_matches(is_before).trim_end().to_owned())
    }

    pub(super) fn app(name: &str, args: &str) -> Self {
        Self::Application { name: name.to_ascii_lowercase(), args: args.trim().to_owned() }
    }

    /// As a line.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Command(line) => line.clone(),
            Self::Application { name, args } => format!("{name} {args}").trim_end().to_owned(),
        }
    }

    /// What it runs in turn.
    fn inner(&self) -> Vec<Self> {
        match self {
            Self::Command(line) => of_command(line),
            Self::Application { name, args } => {
                let mut found = embedded(args);
                if application(name).role == Some(Role::Nests) {
                    found.extend(applications(args));
                }
                found
            }
        }
    }
}

/// A line's effects, the outermost first; `None` when they nest too deep to see them all.
pub(super) fn effects(first: Effect) -> Option<Vec<Effect>> {
    if is_opaque(&first.line()) {
        return None;
    }
    let mut found = vec![first.clone()];
    let mut level = vec![first];
    for _ in 0..DEPTH {
        level = level.iter().flat_map(Effect::inner).collect();
        if level.is_empty() {
            return Some(found);
        }
        found.extend(level.iter().cloned());
        if found.len() > MOST {
            return None;
        }
    }
    let is_all = level.iter().all(|effect| effect.inner().is_empty());
    is_all.then_some(found)
}

/// How deep commands in commands are followed.
const DEPTH: usize = 5;

/// How many of them.
const MOST: usize = 1000;

fn of_command(line: &str) -> Vec<Effect> {
    if line.contains(";;") {
        return line.split(";;").map(Effect::command).collect();
    }
    let mut found = embedded(line);
    let (verb, rest) = verb_of(line);
    let rest = rest.trim();
    // FreeSWITCH takes quotes off the words of most commands.
    let command = |text: &str| Effect::command(text.trim().trim_matches(['\'', '"']));
    match verb.as_str() {
        "api" | "bgapi" | "xml_wrap" => found.push(command(rest)),
        "expand" => {
            let (first, behind) = first_word(rest);
            let is_scope = first.to_ascii_lowercase().starts_with("uuid:");
            found.push(command(if is_scope { behind } else { rest }));
        }
        "sched_api" => {
            let (_time, rest) = first_word(rest);
            let (_group, rest) = first_word(rest);
            // A trailing `&` runs it in another thread.
            found.push(command(rest.trim().trim_end_matches('&')));
        }
        // What it yields can be the name of a command, for "expand".
        "cond" => {
            let branches = rest.split_once('?').map(|(_, branches)| branches).unwrap_or_default();
            found.extend(branches.split(':').map(command));
        }
        "alias" => {
            let (action, rest) = first_word(rest);
            if ["add", "stickyadd"].iter().any(|word| action.eq_ignore_ascii_case(word)) {
                found.push(command(first_word(rest).1));
            }
        }
        "json" => found.extend(super::json::effects(rest)),
        "uuid_setvar" => {
            let (_uuid, rest) = first_word(rest);
            let (name, value) = first_word(rest);
            found.extend(in_variable(&unquoted(name), value));
        }
        // It may be the line of an application, too.
        _ if facts(line).role == Some(Role::Nests) => {
            found.extend(applications(rest));
            // Here a slash ends an extension, as in `set:NAME=VALUE/inline`.
            if verb == "uuid_dual_transfer" {
                found.extend(hooks(&rest.replace('/', ",")));
            }
            // A name may be quoted in part: `sys'tem'::ls`.
            if rest.contains(['\'', '"']) {
                found.extend(applications(&unquoted(rest)));
            }
        }
        _ => {}
    }
    found
}

/// What any text makes FreeSWITCH run, wherever it stands: expansions, hooks among variables, and
/// the application of a loopback leg.
fn embedded(text: &str) -> Vec<Effect> {
    let mut found: Vec<Effect> = expansions(text).map(Effect::Command).collect();
    found.extend(hooks(text));
    let lower = text.to_ascii_lowercase();
    for (at, mark) in lower.match_indices("loopback/app=") {
        let app = text.get(at + mark.len()..).unwrap_or_default();
        found.extend(first_application(app, |_| true));
    }
    // A file name can be a program to run, too (`mod_shell_stream`).
    for (at, mark) in lower.match_indices("shell_stream://") {
        let program = text.get(at + mark.len()..).unwrap_or_default();
        found.push(Effect::app("system", program));
    }
    found
}

/// Whether a text holds more expansions than anyone follows: each may reach to its end.
pub(in crate::shell) fn is_opaque(text: &str) -> bool {
    text.matches("${").nth(EXPANSIONS).is_some()
}

/// How many expansions of one text are followed.
const EXPANSIONS: usize = 200;

/// The commands that FreeSWITCH runs where it expands a text: `${name(args)}` and `${name args}`
/// (`switch_event.c`, `switch_event_expand_headers_check`).
pub(in crate::shell) fn expansions(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("${").filter_map(|(at, mark)| {
        let rest = text.get(at + mark.len()..)?;
        let mut depth = 1_usize;
        let end = rest.find(|letter| {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let inside = end.and_then(|end| rest.get(..end)).unwrap_or(rest);
        // A variable has no arguments.
        let (name, args) = inside.split_once([' ', '('])?;
        let args = args.rsplit_once(')').map_or(args, |(args, _)| args);
        Some(format!("{name} {args}"))
    })
}

/// The applications that a text names as inline dial plans, `&name(args)` and `name::args` do, those
/// only that can do harm.
fn applications(text: &str) -> impl Iterator<Item = Effect> {
    // `m:DELIMITER:` in front of an inline dial plan names what stands between applications.
    let own = text.split_once("m:").and_then(|(_, rest)| rest.chars().next());
    let marks = move |letter: char| " &'\",(^|;".contains(letter) || Some(letter) == own;
    let starts = text.match_indices(marks).map(|(at, mark)| at + mark.len());
    std::iter::once(0).chain(starts).filter_map(|at| {
        let rest = text.get(at..).unwrap_or_default();
        first_application(rest, |name| {
            name == "api" || name == "exec" || application(name).role.is_some()
        })
    })
}

/// The application that a text begins with.
fn first_application(text: &str, is_wanted: impl Fn(&str) -> bool) -> Option<Effect> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let end = text.find(|letter| !is_name(letter)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let name = name.to_ascii_lowercase();
    let is_whole = rest.is_empty()
        || rest.starts_with([':', '(', ',', ' ', '/', '\'', '"', ')', '}', '!', '|']);
    if !is_whole || !is_wanted(&name) {
        return None;
    }
    // `uuid_broadcast` takes a cause with the application: `system!NORMAL_CLEARING::ls`.
    let behind = match rest.strip_prefix('!') {
        Some(cause) => cause.trim_start_matches(is_name),
        None => rest,
    };
    let args = behind.trim_start_matches([':', '(', ',', ' ', '!', '|']);
    // bind_digit_action takes `api:COMMAND,ARGS` beside `exec:APPLICATION,ARGS`.
    Some(match name.as_str() {
        "api" if rest.starts_with(':') => Effect::command(&args.replacen(',', " ", 1)),
        "api" => return None,
        "exec" => return first_application(args, is_wanted),
        _ => Effect::app(&name, args),
    })
}

/// The hooks that a text assigns as `NAME=VALUE`: between brackets of a dial string, for `set`,
/// `export`, `multiset`, `global_setvar`, `uuid_setvar_multi`.
fn hooks(text: &str) -> Vec<Effect> {
    // FreeSWITCH takes quotes off names and values alike.
    let text: String = text.chars().filter(|letter| !"'\"\\".contains(*letter)).collect();
    let delimiter = text.split_once("^^").and_then(|(_, rest)| rest.chars().next());
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let mut found = Vec::new();
    for (at, mark) in text.match_indices('=') {
        let (Some(before), Some(value)) = (text.get(..at), text.get(at + mark.len()..)) else {
            continue;
        };
        let before = before.trim_end();
        if before.ends_with('}') {
            // The name comes out of an expansion, and may be that of any hook.
            found.push(Effect::command(value_of(value, delimiter)));
            continue;
        }
        let name = before.rsplit(|letter| !is_name(letter)).next().unwrap_or_default();
        if hook(name).is_none() {
            continue;
        }
        found.extend(in_variable(name, value_of(value, delimiter)));
    }
    found
}

/// The value that a text begins with: up to the next variable, or what closes the list of them.
fn value_of(text: &str, delimiter: Option<char>) -> &str {
    let mut depth = 0_usize;
    let end = text.find(|letter| {
        match letter {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' => return true,
            _ => {}
        }
        depth == 0 && (",}]>;".contains(letter) || Some(letter) == delimiter)
    });
    // What an expansion holds is no end of the value.
    if text.trim_start().starts_with('$') {
        return text;
    }
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// What a variable of a channel holds that FreeSWITCH acts on.
#[derive(Debug, Clone, Copy)]
enum Hook {
    Command,
    Application,
    Extension,
}

/// What kind of hook a variable is. FreeSWITCH looks for most by the start of their names
/// (`switch_channel_api_on`, `switch_channel_execute_on`), in any case.
fn hook(name: &str) -> Option<Hook> {
    let name = name.to_ascii_lowercase();
    let name = name.trim_start_matches("_nolocal_");
    if name.starts_with("api_") || name.contains("_api_on_") || name.ends_with("_exec_api") {
        return (name != "api_expansion").then_some(Hook::Command);
    }
    let is_app = name.contains("execute_on_")
        || name.starts_with("exec_after_")
        || name.starts_with("bridge_pre_execute_")
        || name.ends_with("_exec_app")
        || name == "group_confirm_file";
    if is_app {
        return Some(Hook::Application);
    }
    (name.starts_with("transfer_after_") || name == "transfer_on_fail").then_some(Hook::Extension)
}

/// What FreeSWITCH runs because a variable has this value.
pub(super) fn in_variable(name: &str, value: &str) -> Vec<Effect> {
    // An export can be for the other leg only.
    let name = name.rsplit(':').next().unwrap_or_default();
    // A name that comes out of an expansion may be that of any hook.
    let hook = if name.contains('$') { Some(Hook::Command) } else { hook(name) };
    let Some(hook) = hook else { return Vec::new() };
    let value: String = value.chars().filter(|letter| !"'\"\\".contains(*letter)).collect();
    let value = value.trim();
    if value.is_empty() {
        return Vec::new();
    }
    let value = value.strip_prefix("exec:").unwrap_or(value);
    let (verb, rest) = match value.split_once([' ', ':']) {
        Some((verb, rest)) if !verb.contains('$') => (verb, rest.trim_start_matches(':')),
        _ => (value, ""),
    };
    match hook {
        Hook::Command => vec![Effect::command(&format!("{verb} {rest}"))],
        Hook::Application => vec![Effect::app(verb, rest)],
        Hook::Extension => applications(value).collect(),
    }
}
