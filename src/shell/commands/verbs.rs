//! The names of the built-in commands, looked up in the grammar that the runner has.

use super::context::Context;

impl Context<'_> {
    /// The grammar of a built-in command, by its name or another name of it.
    pub(super) fn command(&self, verb: &str) -> Option<clap::Command> {
        find(self.runner().grammar(), verb)
    }

    /// The names of the built-in commands.
    pub(super) fn verbs(&self) -> Vec<String> {
        names(self.runner().grammar())
    }
}

/// The grammar of one command, for help and completion.
pub(super) fn find(grammar: &clap::Command, verb: &str) -> Option<clap::Command> {
    let command = grammar.find_subcommand(verb.to_ascii_lowercase())?.clone();
    Some(command.bin_name(verb.to_owned()))
}

/// The names of all commands.
pub(super) fn names(grammar: &clap::Command) -> Vec<String> {
    grammar.get_subcommands().map(|command| command.get_name().to_owned()).collect()
}
