use super::{CommandError, Next};

/// Leave the shell
///
/// The calls that it started go on; "hupall" ends them first.
///
/// Examples:
///   exit
///   hupall
///   quit
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

#[expect(clippy::unnecessary_wraps, reason = "commands look alike")]
pub(crate) fn run(_args: &Args) -> Result<Next, CommandError> {
    Ok(Next::Exit)
}
