//! SIP messages, as `sofia global siptrace on` writes them into the log.

use std::time::Duration;

use tokio::time::sleep;

use super::item::Item;
use super::{item, sip_users};
use crate::client::{Client, Error};
use crate::listener::Logs;
use crate::model::{Event, Id};
use crate::shell::commands::context::Context;
use crate::shell::session::Shell;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::view::Format;
use crate::wire::LogLine;

/// A message on its way (`mod_sofia`, seen on 1.10.12: a line for each message, level 0, function
/// `logger`, `send 989 bytes to udp/[127.0.0.1]:5080 at 03:46:37.446214:`, a rule, the message).
#[derive(Debug)]
pub(super) struct Message {
    pub(super) call_id: String,
    clock: u64,
    head: String,
    text: String,
}

impl Message {
    /// The message in a log line, if it is one.
    pub(super) fn of(line: &LogLine) -> Option<Self> {
        let text = line.text();
        let (head, rest) = text.split_once('\n')?;
        if !head.starts_with("send ") && !head.starts_with("recv ") {
            return None;
        }
        let (way, clock) = head.trim_end_matches(':').rsplit_once(" at ")?;
        let body = rest.split_once('\n').filter(|(rule, _)| rule.starts_with("---"));
        let message = body.map_or(rest, |(_, message)| message);
        let mut headers = message.lines().filter_map(|line| line.split_once(':'));
        let (_, call_id) = headers.find(|(name, _)| {
            name.eq_ignore_ascii_case("Call-ID") || name.eq_ignore_ascii_case("i")
        })?;
        let first = message.lines().next().unwrap_or_default();
        let arrow = if head.starts_with("send ") { "->" } else { "<-" };
        let peer = way.rsplit(' ').next().unwrap_or_default();
        Some(Self {
            call_id: call_id.trim().to_owned(),
            clock: item::micros_of_day(clock)?,
            head: format!("{arrow} {first} ({peer})"),
            text: message.trim_end_matches(['-', '\n']).to_owned(),
        })
    }

    pub(super) fn into_item(self, leg: usize) -> Item {
        let now = u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or(0);
        let at = item::on_day(self.clock, now);
        Item { at, leg: Some(leg), kind: "sip", text: self.head, full: self.text }
    }
}

/// The server's SIP trace, as long as this lives.
#[derive(Debug)]
pub(super) struct SipTrace {
    client: Client,
    shell: Shell,
    /// Its name among those that use the trace.
    tag: String,
    is_on: bool,
}

const ON: &str = "sofia global siptrace on";
const OFF: &str = "sofia global siptrace off";

impl SipTrace {
    /// Switches it on, for as long as this or another one uses it. Returns log lines that came
    /// meanwhile, too.
    pub(super) async fn start(
        cx: &mut Context<'_>,
        client: &Client,
        logs: &mut Logs,
    ) -> Result<(Option<Self>, Vec<LogLine>), CommandError> {
        if cx.is_read_only() {
            return Err(CommandError::new(Kind::Refused, "read-only: --sip changes the server")
                .hint("without it events and log lines are followed"));
        }
        // Before the command leaves: the effect of a lost reply is unknown.
        let (was_on, early) = sip_users::was_on(client, logs).await;
        let tag = Id::<Event>::random().short().to_owned();
        let trace = Self { client: client.clone(), shell: cx.shell.clone(), tag, is_on: true };
        if let Err(err) = sip_users::join(client, &trace.tag, was_on).await {
            tracing::debug!(%err, "who uses the SIP trace is not noted");
        }
        client.api(ON).await?;
        if cx.format() == Format::Table {
            cx.line(if was_on {
                "the server writes SIP messages to its log; that was so before, and stays so"
            } else {
                "the server writes SIP messages to its log; that ends with this trace"
            })?;
        }
        Ok((Some(trace), early))
    }

    /// Switches it off and says so.
    pub(super) async fn stop(mut self, cx: &mut Context<'_>) -> Result<(), CommandError> {
        let is_used = switch_off(self.client.clone(), self.tag.clone()).await;
        self.is_on = false;
        if cx.format() == Format::Table {
            cx.line(if is_used {
                "the server still writes SIP messages: others use its SIP trace; \
                 \"sofia global siptrace off\" ends it for all"
            } else {
                "the server writes no SIP messages any more"
            })?;
        }
        Ok(())
    }
}

impl Drop for SipTrace {
    fn drop(&mut self) {
        if self.is_on {
            let (client, tag) = (self.client.clone(), self.tag.clone());
            self.shell.finish(async move {
                let _is_used = switch_off(client, tag).await;
            });
        }
    }
}

/// Switches it off unless others use it, over another connection when this one is gone, and tries
/// for some minutes. Returns whether others use it.
async fn switch_off(client: Client, tag: String) -> bool {
    for wait in [0, 1, 2, 5, 10, 30, 60, 120] {
        sleep(Duration::from_secs(wait)).await;
        match leave(&client, &tag).await {
            Ok(is_used) => return is_used,
            Err(Error::Api { .. } | Error::Denied { .. }) => return false,
            Err(_gone) => {}
        }
        let other = Client::with_config(client.config());
        if other.connect().await.is_ok() {
            let left = leave(&other, &tag).await;
            other.disconnect().await;
            if let Ok(is_used) = left {
                return is_used;
            }
        }
    }
    let host = client.config().address();
    tracing::error!(host, "the SIP trace is still on: {OFF:?} switches it off");
    false
}

async fn leave(client: &Client, tag: &str) -> Result<bool, Error> {
    match sip_users::leave(client, tag).await {
        Ok(true) => Ok(true),
        // Where no list may be kept, each one is alone.
        Ok(false) | Err(Error::Api { .. } | Error::Denied { .. }) => {
            client.api(OFF).await.map(|_| false)
        }
        Err(gone) => Err(gone),
    }
}
