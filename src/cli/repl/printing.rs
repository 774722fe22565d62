//! What is said at the prompt: answers, errors, and what becomes of a line that was stopped.

use std::fmt;

use nu_ansi_term::{Color, Style};

use super::Repl;
use super::running::Run;
use crate::cli::printer::Printer;
use crate::cli::process::error_text;
use crate::cli::terminal;
use crate::shell::{AfterInterrupt, CommandError, counted, span};

impl Repl {
    /// What is said when a command is not waited for any longer.
    pub(super) fn stopped(&self, run: &Run, dropped: usize) -> String {
        let AfterInterrupt { continues, hint } = self.shell.stopped(run.typed());
        let line = run.line();
        let mut text = match continues {
            Some(continues) => format!("stopped waiting for \"{line}\"; {continues}"),
            None => format!("stopped \"{line}\""),
        };
        if dropped > 0 {
            text = format!("{text}; {} that waited not run", counted(dropped, "line"));
        }
        let painted = |style: Style, text: String| match self.color {
            true => style.paint(text).to_string(),
            false => text,
        };
        let text = painted(Color::Yellow.normal(), text);
        let hint = hint.map(|hint| painted(Style::new().dimmed(), format!("\nhint: {hint}")));
        text + &hint.unwrap_or_default()
    }

    pub(super) fn printing(&self, run: &Run) -> Printing {
        let (printer, run) = (self.printer.clone(), run.clone());
        let style = self.shell.color_of("output").filter(|_| self.color);
        Printing { printer, run, color: self.color, style, pending: String::new() }
    }

    pub(super) fn complain(&self, err: &CommandError) {
        self.printer.output(error_text(err, self.color, terminal::size().0));
    }
}

/// Hands the answer of a run to the printer, whole lines as they come.
pub(super) struct Printing {
    printer: Printer,
    run: Run,
    color: bool,
    /// What answers look like, where they have no color of their own.
    style: Option<Style>,
    pending: String,
}

impl Printing {
    /// Prints; what comes from the background says of what it is the answer.
    pub(super) fn print(&self, text: String) {
        if text.is_empty() {
            return;
        }
        let text = match self.style {
            Some(style) if !text.contains('\x1b') => {
                let line = |line: &str| style.paint(line).to_string();
                text.lines().map(line).collect::<Vec<_>>().join("\n")
            }
            _ => text,
        };
        if !self.run.needs_header() {
            return self.printer.output(text);
        }
        let took = self.run.since().elapsed();
        let took = span(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        let title = format!("{} (after {took}):", self.run.line());
        let title = if self.color { Style::new().dimmed().paint(title).to_string() } else { title };
        self.printer.output(format!("{title}\n{text}"));
    }
}

impl fmt::Write for Printing {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.pending.push_str(text);
        if self.pending.ends_with('\n') {
            let text = std::mem::take(&mut self.pending);
            self.print(text);
        }
        if self.printer.is_broken() { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Drop for Printing {
    fn drop(&mut self) {
        let text = std::mem::take(&mut self.pending);
        self.print(text);
    }
}
