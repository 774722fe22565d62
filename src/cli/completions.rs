//! Completion scripts: those of clap, corrected where servers and commands share a place.
//!
//! A server or a command may be the first word, and clap's scripts do not expect both: zsh takes
//! every command for a server, fish every server for a command.

use clap::{Command, CommandFactory as _, ValueEnum as _};
use clap_complete::Shell;

use crate::cli::args::Args;

/// The completion script of a shell.
pub(super) fn script(shell: Shell) -> String {
    let (mut program, mut text) = (Args::command(), Vec::new());
    clap_complete::generate(shell, &mut program, "switchy", &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    let corrected = match shell {
        Shell::Zsh => zsh(&text),
        Shell::Fish => fish(&text, &program),
        _ => None,
    };
    corrected.unwrap_or(text)
}

/// The first word is a command, and completes as one. Any other first word is a server, which
/// options and more servers follow.
fn zsh(text: &str) -> Option<String> {
    let (before, rest) = text.split_once(SERVERS)?;
    let (servers, rest) = rest.split_once('\n')?;
    let (_, options) = before.split_once("local context")?;
    let options = options.split_once(":\\\n").or_else(|| options.split_once(": \\\n"))?.1;
    // Only the first case is that of the program's own commands.
    let rest = rest.replacen("$line[2]", "$line[1]", 3);
    let (cases, functions) = rest.split_once("\n(( $+functions")?;
    let (cases, end) = cases.rsplit_once("        esac\n")?;
    let other = format!(
        "(*)\n_arguments \"${{_arguments_options[@]}}\" : \\\n{options}'*:{}{servers}\n\
         && ret=0\n;;\n",
        SERVERS.trim_start_matches("'::")
    );
    Some(format!("{before}{cases}{other}        esac\n{end}\n(( $+functions{functions}"))
}

/// What the line of the servers begins with.
const SERVERS: &str = "'::targets";

/// Only the name of a command is one; clap leaves out values that are not options.
fn fish(text: &str, program: &Command) -> Option<String> {
    let names: Vec<_> = program.get_subcommands().map(Command::get_name).collect();
    let (before, rest) = text.split_once("    if set -q argv[1]\n")?;
    let names = names.join(" ");
    let shells: Vec<_> = Shell::value_variants().iter().map(Shell::to_string).collect();
    let shells = shells.join(" ");
    Some(format!(
        "{before}    if set -q argv[1]; and contains -- $argv[1] {names}\n{rest}\
         complete -c switchy -n \"__fish_switchy_using_subcommand completions\" -f -a \"{shells}\"\n"
    ))
}
