use super::{CommandError, Context};

/// Unload an app
///
/// Its calls go on without it.
///
/// Examples:
///   unload-app TonePlay
///   apps
///   hupall --app TonePlay
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which app, by name or id
    #[arg(value_name = "APP")]
    app: String,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let id = cx.client()?.unload_app(&args.app).await?;
    cx.line(&format!("unloaded {id}"))
}
