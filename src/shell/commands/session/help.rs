use crate::shell::commands::context::Context;
use crate::shell::commands::meta::{Describe, Group, Meta};
use crate::shell::commands::topics;
use crate::shell::session::catalog::{Catalog, Entry};
use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::sanitise;
use crate::shell::view::{Cell, Format, View, fields};

/// Show what can be typed
///
/// With the name of a command of the server it shows what the server says about it.
///
/// Examples:
///   help
///   help originate
///   help filters
///   help uuid_kill
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// A command of the shell or of the server, or a topic that "help" lists
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

impl Describe for Args {
    const META: Meta = Meta::reads(Group::Session).without_events();
}

pub(crate) async fn run(cx: &mut Context<'_>, args: &Args) -> Result<(), CommandError> {
    if let Some(word) = args.words.first() {
        return about(cx, word, &args.words).await;
    }
    // In one piece, so that it can be paged.
    let mut text = format!("{FIRST_STEPS}\n\n");
    let commands = cx.runner().commands();
    for group in Group::ALL {
        text.extend([group.heading(), ":\n"]);
        for (verb, _) in commands.iter().filter(|(_, meta)| meta.group == group) {
            let about = cx.command(verb).and_then(|command| command.get_about().cloned());
            let about = about.map(|about| about.to_string()).unwrap_or_default();
            text.extend([format!("  {verb:<14} {about}\n")]);
        }
        text.push('\n');
    }
    text.extend(["Topics:\n", &topics::list()]);
    cx.line(text.trim_end())
}

/// What one comes for, and what to type then.
const FIRST_STEPS: &str = "\
To see what is going on:     status, calls
To find a caller:            calls where from~1000
To hear why a call failed:   calls --ended where cause!=NORMAL_CLEARING, then why ID
To hang up stuck calls:      kill where age>2h --dry-run
To make a test call:         originate 9196@HOST:5080
To watch a gateway:          gateways, events where gateway=NAME
To follow one caller:        trace NUMBER

Anything else goes to the server as an api command: sofia status, uuid_dump ...
\"@HOST COMMAND\" and \"@all COMMAND\" choose the switch.
\"help COMMAND\" and \"help TOPIC\" explain one.";

/// About one command, wherever it runs.
async fn about(cx: &mut Context<'_>, word: &str, words: &[String]) -> Result<(), CommandError> {
    if word.eq_ignore_ascii_case("fields") {
        return cx.view(&fields::fields());
    }
    if word.eq_ignore_ascii_case("keys") {
        return keys(cx);
    }
    if let Some(text) = topics::text(word) {
        return cx.line(&text);
    }
    let command = cx.command(word);
    let switch = cx.switch().ok();
    let catalog = match &switch {
        Some(switch) if switch.client().is_connected() => switch.learnt().await,
        _ => Default::default(),
    };
    let name = switch.as_ref().map_or("", |switch| switch.name());
    if let Some(mut command) = command {
        // clap puts the name of the program, which is empty here, and a blank in front.
        let text = command.render_long_help().to_string().replace("Usage:  ", "Usage: ");
        cx.line(text.trim_end())?;
        let Some(entry) = catalog.api(word).filter(|entry| !entry.syntax.is_empty()) else {
            return Ok(());
        };
        let syntax = sanitise::line(&entry.syntax);
        return cx.line(&format!("\nThe server has one of that name, too: api {word} {syntax}"));
    }
    match catalog.api(word) {
        Some(entry) => of_server(cx, name, word, entry, &catalog, words),
        None => Err(unknown(&cx.verbs(), word, &catalog)),
    }
}

/// The keys of the prompt, those that run something first.
fn keys(cx: &mut Context<'_>) -> Result<(), CommandError> {
    let settings = cx.shell.settings();
    let mut view = View::new(&["key", "runs"], "no keys");
    for (name, lines) in settings.keys.all() {
        view.push(vec![Cell::text(&name), Cell::text(&lines.join(", then "))]);
    }
    cx.view(&view)?;
    if cx.format() == Format::Table { cx.line(&format!("\n{}", topics::KEYS)) } else { Ok(()) }
}

/// What the server says about one of its commands, and what may follow it.
fn of_server(
    cx: &mut Context<'_>,
    server: &str,
    word: &str,
    entry: &Entry,
    catalog: &Catalog,
    words: &[String],
) -> Result<(), CommandError> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let next = catalog.words(&words);
    if cx.format() != Format::Table {
        return cx.view(&View::single(vec![
            ("command", Cell::text(word)),
            ("about", Cell::text(&entry.about)),
            ("syntax", Cell::text(&entry.syntax)),
            ("module", Cell::text(&entry.module)),
        ]));
    }
    let (about, syntax) = (sanitise::line(&entry.about), sanitise::line(&entry.syntax));
    cx.line(&format!("{about} (a command of {server}, from {})", sanitise::line(&entry.module)))?;
    cx.line(&format!("\nUsage: {word} {syntax}"))?;
    if !next.fixed.is_empty() {
        let fixed: Vec<_> = next.fixed.iter().map(|word| sanitise::line(word)).collect();
        cx.line(&format!("\n\"{}\" continues with: {}", words.join(" "), fixed.join(", ")))?;
    }
    if let Some(own) = OWN.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
        cx.line(&format!("\nThe shell's own: {}", own.1))?;
    }
    Ok(())
}

fn unknown(verbs: &[String], word: &str, catalog: &Catalog) -> CommandError {
    let err = CommandError::new(Kind::Usage, format!("there is no command {word:?}"));
    let topics: Vec<&str> = topics::names().collect();
    let known = verbs.iter().map(String::as_str).chain(topics.iter().copied());
    let known = known.chain(catalog.apis().map(|(name, _)| name));
    err.meant(word, known, format!("\"apropos {word}\" looks for it in all that help says"))
}

/// Commands of the server that the shell has in a form that knows the calls.
const OWN: &[(&str, &str)] =
    &[("uuid_kill", "hangup CALL [CAUSE]"), ("uuid_dump", "call CALL"), ("show", "calls")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::commands::grammar;

    #[limited::test]
    fn what_a_newcomer_looks_for_is_there_and_can_be_typed() {
        for need in [
            "what is going on",
            "find a caller",
            "why a call failed",
            "hang up stuck calls",
            "make a test call",
            "watch a gateway",
        ] {
            let line = FIRST_STEPS.lines().find(|line| line.contains(need)).expect(need);
            let (_, steps) = line.split_once(':').expect(line);
            for step in steps.split(", ").map(|step| step.trim().trim_start_matches("then ")) {
                let parsed = grammar::parse(step);
                assert!(matches!(parsed, Ok(grammar::Parsed::Builtin(_))), "{step}: {parsed:?}");
            }
        }
    }

    #[limited::test]
    fn the_readme_names_every_command() {
        let readme = include_str!("../../../../README.md");
        for verb in grammar::verbs() {
            let is_there = [format!("`{verb}`"), format!("`{verb} ")];
            let is_there = is_there.iter().any(|form| readme.contains(form.as_str()));
            assert!(is_there || verb == "quit", "{verb}");
        }
    }
}
