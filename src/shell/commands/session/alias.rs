use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;
use crate::shell::text::words;
use crate::shell::view::{Cell, View};

/// Show the aliases, or make one for this session
///
/// In the line, $1 to $9 stand for arguments and $* for all of them; a line without them gets the
/// arguments behind it. Commands of the shell cannot be replaced. Those of the configuration stand
/// in its [alias] section. "alias add" and "alias del" are the server's own, for all its consoles.
///
/// Examples:
///   alias
///   alias gw sofia status gateway
///   alias audio uuid_dump $1 plain
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Forget it
    #[arg(long)]
    delete: bool,
    /// Its name, and the line that it stands for
    #[arg(value_name = "NAME LINE")]
    tail: Option<String>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Session)
        .without_events()
        .with_verbatim_tail(0)
        .keeping_lists()
        .keeping_redirects();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let aliases = cx.shell.settings().aliases;
    let Some(tail) = &args.tail else {
        let mut view = View::new(&["alias", "line"], "no aliases");
        for (name, line) in aliases {
            view.push(vec![Cell::text(&name), Cell::text(&line)]);
        }
        return cx.view(&view);
    };
    let (name, line) = words::first_word(tail);
    let line = line.trim();
    let unknown = || {
        CommandError::usage(format!("there is no alias {name:?}"))
            .hint(format!("\"alias {name} LINE\" makes it"))
    };
    if args.delete {
        let mut gone = None;
        cx.shell.change_settings(|settings| gone = settings.aliases.remove(name));
        return gone.map(drop).ok_or_else(unknown);
    }
    if line.is_empty() {
        let line = aliases.get(name).ok_or_else(unknown)?;
        return cx.line(line);
    }
    if cx.command(name).is_some() {
        return Err(CommandError::usage(format!("{name} is a command of the shell"))
            .hint("choose another name"));
    }
    let line = line.to_owned();
    cx.shell.change_settings(|settings| {
        settings.aliases.insert(name.to_owned(), line);
    });
    Ok(())
}
