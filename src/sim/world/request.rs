//! An api command, and who waits for its text.

use super::interfaces;

/// Who waits for the text of an api command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) enum ReplyTo {
    /// A socket, blocked until then.
    Socket(u64),
    /// A BACKGROUND_JOB; command and arguments as the client wrote them.
    Job {
        uuid: String,
        command: String,
        args: String,
    },
    Nowhere,
}

/// A command whose text is not there yet.
#[derive(Debug, Clone)]
pub(in crate::sim) struct ApiCall {
    pub(in crate::sim) reply_to: ReplyTo,
    pub(in crate::sim) command: String,
    pub(in crate::sim) args: String,
}

impl ApiCall {
    /// Both parts lose the spaces around them; completion looks at the one at the end of its line.
    pub(in crate::sim) fn new(command: &str, args: &str, reply_to: ReplyTo) -> Self {
        let args = if command == "console_complete" { args } else { args.trim() };
        Self { reply_to, command: command.trim().to_owned(), args: args.to_owned() }
    }

    /// The syntax of the command.
    pub(in crate::sim) fn syntax(&self) -> &'static str {
        interfaces::command(&self.command).map_or("", |one| one.syntax)
    }

    /// What most commands say to wrong arguments.
    pub(in crate::sim) fn usage_text(&self) -> String {
        format!("-USAGE: {}\n", self.syntax())
    }

    pub(in crate::sim) fn usage(&self) -> Outcome {
        self.usage_text().into()
    }
}

/// What a command says.
#[derive(Debug)]
pub(in crate::sim) enum Outcome {
    Text(String),
    /// The function failed: FreeSWITCH shows `Command not found!` instead of its text.
    Failed,
    /// The command does not exist, which reads the same.
    Unknown,
    /// The text comes after this many milliseconds.
    Later(u64, String),
    /// Another part of the switch will answer.
    Pending,
}

impl From<String> for Outcome {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Outcome {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
