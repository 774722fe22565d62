use super::{CommandError, Context};
use crate::apps::APPS;
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
    let mut view = View::new(&["name", "id", "sessions", "about"], "no apps");
    for (name, id) in &loaded {
        let sessions = listener
            .as_ref()
            .map_or(0, |listener| listener.with(|tracker| tracker.sessions_of_app(id).count()));
        view.push(vec![
            Cell::text(name),
            Cell::text(id.as_str()),
            Cell::number(sessions as u64),
            Cell::text("loaded"),
        ]);
    }
    for kind in APPS.iter().filter(|kind| !loaded.iter().any(|(name, _)| name == kind.name)) {
        view.push(vec![Cell::text(kind.name), Cell::none(), Cell::none(), Cell::text(kind.about)]);
    }
    cx.view(&view)
}
