use crate::shell::commands::meta::{Describe, Group, Meta};
use serde_json::json;

use crate::shell::commands::context::Context;
use crate::shell::session::completeness;
use crate::shell::text::error::CommandError;
use crate::shell::view::{Cell, View};

/// List the switches of this shell
///
/// Where not all calls of a switch are known, their number is not known either, and the exit code is 1.
///
/// Examples:
///   hosts
///   use pbx2
///   @all status
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

pub(crate) async fn run(cx: &mut Context<'_>, _args: &Args) -> Result<(), CommandError> {
    let current = cx.shell.current().map(|switch| switch.name().to_owned());
    let columns = ["switch", "address", "commands", "listener", "calls", "current"];
    let mut view = View::new(&columns, "no switch; type \"connect HOST\"");
    let mut unknown = None;
    for switch in cx.shell.switches() {
        // A single question does without events otherwise.
        if let Err(err) = switch.listen_once().await {
            unknown.get_or_insert(err);
        }
        let listener = switch.listener();
        let up = |is_up: bool| {
            let shown = match is_up {
                true => "connected",
                false if switch.is_recording() => "",
                false => "disconnected",
            };
            Cell::shown(shown, json!(is_up))
        };
        let gap = completeness::of_calls(&switch);
        let calls = match &gap {
            None => Cell::number(listener.with(|tracker| tracker.call_count()) as u64),
            Some(_) if switch.client().is_connected() => Cell::shown("not known", json!(null)),
            // Its own column says that nothing is connected.
            Some(_) => Cell::none(),
        };
        if let Some(gap) = gap.filter(|_| listener.is_connected()) {
            unknown.get_or_insert_with(|| gap.error(&format!("calls of {}", switch.name())));
        }
        let is_current = current.as_deref() == Some(switch.name());
        view.push(vec![
            Cell::text(switch.name()),
            Cell::shown(switch.address(), json!(switch.client().config().address())),
            up(switch.client().is_connected()),
            up(listener.is_connected()),
            calls,
            Cell::shown(if is_current { "*" } else { "" }, json!(is_current)),
        ]);
    }
    cx.view(&view)?;
    unknown.map_or(Ok(()), Err)
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Connection).without_events();
}
