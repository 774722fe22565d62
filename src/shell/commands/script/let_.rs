use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::freeswitch::secret_names::STARS;
use crate::shell::session::variables;
use crate::shell::text::error::CommandError;
use crate::shell::text::words;
use crate::shell::view::{Cell, View};

/// Show the variables of this session, or set one
///
/// $NAME and ${NAME} in a later line stand for the value, but only for names that were set here:
/// all others are FreeSWITCH's and go to the server as they are. $(LINE) is the answer to a line,
/// without white space around it.
///
/// Examples:
///   let
///   let target = 9196@127.0.0.1:5080
///   let address = $(api global_getvar local_ip_v4)
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Forget it
    #[arg(long)]
    delete: bool,
    /// Its name, and its value behind a "="
    #[arg(value_name = "NAME = VALUE")]
    tail: Option<String>,
}

impl Describe for Args {
    const META: Meta =
        Meta::reads(Group::Script).without_events().with_verbatim_tail(0).keeping_lists();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let variables = cx.shell.variables();
    let Some(tail) = &args.tail else {
        let mut view = View::new(&["name", "value"], "no variables");
        for (name, value) in variables {
            // A transcript holds this table, too.
            let shown = if cx.shell.has_secret_name(&name) { STARS } else { &value };
            view.push(vec![Cell::text(&name), Cell::text(shown)]);
        }
        return cx.view(&view);
    };
    if args.delete {
        let name = tail.trim();
        let is_gone = cx.shell.change_variables(|variables| variables.remove(name)).is_some();
        let unknown = || CommandError::usage(format!("there is no variable {name:?}"));
        return if is_gone { Ok(()) } else { Err(unknown()) };
    }
    let Some((name, value)) = tail.split_once('=') else {
        let (name, rest) = words::first_word(tail);
        return match variables.get(name).filter(|_| rest.trim().is_empty()) {
            Some(value) => cx.line(value),
            None => Err(CommandError::usage(format!("{tail:?} is not a NAME = VALUE"))
                .hint("type \"let\" to see what is set")),
        };
    };
    let name = variables::name(name.trim())?;
    let value = value.trim();
    let value = match value.strip_prefix("$(").and_then(|inner| inner.strip_suffix(')')) {
        Some(line) => {
            let value = cx.capture(line).await?.trim().to_owned();
            let _is_secret = cx.shell.learn_answer(line, &value);
            value
        }
        None if value.starts_with("$(") => {
            return Err(CommandError::usage("the bracket behind $ has no end")
                .hint("like this: let address = $(api global_getvar local_ip_v4)"));
        }
        None => unquoted(value).to_owned(),
    };
    cx.shell.define(name, &value)
}

/// A value in one pair of quotes, without them: for one with spaces at its ends.
fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    let is_whole = |text: &&str| !text.contains(['\'', '"']);
    inner('\'').or_else(|| inner('"')).filter(is_whole).unwrap_or(value)
}
