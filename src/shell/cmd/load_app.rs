use super::{CommandError, Context};
use crate::apps::{APPS, Kind};

/// Load a call control app
///
/// Prints the app's id, a fresh uuid. Calls originated with --app NAME are controlled by it.
///
/// Examples:
///   load-app TonePlay
///   load-app TonePlay --as Second
///   originate park@127.0.0.1:5090 --app TonePlay
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which app
    #[arg(value_name = "KIND")]
    app: String,
    /// Load it under another name
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let kind = Kind::named(&args.app).ok_or_else(|| {
        let names: Vec<_> = APPS.iter().map(|kind| kind.name).collect();
        CommandError::usage(format!("there is no app {:?}", args.app))
            .hint(format!("there are: {}", names.join(", ")))
    })?;
    let name = args.name.as_deref().unwrap_or(kind.name);
    let id = cx.client()?.load_app_as(kind.make(), name).await?;
    cx.line(id.as_str())
}
