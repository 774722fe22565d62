//! What `help` says about more than one command.
//!
//! The texts are wrapped by hand at 100 columns; a narrower terminal breaks them at words.

use crate::shell::text::error::Kind;

/// The topics that are texts: name, what it is about, the text.
const TOPICS: &[(&str, &str, &str)] = &[
    ("names", "how a call is named: id, number, last", NAMES),
    ("filters", "choose rows and events: where FIELD = VALUE", FILTERS),
    ("pipes", "send an answer to a program or a file", PIPES),
    ("formats", "table, vertical, json, jsonl, csv, raw", FORMATS),
    ("scripts", "run lines without a prompt, test a call flow", SCRIPTS),
    ("config", "the configuration file, profiles, passwords", CONFIG),
    ("guard", "what asks for confirmation, and what is refused", GUARD),
    ("alerts", "report an event above the prompt, ring, run a command", ALERTS),
];

/// The topics that are made when they are asked for.
const MADE: &[(&str, &str)] = &[
    ("fields", "the fields of each table, for filters, --sort and --columns"),
    ("keys", "the keys of the prompt"),
    ("exit-codes", "how a script ends"),
];

/// All topics: name, and what it is about.
pub(in crate::shell) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let texts = TOPICS.iter().map(|(name, about, _)| (*name, *about));
    texts.chain(MADE.iter().copied())
}

/// The names of all topics.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|(name, _)| name)
}

/// The text of a topic.
pub(super) fn text(word: &str) -> Option<String> {
    if word.eq_ignore_ascii_case("exit-codes") {
        return Some(exit_codes());
    }
    let found = TOPICS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(word));
    found.map(|(_, _, text)| (*text).to_owned())
}

/// All topics, a line each.
pub(super) fn list() -> String {
    all().map(|(name, about)| format!("  {name:<14} {about}\n")).collect()
}

fn exit_codes() -> String {
    let mut text = "A script, and the program with -x, ends with one of these exit codes:\n\n\
                      0  all was done\n"
        .to_owned();
    let line = |kind: &Kind| format!("  {:>3}  {}\n", kind.exit_code(), kind.meaning());
    text.extend(Kind::ALL.iter().map(line));
    text.push_str(
        "\nThe first line that fails ends the run; with --keep-going the exit code is that of the first\n\
         failure. A reader that has seen enough (CMD | head -1) is not a failure.\n\
         Under the name fs_cli the exit codes are those of fs_cli: \"switchy --help\" lists them.",
    );
    text
}

const NAMES: &str = "\
Commands about a call take one of these in place of CALL:

  UUID             the id of a call or a leg, or as many characters of its start as are unique
  last             the call that this shell started last, running or ended
  NUMBER           the number of the caller or the callee, when it is that of one call only

An id acts at once. A number that names another party's call needs a confirmation, in a script --yes.
No command that changes a call takes another party's call for \"last\"; one that only reads (call,
getvar) takes the newest call of the server when this shell started none, and says whose it is.";

const SCRIPTS: &str = "\
Lines run without a prompt from -x, from a file, or from standard input:

  switchy HOST -x status -x calls -o json
  switchy HOST -f FILE             -f - reads standard input
  printf 'status\\ncalls\\n' | switchy HOST

