use serde_json::json;

use super::{CommandError, Context, Format};
use crate::model::Status;
use crate::shell::render::{Cell, View};

/// Show how the server is
///
/// Examples:
///   status
///   status -o json
///   api status
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

pub(crate) async fn run(cx: &mut Context<'_>, _args: &Args) -> Result<(), CommandError> {
    let switch = cx.switch()?;
    let text = switch.client().cmd("status").await?;
    if cx.format() == Format::Raw {
        return cx.server_text(&text);
    }
    let status = Status::parse(&text);
    let listener = switch.listener();
    let (calls, lost) = (listener.with(|tracker| tracker.call_count()), listener.lost_updates());
    let link = if listener.is_connected() { "connected" } else { "disconnected" };
    let sessions = format!(
        "{} now, peak {}, limit {}, {} since start-up",
        status.sessions, status.sessions_peak, status.sessions_max, status.sessions_since_startup
    );
    let rate = format!("{}/s, limit {}/s", status.per_second, status.per_second_max);
    let mut fields = vec![
        ("switch", Cell::text(&switch.client().config().address())),
        ("state", Cell::text(&status.state)),
        ("version", Cell::text(&status.version)),
        ("uptime", Cell::text(&status.uptime)),
        (
            "sessions",
            Cell::shown(
                sessions,
                json!({
                    "now": status.sessions,
                    "peak": status.sessions_peak,
                    "limit": status.sessions_max,
                    "since_startup": status.sessions_since_startup,
                }),
            ),
        ),
        (
            "rate",
            Cell::shown(rate, json!({"now": status.per_second, "limit": status.per_second_max})),
        ),
        ("idle cpu", Cell::shown(format!("{:.0} %", status.idle_cpu), json!(status.idle_cpu))),
    ];
    // A single question does without events, and then they are not counted.
    if switch.has_listened() {
        fields.extend([
            ("calls", Cell::number(calls as u64)),
            ("listener", Cell::text(link)),
            ("lost updates", Cell::number(lost)),
        ]);
    }
    let view = View::single(fields)
        .with_key("idle cpu", "idle_cpu")
        .with_key("lost updates", "lost_updates");
    cx.view(&view)
}
