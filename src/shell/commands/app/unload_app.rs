use crate::client::{CallsAfterUnload, LiveCalls, LoadedApp};
use crate::model::{App, Id};
use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::after_interrupt::AfterInterrupt;
use crate::shell::text::error::CommandError;
use crate::shell::view::counted;

/// Unload an app
///
/// Its calls continue: an app loaded as "default" gets their events, else none does. "hupall --app"
/// still ends them. An app that tests something reports its verdict.
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
    /// Hang up its calls and wait for their ends
    #[arg(long)]
    hangup: bool,
}

impl Describe for Args {
    const META: Meta = Meta::depends(Group::Apps).interrupted(AfterInterrupt::MAY_STILL_ACT);

    fn only_reads(&self) -> bool {
        !self.hangs_up()
    }
}

impl Args {
    /// Whether it ends calls.
    pub(in crate::shell) fn hangs_up(&self) -> bool {
        self.hangup
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let calls = if args.hangup { LiveCalls::HangUp } else { LiveCalls::Keep };
    let client = cx.client()?;
    let loaded = client.app(&args.app).ok();
    // An app that is loaded as "default" acts on calls that it did not make: they are not its own.
    let others = match &loaded {
        Some(loaded) if loaded.name() == "default" => cx.listener()?.with(|tracker| {
            let is_other = |app: Option<&Id<App>>| {
                app.is_none_or(|app| app != loaded.id() && client.app(app.as_str()).is_err())
            };
            tracker.sessions().filter(|session| is_other(session.app.as_ref())).count()
        }),
        _ => 0,
    };
    let unloaded = client.unload_app_with(&args.app, calls).await?;
    let is_again =
        matches!(unloaded.fate, CallsAfterUnload::AlreadyUnloaded | CallsAfterUnload::HungUpLater);
    let already = if is_again { "already " } else { "" };
    cx.line(&format!("{already}unloaded {}", unloaded.id))?;
    match (unloaded.sessions, &unloaded.fate) {
        (0, CallsAfterUnload::HungUp | CallsAfterUnload::HungUpLater) => {
            cx.line("it had no calls: none was hung up")?;
        }
        (0, _) => {}
        (_, CallsAfterUnload::Alone) => {
            cx.line(&format!("{unloaded}; \"hupall --app {}\" ends them", args.app))?;
        }
        _ => cx.line(&unloaded.to_string())?,
    }
    if args.hangup && others > 0 {
        let sessions = counted(others, "session");
        cx.line(&format!("{sessions} of others that it acted on continue without it"))?;
    }
    for verdict in loaded.iter().flat_map(verdicts) {
        cx.line(&verdict.unwrap_or_else(|failed| failed))?;
    }
    Ok(())
}

/// What the parts of an app that test something found, with their names.
pub(super) fn verdicts(loaded: &LoadedApp) -> Vec<Result<String, String>> {
    let parts = loaded.parts().iter();
    let named = parts.filter_map(|part| Some((part.name(), part.verdict()?)));
    named
        .map(|(name, verdict)| match verdict {
            Ok(figures) => Ok(format!("{name} passed: {figures}")),
            Err(figures) => Err(format!("{name} failed: {figures}")),
        })
        .collect()
}
