//! The function keys at the prompt.

use super::presses::Presses;

use nu_ansi_term::Style;

use super::Repl;
use super::running::{Running, brief};

impl Repl {
    /// Runs the line of a function key, and says which it is.
    pub(super) fn press(&self, presses: &mut Presses, key: u8, running: &mut Running) {
        let times = presses.entry(key).or_default();
        let settings = self.shell.settings();
        let Some(line) = settings.keys.line(key, *times) else {
            self.printer.say(&format!("F{key} runs nothing; \"help keys\" explains"));
            return;
        };
        *times += 1;
        let said = format!("F{key}: {}", brief(line));
        let said = if self.color { Style::new().dimmed().paint(said).to_string() } else { said };
        self.printer.say(&said);
        running.push(line.to_owned());
    }
}
