use crate::shell::commands::call_name::Purpose;
use crate::shell::commands::meta::{Describe, Group, Meta};
use std::time::Duration;

use crate::shell::commands::call_trace;
use crate::shell::commands::call_trace::Request;
use crate::shell::commands::call_trace::save::Bundle;
use crate::shell::commands::context::Context;
use crate::shell::text::duration::{duration, whole_seconds};
use crate::shell::text::error::CommandError;

/// Follow one call, also one that has not begun
///
/// A call is named as everywhere; a number waits for the next call from or to it. It shows the events
/// and log lines of all its legs with the time since its beginning, then a ladder. It opens its own
/// connection. With --sip the server writes SIP messages to its log meanwhile, those of
/// all calls, and only those of this call are shown.
///
/// Examples:
///   trace last --for 2s
///   trace 6c1d2a5e --log off --for 2s
///   trace 1000 --sip --for 2s
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which call, or the number that will call or be called
    #[arg(value_name = "CALL|NUMBER")]
    what: String,
    /// How long to wait for a call to begin
    #[arg(long, value_name = "SECS", default_value_t = 300, value_parser = whole_seconds::<u64>)]
    timeout: u64,
    /// Stop after this long, whatever the call does: 10s, 5m
    #[arg(long = "for", value_name = "SPAN")]
    most: Option<String>,
    /// Which log lines to show: a level, or off
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log: String,
    /// Show the SIP messages, too
    #[arg(long)]
    sip: bool,
    /// Write it to this new file too, with all headers
    #[arg(long, value_name = "FILE")]
    save: Option<String>,
    /// Let --save overwrite a file that exists
    #[arg(long, requires = "save")]
    force: bool,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Observe).on_call(Purpose::Read).handling_call_results();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let most = args.most.as_deref().map(duration).transpose()?;
    let open = if args.force { Bundle::overwrite } else { Bundle::create };
    let bundle = args.save.as_deref().map(|path| open(&cx.shell, path)).transpose()?;
    let request = Request {
        what: args.what.clone(),
        start_timeout: Duration::from_secs(args.timeout),
        most,
        log: Some(args.log.clone()).filter(|level| level != "off"),
        sip: args.sip,
    };
    call_trace::follow(cx, &request, bundle).await
}
