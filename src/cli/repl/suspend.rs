//! Ctrl-Z, and what else makes the process stand still.

use std::time::Duration;

use jiff::Timestamp;

use super::Repl;
use crate::cli::editor::Editor;
use crate::cli::signals::{Continued, Stops};
use crate::cli::terminal;
use crate::shell::RunningCalls;

impl Repl {
    /// Stops the process and all that were started with it, until the operator brings it back.
    pub(super) async fn suspend(
        &self,
        editor: &Editor,
        stops: &mut Stops,
        continued: &mut Continued,
    ) {
        if !terminal::can_come_back() {
            editor.keep_keys();
            return self.printer.say(NOT_STOPPED);
        }
        let printer = self.printer.clone();
        let holding = tokio::task::spawn_blocking(move || printer.hold());
        // A terminal that takes nothing shall not keep the sockets open.
        drop(tokio::time::timeout(SOON, holding).await);
        let (from, known) = self.stops().await;
        terminal::as_found();
        stops.stop_group().await;
        self.shell.unpause();
        // It is not taken for a stop from outside.
        let _came = tokio::time::timeout(SOON, continued.next()).await;
        while !terminal::is_ours() {
            // In the background everything continues but the terminal, which another program has.
            let _again = tokio::time::timeout(LOOK, continued.next()).await;
        }
        editor.keep_keys();
        let to = self.pulse.goes_on();
        self.printer.release();
        self.shell.resumed(from, to, Some(known));
    }

    /// As [`suspend`](Self::suspend), while another program has the terminal and was stopped
    /// with us.
    pub(super) async fn suspend_lent(&self, continued: &mut Continued) {
        if !terminal::can_come_back() {
            return;
        }
        let (from, known) = self.stops().await;
        terminal::stop_self();
        self.shell.unpause();
        let _came = tokio::time::timeout(SOON, continued.next()).await;
        self.shell.resumed(from, self.pulse.goes_on(), Some(known));
    }

    /// The process is about to be stopped: no server shall wait for it.
    async fn stops(&self) -> (Timestamp, RunningCalls) {
        let (from, known) = (self.pulse.stops(), self.shell.running_calls());
        self.shell.pause().await;
        (from, known)
    }

    /// The process was stopped from outside, and continues.
    pub(super) fn woken(&self, editor: &Editor) {
        editor.keep_keys();
        if let Some((from, to)) = self.pulse.was_stopped() {
            self.shell.resumed(from, to, None);
        }
    }
}

const NOT_STOPPED: &str = "\
Ctrl-Z does nothing here: no shell waits behind this one that could bring it back with \"fg\"";

/// A stop, and what has to be done before it, takes no longer.
const SOON: Duration = Duration::from_millis(300);
/// How often it is looked whether the terminal is ours again.
const LOOK: Duration = Duration::from_millis(200);
