use super::{CommandError, Context};
use crate::model::HangupCause;

/// Hang up a call, or one leg of it
///
/// The call is named by its uuid, the start of it, "last", or a number. A leg's own uuid ends the
/// leg, and with it usually the call.
///
/// Examples:
///   hangup last
///   hangup 6c1d2a5e USER_BUSY
///   hangup 1000
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which call or leg
    #[arg(value_name = "CALL")]
    call: String,
    /// Why, as a FreeSWITCH hangup cause
    #[arg(value_name = "CAUSE", default_value = "NORMAL_CLEARING")]
    cause: String,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let found = cx.session(&args.call)?;
    let client = cx.client()?;
    let cause = HangupCause::parse(&args.cause);
    // The first leg stands for the call; another leg for itself.
    let is_call =
        found.id.as_str() == found.call.as_str() || !found.id.as_str().starts_with(&args.call);
    let legs = match client.call(found.call.as_str()) {
        Some(call) if is_call => call.sessions(),
        _ => client.session(found.id.as_str()).into_iter().collect(),
    };
    for leg in &legs {
        leg.hangup_with(&cause).await?;
    }
    let what = if is_call { "call" } else { "leg" };
    cx.line(&format!("{what} {} told to hang up: {cause}", found.id))
}
