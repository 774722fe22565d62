use super::{CommandError, Context, near};
use crate::listener::DEFAULT_EVENTS;
use crate::model::EVENT_NAMES;
use crate::shell::narrate::Mode;

/// Choose which events are shown above the prompt
///
/// Unless told otherwise there is one line for each change of a call. With names, there is one
/// line for each event of these names or CUSTOM subclasses, and they are subscribed to.
/// "last" shows again what was told, also what was only counted.
///
/// Examples:
///   events off
///   events last 50
///   events on
///   events CHANNEL_HANGUP_COMPLETE sofia::register
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// "on", "off", "all", "last" and how many, or names of events
    #[arg(value_name = "EVENT")]
    what: Vec<String>,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let words: Vec<&str> = args.what.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => {}
        ["on"] => {
            drop_extra(cx).await?;
            cx.shell.narration().set_mode(Mode::Calls, Vec::new());
        }
        ["off"] => {
            drop_extra(cx).await?;
            cx.shell.narration().set_mode(Mode::Off, Vec::new());
        }
        ["last"] => return last(cx, 20),
        ["last", count] => {
            let wrong = || CommandError::usage(format!("{count:?} is no number of lines"));
            return last(cx, count.parse().map_err(|_err| wrong())?);
        }
        names => {
            let is_all = names.iter().any(|name| name.eq_ignore_ascii_case("all"));
            let names: Vec<String> = if is_all {
                vec!["ALL".to_owned()]
            } else {
                names.iter().map(|name| normal(name)).collect()
            };
            check(&names)?;
            cx.listener()?.subscribe(&names).await?;
            let shown = if is_all { Vec::new() } else { names };
            cx.shell.narration().set_mode(Mode::Raw, shown);
        }
    }
    let told = match cx.shell.narration().mode() {
        Mode::Calls => "events: one line a change of a call".to_owned(),
        Mode::Off => "events: off".to_owned(),
        Mode::Raw => {
            let names = cx.shell.narration().names();
            format!("events: {}", if names.is_empty() { "all".to_owned() } else { names.join(" ") })
        }
    };
    let unseen = cx.shell.unseen();
    cx.line(&if unseen > 0 { format!("{told}, {unseen} not shown") } else { told })
}

/// Takes back the subscriptions that only the raw mode needed.
async fn drop_extra(cx: &mut Context<'_>) -> Result<(), CommandError> {
    let mut extra = cx.shell.narration().names();
    let Ok(listener) = cx.listener() else { return Ok(()) };
    if listener.subscriptions().iter().any(|name| name == "ALL") {
        extra = vec!["ALL".to_owned()];
    }
    extra.retain(|name| !DEFAULT_EVENTS.contains(&name.as_str()));
    if !extra.is_empty() {
        listener.unsubscribe(&extra).await?;
        // An app may have wanted one of them.
        cx.client()?.restore_apps().await?;
    }
    Ok(())
}

/// FreeSWITCH ignores unknown names among known ones, so they are refused here.
fn check(names: &[String]) -> Result<(), CommandError> {
    let is_known = |name: &String| name.contains("::") || EVENT_NAMES.contains(&name.as_str());
    let Some(unknown) = names.iter().find(|name| !is_known(name)) else { return Ok(()) };
    let err = CommandError::usage(format!("there is no event {unknown}"));
    Err(match near::nearest(unknown, EVENT_NAMES.iter().copied()) {
        Some(near) => err.hint(format!("did you mean {near}?")),
        None => err.hint("Tab lists the names; a CUSTOM subclass has :: in it"),
    })
}

/// Shows again what was told.
fn last(cx: &mut Context<'_>, count: usize) -> Result<(), CommandError> {
    let lines = cx.shell.narration().recent(count);
    if lines.is_empty() {
        return cx.line("no events yet");
    }
    lines.iter().try_for_each(|line| cx.line(line))
}

/// Event names are upper case, subclasses are as they are.
fn normal(name: &str) -> String {
    if name.contains("::") { name.to_owned() } else { name.to_ascii_uppercase() }
}
