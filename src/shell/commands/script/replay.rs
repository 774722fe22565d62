use crate::shell::commands::meta::{Describe, Group, Meta};
use std::path::PathBuf;

use crate::shell::commands::context::Context;
use crate::shell::commands::playback::replay;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::view::counted;

/// Open a transcript as if it were a switch
///
/// Its events make the calls that there were: "calls", "calls --ended", "call", "events last" and
/// the like work on it, at its end or at the time of --until. Nothing can be sent. Files of
/// "switchy sim --record" can be opened, too. Afterwards it is the current switch.
///
/// Examples:
///   replay incident.jsonl
///   replay incident.jsonl --until 19:15:39
///   replay incident.jsonl --speed 10
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Only what was before: 19:15:39, or 2026-11-22T19:15:39Z
    #[arg(long, visible_alias = "at", value_name = "TIME", conflicts_with = "speed")]
    until: Option<String>,
    /// Play it back at this multiple of the recorded speed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    speed: Option<u32>,
    /// Which file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Script).without_events();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let opened = replay(&cx.shell, &args.file, args.until.as_deref(), args.speed).await?;
    let (events, commands) = (counted(opened.events, "event"), counted(opened.commands, "command"));
    let names = opened.names.join(", ");
    if args.speed.is_some() {
        return cx.line(&format!("{names}: a recording begins; \"disconnect {names}\" ends it"));
    }
    let mut text = format!("{names}: a recording of {events} and {commands}");
    if opened.lost > 0 {
        text = format!("{text}; {} were not recorded", opened.lost);
    }
    cx.line(&text)?;
    if let Some(broken) = opened.broken {
        let message = format!("{}; what stands before is here", broken.message);
        return Err(CommandError::new(Kind::Partial, message));
    }
    Ok(())
}
