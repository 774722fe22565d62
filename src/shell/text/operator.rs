//! The person at the prompt, as a running command reaches them.
//!
//! # Invariants
//! A command never touches the terminal: it requests, and the prompt serves the request. Without an operator
//! there (a script, one-shot) there is no [`Operator`], and a question is a refusal.

use std::fmt;

use tokio::sync::{mpsc, oneshot};

/// A handle to the operator at the prompt; clones reach the same one.
#[derive(Clone)]
pub struct Operator(mpsc::Sender<OperatorRequest>);

/// What a command wants of the operator.
#[derive(Debug)]
pub enum OperatorRequest {
    /// An answer to a question. A dropped sender declines.
    Answer {
        /// What is asked; its last line stands where the prompt stands.
        question: String,
        /// Takes what was typed, without spaces around it.
        answer: oneshot::Sender<String>,
    },
    /// A password, which is typed without being shown. A dropped sender declines.
    Secret {
        /// What is asked.
        question: String,
        /// Takes what was typed.
        answer: oneshot::Sender<String>,
    },
    /// The terminal, for a pager or another program.
    Terminal {
        /// Whether keys that were typed before, and lines that are typed meanwhile, are for the next
        /// prompt, because they are not meant for the program that gets the terminal.
        keeps_keys: bool,
        /// Takes it. The terminal is given back when that is dropped.
        lent: oneshot::Sender<TerminalLease>,
    },
    /// An empty screen.
    Clear {
        /// Notified when it is.
        done: oneshot::Sender<()>,
    },
}

/// The terminal is lent as long as this lives: nothing else is shown, events are only counted.
#[derive(Debug)]
#[must_use = "the terminal is given back when this is dropped"]
pub struct TerminalLease {
    _back: oneshot::Sender<()>,
}

impl TerminalLease {
    /// A loan, and what ends with it.
    pub fn new() -> (Self, oneshot::Receiver<()>) {
        let (back, given_back) = oneshot::channel();
        (Self { _back: back }, given_back)
    }
}

impl Operator {
    /// An operator who takes `requests`, one after the other.
    #[must_use]
    pub fn new(requests: mpsc::Sender<OperatorRequest>) -> Self {
        Self(requests)
    }

    /// Asks, and waits for the answer; `None` when it is declined. The question is shown as it is.
    pub async fn ask(&self, question: &str) -> Option<String> {
        let (answer, answered) = oneshot::channel();
        let request = OperatorRequest::Answer { question: question.to_owned(), answer };
        self.0.send(request).await.ok()?;
        let answer = answered.await.ok()?.trim().to_owned();
        (!answer.is_empty()).then_some(answer)
    }

    /// Asks for a password, which is not shown; `None` when it is declined.
    pub async fn ask_password(&self, question: &str) -> Option<String> {
        let (answer, answered) = oneshot::channel();
        let request = OperatorRequest::Secret { question: question.to_owned(), answer };
        self.0.send(request).await.ok()?;
        answered.await.ok()
    }

    /// Asks for the terminal; `None` when there is none to lend. Keys that were typed before are kept
    /// for the prompt, or left for the program.
    pub async fn terminal(&self, keeps_keys: bool) -> Option<TerminalLease> {
        let (lent, granted) = oneshot::channel();
        self.0.send(OperatorRequest::Terminal { keeps_keys, lent }).await.ok()?;
        granted.await.ok()
    }

    /// Clears the screen, if there is one.
    pub(in crate::shell) async fn clear(&self) {
        let (done, cleared) = oneshot::channel();
        if self.0.send(OperatorRequest::Clear { done }).await.is_ok() {
            // Without a reader the request fails silently.
            let _is_cleared = cleared.await.is_ok();
        }
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Operator(..)")
    }
}
