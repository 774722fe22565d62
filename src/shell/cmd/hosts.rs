use serde_json::json;

use super::{CommandError, Context};
use crate::shell::render::{Cell, View};

/// List the switches of this shell
///
/// Examples:
///   hosts
///   use pbx2
///   @all status
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

pub(crate) fn run(cx: &mut Context<'_>, _args: &Args) -> Result<(), CommandError> {
    let current = cx.shell.current().map(|switch| switch.name().to_owned());
    let columns = ["switch", "address", "commands", "listener", "calls", "current"];
    let mut view = View::new(&columns, "no switch; type \"connect HOST\"");
    for switch in cx.shell.switches() {
        let listener = switch.listener();
        let up = |is_up: bool| {
            let shown = match is_up {
                true => "connected",
                false if switch.is_recording() => "",
                false => "disconnected",
            };
            Cell::shown(shown, json!(is_up))
        };
        let is_current = current.as_deref() == Some(switch.name());
        view.push(vec![
            Cell::text(switch.name()),
            Cell::shown(switch.address(), json!(switch.client().config().address())),
            up(switch.client().is_connected()),
            up(listener.is_connected()),
            Cell::number(listener.with(|tracker| tracker.call_count()) as u64),
            Cell::shown(if is_current { "*" } else { "" }, json!(is_current)),
        ]);
    }
    cx.view(&view)
}
