use super::{CommandError, Context, Format, Kind, Next};
use crate::shell::Shell;
use crate::shell::render::counted;

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

/// What continues without this shell, or ends with it.
pub(crate) fn left_behind(shell: &Shell) -> Option<String> {
    let (mut calls, mut apps) = (0, Vec::new());
    for switch in shell.switches() {
        let running = switch.listener().calls();
        calls += switch
            .listener()
            .with(|tracker| running.iter().filter(|call| tracker.is_own_call(&call.id)).count());
        apps.extend(switch.client().loaded_apps().into_iter().map(|(name, _)| name));
    }
    let verb = if calls == 1 { "continues" } else { "continue" };
    let calls = (calls > 0).then(|| {
        format!("{} of this shell {verb} after it; \"hupall\" ends them", counted(calls, "call"))
    });
    let apps = (!apps.is_empty()).then(|| format!("unloaded with it: {}", apps.join(", ")));
    let left: Vec<String> = calls.into_iter().chain(apps).collect();
    (!left.is_empty()).then(|| left.join("\n"))
}
