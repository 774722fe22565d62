use crate::shell::commands::call_name::Purpose;
use crate::shell::commands::meta::{Describe, Group, Meta};
use std::collections::BTreeMap;

use serde_json::json;

use crate::client::Session;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::text::error::CommandError;
use crate::shell::view::{Cell, Format, View};

/// Show all that the server knows of a leg, or what differs between two
///
/// With two legs, what differs between them. With --diff, what has changed since the last dump of
/// the same leg in this session. As raw, the server's own text.
///
/// Examples:
///   dump last
///   dump last --grep codec
///   dump 6c1d2a5e 8f00b204
///   dump last --diff
///   dump last -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which call or leg
    #[arg(value_name = "CALL")]
    call: String,
    /// The leg to compare it with
    #[arg(value_name = "CALL")]
    other: Option<String>,
    /// What has changed since the last dump
    #[arg(long, conflicts_with = "other")]
    diff: bool,
    /// Only names and values that hold this text, in any case
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Leg).on_call(Purpose::Read);
}

/// Headers and variables by name.
pub(in crate::shell) type Headers = BTreeMap<String, String>;

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = leg_command::leg(cx, args.call.as_str(), |_| true).await?;
    if cx.format() == Format::Raw && !args.diff && args.other.is_none() {
        let text = cx.client()?.cmd(&format!("uuid_dump {}", leg.id())).await?;
        return cx.server_text(&text);
    }
    let headers = headers(&leg).await?;
    let before = cx.shell.remember_dump(leg.id().as_str(), headers.clone());
    let is_wanted = |name: &str, values: [Option<&String>; 2]| {
        args.grep.as_deref().is_none_or(|text| {
            let text = text.to_lowercase();
            let holds = |value: &str| value.to_lowercase().contains(&text);
            holds(name) || values.into_iter().flatten().any(|value| holds(value))
        })
    };
    if let Some(other) = &args.other {
        let other = leg_command::leg(cx, other.as_str(), |_| true).await?;
        let theirs = self::headers(&other).await?;
        let intro = format!("first {}, second {}", leg.id(), other.id());
        let columns = ["name", "first", "second"];
        return show_difference(cx, (&intro, columns), &headers, &theirs, is_wanted);
    }
    if args.diff {
        let Some(before) = before else {
            return cx.line(&format!(
                "{} was not dumped before: remembered now, \"dump {} --diff\" will show what changed",
                leg.id(), args.call
            ));
        };
        let columns = ["name", "before", "now"];
        return show_difference(cx, (leg.id().as_str(), columns), &before, &headers, is_wanted);
    }
    let wanted = headers.iter().filter(|(name, value)| is_wanted(name, [Some(value), None]));
    if cx.format() == Format::Json {
        let object: BTreeMap<_, _> = wanted.collect();
        return cx.line(&format!("{:#}", json!(object)));
    }
    let mut view = View::new(&["name", "value"], "no such name or value");
    for (name, value) in wanted {
        view.push(vec![Cell::text(name), Cell::text(value)]);
    }
    cx.view(&view)
}

/// The headers of a leg. Those that say when and where the dump was made are left out.
async fn headers(leg: &Session) -> Result<Headers, CommandError> {
    let text = leg.client().cmd(&format!("uuid_dump {} json", leg.id())).await?;
    let document: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&text).map_err(|err| {
            CommandError::new(
                crate::shell::text::error::Kind::Refused,
                format!("the dump is not JSON: {err}"),
            )
            .hint(format!("\"dump {} -o raw\" shows it", leg.id().short()))
        })?;
    let is_kept = |name: &String| !name.starts_with("Event-");
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    let kept = document.into_iter().filter(|(name, _)| is_kept(name));
    Ok(kept.map(|(name, value)| (name, text(value))).collect())
}

fn show_difference(
    cx: &mut Context<'_>,
    (intro, columns): (&str, [&'static str; 3]),
    left: &Headers,
    right: &Headers,
    is_wanted: impl Fn(&str, [Option<&String>; 2]) -> bool,
) -> Result<(), CommandError> {
    let mut view = View::new(&columns, "nothing differs");
    let names: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
    for key in names {
        let (old, new) = (left.get(key), right.get(key));
        if old == new || !is_wanted(key, [old, new]) {
            continue;
        }
        let cell = |value: Option<&String>| {
            value.map_or_else(|| Cell::shown("-", json!(null)), |value| Cell::text(value))
        };
        view.push(vec![Cell::text(key), cell(old), cell(new)]);
    }
    if cx.format() == Format::Table {
        cx.line(intro)?;
    }
    cx.view(&view)
}
