use super::{CommandError, Context};
use crate::shell::grammar;

/// Show what can be typed
///
/// Examples:
///   help
///   help originate
///   calls --help
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// About which command
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(crate) fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    if let Some(verb) = &args.command {
        let Some(mut command) = grammar::command(verb) else {
            return Err(CommandError::usage(format!("{verb:?} is no command of this shell"))
                .hint(format!("it may be one of the server: try \"api help\" or \"{verb}\"")));
        };
        let text = command.render_long_help().to_string();
        return cx.line(text.trim_end());
    }
    for (group, verbs) in GROUPS {
        cx.line(&format!("{group}:"))?;
        for verb in *verbs {
            let about = grammar::command(verb).and_then(|command| command.get_about().cloned());
            let about = about.map(|about| about.to_string()).unwrap_or_default();
            cx.line(&format!("  {verb:<12} {about}"))?;
        }
        cx.line("")?;
    }
    cx.line("Anything else goes to the server as an api command: sofia status, show channels ...")?;
    cx.line(
        "\"@HOST COMMAND\" and \"@all COMMAND\" choose the switch; \"help COMMAND\" tells more.",
    )
}

/// The commands by what they are for.
const GROUPS: &[(&str, &[&str])] = &[
    ("What is going on", &["status", "calls", "call", "events", "log"]),
    ("Make and end calls", &["originate", "hangup", "hupall"]),
    ("Server commands", &["api", "bgapi", "jobs", "wait"]),
    ("Apps", &["apps", "load-app", "unload-app"]),
    ("Connections", &["connect", "disconnect", "hosts", "use", "listen"]),
    ("This session", &["set", "help", "version", "exit"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_a_group() {
        let mut listed: Vec<_> =
            GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().copied()).collect();
        listed.sort_unstable();
        let mut verbs = grammar::verbs();
        verbs.sort();
        assert_eq!(listed, verbs);
    }
}
