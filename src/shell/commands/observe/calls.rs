use crate::model::CallInfo;
use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;
use crate::shell::view::select::Select;
use crate::shell::view::{Format, call_rows};

/// List the running calls, oldest first
///
/// A call's legs are joined: one line a call. Ages are by the server's clock. A number, a name or the
/// start of an id lists the calls that have it on any leg. A filter compares fields with = != ~
/// (contains) < <= > >=, joined by and, or, not and parentheses; "help filters" has more.
///
/// Examples:
///   calls
///   calls 1000
///   calls where age>1h and gateway=carrier-a
///   calls where from~1800 or (state=ringing and ring>20s)
///   calls --sort state,talk:desc --limit 10
///   calls --columns id,from,to,codec,channel
///   calls --ended where cause!=NORMAL_CLEARING
///   calls --ended where ended_by=called and talk<5s
///   calls --count
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Only the calls with this in a number, a caller's name or the start of an id
    #[arg(value_name = "NUMBER|ID")]
    who: Option<String>,
    /// List the calls that ended, the latest last
    #[arg(long)]
    ended: bool,
    #[command(flatten)]
    select: Select,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Observe);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let listener = cx.listener()?;
    let now = listener.server_time();
    let names = cx.app_names()?;
    let who = args.who.as_deref().unwrap_or_default();
    call_rows::no_filter("calls", who)?;
    let mut about = Vec::new();
    let mut view = listener.with(|tracker| {
        if args.ended {
            about.extend(tracker.ended().map(|call| call_rows::is_about(call, who)));
            let view = call_rows::calls(tracker.ended(), tracker, None, &names).with_now(now);
            view.with_empty("no calls have ended")
                .with_hidden(&["state", "age"], &["cause", "sip", "ended by", "tries", "ended"])
        } else {
            // Of many calls only those are put together that are shown.
            let first = args.select.first().filter(|_| who.is_empty());
            let mut calls: Vec<CallInfo> =
                tracker.calls().take(first.unwrap_or(usize::MAX)).collect();
            // A leg of a snapshot may learn its exact beginning only later.
            calls.sort_by_key(|call| match call.lead().map_or(0, |lead| lead.times.created) {
                0 => u64::MAX,
                created => created,
            });
            about.extend(calls.iter().map(|call| call_rows::is_about(call, who)));
            let view = call_rows::calls(calls.iter(), tracker, Some(now), &names);
            let all = tracker.call_count();
            if calls.len() == all {
                view
            } else {
                view.with_foot(format!("{} of {all} calls", calls.len()))
            }
        }
    });
    if !who.is_empty() {
        // Behind the rows were made: an id is short among all calls.
        view.keep(about);
        view = view.with_empty("no calls have that");
    }
    let view = view.select("calls", &args.select)?;
    if args.ended {
        return cx.view(&view);
    }
    if cx.switch()?.is_recording() {
        cx.view(&view)?;
        if cx.format() == Format::Table {
            cx.line("a recording: this is how it was last")?;
        }
        return Ok(());
    }
    cx.followed(&view, args.select.count, "calls")
}
