use super::unload_app::verdicts;
use crate::client::{Client, LiveCalls, LoadAs};
use crate::shell::commands::app_args;
use crate::shell::commands::app_args::Made;
use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::session::Shell;
use crate::shell::text::after_interrupt::AfterInterrupt;
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::words::{first_word, shell_word};
use crate::shell::view::{Cell, Format, View};

/// Load an app for one command, and unload it whatever happens
///
/// The app is loaded with its parameters, the command runs, then the calls of the app are hung up
/// and it is unloaded: after an error and after Ctrl-C, too. An "originate" is controlled by the
/// app without --app. Bert and DtmfChecker test the calls: their verdict is printed, and one that
/// failed is an error.
///
/// Examples:
///   with TonePlay originate park@127.0.0.1:5090 --wait 10 --hold 5
///   with DtmfChecker originate park@127.0.0.1:5090 --hold 5
///   with PlayRec iterations=2 originate park@127.0.0.1:5090 --hold 20
///   with TonePlay 'tone=%(500, 500, 440)' originate park@127.0.0.1:5090 --hold 5
///   with ./ivr.lua originate park@127.0.0.1:5090 --hold 30
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Which app, its parameters as NAME=VALUE, and the command
    #[arg(value_name = "KIND [NAME=VALUE].. COMMAND", allow_hyphen_values = true)]
    tail: String,
}

impl Describe for Args {
    const META: Meta =
        Meta::changes(Group::Apps).with_verbatim_tail(0).interrupted(AfterInterrupt {
            continues: Some("its calls are hung up and its app is unloaded"),
            hint: None,
        });
}

/// Unloads an app and hangs up its calls when it is dropped, in the shell's care.
struct Loaded {
    shell: Shell,
    client: Client,
    id: String,
    is_open: bool,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        if self.is_open {
            let (client, id) = (self.client.clone(), self.id.clone());
            self.shell.finish(async move {
                if let Err(err) = client.unload_app_with(&id, LiveCalls::HangUp).await {
                    tracing::warn!(%err, "an app is not unloaded well");
                }
            });
        }
    }
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let (what, mut rest) = first_word(&args.tail);
    let mut words = Vec::new();
    loop {
        let (word, tail) = shell_word(rest)?;
        if !word.contains('=') || word.starts_with('-') {
            break;
        }
        words.push(word);
        rest = tail;
    }
    let (verb, tail) = first_word(rest);
    if verb.is_empty() {
        return Err(CommandError::usage("with an app, do what?")
            .hint("for example: with TonePlay originate park@HOST --hold 5"));
    }
    let Made { name, parts } = app_args::any(what, &words).await?;
    let client = cx.client()?;
    let options = LoadAs::new().with_name(&name);
    let id = client.load_apps(parts, &options).await?.to_string();
    cx.switch()?.keep_app_words(&id, words);
    let mut loaded = Loaded { shell: cx.shell.clone(), client, id: id.clone(), is_open: true };
    let line = match verb {
        "originate" if !tail.split_whitespace().any(|word| word == "--app") => {
            format!("originate --app {id} {}", tail.trim_start())
        }
        _ => rest.trim_start().to_owned(),
    };
    let outcome = cx.runner().command(cx, &line).await;
    loaded.is_open = false;
    let app = loaded.client.app(&id).ok();
    let unloaded = loaded.client.unload_app_with(&id, LiveCalls::HangUp).await;
    outcome?;
    unloaded.map_err(|err| {
        let err = CommandError::from(err);
        CommandError::new(Kind::Partial, format!("{name} is unloaded, but: {}", err.message))
    })?;
    // Looked at when the calls of the app are over.
    let verdicts = app.as_ref().map(verdicts).unwrap_or_default();
    let mut failure = None;
    for verdict in verdicts {
        match verdict {
            Ok(passed) if cx.format() == Format::Table => cx.line(&passed)?,
            Ok(passed) => cx.view(&View::single(vec![("verdict", Cell::text(&passed))]))?,
            Err(failed) => {
                failure.get_or_insert_with(|| CommandError::new(Kind::Refused, failed));
            }
        }
    }
    cx.line(&format!("unloaded {name}"))?;
    failure.map_or(Ok(()), Err)
}
