use crate::shell::commands::app_args;
use crate::shell::commands::app_args::Made;
use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::after_interrupt::AfterInterrupt;
use crate::shell::text::error::CommandError;

/// Load an app again, keeping its id and its live calls
///
/// A Lua file is read again; its functions that run go on to their end, and the next event of the
/// same calls goes to the new ones. Parameters that are given take the place of all those that the
/// app had; without any it keeps them. When the new one cannot be loaded, the old one stays.
///
/// Examples:
///   reload-app ivr
///   reload-app ivr greeting=ivr/ivr-welcome.wav
///   reload-app TonePlay tone=%(500,500,440)
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which app, by name or id
    #[arg(value_name = "APP")]
    app: String,
    /// Its new parameters, as NAME=VALUE; it keeps those it has where there are none
    #[arg(value_name = "PARAM")]
    words: Vec<String>,
}

impl Describe for Args {
    const META: Meta = Meta::changes(Group::Apps).interrupted(AfterInterrupt::MAY_STILL_ACT);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let client = cx.client()?;
    let loaded = client.app(&args.app)?;
    let names: Vec<_> = loaded.parts().iter().map(|part| part.name()).collect();
    let switch = cx.switch()?;
    let had = || switch.app_words(loaded.id().as_str()).unwrap_or_default();
    let words = if args.words.is_empty() { had() } else { args.words.clone() };
    let Made { parts, .. } = match again(&loaded, &args.words).await? {
        Some(made) => made,
        None => app_args::made(&names.join("+"), &words)?,
    };
    let id = client.reload_app(loaded.id().as_str(), parts).await?;
    switch.keep_app_words(id.as_str(), words);
    cx.line(&format!("reloaded {id}"))
}

/// The Lua file of an app, read again.
#[cfg(feature = "lua")]
async fn again(
    loaded: &crate::client::LoadedApp,
    words: &[String],
) -> Result<Option<Made>, CommandError> {
    let Some(app) = loaded.instance::<crate::apps::LuaApp>() else { return Ok(None) };
    let opened = if words.is_empty() {
        app.reopen().await
    } else {
        let pairs = words.iter().map(|word| app_args::pair(word)).collect::<Result<Vec<_>, _>>()?;
        let args = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        app.reopen_with(args.collect()).await
    };
    let opened = opened.map_err(|err| app_args::script_error(&err))?;
    Ok(Some(Made { name: loaded.name().to_owned(), parts: vec![std::sync::Arc::new(opened)] }))
}

#[cfg(not(feature = "lua"))]
async fn again(_: &crate::client::LoadedApp, _: &[String]) -> Result<Option<Made>, CommandError> {
    Ok(None)
}
