use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::text::error::CommandError;
use crate::shell::text::sanitise;
use crate::shell::view::{Cell, View};

/// Find commands by a word in their name or help
///
/// Looks in the commands of this shell, and in those and in the dialplan applications of the
/// connected server.
///
/// Examples:
///   apropos transfer
///   apropos hang up
///   apropos loglevel -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The word, or words that all have to be there
    #[arg(value_name = "WORD", required = true)]
    words: Vec<String>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Session);
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
    let has_all = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let mut view = View::new(&["command", "of", "about"], "");
    let mut found = 0;
    for verb in cx.verbs() {
        let Some(mut command) = cx.command(&verb) else { continue };
        let help = command.render_long_help().to_string();
        if has_all(&format!("{verb} {help}")) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            view.push(vec![Cell::text(&verb), Cell::text("shell"), Cell::text(&about)]);
            found += 1;
        }
    }
    // Without a server there is only the shell to look through.
    let mut is_whole = true;
    if let Ok(switch) = cx.switch() {
        let catalog = switch.learnt().await;
        is_whole = !catalog.is_empty();
        let apis = catalog.apis().map(|(name, entry)| (name, "server", entry));
        let applications = catalog.applications().map(|(name, entry)| (name, "application", entry));
        for (name, of, entry) in apis.chain(applications) {
            if has_all(&format!("{name} {} {}", entry.about, entry.syntax)) {
                view.push(vec![Cell::text(name), Cell::text(of), Cell::text(&entry.about)]);
                found += 1;
            }
        }
    }
    if found == 0 {
        let words = sanitise::line(&args.words.join(" ")).into_owned();
        let place =
            if is_whole { "" } else { " in the shell; the server does not list its commands" };
        let message = format!("nothing is about {words:?}{place}");
        return Err(CommandError::new(crate::shell::text::error::Kind::Refused, message)
            .hint("\"help\" lists the commands of the shell, \"show api\" those of the server"));
    }
    cx.view(&view)
}
