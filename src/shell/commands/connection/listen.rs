use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::session::completeness;
use crate::shell::text::error::CommandError;
use crate::shell::text::sanitise;
use crate::shell::view::{counted, span};

/// Assign a listener to the client, or take it away
///
/// Without a listener commands still work, but nothing reports the results of background
/// commands, and no calls are tracked.
///
/// Examples:
///   listen
///   listen off
///   listen on
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// On or off; without it, say how it is
    state: Option<State>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Connection).without_events().waited_for();
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum State {
    On,
    Off,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let switch = cx.switch()?;
    match args.state {
        Some(State::On) => switch.listen().await?,
        Some(State::Off) => switch.stop_listening().await,
        None => {}
    }
    let listener = switch.listener();
    cx.line(&listener.to_string())?;
    if args.state.is_none() && listener.is_connected() {
        cx.line(&format!("id      {}", listener.id()))?;
        cx.line(&format!("events  {}", listener.subscriptions().join(" ")))?;
        cx.line(&format!(
            "now     {}, {}, {}, up {}",
            counted(listener.count_sessions(), "session"),
            counted(listener.count_calls(), "call"),
            counted(listener.count_jobs(), "job"),
            span(u64::try_from(listener.uptime().as_micros()).unwrap_or(u64::MAX)),
        ))?;
        if let Some(gap) = completeness::of_calls(&switch) {
            cx.line(&format!("        {}", sanitise::line(&gap.error("calls").message)))?;
        }
        let totals = listener.totals();
        let lost = listener.lost_updates();
        cx.line(&format!(
            "seen    {} events, {} sessions ({} answered, {} failed), {lost} updates lost",
            totals.events,
            totals.sessions,
            totals.answered,
            listener.count_failed(),
        ))?;
    }
    Ok(())
}
