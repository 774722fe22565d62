use std::sync::Arc;

use super::{CommandError, Context};
use crate::apps::{APPS, App, Kind};
use crate::client::LoadAs;
use crate::model::Id;

/// Load a call control app
///
/// Prints the app's id, a fresh uuid. Calls originated with --app NAME are controlled by it.
///
/// Examples:
///   load-app TonePlay
///   load-app TonePlay --as Second --param tone=%(500,500,440)
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
    /// Give it this id, one word, instead of a fresh uuid
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Set a parameter of the app
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// Use the instance that another switch of this shell has loaded under the name
    #[arg(long, conflicts_with = "params")]
    shared: bool,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let kind = Kind::named(&args.app).ok_or_else(|| {
        let names: Vec<_> = APPS.iter().map(|kind| kind.name).collect();
        CommandError::usage(format!("there is no app {:?}", args.app))
            .hint(format!("there are: {}", names.join(", ")))
    })?;
    let name = args.name.as_deref().unwrap_or(kind.name);
    let mut options = LoadAs::new().with_name(name);
    if let Some(id) = &args.id {
        options = options.with_id(&Id::new(id));
    }
    let parts = if args.shared { shared(cx, name)? } else { vec![made(kind, &args.params)?] };
    let id = cx.client()?.load_apps(parts, &options).await?;
    cx.line(id.as_str())
}

fn made(kind: &Kind, params: &[String]) -> Result<Arc<dyn App>, CommandError> {
    let mut pairs = Vec::new();
    for param in params {
        let pair = param.split_once('=');
        pairs.push(pair.ok_or_else(|| CommandError::usage(format!("{param:?} is no NAME=VALUE")))?);
    }
    kind.make(&pairs).map_err(|err| {
        let err = CommandError::usage(err.to_string());
        match kind.params {
            [] => err.hint("it has none"),
            names => err.hint(format!("its parameters: {}", names.join(", "))),
        }
    })
}

fn shared(cx: &Context<'_>, name: &str) -> Result<Vec<Arc<dyn App>>, CommandError> {
    let mut switches = cx.shell.switches().into_iter();
    let loaded = switches.find_map(|switch| switch.client().app(name).ok());
    let loaded = loaded.ok_or_else(|| {
        CommandError::new(crate::shell::Kind::Refused, format!("no switch has loaded {name:?}"))
            .hint("load it on one switch without --shared first")
    })?;
    Ok(loaded.parts().to_vec())
}
