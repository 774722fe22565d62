use crate::shell::commands::meta::{Describe, Group, Meta};
use std::time::Duration;

use clap::ValueEnum as _;
use serde_json::json;

use crate::shell::commands::context::Context;
use crate::shell::freeswitch::danger::Guard;
use crate::shell::settings::ReadOnly;
use crate::shell::settings::keys::Editing;
use crate::shell::settings::paging::Paging;
use crate::shell::settings::prompt::Template;
use crate::shell::text::duration::duration;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::view::{Cell, Format, View};

/// Show or change the settings of this session
///
/// In a prompt stand {name}, {profile}, {env}, {host}, {port}, {user}, {switchname}, {hostname},
/// {localhost}, {mark}, {link}, {state}, {calls}, {own} (calls of this shell), {time} and {runs}.
///
/// Examples:
///   set
///   set output json
///   set pager off
///   set timeout 30
///   set keys vi
///   set prompt '{profile} {mark} {calls} calls> '
///   set prompt default
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which setting: output, pager, timeout, guard, read-only, keys, prompt
    #[arg(value_name = "SETTING", requires = "value")]
    name: Option<String>,
    /// Its new value
    value: Option<String>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Session).without_events();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    if let (Some(name), Some(value)) = (&args.name, &args.value) {
        change(cx, name, value)?;
    }
    let settings = cx.shell.settings();
    let own = || cx.switch().ok()?.profile()?.output;
    let format = settings.output.or_else(own).unwrap_or(settings.format).to_possible_value();
    let format = format.as_ref().map_or("", |value| value.get_name());
    let guard = settings.guard.to_possible_value();
    let keys = settings.editing.to_possible_value();
    cx.view(&View::single(vec![
        ("output", Cell::text(format)),
        (
            "pager",
            Cell::text(settings.pager.to_possible_value().as_ref().map_or("", |x| x.get_name())),
        ),
        ("timeout", seconds(settings.timeout)),
        ("guard", Cell::text(guard.as_ref().map_or("", |value| value.get_name()))),
        ("read-only", Cell::text(if settings.read_only == ReadOnly::Off { "off" } else { "on" })),
        ("keys", Cell::text(keys.as_ref().map_or("", |value| value.get_name()))),
        ("prompt", Cell::text(&prompt(cx))),
    ]))
}

/// The template in force; a profile may have its own.
fn prompt(cx: &Context<'_>) -> String {
    let own = || cx.switch().ok()?.profile()?.prompt;
    let set = cx.shell.settings().prompt.or_else(own);
    let set = set.filter(|template| *template != Template::standard());
    set.map_or_else(|| "default".to_owned(), |template| template.to_string())
}

/// Seconds: `10`, `0.5`.
fn seconds(span: Duration) -> Cell {
    match (span.as_secs(), span.subsec_nanos()) {
        (seconds, 0) => Cell::number(seconds),
        _ => Cell::shown(span.as_secs_f64().to_string(), json!(span.as_secs_f64())),
    }
}

fn change(cx: &Context<'_>, name: &str, value: &str) -> Result<(), CommandError> {
    match name {
        "output" => {
            let format = Format::from_str(value, true).map_err(|_unknown| {
                let names: Vec<_> = Format::value_variants()
                    .iter()
                    .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
                    .collect();
                CommandError::usage(format!("{value:?} is not a format"))
                    .hint(format!("there are: {}", names.join(", ")))
            })?;
            cx.shell.change_settings(|settings| settings.output = Some(format));
        }
        "pager" => {
            let pager = Paging::from_str(value, true).map_err(|_unknown| {
                CommandError::usage(format!("{value:?} is not on, off or auto"))
                    .hint("auto pages what is longer than the terminal")
            })?;
            cx.shell.change_settings(|settings| settings.pager = pager);
        }
        "timeout" => {
            let span = duration(value)?;
            if span.is_zero() {
                return Err(CommandError::usage("the timeout must be more than 0"));
            }
            cx.shell.change_settings(|settings| settings.timeout = span);
        }
        "guard" => {
            let guard = Guard::from_str(value, true).map_err(|_unknown| {
                CommandError::usage(format!("{value:?} is not a guard")).hint(
                    "there are: normal (what harms others is asked for), strict (all changes)",
                )
            })?;
            cx.shell.change_settings(|settings| settings.guard = guard);
        }
        "keys" => {
            let editing = Editing::from_str(value, true).map_err(|_unknown| {
                CommandError::usage(format!("{value:?} is neither emacs nor vi"))
                    .hint("\"help keys\" lists the keys")
            })?;
            cx.shell.change_settings(|settings| settings.editing = editing);
        }
        "prompt" => {
            let prompt =
                if value == "default" { Template::standard() } else { Template::parse(value)? };
            cx.shell.change_settings(|settings| settings.prompt = Some(prompt));
        }
        "read-only" => {
            let read_only = match (value, cx.shell.settings().read_only) {
                ("on", ReadOnly::Off) => ReadOnly::On,
                ("off", ReadOnly::Always) => {
                    let message = "the process was started with --read-only";
                    return Err(CommandError::new(Kind::Refused, message)
                        .hint("start another one without it"));
                }
                ("off", _) => ReadOnly::Off,
                ("on", as_it_is) => as_it_is,
                _ => {
                    return Err(CommandError::usage(format!("{value:?} is neither on nor off")));
                }
            };
            cx.shell.change_settings(|settings| settings.read_only = read_only);
        }
        _ => {
            return Err(CommandError::usage(format!("there is no setting {name:?}"))
                .hint("type \"set\" to see them"));
        }
    }
    Ok(())
}
