use crate::shell::commands::meta::{Describe, Group, Meta};
use serde_json::json;

use crate::apps::{APPS, Kind};
use crate::client::LoadedApp;
use crate::model;
use crate::model::Id;
use crate::shell::commands::app_args;
use crate::shell::commands::context::Context;
use crate::shell::text::error::CommandError;
use crate::shell::view::column::Column;
use crate::shell::view::{Cell, View};

/// List the apps that can be loaded and those that are, or describe one
///
/// Of a kind it shows the parameters and their defaults, of a loaded app what it was loaded with and
/// what it has counted. --callbacks lists
/// which app is called for which event, and which subscriptions are held for that.
///
/// Examples:
///   apps
///   apps PlayRec
///   apps --callbacks
///   load-app TonePlay
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Describe this one, a kind or a loaded app
    #[arg(value_name = "KIND")]
    app: Option<String>,
    /// List the events that loaded apps are called for
    #[arg(long, conflicts_with = "app")]
    callbacks: bool,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Apps);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    if args.callbacks {
        return callbacks(cx);
    }
    match &args.app {
        Some(name) => about(cx, name),
        None => list(cx),
    }
}

fn list(cx: &mut Context<'_>) -> Result<(), CommandError> {
    let loaded = cx.client().map(|client| client.loaded_apps()).unwrap_or_default();
    let ranked = [("name", 0), ("loaded", 1), ("id", 4), ("sessions", 3), ("about", 2)];
    let mut view = View::of(ranked.map(|(name, rank)| Column::plain(name, rank)), "no apps");
    for (name, id) in &loaded {
        let app = cx.client()?.app(id.as_str()).ok();
        view.push(vec![
            Cell::text(name),
            Cell::shown("yes", json!(true)),
            Cell::text(id.as_str()),
            Cell::number(sessions(cx, id) as u64),
            app.map_or_else(Cell::none, |app| Cell::text(&abouts(&app))),
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
    #[cfg(feature = "lua")]
    for path in crate::apps::lua::given_up() {
        view.push(vec![
            Cell::text(&path.display().to_string()),
            Cell::shown("given up", json!("given up")),
            Cell::none(),
            Cell::none(),
            Cell::text("a Lua file that does not come back: it costs a processor until you exit"),
        ]);
    }
    cx.view(&view)
}

fn about(cx: &mut Context<'_>, name: &str) -> Result<(), CommandError> {
    let loaded = cx.client().ok().and_then(|client| client.app(name).ok());
    let ranked = [("app", 1), ("name", 0), ("takes", 2), ("value", 1), ("about", 4)];
    let columns = ranked.map(|(name, rank)| Column::plain(name, rank));
    let mut view = View::of(columns, "nothing is known of it");
    let mut row = |cells: [&str; 5]| view.push(cells.into_iter().map(Cell::text).collect());
    let kinds: Vec<&Kind> = match &loaded {
        Some(app) => {
            let (own, count) = (app.name(), sessions(cx, app.id()).to_string());
            row([own, "id", "", app.id().as_str(), "what its sessions carry"]);
            row([own, "sessions", "", &count, "that live now"]);
            row([own, "subscriptions", "", &app.held().join(" "), "held for it"]);
            for part in app.parts() {
                for (noted, value) in part.notes() {
                    row([part.name(), noted, "", &value, "so far"]);
                }
            }
            app.parts().iter().filter_map(|part| Kind::named(part.name())).collect()
        }
        None => name.split('+').map(app_args::kind).collect::<Result<_, _>>()?,
    };
    let words = loaded
        .as_ref()
        .map(|app| cx.switch().ok().and_then(|switch| switch.app_words(app.id().as_str())));
    // A user of the library may have loaded it, too.
    let is_known = !matches!(words, Some(None));
    let words = words.flatten().unwrap_or_default();
    let given: Vec<_> = words.iter().filter_map(|word| word.split_once('=')).collect();
    for kind in &kinds {
        if loaded.is_none() {
            row([kind.name, "", "", "", kind.about]);
        }
        for param in kind.params {
            let takes = param.takes.to_string();
            let mut values = app_args::given(kind, param, &given);
            let default = format!("default {}", param.default);
            let default = if is_known { param.default } else { default.trim_end() };
            if values.is_empty() {
                values.push((param.name, default));
            }
            for (name, value) in values {
                row([kind.name, name, &takes, value, param.about]);
            }
        }
    }
    if kinds.is_empty()
        && let Some(app) = &loaded
    {
        // A Lua file: it knows itself what it does with them.
        for (name, value) in &given {
            row([app.name(), name, "", value, "its args"]);
        }
    }
    cx.view(&view)
}

fn callbacks(cx: &mut Context<'_>) -> Result<(), CommandError> {
    let mut view =
        View::new(&["event", "app", "part", "subscription"], "no app is called for any event");
    for callback in cx.client()?.callbacks() {
        let held = if callback.is_held { "held" } else { "there anyway" };
        let cells = [&callback.event, &callback.app, &callback.part];
        let cells = cells.into_iter().map(|text| Cell::text(text));
        view.push(cells.chain([Cell::text(held)]).collect());
    }
    cx.view(&view)
}

fn sessions(cx: &Context<'_>, id: &Id<model::App>) -> usize {
    let count = |tracker: &crate::track::Tracker| tracker.sessions_of_app(id).count();
    cx.listener().map(|listener| listener.with(count)).unwrap_or_default()
}

fn abouts(app: &LoadedApp) -> String {
    let known = app.parts().iter().filter_map(|part| Kind::named(part.name()));
    known.map(|kind| kind.about).collect::<Vec<_>>().join("; ")
}
