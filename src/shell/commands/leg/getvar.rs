use crate::shell::commands::call_name::Purpose;
use crate::shell::commands::meta::{Describe, Group, Meta};
use serde_json::json;

use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::view::{Cell, Format, View};

/// Show channel variables of a leg
///
/// With one name, its value alone. A variable that is not set is a failure. "dump" shows all.
///
/// Examples:
///   getvar last uuid
///   getvar 6c1d2a5e direction
///   getvar 1000 read_codec write_codec -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which call or leg
    #[arg(value_name = "CALL")]
    call: String,
    /// The variables
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Leg).on_call(Purpose::Read);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = leg_command::leg(cx, args.call.as_str(), |_| true).await?;
    let (mut view, mut unset) = (View::new(&["name", "value"], "nothing"), Vec::new());
    let mut values = Vec::new();
    for name in &args.names {
        let value = leg.getvar(name).await?;
        let cell = match &value {
            Some(value) => Cell::text(value),
            None => Cell::shown("(not set)", json!(null)),
        };
        view.push(vec![Cell::text(name), cell]);
        match value {
            Some(value) => values.push(value),
            None => unset.push(name.as_str()),
        }
    }
    match (args.names.as_slice(), values.as_slice()) {
        ([_], [value]) if matches!(cx.format(), Format::Table | Format::Raw) => {
            cx.server_text(value)?;
        }
        ([_], []) => {}
        _ => cx.view(&view)?,
    }
    if unset.is_empty() {
        return Ok(());
    }
    let message = format!("not set on {}: {}", leg.id(), unset.join(", "));
    Err(CommandError::new(Kind::Refused, message)
        .hint(format!("\"dump {}\" shows what is", leg.id().short())))
}
