use serde_json::json;

use super::{CommandError, Context, Format};
use crate::shell::rows;

/// Show one call and its legs
///
/// The call is named by its uuid, the start of it, "last", or a number of the caller or callee
/// that no other call has.
///
/// Examples:
///   call last
///   call 6c1d2a5e
///   call 1000 -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which call
    #[arg(value_name = "CALL")]
    call: String,
}

pub(crate) fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let call = cx.call(&args.call)?;
    let now = cx.listener()?.server_time();
    if cx.format() == Format::Json {
        return cx.line(&format!("{:#}", json!(call)));
    }
    if cx.format() == Format::Table {
        cx.line(&call.to_string())?;
    }
    let names = cx.app_names()?;
    let view = cx.listener()?.with(|tracker| {
        rows::channels(std::iter::once(&call), tracker, now, &names).with_empty("no leg is left")
    });
    let format = if cx.format() == Format::Table { Format::Vertical } else { cx.format() };
    cx.format = Some(format);
    cx.view(&view)
}
