//! From a command that was read to the function that runs it.

use super::call_name::Purpose;
use super::confirm;
use super::confirm::read_only;
use super::context::Context;
use super::grammar::Parsed;
use super::server::api;
use crate::shell::freeswitch::danger;
use crate::shell::text::error::CommandError;
use crate::shell::text::next::Next;

/// Runs what a line was read as.
pub(crate) async fn run(
    cx: &mut Context<'_>,
    parsed: Parsed,
    text: &str,
) -> Result<Next, CommandError> {
    let parsed = match parsed {
        Parsed::Builtin(line) => line,
        Parsed::Help(text) => return cx.line(text.trim_end()).map(|()| Next::Go),
        Parsed::Api(text) => {
            read_only(cx, danger::only_reads(&text), &text)?;
            return api::send_bare(cx, &text).await.map(|()| Next::Go);
        }
    };
    let (command, meta) = (&parsed.command, parsed.command.meta());
    let changes = !command.only_reads();
    read_only(cx, !changes, text)?;
    if !command.confirms_itself() {
        confirm::verb(cx, text, changes).await?;
    }
    cx.format = parsed.output;
    cx.purpose = meta.purpose.unwrap_or(Purpose::Change);
    if meta.needs_events
        && let Ok(switch) = cx.switch()
    {
        switch.listen_once().await?;
    }
    if meta.handles_call_results {
        cx.shell.has_seen_calls();
    }
    command.run(cx).await
}
