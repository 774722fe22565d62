use crate::model::CallInfo;
use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;
use crate::shell::view::call_rows;
use crate::shell::view::select::Select;

/// List the channels that live, leg by leg, oldest call first
///
/// As the shell follows them by their events; "show channels" is the server's own table, which
/// trails them by some tenths of a second.
///
/// Examples:
///   channels
///   channels where codec=OPUS or gateway~carrier
///   channels --columns uuid,channel,app,app_data
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    select: Select,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Observe);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let listener = cx.listener()?;
    let (now, names) = (listener.server_time(), cx.app_names()?);
    // Of many only those are put together that are shown; each call has one at least.
    let first = args.select.first();
    let (view, all) = listener.with(|tracker| {
        let calls: Vec<CallInfo> = tracker.calls().take(first.unwrap_or(usize::MAX)).collect();
        (call_rows::channels(calls.iter(), tracker, now, &names), tracker.sessions().len())
    });
    let view = view.select("channels", &args.select)?;
    let view = match first.filter(|first| *first < all) {
        Some(first) => view.with_foot(format!("{first} of {all} channels")),
        None => view,
    };
    cx.followed(&view, args.select.count, "channels")
}
