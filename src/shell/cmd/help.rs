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
    /// About which command, or one of: filters, pipes
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(crate) fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    if let Some(verb) = &args.command {
        if let Some((_, text)) = TOPICS.iter().find(|(topic, _)| topic.eq_ignore_ascii_case(verb)) {
            return cx.line(text);
        }
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
    ("What is going on", &["status", "calls", "call", "events", "filter", "log"]),
    ("Make and end calls", &["originate", "hangup", "hupall", "kill", "ghosts"]),
    (
        "Control a call",
        &[
            "answer",
            "bridge",
            "transfer",
            "park",
            "hold",
            "mute",
            "play",
            "record",
            "dtmf",
            "deflect",
            "execute",
            "getvar",
            "setvar",
            "dump",
            "sched-hangup",
        ],
    ),
    ("Server commands", &["api", "bgapi", "jobs", "wait"]),
    ("Apps", &["apps", "load-app", "reload-app", "unload-app"]),
    ("Connections", &["connect", "disconnect", "hosts", "use", "listen"]),
    ("Scripts", &["source", "let", "sleep", "expect"]),
    ("This session", &["set", "alias", "help", "version", "exit"]),
];

/// What is not about one command.
const TOPICS: &[(&str, &str)] = &[("filters", FILTERS), ("pipes", PIPES)];

const PIPES: &str = "\
An answer can go elsewhere:

  CMD | PROGRAM ..   the answer goes to a program of your own shell: calls | grep 1000 | less
  CMD > FILE         into a file; \">>\" adds to it
  CMD \\G             one field a line
  ! PROGRAM ..       runs a program of your own shell

What goes to a program or file is exact and has no color; \"-o csv\", \"-o jsonl\" suit programs best.
Errors stay on the screen. A program that fails is an error, one that reads no more is not. At the
prompt an answer longer than the terminal goes through $PAGER (\"set pager off\" does without).

FreeSWITCH has | and > of its own. Inside quotes, brackets and braces they are never taken, nor
without a blank in front. In what goes to the server word for word they are taken only when a program
that is there follows \" | \", or a file name with a / or a . ends the line behind \" > \". In a filter
\" > \" compares unless such a file name follows.";

const FILTERS: &str = "\
Tables take \"where FILTER\": only the rows for which it holds are listed.

  FIELD = VALUE    also !=, and for numbers and time spans < <= > >=
  FIELD ~ TEXT     contains it; !~ does not; ~ /EXPRESSION/ is a regular expression
  FIELD            is set: not empty, not 0, yes
  and, or, not, ( )

Time spans are written 90s, 2m, 1h30m, 3d; a plain number is seconds. Case does not matter. Values
with blanks are quoted. Fields are the columns of the table, also those that it does not show; a
wrong one lists them. What is not known (how long an unanswered call talks) is never chosen.

  calls where age>1h and gateway=carrier-a
  calls where from~1800 or (state=ringing and not dir=inbound)
  calls --ended where cause!=NORMAL_CLEARING --sort created:desc --limit 20

--sort COLUMN[:desc], --columns A,B,.., --limit N and --count follow the filter.";

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
