//! What a command asks of the operator: an answer, an empty screen, the terminal.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Repl;
use super::password::{Reading, Typed, read_password};
use crate::cli::editor::{Editor, Input};
use crate::cli::signals::{Continued, Interrupts, Stops};
use crate::cli::terminal;
use crate::shell::{OperatorRequest, TerminalLease, wrap};

impl Repl {
    /// Takes the prompt away, and returns what stood there.
    pub(super) async fn interrupt_editor(
        &self,
        editor: &Editor,
        interrupts: &mut Interrupts,
    ) -> Option<Input> {
        self.printer.drawn().await;
        let was = editor.preempt().await;
        // The signal that took the prompt away is no Ctrl-C, whichever task received it.
        let _came = tokio::time::timeout(STRAY, interrupts.next()).await;
        was
    }

    /// Asks the operator for a command, or lends it the terminal. Returns what stood at the prompt
    /// before, and the keys that were typed behind it.
    pub(super) async fn serve_request(
        &self,
        editor: &Editor,
        request: OperatorRequest,
        interrupts: &mut Interrupts,
        stops: &mut Stops,
        continued: &mut Continued,
    ) -> (Option<Input>, Vec<u8>) {
        let was = self.interrupt_editor(editor, interrupts).await;
        let mut typed_ahead = Vec::new();
        match request {
            OperatorRequest::Answer { question, answer } => {
                // With room for the answer behind the last row.
                let columns = terminal::size().0.saturating_sub(ANSWER);
                let question = wrap(&question, columns);
                let (above, last) = match question.trim_end().rsplit_once('\n') {
                    Some((above, last)) => (above, last),
                    None => ("", &*question),
                };
                self.printer.output(above.to_owned());
                let input = loop {
                    let input = tokio::select! {
                        input = editor.next(|| self.assist.question(last)) => input,
                        () = interrupts.next() => Input::Interrupted { was_empty: true },
                        () = continued.next() => {
                            let was = self.interrupt_editor(editor, interrupts).await;
                            self.woken(editor);
                            match was {
                                None | Some(Input::Preempted(_)) => continue,
                                Some(input) => input,
                            }
                        }
                        () = stops.next() => {
                            let was = self.interrupt_editor(editor, interrupts).await;
                            self.suspend(editor, stops, continued).await;
                            match was {
                                None | Some(Input::Preempted(_)) => continue,
                                Some(input) => input,
                            }
                        }
                    };
                    match input {
                        Input::Suspend(_) => self.suspend(editor, stops, continued).await,
                        input => break input,
                    }
                };
                if let Input::Line(text) = input {
                    // A command that was stopped meanwhile wants no answer.
                    drop(answer.send(text));
                }
            }
            OperatorRequest::Secret { question, answer } => {
                if let Some(text) = self.password(editor, &question, interrupts).await {
                    // A command that was stopped meanwhile wants no answer.
                    drop(answer.send(text));
                }
            }
            OperatorRequest::Clear { done } => {
                self.hold().await;
                terminal::clear();
                self.printer.release();
                // A command that was stopped meanwhile does not wait for it.
                let _is_told = done.send(()).is_ok();
            }
            OperatorRequest::Terminal { keeps_keys, lent } => {
                self.hold().await;
                let (loan, given_back) = TerminalLease::new();
                self.is_lent.store(true, Ordering::Relaxed);
                if keeps_keys {
                    typed_ahead = terminal::take_keys();
                    terminal::as_found_without_echo();
                } else {
                    terminal::as_found();
                }
                if lent.send(loan).is_ok() {
                    // It ends when the command drops it: that is an error here.
                    let mut given_back = pin!(given_back);
                    loop {
                        tokio::select! {
                            _back = &mut given_back => break,
                            () = stops.next() => self.suspend_lent(continued).await,
                        }
                    }
                }
                editor.keep_keys();
                self.is_lent.store(false, Ordering::Relaxed);
                self.printer.release();
            }
        }
        (was, typed_ahead)
    }

    /// Asks for a password; `None` when the operator declines.
    async fn password(
        &self,
        editor: &Editor,
        question: &str,
        interrupts: &mut Interrupts,
    ) -> Option<String> {
        self.hold().await;
        let typed = read_password(question, Reading::default()).await;
        // The Ctrl-C that ended it is no other one.
        let _came = tokio::time::timeout(STRAY, interrupts.next()).await;
        editor.keep_keys();
        self.printer.release();
        match typed {
            Typed::Password(text) => Some(text),
            Typed::Interrupted | Typed::Nothing => None,
        }
    }

    /// Lets nothing be shown from now on; what was said before is.
    async fn hold(&self) {
        let printer = self.printer.clone();
        drop(tokio::task::spawn_blocking(move || printer.hold()).await);
    }
}

/// The stray SIGINT of a preempted prompt comes within this time.
const STRAY: Duration = Duration::from_millis(20);

/// Columns for the answer to a question.
const ANSWER: u16 = 6;
