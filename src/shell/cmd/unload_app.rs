use super::{CommandError, Context};
use crate::client::{Fate, LiveCalls};

/// Unload an app
///
/// Its calls go on: an app loaded as "default" gets their events, else none does. "hupall --app"
/// still ends them.
///
/// Examples:
///   unload-app TonePlay
///   unload-app TonePlay --hangup
///   hupall --app TonePlay
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which app, by name or id
    #[arg(value_name = "APP")]
    app: String,
    /// Hang up its calls
    #[arg(long)]
    hangup: bool,
}

impl Args {
    /// Whether it ends calls.
    pub(super) fn hangs_up(&self) -> bool {
        self.hangup
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let calls = if args.hangup { LiveCalls::HangUp } else { LiveCalls::Keep };
    let unloaded = cx.client()?.unload_app_with(&args.app, calls).await?;
    let already = if unloaded.fate == Fate::AlreadyUnloaded { "already " } else { "" };
    cx.line(&format!("{already}unloaded {}", unloaded.id))?;
    match (unloaded.sessions, &unloaded.fate) {
        (0, _) => Ok(()),
        (_, Fate::Alone) => {
            cx.line(&format!("{unloaded}; \"hupall --app {}\" ends them", args.app))
        }
        _ => cx.line(&unloaded.to_string()),
    }
}
