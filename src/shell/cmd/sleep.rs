use std::time::Duration;

use super::{CommandError, Context};

/// Do nothing for a while; events go on
///
/// Examples:
///   sleep 2
///   sleep 0.5
///   sleep 1 ;; calls
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// How long
    #[arg(value_name = "SECS")]
    seconds: f64,
}

pub(crate) async fn run(_cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let span = Duration::try_from_secs_f64(args.seconds)
        .map_err(|_err| CommandError::usage(format!("{} is no time", args.seconds)))?;
    tokio::time::sleep(span).await;
    Ok(())
}
