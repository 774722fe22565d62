use crate::shell::commands::meta::{Describe, Group, Meta};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::shell::commands::context::Context;
use crate::shell::session::history::Entry;
use crate::shell::session::history::import::fs_cli_history;
use crate::shell::text::error::CommandError;
use crate::shell::view::{Cell, Format, View, counted};

/// Show what was typed
///
/// The lines of the current switch, also of sessions before and beside this one; the latest is last.
/// Up finds those that start as the line does, Ctrl-R those that contain what is typed. A line that
/// starts with a space, or that holds a password, is not kept.
///
/// Examples:
///   history
///   history 5
///   history originate
///   history --import ~/.fs_cli_history
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Take in the history that fs_cli keeps, without what holds a secret
    #[arg(long, value_name = "FILE", exclusive = true, num_args = 0..=1)]
    import: Option<Option<PathBuf>>,
    /// How many, or a part of the lines that are wanted
    #[arg(value_name = "COUNT|TEXT")]
    which: Vec<String>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Session);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    if let Some(file) = &args.import {
        let path = file.as_ref().map(|file| at_home(file)).or_else(fs_cli_history);
        let path = path.ok_or_else(|| CommandError::usage("which file?"))?;
        let count = cx.shell.import_history(&path)?;
        let path = path.display();
        return cx.line(&format!("{} of {path} are in the history", counted(count, "line")));
    }
    let which = args.which.join(" ");
    let (most, text) = match which.parse::<usize>() {
        Ok(count) => (count, String::new()),
        Err(_) if which.is_empty() => (LATEST, which),
        Err(_) => (usize::MAX, which.to_lowercase()),
    };
    let (shell, switch) = (cx.shell.clone(), cx.shell.history_name());
    shell.history().refresh(&switch).map_err(|err| {
        CommandError::usage(format!("the history of {switch} cannot be read: {err}"))
    })?;
    let found: Vec<(usize, Entry)> = shell.history().with(&switch, |entries| {
        let found = entries.iter().enumerate().rev();
        let found = found.filter(|(_, entry)| entry.line.to_lowercase().contains(&text));
        let mut found: Vec<_> = found.take(most).map(|(at, entry)| (at, entry.clone())).collect();
        found.reverse();
        found
    });
    if cx.format() == Format::Raw {
        // To be used again: the lines alone.
        return found.iter().try_for_each(|(_, entry)| cx.line(&entry.line));
    }
    let mut view = View::new(&["no", "time", "line"], "nothing was typed yet");
    for (at, entry) in &found {
        view.push(vec![
            Cell::number(*at as u64 + 1),
            Cell::shown(time(entry.at), json!(entry.at)),
            Cell::text(&entry.line),
        ]);
    }
    cx.view(&view)
}

/// A path whose `~` is the home of the operator.
fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path.to_path_buf(),
    }
}

/// `Nov 22 19:08`, in the time zone of this machine.
fn time(at: i64) -> String {
    let at = Timestamp::from_second(at).ok().filter(|_| at > 0);
    at.map_or_else(String::new, |at| {
        at.to_zoned_datetime(TimeZone::system()).strftime("%b %d %H:%M").to_string()
    })
}

/// Lines shown when none are asked for.
const LATEST: usize = 50;
