use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::view::server_columns::status_columns;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::model::Status;
use crate::shell::commands::context::Context;
use crate::shell::commands::server_tables;
use crate::shell::session::completeness;
use crate::shell::session::completeness::lost_rows;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::view::{Cell, Format, View};

/// Show how the server is, and how well we follow it
///
/// "sessions" are channels. "event lag" is how much later the latest event came than the fastest of
/// the last minutes, "missing events" were lost before they reached us (it takes "events all" to know),
/// "lost updates" are changes that this shell had no time for, "not shown" are lines that were only
/// counted. What the server does not report (no mod_sofia, a missing right, a reply that is cut) is "not
/// known", and the exit code is 1. "api status" is the server's own text.
///
/// Examples:
///   status
///   status -o json
///   status \G
///   api status
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {}

pub(crate) async fn run(cx: &mut Context<'_>, _args: &Args) -> Result<(), CommandError> {
    let switch = cx.switch()?;
    let asked = Instant::now();
    let text = switch.client().cmd("status").await?;
    let took = asked.elapsed();
    if cx.format() == Format::Raw {
        return cx.server_text(&text);
    }
    let status = Status::parse(&text);
    let mut unknown = Unknown::default();
    unknown.lacks(&status.missing());
    let sofia = unknown.unless(server_tables::sofia_status(cx).await, "gateways")?;
    let gateways = sofia.as_ref().map(server_tables::in_short);
    let registered = unknown.unless(server_tables::registrations(cx).await, "registrations")?;
    if let Some(lost) = sofia.as_ref().map(|sofia| sofia.unreadable).filter(|lost| *lost > 0) {
        unknown.reasons.push(lost_rows(lost).message);
    }
    if let Some(lost) = registered.as_ref().map(View::unreadable).filter(|lost| *lost > 0) {
        unknown.reasons.push(lost_rows(lost).message);
    }
    let listener = switch.listener();
    // A single question does without events, and then they are not counted.
    let known = |cell: Cell| if switch.has_listened() { cell } else { Cell::none() };
    let link = if listener.is_connected() { "connected" } else { "disconnected" };
    let calls = if let Some(gap) = completeness::of_calls(&switch).filter(|_| switch.has_listened())
    {
        unknown.reasons.push(gap.error("calls").message);
        not_known()
    } else {
        known(Cell::number(listener.with(|tracker| tracker.call_count()) as u64))
    };
    let (lost, lag) = (listener.lost_updates(), listener.event_lag());
    let number = |number: Option<u64>| number.map_or_else(not_known, Cell::number);
    let words = |text: &str| if text.is_empty() { not_known() } else { Cell::text(text) };
    let shown = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |x| x.to_string());
    let span = |span: Duration| Cell::span(u64::try_from(span.as_micros()).unwrap_or(u64::MAX));
    let sessions = format!(
        "{} now, peak {}, limit {}, {} since start-up",
        shown(status.sessions),
        shown(status.sessions_peak),
        shown(status.sessions_max),
        shown(status.sessions_since_startup)
    );
    let rate = format!("{}/s, limit {}/s", shown(status.per_second), shown(status.per_second_max));
    let idle = status.idle_cpu.map(|idle| Cell::shown(format!("{idle:.0} %"), json!(idle)));
    let mut view = View::of(status_columns(), "").with_one_row();
    view.push(vec![
        Cell::text(&switch.client().config().address()),
        words(&status.state),
        words(&status.version),
        status.uptime.map_or_else(not_known, span),
        Cell::shown(sessions, json!(status.sessions)),
        number(status.sessions_peak),
        number(status.sessions_max),
        number(status.sessions_since_startup),
        Cell::shown(rate, json!(status.per_second)),
        number(status.per_second_max),
        idle.unwrap_or_else(not_known),
        gateways.as_ref().map_or_else(not_known, |(text, all, _)| Cell::shown(text, json!(all))),
        gateways.as_ref().map_or_else(not_known, |(_, _, well)| Cell::number(*well)),
        registered.map_or_else(not_known, |view| Cell::number(view.len() as u64)),
        calls,
        known(Cell::text(link)),
        span(took),
        known(span(lag)),
        known(Cell::number(listener.missing_events())),
        known(Cell::number(lost)),
        known(Cell::number(cx.shell.unseen())),
    ]);
    let view = if cx.format() == Format::Table { view.without_empty() } else { view };
    cx.view(&view)?;
    unknown.error()
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Observe).without_events();
}

/// What is not known, and why.
#[derive(Default)]
struct Unknown {
    reasons: Vec<String>,
}

impl Unknown {
    /// Notes what the answer to `status` does not say.
    fn lacks(&mut self, names: &[&str]) {
        if !names.is_empty() {
            self.reasons.push(format!("{} (the reply to \"status\" is cut)", names.join(", ")));
        }
    }

    /// The answer, or a note why there is none. A connection that is gone ends the command.
    fn unless<T>(
        &mut self,
        answer: Result<T, CommandError>,
        what: &str,
    ) -> Result<Option<T>, CommandError> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(err) if err.kind == Kind::Connection => Err(err),
            Err(err) => {
                self.reasons.push(format!("{what} ({})", sanitise::line(&err.message)));
                Ok(None)
            }
        }
    }

    fn error(self) -> Result<(), CommandError> {
        if self.reasons.is_empty() {
            return Ok(());
        }
        let message = format!("not known: {}", self.reasons.join("; "));
        Err(CommandError::new(Kind::Refused, message)
            .hint("the rest of the status is complete; \"doctor\" checks the rights of this login"))
    }
}

fn not_known() -> Cell {
    Cell::shown("not known", Value::Null)
}
