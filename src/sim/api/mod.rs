//! The api commands: who runs them, and who gets their text.

pub(super) mod alias;
mod calls;
mod conference;
pub(super) mod directory;
mod expand;
pub(super) mod fsctl;
pub(crate) mod listing;
mod media;
mod modules;
mod plain;
pub(super) mod profiles;
pub(crate) mod pure;
mod queue;
pub(super) mod schedule;
pub(super) mod sofia;
pub(super) mod status;
pub(super) mod store;
pub(super) mod system;
mod table;
mod vars;

pub(in crate::sim) use crate::sim::world::request::{ApiCall, Outcome, ReplyTo};
use std::time::Duration;

use crate::sim::world::World;
use crate::sim::world::agenda::Action;
use table::TABLE;

/// Commands of modules that the recorded server did not have loaded: `show` does not list them.
const QUEUES: &[table::Entry] = &[
    ("callcenter_config", queue::callcenter_config),
    ("fifo", queue::fifo),
    ("valet_info", queue::valet_info),
];

impl World {
    /// Runs a line; its text goes to the reply_to, at once or later.
    pub(super) fn run_api(&mut self, line: &str, reply_to: ReplyTo) {
        let (command, args) = line.split_once(' ').unwrap_or((line, ""));
        self.run(command, args, command, reply_to);
    }

    /// Runs a command; when it fails, the text calls it `label`.
    fn run(&mut self, command: &str, args: &str, label: &str, reply_to: ReplyTo) {
        let waiting = ApiCall::new(command, args, reply_to);
        match self.call(&waiting) {
            Outcome::Text(text) => self.answered(&waiting, &text),
            Outcome::Failed | Outcome::Unknown => {
                self.answered(&waiting, &format!("-ERR {label} Command not found!\n"));
            }
            Outcome::Later(milliseconds, text) => {
                let action = Action::Answer(Box::new(waiting), text);
                self.after(Duration::from_millis(milliseconds), action);
            }
            Outcome::Pending => {}
        }
    }

    /// Runs a line as the switch's console would: aliases, and several commands at `;;`.
    pub(super) fn console_execute(&mut self, line: &str, reply_to: ReplyTo) {
        let line = line.trim_start_matches(' ');
        let several = line.contains(";;") || self.alias(line).is_some();
        if !several {
            let (command, args) = line.split_once(' ').unwrap_or((line, ""));
            self.run(command, args, line, reply_to);
            return;
        }
        let (text, is_good) = self.console_text(line, 0);
        let text = if is_good { text } else { format!("-ERR {line} Command not found!\n") };
        self.deliver(&ApiCall::new(line, "", reply_to), &text);
    }

    fn console_text(&mut self, line: &str, depth: u8) -> (String, bool) {
        if depth > 20 {
            return (String::new(), false);
        }
        let (mut out, mut is_good) = (String::new(), false);
        for part in line.split(";;") {
            if let Some(longer) = self.alias(part) {
                let command = part.split(' ').next().unwrap_or_default();
                out.extend([format!("\nExpand Alias [{command}]->[{longer}]\n\n")]);
                let (text, good) = self.console_text(&longer, depth + 1);
                out.push_str(&text);
                is_good = good;
            } else {
                let (text, good) = self.text_of(part);
                out.push_str(&text);
                is_good = good;
            }
        }
        (out, is_good)
    }

    fn call(&mut self, waiting: &ApiCall) -> Outcome {
        // Commands run commands (`expand`, `bgapi`): a line of ten thousand of them shall not.
        if self.nesting >= 8 {
            return Outcome::Failed;
        }
        let has = |module: &str| self.modules.iter().any(|have| have == module);
        if let Some((_, run)) = QUEUES.iter().find(|(name, _)| *name == waiting.command) {
            return run(self, waiting);
        }
        let known =
            crate::sim::world::interfaces::command(&waiting.command).filter(|one| has(one.module));
        let entry = known.and_then(|known| TABLE.iter().find(|(name, _)| *name == known.name));
        match entry {
            Some((_, run)) => {
                self.nesting += 1;
                let outcome = run(self, waiting);
                self.nesting -= 1;
                outcome
            }
            None => Outcome::Unknown,
        }
    }

    /// A command's text is there: the API event, then the text.
    pub(super) fn answered(&mut self, waiting: &ApiCall, text: &str) {
        self.fire_api(&waiting.command, &waiting.args);
        self.deliver(waiting, text);
    }

    /// Every api command is reported to all subscribers of API.
    pub(super) fn fire_api(&mut self, command: &str, args: &str) {
        let mut event = self.event("API");
        if !command.is_empty() {
            event.push("API-Command", command);
        }
        if !args.is_empty() {
            event.push("API-Command-Argument", args);
        }
        self.emit(&event);
    }

    /// Runs a command for its text alone, and says whether it worked; one that takes time has no
    /// text.
    fn text_of(&mut self, line: &str) -> (String, bool) {
        let (command, args) = line.split_once(' ').unwrap_or((line, ""));
        let waiting = ApiCall::new(command, args, ReplyTo::Nowhere);
        let result = match self.call(&waiting) {
            Outcome::Text(text) | Outcome::Later(_, text) => (text, true),
            Outcome::Failed => ("COMMAND RETURNED ERROR!\n".to_owned(), false),
            Outcome::Unknown => ("INVALID COMMAND!\n".to_owned(), false),
            Outcome::Pending => (String::new(), true),
        };
        self.fire_api(&waiting.command, &waiting.args);
        result
    }
}
