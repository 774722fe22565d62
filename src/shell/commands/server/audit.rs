use crate::shell::commands::meta::{Describe, Group, Meta};
use std::borrow::Cow;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::client::Client;
use crate::conn::{CloseReason, Connection, Sink};
use crate::model::Event;
use crate::shell::commands::context::Context;
use crate::shell::commands::stream::end_of;
use crate::shell::session::Shell;
use crate::shell::text::duration::duration;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::view::column::Column;
use crate::shell::view::filter::{Field, Filter, Kind as Holds, Names, Value};
use crate::shell::view::words::clock;
use crate::shell::view::{Cell, Format, View};
use crate::wire;
use crate::wire::{Command, EventData};

/// Show which API commands are run on the server, by anybody
///
/// From now on until Ctrl-C, --for or --count: what clients, the dial plan, scripts and the scheduler
/// run, each when it is done. Secrets are masked. FreeSWITCH does not say which client it was; what this
/// shell sent is marked "own". It opens its own connection.
///
/// Examples:
///   audit --for 2s
///   audit where not own and command~uuid_ --for 2s
///   audit -o jsonl --for 2s
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Only those for which this holds, by command, arguments, own
    #[arg(long = "where", value_name = "FILTER")]
    filter: Option<String>,
    /// Stop after this long: 10s, 5m
    #[arg(long = "for", value_name = "SPAN")]
    lasting: Option<String>,
    /// Stop after this many commands
    #[arg(long, value_name = "N")]
    count: Option<usize>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Server).without_events();
}

const FIELDS: &[Field<'static>] = &[
    Field { title: "command", key: "command", kind: Holds::Text, values: &[] },
    Field { title: "arguments", key: "arguments", kind: Holds::Text, values: &[] },
    Field { title: "own", key: "own", kind: Holds::Truth, values: &[] },
];

/// A command that a client ran.
struct Ran {
    at: u64,
    command: String,
    arguments: String,
    own: bool,
}

/// Hands API events over; what is not taken in time is counted.
struct Ears {
    events: mpsc::Sender<Option<Event>>,
    is_full: bool,
}

impl Sink for Ears {
    fn event(&mut self, event: EventData) {
        // A gap is reported before what follows it.
        if self.is_full && self.events.try_send(None).is_err() {
            return;
        }
        self.is_full = self.events.try_send(Some(Event::new(event))).is_err();
    }

    fn closed(&mut self, _reason: &CloseReason) {}
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let filter = args.filter.as_deref();
    let filter = filter.map(|text| Filter::parse(text, Names::Known("API commands", FIELDS)));
    let filter = filter.transpose()?;
    let end = args.lasting.as_deref().map(duration).transpose()?.map(|span| Instant::now() + span);
    let client = cx.client()?;
    let (mut connection, mut events) = listen(&cx.shell, &client).await?;
    if cx.format() == Format::Table {
        cx.line("what is run from now on; Ctrl-C ends it")?;
    }
    let mut kept = Vec::new();
    let mut count = 0;
    while args.count.is_none_or(|most| count < most) {
        let next = tokio::select! {
            biased;
            () = end_of(end) => break,
            next = events.recv() => next,
        };
        match next {
            Some(Some(event)) => {
                let ran = Ran::of(&event, &client, &cx.shell);
                if filter.as_ref().is_none_or(|filter| filter.holds(&|name| ran.value(name))) {
                    count += 1;
                    ran.report(cx, &mut kept)?;
                    cx.keep_pace().await;
                }
            }
            Some(None) if cx.format() == Format::Table => {
                cx.line("too much came at once: something is missing here")?;
            }
            Some(None) => {}
            None if matches!(connection.closed().await, CloseReason::Paused) => {
                let from = Instant::now();
                cx.shell.awake().await;
                (connection, events) = listen(&cx.shell, &client).await?;
                tell_gap(cx, from.elapsed().as_secs_f64())?;
            }
            None => {
                return Err(CommandError::new(Kind::Connection, "the connection was lost")
                    .hint("what came until then is above; \"audit\" begins again"));
            }
        }
    }
    if matches!(cx.format(), Format::Table | Format::Jsonl) {
        return Ok(());
    }
    let columns = [
        Column::number("at_us", "when it was done, in microseconds since 1970"),
        Column::text("command", "the API command"),
        Column::text("arguments", "its arguments, without secrets"),
        Column::truth("own", "whether this shell sent it"),
    ];
    let mut view = View::of(columns, "no commands recorded");
    for ran in kept {
        view.push(vec![
            Cell::number(ran.at),
            Cell::text(&ran.command),
            Cell::text(&ran.arguments),
            Cell::shown(if ran.own { "own" } else { "" }, json!(ran.own)),
        ]);
    }
    cx.view(&view)
}

/// Opens a separate connection for API events.
async fn listen(
    shell: &Shell,
    client: &Client,
) -> Result<(Connection, mpsc::Receiver<Option<Event>>), CommandError> {
    let (sender, events) = mpsc::channel(ROOM);
    let ears = Ears { events: sender, is_full: false };
    let connection = Connection::open(&client.config(), ears).await?;
    shell.close_on_pause(&connection);
    let command = Command::event(wire::Format::Plain, &["API"])?;
    let reply = connection.send(command).await?;
    if reply.text().starts_with("-ERR") {
        return Err(CommandError::new(Kind::Refused, reply.text())
            .hint("the directory user of this login needs API in its esl-allowed-events"));
    }
    Ok((connection, events))
}

/// Says that the connection was closed while this process stood still.
fn tell_gap(cx: &mut Context<'_>, seconds: f64) -> Result<(), CommandError> {
    match cx.format() {
        Format::Table => {
            cx.line(&format!("stopped for {seconds:.0} s: what was run meanwhile is not shown"))
        }
        Format::Jsonl => {
            let lost = json!({"Event-Name": "SWITCHY_LOST", "count": null, "seconds": seconds});
            cx.line(&lost.to_string())
        }
        _ => Ok(()),
    }
}

impl Ran {
    fn of(event: &Event, client: &Client, shell: &Shell) -> Self {
        let get = |name: &str| event.get(name).unwrap_or_default();
        let (command, arguments) = (get("API-Command"), get("API-Command-Argument"));
        let line = format!("{command} {arguments}");
        let own = client.has_sent(&line);
        let masked = shell.masked(&line);
        let arguments = masked.split_once(' ').map_or("", |(_, rest)| rest).to_owned();
        Self { at: event.timestamp(), command: command.into_owned(), arguments, own }
    }

    fn value(&self, name: &str) -> Value<'_> {
        match name {
            "command" => Value::Text(Cow::Borrowed(&self.command)),
            "arguments" => Value::Text(Cow::Borrowed(&self.arguments)),
            "own" => Value::Truth(self.own),
            _ => Value::Unknown,
        }
    }

    /// Writes it where lines are written as they come, else keeps it.
    fn report(self, cx: &mut Context<'_>, kept: &mut Vec<Self>) -> Result<(), CommandError> {
        match cx.format() {
            Format::Table => {
                let own = if self.own { "own" } else { "   " };
                let line = format!("{} {own} {} {}", clock(self.at), self.command, self.arguments);
                cx.line(sanitise::line(&line).trim_end())
            }
            Format::Jsonl => {
                let Self { at, command, arguments, own } = self;
                let document =
                    json!({"at_us": at, "command": command, "arguments": arguments, "own": own});
                cx.line(&document.to_string())
            }
            _ => {
                kept.push(self);
                Ok(())
            }
        }
    }
}

/// Events that may wait.
const ROOM: usize = 4096;
