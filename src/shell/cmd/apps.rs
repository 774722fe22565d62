use serde_json::json;

use super::{CommandError, Context};
use crate::apps::{APPS, Kind};
use crate::shell::render::{Cell, View};

/// List the apps that can be loaded, and which are
///
/// Examples:
///   apps
///   apps -o json
///   load-app TonePlay
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

pub(crate) fn run(cx: &mut Context<'_>, _args: &Args) -> Result<(), CommandError> {
    let loaded = cx.client().map(|client| client.loaded_apps()).unwrap_or_default();
    let listener = cx.listener().ok();
    let mut view = View::new(&["name", "loaded", "id", "sessions", "about"], "no apps");
    for (name, id) in &loaded {
        let sessions = listener
            .as_ref()
            .map_or(0, |listener| listener.with(|tracker| tracker.sessions_of_app(id).count()));
        view.push(vec![
            Cell::text(name),
            Cell::shown("yes", json!(true)),
            Cell::text(id.as_str()),
            Cell::number(sessions as u64),
            Kind::named(name).map_or_else(Cell::none, |kind| Cell::text(kind.about)),
        ]);
    }
    for kind in APPS.iter().filter(|kind| !loaded.iter().any(|(name, _)| name == kind.name)) {
        view.push(vec![
            Cell::text(kind.name),
            Cell::shown("", json!(false)),
            Cell::none(),
            Cell::none(),
            Cell::text(kind.about),
        ]);
    }
    cx.view(&view)
}
