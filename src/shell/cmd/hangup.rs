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
    let legs = match client.call(&args.call) {
        Some(call) if call.id.as_str() == args.call => call.sessions(),
        _ => client.session(found.id.as_str()).into_iter().collect(),
    };
    for leg in &legs {
        leg.hangup_with(&cause).await?;
    }
    cx.line(&format!("hangup of {} sent: {cause}", found.id))
}
