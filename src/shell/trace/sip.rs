//! SIP messages, as `sofia global siptrace on` writes them into the log.

use std::time::Duration;

use tokio::time::sleep;

use super::item::{self, Item};
use crate::client::{Client, Error};
use crate::shell::{CommandError, Context, Format, Kind, Shell};
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
    is_on: bool,
}

const ON: &str = "sofia global siptrace on";
const OFF: &str = "sofia global siptrace off";

impl SipTrace {
    /// Switches it on.
    pub(super) async fn start(cx: &mut Context<'_>, client: &Client) -> Result<Self, CommandError> {
        if cx.is_read_only() {
            return Err(CommandError::new(Kind::Refused, "read-only: --sip changes the server")
                .hint("without it events and log lines are followed"));
        }
        // Before the command leaves: nobody knows what a lost reply did.
        let trace = Self { client: client.clone(), shell: cx.shell.clone(), is_on: true };
        client.api(ON).await?;
        if cx.format() == Format::Table {
            cx.line("the server writes SIP messages to its log; that ends with this trace")?;
        }
        Ok(trace)
    }

    /// Switches it off and says so.
    pub(super) async fn stop(mut self, cx: &mut Context<'_>) -> Result<(), CommandError> {
        switch_off(self.client.clone()).await;
        self.is_on = false;
        if cx.format() == Format::Table {
            cx.line("the server writes no SIP messages any more")?;
        }
        Ok(())
    }
}

impl Drop for SipTrace {
    fn drop(&mut self) {
        if self.is_on {
            self.shell.finish(switch_off(self.client.clone()));
        }
    }
}

/// Switches it off, over another connection when this one is gone, and tries for some minutes.
async fn switch_off(client: Client) {
    for wait in [0, 1, 2, 5, 10, 30, 60, 120] {
        sleep(Duration::from_secs(wait)).await;
        match client.api(OFF).await {
            Ok(_) | Err(Error::Api { .. } | Error::Denied { .. }) => return,
            Err(_gone) => {}
        }
        let other = Client::with_config(client.config());
        if other.connect().await.is_ok() {
            let done = other.api(OFF).await.is_ok();
            other.disconnect().await;
            if done {
                return;
            }
        }
    }
    let host = client.config().address();
    tracing::error!(target: "switchy.Client", host, "the SIP trace is still on: {OFF:?} switches it off");
}
