use crate::shell::commands::meta::{Describe, Group, Meta};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::client::Client;
use crate::model::{ChannelRow, Rows};
use crate::shell::commands::context::Context;
use crate::shell::commands::server_tables;
use crate::shell::text::error::CommandError;
use crate::shell::view::column::Column;
use crate::shell::view::select::Select;
use crate::shell::view::{Cell, Format, View};

/// Find rows of "show channels" that have no call behind them
///
/// The table is FreeSWITCH's copy of its channels; now and then a row stays behind. A row is a ghost
/// when the switch does not know its uuid, twice, a second apart: the table lags by some tenths.
///
/// Examples:
///   ghosts
///   ghosts where age>1h
///   ghosts -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Calls);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let client = cx.client()?;
    let found = find(&client).await;
    let (ghosts, unreadable) = match found {
        Ok(found) => found,
        Err(err) => {
            cx.nothing_known()?;
            return Err(err);
        }
    };
    let now = client.listener().map_or_else(|_none| cx.local_time(), |x| x.server_time());
    let columns = [
        Column::text("uuid", "uuid of the channel that is no more"),
        Column::text("name", "its channel name"),
        Column::text("from", "number of the caller"),
        Column::text("to", "number that was called"),
        Column::text("state", "the call state that the table shows"),
        Column::span("age", "age_ms", "since it was made"),
        Column::text("application", "the application that the table shows"),
    ];
    let mut view =
        View::of(columns, "no ghosts: every row of \"show channels\" belongs to a channel");
    view = view.with_unreadable(unreadable);
    for row in &ghosts {
        let created = row.created_epoch.parse::<u64>().unwrap_or(0);
        view.push(vec![
            Cell::text(&row.uuid),
            Cell::text(&row.name),
            Cell::text(&row.cid_num),
            Cell::text(&row.dest),
            Cell::text(&row.callstate),
            if created == 0 {
                Cell::none()
            } else {
                Cell::span(now.saturating_sub(created.saturating_mul(1_000_000)))
            },
            Cell::text(&row.application),
        ]);
    }
    let view = view.select("ghosts", &args.select)?;
    let is_any = !view.is_empty();
    let table = cx.table(&view);
    if is_any && cx.format() == Format::Table && !ghosts.is_empty() {
        cx.line("nothing can hang these up: they go when FreeSWITCH is started again")?;
    }
    table
}

/// The ghosts, and how many rows could not be read.
async fn find(client: &Client) -> Result<(Vec<ChannelRow>, usize), CommandError> {
    let table = rows(client).await?;
    let first = unknown(client, table.rows).await?;
    if first.is_empty() {
        return Ok((first, table.unreadable));
    }
    sleep(LAG).await;
    let mut again = rows(client).await?;
    again.rows.retain(|row| first.iter().any(|known| known.uuid == row.uuid));
    Ok((unknown(client, again.rows).await?, again.unreadable))
}

async fn rows(client: &Client) -> Result<Rows<ChannelRow>, CommandError> {
    let reply = client.api("show channels as json").await?;
    Rows::parse_as(&reply.text(), "uuid").map_err(|err| {
        server_tables::no_table("show channels", &err)
            .hint("FreeSWITCH started with -nosql has no such table, and no ghosts")
    })
}

/// The rows whose uuid the switch does not know.
async fn unknown(client: &Client, rows: Vec<ChannelRow>) -> Result<Vec<ChannelRow>, CommandError> {
    let (mut asked, mut found) = (JoinSet::new(), Vec::new());
    let mut rows = rows.into_iter().enumerate();
    loop {
        // Many at once, so that a far server does not take a round trip each.
        while asked.len() < AT_ONCE
            && let Some((at, row)) = rows.next()
        {
            let client = client.clone();
            asked.spawn(async move {
                let exists = client.cmd(&format!("uuid_exists {}", row.uuid)).await;
                match exists?.trim() {
                    "false" => Ok(Some((at, row))),
                    "true" => Ok(None),
                    other => {
                        let message =
                            format!("\"uuid_exists\" answers neither true nor false: {other}");
                        Err(CommandError::new(crate::shell::text::error::Kind::Refused, message))
                    }
                }
            });
        }
        match asked.join_next().await {
            Some(Ok(answer)) => found.extend(answer?),
            Some(Err(_cancelled)) => {}
            None => break,
        }
    }
    found.sort_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

/// The table is behind by less.
const LAG: Duration = Duration::from_secs(1);

const AT_ONCE: usize = 32;
