//! From what an operator types behind `load-app` to apps: kinds, files, parameters.

#[cfg(feature = "lua")]
use std::path::Path;
use std::sync::Arc;

use crate::apps::{APPS, App, Kind, Param, ParamError};
#[cfg(feature = "lua")]
use crate::apps::{LuaApp, lua};
#[cfg(feature = "lua")]
use crate::model::EVENT_NAMES;
use crate::shell::text::error::{CommandError, Kind as Failure};

/// Apps that are to be loaded as one, and their default name.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) name: String,
    pub(super) parts: Vec<Arc<dyn App>>,
}

/// Makes the apps that `TonePlay`, `TonePlay+Cdr` name, with `NAME=VALUE` words.
pub(super) fn made(what: &str, words: &[String]) -> Result<Made, CommandError> {
    let kinds = what.split('+').map(kind).collect::<Result<Vec<_>, _>>()?;
    let params = words.iter().map(|word| pair(word)).collect::<Result<Vec<_>, _>>()?;
    for (name, _) in &params {
        if !kinds.iter().any(|kind| of(kind, name).is_some()) {
            return Err(unknown(&kinds, name));
        }
    }
    let mut parts = Vec::new();
    for kind in &kinds {
        let own: Vec<_> =
            params.iter().filter_map(|(name, value)| Some((of(kind, name)?, *value))).collect();
        parts.push(kind.make(&own).map_err(|err| explained(kind, &err))?);
    }
    let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
    Ok(Made { name: names.join("+"), parts })
}

/// Whether what is to be loaded is a Lua file.
pub(super) fn is_file(what: &str) -> bool {
    what.contains('/') || what.to_ascii_lowercase().ends_with(".lua")
}

/// The apps of kinds or of a Lua file, with its default limits.
pub(super) async fn any(what: &str, words: &[String]) -> Result<Made, CommandError> {
    #[cfg(feature = "lua")]
    if is_file(what) {
        return file(what, words, lua::Options::default()).await;
    }
    made(what, words)
}

/// The app in a Lua file, with `NAME=VALUE` words as its `args`.
#[cfg(feature = "lua")]
pub(super) async fn file(
    path: &str,
    words: &[String],
    options: lua::Options,
) -> Result<Made, CommandError> {
    let pairs = words.iter().map(|word| pair(word)).collect::<Result<Vec<_>, _>>()?;
    let args =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let opened = LuaApp::open(Path::new(path), lua::Options { args, ..options }).await;
    let app = opened.map_err(|err| script_error(&err))?;
    Ok(Made { name: app.name().to_owned(), parts: vec![Arc::new(app)] })
}

/// What is wrong with a Lua file.
#[cfg(feature = "lua")]
pub(super) fn script_error(err: &lua::LuaError) -> CommandError {
    let source = std::error::Error::source(err).map(|source| format!(": {source}"));
    let failed =
        CommandError::new(Failure::Refused, format!("{err}{}", source.unwrap_or_default()));
    match err {
        lua::LuaError::NoSuchEvent { function, .. } => {
            let word = function.trim_start_matches("on_").to_ascii_uppercase();
            let names = EVENT_NAMES.iter().map(|name| name.trim_start_matches("CHANNEL_"));
            match crate::shell::text::suggest::nearest(&word, names) {
                Some(near) => {
                    failed.hint(format!("did you mean on_{}?", near.to_ascii_lowercase()))
                }
                None => failed.hint("a function for the event CHANNEL_PARK is called on_park"),
            }
        }
        lua::LuaError::NoHandlers { .. } => {
            failed.hint("write: function on_park(session) session:answer() end")
        }
        _ => failed,
    }
}

/// The kind of a name.
pub(super) fn kind(name: &str) -> Result<&'static Kind, CommandError> {
    Kind::named(name).ok_or_else(|| {
        let names = || APPS.iter().map(|kind| kind.name);
        let err = CommandError::usage(format!("there is no app {name:?}"));
        err.meant(name, names(), "")
            .hint(format!("there are: {}", names().collect::<Vec<_>>().join(", ")))
    })
}

/// The words that may follow what is loaded: names with a `=`, or values behind one.
pub(in crate::shell) fn words(what: &str, word: &str) -> Vec<(String, String)> {
    let kinds: Vec<_> = what.split('+').filter_map(Kind::named).collect();
    let params = || kinds.iter().flat_map(|kind| kind.params);
    if let Some((name, _)) = word.split_once('=') {
        let param = kinds.iter().find_map(|kind| kind.param(name));
        let values = param.map_or(&[][..], |param| param.takes.words());
        return values
            .iter()
            .map(|value| (format!("{name}={value}"), (*value).to_owned()))
            .collect();
    }
    params()
        .map(|param| {
            let name = param.name.strip_suffix('*').unwrap_or(param.name);
            let equals = if name == param.name || name == "route" { "=" } else { "" };
            (format!("{name}{equals}"), format!("{}  {}", param.name, param.about))
        })
        .collect()
}

/// The values that `NAME=VALUE` words give a parameter of a kind: the latest one, or all where its
/// name stands for several.
pub(super) fn given<'a>(
    kind: &Kind,
    param: &Param,
    words: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let names = |name| of(kind, name).and_then(|name| kind.param(name));
    let is_it = |name| names(name).is_some_and(|found| found.name == param.name);
    let given = words.iter().filter(|(name, _)| is_it(name)).copied();
    if param.name.ends_with('*') { given.collect() } else { given.last().into_iter().collect() }
}

/// `NAME=VALUE`.
pub(super) fn pair(word: &str) -> Result<(&str, &str), CommandError> {
    let pair = word.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.ok_or_else(|| {
        CommandError::usage(format!("{word:?} is not a NAME=VALUE"))
            .hint("parameters look like this: load-app PlayRec filename=ivr.wav iterations=2")
    })
}

/// The name of a parameter within a kind: `Cdr.file` is `file` of Cdr, `file` that of all.
fn of<'a>(kind: &Kind, name: &'a str) -> Option<&'a str> {
    if kind.param(name).is_some() {
        return Some(name);
    }
    let (owner, name) = name.split_once('.')?;
    (owner.eq_ignore_ascii_case(kind.name) && kind.param(name).is_some()).then_some(name)
}

fn unknown(kinds: &[&Kind], name: &str) -> CommandError {
    let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
    let err = CommandError::usage(format!("app {} has no parameter {name:?}", names.join("+")));
    let params: Vec<_> =
        kinds.iter().flat_map(|kind| kind.params).map(|param| param.name).collect();
    if params.is_empty() {
        return err.hint("it has none");
    }
    let otherwise = format!("its parameters: {}", params.join(", "));
    err.meant(name, params, otherwise)
}

fn explained(kind: &Kind, err: &ParamError) -> CommandError {
    let failed = CommandError::new(Failure::Usage, err.to_string());
    failed.hint(format!("\"apps {}\" lists its parameters", kind.name))
}
