#[cfg(feature = "lua")]
use crate::apps::lua;
use crate::client::LoadAs;
use crate::model::Id;
use crate::shell::commands::app_args;
use crate::shell::commands::app_args::Made;
use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::after_interrupt::AfterInterrupt;
use crate::shell::text::error::CommandError;

/// Load a call control app
///
/// KIND is one of those that "apps" lists, several as one (TonePlay+Cdr), or a Lua file. Parameters
/// follow as NAME=VALUE; "apps KIND" lists them, a Lua file finds them in its table args.
/// Prints the app's id, a fresh uuid. Calls originated with --app NAME are controlled by it; loaded
/// --as default it gets all calls of the switch that have no other app.
///
/// A Lua file has no access to programs, files and other Lua files unless --allow gives it, 64 MiB
/// of memory, and 20 million instructions without a pause.
///
/// Examples:
///   load-app TonePlay
///   load-app PlayRec filename=ivr/ivr-welcome.wav iterations=2
///   load-app TonePlay --as Second tone=%(500,500,440)
///   load-app TonePlay+Cdr file=calls.csv
///   load-app ./ivr.lua greeting=ivr/ivr-welcome.wav
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
    /// Let a Lua file use os, io or package
    #[arg(long, value_name = "LIBRARY", value_delimiter = ',', value_parser = ["os", "io", "package"])]
    allow: Vec<String>,
    /// How much memory a Lua file may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    memory: u32,
    /// Use the instance that another switch of this shell has loaded under the name
    #[arg(long, conflicts_with_all = ["params", "words"])]
    shared: bool,
}

impl Describe for Args {
    const META: Meta = Meta::changes(Group::Apps).interrupted(AfterInterrupt::MAY_STILL_ACT);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let words: Vec<String> = args.words.iter().chain(&args.params).cloned().collect();
    let Made { name, parts } = made(args, &words).await?;
    let name = args.name.as_deref().unwrap_or(&name);
    let mut options = LoadAs::new().with_name(name);
    if let Some(id) = &args.id {
        options = options.with_id(&Id::new(id));
    }
    if args.foreign_legs {
        options = options.with_foreign_legs();
    }
    let (parts, words) = if args.shared {
        let (made, words) = shared(cx, name)?;
        (made.parts, words)
    } else {
        (parts, words)
    };
    let id = cx.client()?.load_apps(parts, &options).await?;
    cx.switch()?.keep_app_words(id.as_str(), words);
    cx.line(id.as_str())
}

async fn made(args: &Args, words: &[String]) -> Result<Made, CommandError> {
    if !app_args::is_file(&args.app) {
        return app_args::made(&args.app, words);
    }
    #[cfg(feature = "lua")]
    {
        let allow = args.allow.iter().filter_map(|name| lua::Allow::named(name)).collect();
        let memory = usize::try_from(args.memory).unwrap_or(64) << 20;
        let limits = lua::Limits { memory, ..lua::Limits::default() };
        let options = lua::Options { allow, limits, ..lua::Options::default() };
        app_args::file(&args.app, words, options).await
    }
    #[cfg(not(feature = "lua"))]
    Err(CommandError::usage("this switchy was built without Lua"))
}

/// What another switch has loaded, and with which words.
fn shared(cx: &Context<'_>, name: &str) -> Result<(Made, Vec<String>), CommandError> {
    let mut switches = cx.shell.switches().into_iter();
    let found = switches.find_map(|switch| {
        let loaded = switch.client().app(name).ok()?;
        let words = switch.app_words(loaded.id().as_str()).unwrap_or_default();
        Some((loaded, words))
    });
    let (loaded, words) = found.ok_or_else(|| {
        CommandError::new(
            crate::shell::text::error::Kind::Refused,
            format!("no switch has loaded {name:?}"),
        )
        .hint("load it on one switch without --shared first")
    })?;
    Ok((Made { name: name.to_owned(), parts: loaded.parts().to_vec() }, words))
}
