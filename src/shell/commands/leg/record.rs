use crate::shell::commands::call_name::CallArg;
use crate::shell::commands::context::Context;
use crate::shell::commands::leg_command;
use crate::shell::commands::leg_command::{On, Outcome};
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::duration::whole_seconds;
use crate::shell::text::error::CommandError;

/// Record a call into a file of the server
///
/// Confirmed by RECORD_START and RECORD_STOP. "mask" writes silence until "unmask"; "pause" writes
/// nothing until "resume". "stop" without a path ends all recordings of the leg.
///
/// Examples:
///   record last start /tmp/call.wav
///   record 6c1d2a5e start /tmp/call.wav --limit 60
///   record 1000 mask /tmp/call.wav
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(in crate::shell) on: On,
    /// What to do
    #[arg(value_name = "ACTION")]
    action: Action,
    /// The file; blanks in its name need no quotes
    #[arg(value_name = "PATH", required_if_eq_any([("action", "start"), ("action", "mask"),
        ("action", "unmask"), ("action", "pause"), ("action", "resume")]))]
    path: Vec<String>,
    /// Stop after this long
    #[arg(long, value_name = "SECS", value_parser = whole_seconds::<u32>)]
    limit: Option<u32>,
}

impl Describe for Args {
    const META: Meta = Meta::changes_call(Group::Leg);

    fn target(&self) -> Option<&CallArg> {
        Some(&self.on.target)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Action {
    Start,
    Stop,
    Mask,
    Unmask,
    Pause,
    Resume,
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let leg = leg_command::leg(cx, &args.on.target, |_| true).await?;
    let path = match args.path.join(" ") {
        none if none.is_empty() => "all".to_owned(),
        path => path,
    };
    // What the server takes off again; it has no way to hold both.
    let sent = match (path.contains(char::is_whitespace), path.contains('\'')) {
        (false, _) => path.clone(),
        (true, false) => format!("'{path}'"),
        (true, true) => {
            let message = format!("the path {path:?} holds white space and a quote");
            return Err(CommandError::usage(message)
                .hint("uuid_record takes one or the other; choose another name"));
        }
    };
    let (word, kind, done) = match args.action {
        Action::Start => ("start", Some("RECORD_START"), format!("is recorded to {path}")),
        Action::Stop => ("stop", Some("RECORD_STOP"), format!("stopped recording {path}")),
        Action::Mask => ("mask", None, format!("records silence to {path}")),
        Action::Unmask => ("unmask", None, format!("records again to {path}")),
        Action::Pause => ("pause", None, format!("paused recording {path}")),
        Action::Resume => ("resume", None, format!("records again to {path}")),
    };
    let path = match args.limit {
        Some(limit) if args.action == Action::Start => format!("{sent} {limit}"),
        _ => sent,
    };
    let Some(kind) = kind else {
        leg.record(word, &path).await?;
        return leg_command::say(cx, leg.id(), &done, &Outcome::Replied);
    };
    let event = leg.expect(&[kind]).await?;
    let recorded = leg.record(word, &path).await.map_err(CommandError::from);
    recorded.map_err(|err| match args.action {
        Action::Start => err.hint("can the server write there? is the leg answered?"),
        _ => err.hint("\"api uuid_buglist UUID\" shows what is recorded, and to where"),
    })?;
    let (_, outcome) = leg_command::confirmed(event, args.on.within()).await?;
    leg_command::say(cx, leg.id(), &done, &outcome)
}