Answers go to standard output, everything else to standard error. The first line that fails ends the
run with its exit code (\"help exit-codes\"); --keep-going runs the rest. --echo shows each line.

  # comment                        from the # at the start of a line
  let NAME = VALUE                 $NAME and ${NAME} stand for it; --set NAME=VALUE does the same
  let NAME = $(LINE)               the answer to a line
  expect answered last 10          wait until it is so, at most 10 seconds, else fail: help expect
  sleep 0.5                        wait, events are processed meanwhile
  source FILE                      run another file, at the prompt too
  LINE ;; LINE                     several lines in one

A question that the prompt would ask is a refusal in a script: --yes answers it.";

const CONFIG: &str = "\
The file is config.toml in ~/.config/switchy; \"switchy config path\" prints where.

  switchy config init              write a first one, with every key and its default
  switchy config keys              list the keys
  switchy config check             report every mistake with its line
  switchy config show [PROFILE]    show the values in force, and where each comes from

A profile is a server by name: \"switchy pbx1\", \"connect pbx1\" and \"@pbx1 status\" use this one.

  [profile.pbx1]
  host = \"pbx1.example.com\"
  user = \"ops@example.com\"
  password_command = \"pass show pbx1\"
  env = \"prod\"

[defaults] holds for all profiles. Options come before the environment (SWITCHY_PASSWORD), then the
profile, then the profile it inherits from, then [defaults]. [alias], [abbr], [keys], [colors],
[guard] (\"help guard\") and [alerts.NAME] (\"help alerts\") may stand at the top or in a profile.
secret_variables = [\"pin\", \"*_token\"] keeps the values of these variables, FreeSWITCH's and those of
let, out of the history, of transcripts and of saved traces.
~/.fs_cli_conf and /etc/fs_cli.conf are read too: each section is a profile.";

const GUARD: &str = "\
Server commands that can end calls of others (hupall, fsctl shutdown, reload mod_sofia ..) need a
confirmation at the prompt, and \"api --yes\" in a script.

  set guard strict                 confirm every change of the server, in this session
  set read-only on                 refuse every change; --read-only for the whole run
  env = \"prod\"                     in a profile: as strict, and shown in the prompt
  read_only = true                 in a profile: refuse every change

Lists in the configuration; * stands for any text, and a pattern covers the words that follow it:

  [guard]
  deny    = [\"fsctl shutdown\"]    never sent
  confirm = [\"reloadxml\"]         confirmed first
  allow   = [\"sofia profile * rescan\"]    sent without a confirmation

The lists hold for commands of the shell and of the server, also inside bgapi, expand, sched_api and
${name(args)}, and for others with the same effect: uuid_kill covers sched_hangup and hupall, system
covers bg_system and spawn. \"audit\" shows which API commands run on the server, and who sent them.";

const ALERTS: &str = "\
An alert reports an event above the prompt, whatever else is shown there. In the configuration:

  [alerts.carrier-down]
  on = \"CUSTOM sofia::gateway_state\"            the event
  where = \"State=DOWN and Gateway=carrier-a\"    only if this holds (\"help filters\", of headers)
  run = \"logger -t switchy\"                     reads the line and the event as JSON on its input
  every = \"5m\"                                  at most once in this time (10 s); others are counted
  bell = false                                  do not ring the terminal's bell

[alerts] holds for every server, [profile.NAME.alerts.x] for one; on = \"off\" switches one off there.
What an alert needs is subscribed to as soon as its server is connected. Scripts have no alerts.";

const FORMATS: &str = "\
Every answer comes in six forms: \"-o FORMAT\" behind a command or for the whole program, \"set output
FORMAT\" for the session, and \\G behind a command for vertical.

  table      for people: fitted to the terminal, spans and counts as one says them; columns that are
             empty are left out, and those without room are named below
  vertical   one field a line, all of them
  json       one document: an array of objects, or one object for what is one thing
  jsonl      one object a line; \"events\" and \"log\" stream in this form
  csv        a header line and rows, quoted where needed; a cell that a spreadsheet would run as a
             formula (=, +, - or @ first) has an apostrophe in front, raw and jsonl have it unchanged
  raw        the server's own text where there is one, else csv without its header

Machines get exact values: uuids whole, spans in milliseconds (age_ms), times in UTC, nothing as null.
\"help fields\" lists the fields of each view; they are the names that filters, --sort and --columns
take, and they stay.";

const PIPES: &str = "\
An answer can go elsewhere:

  CMD | PROGRAM ..   the answer goes to a program of your own shell: calls | grep 1000 | less
  CMD > FILE         into a file; \">>\" adds to it
  CMD \\G             one field a line
  ! PROGRAM ..       runs a program of your own shell

What goes to a program or file is exact and has no color; \"-o csv\", \"-o jsonl\" suit programs best.
A program that writes to the terminal gets control and invisible characters as visible signs (as
\\u009b in JSON, which means the same), so that no caller's name moves your cursor.
Errors stay on the screen. A program that fails is an error, one that reads no more is not. At the
prompt an answer longer than the terminal goes through $PAGER (\"set pager off\" does without).

FreeSWITCH uses | and > itself. Inside quotes, brackets and braces they are never taken, nor
without a blank in front. In what goes to the server word for word they are taken only when a program
that is there follows \" | \", or a file name with a / or a . ends the line behind \" > \". In a filter
\" > \" compares unless such a file name follows.";

const FILTERS: &str = "\
Tables take \"where FILTER\": only the rows for which it holds are listed.

  FIELD = VALUE    also !=, and for numbers, time spans and times < <= > >=
  FIELD ~ TEXT     contains it; !~ does not; ~ /EXPRESSION/ is a regular expression
  FIELD            is set: not empty, not 0, yes
  and, or, not, ( )

Time spans are written 90s, 2m, 1h30m, 3d; a plain number is seconds. Times are written 14:00,
14:00:05, 2026-11-30, 2026-11-30T14:00:00Z; a time span compared with a time is how long ago it was:
created<5m is less than five minutes ago. Case does not matter. Values
with blanks are quoted. Fields are the columns of the table, also those that it does not show; a
wrong one lists them. What is not known (how long an unanswered call talks) is never chosen.

  calls where age>1h and gateway=carrier-a
  calls where from~1800 or (state=ringing and not dir=inbound)
  calls --ended where cause!=NORMAL_CLEARING --sort created:desc --limit 20
  calls --ended where created>14:00 and created<14:30

--sort COLUMN[:desc],.., --columns A,B,.., --limit N and --count follow the filter.";

/// What the keys do that run no line.
pub(super) const KEYS: &str = "\
A key runs its line at once; what was being typed comes back. [keys] in the configuration gives other
lines: F5 = [\"/log debug\", \"/nolog\"] runs them in turn. What can harm asks first.

  Tab              completes, or lists
  Right, End       takes the line that is suggested from the history
  Up, Down         the lines of the history; those that begin as what is typed already
  Ctrl-R           looks for any part of one
  Ctrl-C           drops the line; in an empty one stops waiting for what runs
  Ctrl-D           leaves, in an empty line
  Ctrl-Z           stops the shell until \"fg\"; closes the event connection first, so that the server
                   does not wait, then opens it again and looks up what happened meanwhile
  Ctrl-L           clears the screen
  Enter            behind \\, or in an open quote, continues below

Several lines that are pasted are shown and asked about before the first runs. \"set keys vi\" edits
as in vi, \"set keys emacs\" as before.";

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn every_topic_has_a_text_that_fits() {
        for name in names().filter(|name| !["fields", "keys"].contains(name)) {
            let text = text(name).expect(name);
            assert!(text.lines().count() > 3, "{name}: {text}");
            for line in text.lines() {
                assert!(line.chars().count() <= 102, "{name}: {line}");
            }
        }
        for kind in Kind::ALL {
            let code = format!(" {}  ", kind.exit_code());
            assert!(exit_codes().contains(&code), "{kind:?}");
        }
    }
}
