use super::{CommandError, Context};
use crate::client::LoadAs;
use crate::model::Id;
use crate::shell::kinds::{self, Made};

/// Load a call control app
///
/// KIND is one of those that "apps" lists, or several as one: TonePlay+Cdr. Parameters follow as
/// NAME=VALUE; "apps KIND" tells which there are. Prints the app's id, a fresh uuid. Calls
/// originated with --app NAME are controlled by it; loaded --as default it gets all calls of the
/// switch that have no other app.
///
/// Examples:
///   load-app TonePlay
///   load-app PlayRec filename=ivr/ivr-welcome.wav iterations=2
///   load-app TonePlay --as Second tone=%(500,500,440)
///   load-app TonePlay+Cdr file=calls.csv
///   load-app Router 'route=^9(\d+)$ bridge 9$1@127.0.0.1:5080' --as default
///   originate park@127.0.0.1:5090 --app TonePlay
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which app
    #[arg(value_name = "KIND")]
    app: String,
    /// Its parameters, as NAME=VALUE
    #[arg(value_name = "PARAM")]
    words: Vec<String>,
    /// Load it under another name
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
    /// Give it this id, one word, instead of a fresh uuid
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Set a parameter of the app, as NAME=VALUE does
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// Take legs that carry the id in from other switches, where the same id is loaded
    #[arg(long)]
    foreign_legs: bool,
    /// Use the instance that another switch of this shell has loaded under the name
    #[arg(long, conflicts_with_all = ["params", "words"])]
    shared: bool,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let words: Vec<String> = args.words.iter().chain(&args.params).cloned().collect();
    let Made { name, parts } = kinds::made(&args.app, &words)?;
    let name = args.name.as_deref().unwrap_or(&name);
    let mut options = LoadAs::new().with_name(name);
    if let Some(id) = &args.id {
        options = options.with_id(&Id::new(id));
    }
    if args.foreign_legs {
        options = options.with_foreign_legs();
    }
    let parts = if args.shared { shared(cx, name)?.parts } else { parts };
    let id = cx.client()?.load_apps(parts, &options).await?;
    cx.line(id.as_str())
}

fn shared(cx: &Context<'_>, name: &str) -> Result<Made, CommandError> {
    let mut switches = cx.shell.switches().into_iter();
    let loaded = switches.find_map(|switch| switch.client().app(name).ok());
    let loaded = loaded.ok_or_else(|| {
        CommandError::new(crate::shell::Kind::Refused, format!("no switch has loaded {name:?}"))
            .hint("load it on one switch without --shared first")
    })?;
    Ok(Made { name: name.to_owned(), parts: loaded.parts().to_vec() })
}
