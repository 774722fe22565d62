use clap::ValueEnum as _;

use super::{CommandError, Context, Format};
use crate::shell::render::{Cell, View};

/// Show or change the settings of this session
///
/// Examples:
///   set
///   set output json
///   set timeout 30
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which setting: output, timeout
    #[arg(value_name = "SETTING", requires = "value")]
    name: Option<String>,
    /// Its new value
    value: Option<String>,
}

pub(crate) fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    if let (Some(name), Some(value)) = (&args.name, &args.value) {
        change(cx, name, value)?;
    }
    let settings = cx.shell.settings();
    let format = settings.format.to_possible_value();
    let format = format.as_ref().map_or("", |value| value.get_name());
    cx.view(&View::single(vec![
        ("output", Cell::text(format)),
        ("timeout", Cell::number(settings.timeout)),
    ]))
}

fn change(cx: &Context<'_>, name: &str, value: &str) -> Result<(), CommandError> {
    match name {
        "output" => {
            let format = Format::from_str(value, true).map_err(|_unknown| {
                let names: Vec<_> = Format::value_variants()
                    .iter()
                    .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
                    .collect();
                CommandError::usage(format!("{value:?} is no format"))
                    .hint(format!("there are: {}", names.join(", ")))
            })?;
            cx.shell.change_settings(|settings| settings.format = format);
        }
        "timeout" => {
            let seconds =
                value.parse().ok().filter(|seconds| *seconds > 0).ok_or_else(|| {
                    CommandError::usage(format!("{value:?} is no number of seconds"))
                })?;
            cx.shell.change_settings(|settings| settings.timeout = seconds);
        }
        _ => {
            return Err(CommandError::usage(format!("there is no setting {name:?}"))
                .hint("type \"set\" to see them"));
        }
    }
    Ok(())
}
