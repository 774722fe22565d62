use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::session::left_behind::left_behind;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::next::Next;
use crate::shell::view::Format;

/// Leave the shell
///
/// Calls that it started continue, and apps are unloaded: it says so, and asks at the prompt.
/// "hupall" ends the calls first.
///
/// Examples:
///   exit
///   hupall
///   exit --yes
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Session).without_events();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<Next, CommandError> {
    let Some(left) = left_behind(&cx.shell).filter(|_| !args.yes) else { return Ok(Next::Exit) };
    if cx.operator().is_none() {
        if cx.format() == Format::Table {
            cx.line(&left)?;
        }
        return Ok(Next::Exit);
    }
    let answer = cx.ask(&format!("{left}\nleave? [y/N]")).await?;
    if ["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)) {
        return Ok(Next::Exit);
    }
    Err(CommandError::new(Kind::Interrupted, "not left")
        .hint("\"hupall\" ends the calls of this shell; \"exit --yes\" does not ask"))
}
