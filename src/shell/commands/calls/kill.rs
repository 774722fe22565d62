use crate::model::HangupCause;
use crate::shell::commands::bulk_hangup;
use crate::shell::commands::bulk_hangup::HangupOptions;
use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::after_interrupt::AfterInterrupt;
use crate::shell::text::error::CommandError;

/// Hang up the calls that a filter names, after a look at them
///
/// The filter is that of "calls": see "help filters". What it names is counted and shown; then the
/// name of the host has to be typed. Where no one can be asked, --yes is needed. Each call has its
/// result; one that the filter does not name any more when its turn comes is left alone.
///
/// Examples:
///   kill where age>2h --dry-run
///   kill where age>2h and gateway=carrier-a --rate 20/s
///   kill where from=1000 --cause CALL_REJECTED --yes
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which calls; "where FILTER" without dashes is the same
    #[arg(long = "where", value_name = "FILTER", required = true)]
    filter: Option<String>,
    /// Why, as a FreeSWITCH hangup cause
    #[arg(long, value_name = "CAUSE", default_value = "NORMAL_CLEARING")]
    cause: String,
    #[command(flatten)]
    manner: HangupOptions,
}

impl Describe for Args {
    const META: Meta =
        Meta::depends(Group::Calls).handling_call_results().interrupted(AfterInterrupt::CALLS_LEFT);

    fn only_reads(&self) -> bool {
        self.is_dry_run()
    }

    fn confirms_itself(&self) -> bool {
        true
    }
}

impl Args {
    /// Whether nothing is sent.
    pub(in crate::shell) fn is_dry_run(&self) -> bool {
        self.manner.dry_run
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let text = args.filter.as_deref().unwrap_or_default();
    let calls = cx.calls_where(text)?;
    cx.all_calls_known()?;
    let cause = HangupCause::parse(&args.cause);
    let line = format!("kill where {text}");
    bulk_hangup::end(cx, calls, &cause, &args.manner, &line, Some(text)).await?;
    cx.no_rows_lost()
}
