//! A program of the operator's own machine, run by their shell.

use std::fmt;
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::shell::text::error::{CommandError, Kind};
use crate::shell::text::operator::{Operator, TerminalLease};
use crate::shell::text::outlet::{Backlog, Pace};
use crate::shell::text::process::{describe_status, shell};
use crate::shell::text::sanitise;
use crate::shell::text::words::first_word;
use crate::shell::view::output::Output;

/// What a program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stdin {
    /// What the operator types.
    Terminal,
    /// What is written to [`Program::feed`].
    Answer,
}

/// Where it runs: what an [`Output`] says about it.
pub(super) struct Place {
    operator: Option<Operator>,
    owns_stdout: bool,
    is_terminal: bool,
    pace: Option<Pace>,
}

impl Place {
    pub(super) fn of(output: &Output<'_>) -> Self {
        Self {
            operator: output.operator.clone(),
            owns_stdout: output.owns_stdout,
            is_terminal: output.width.is_some(),
            pace: output.pace.clone(),
        }
    }
}

/// A running program.
pub(super) struct Program {
    name: String,
    child: Child,
    feeder: Option<JoinHandle<()>>,
    sender: Option<mpsc::UnboundedSender<String>>,
    backlog: Arc<Backlog>,
    /// Whether what it writes reaches a terminal as it writes it.
    is_shown: bool,
    /// What it writes, where it may not write itself.
    captured: Option<JoinHandle<Vec<u8>>>,
    /// The terminal is its own until then.
    _lent: Option<TerminalLease>,
}

impl Program {
    /// Starts it. At the prompt it gets the terminal.
    pub(super) async fn start(
        command: &str,
        place: Place,
        stdin: Stdin,
    ) -> Result<Self, CommandError> {
        // What was typed while the answer was awaited was meant for the prompt, unless the program
        // reads what the operator types: a pager would take it for its own keys.
        let keeps_keys = stdin == Stdin::Answer;
        let lent = match &place.operator {
            Some(operator) => operator.terminal(keeps_keys).await,
            None => None,
        };
        let is_inherited = lent.is_some() || place.owns_stdout;
        if let Some(pace) = place.pace.filter(|_| place.owns_stdout) {
            // What was said before stands before what it says.
            pace.settled().await;
        }
        let is_shown = lent.is_some() || place.owns_stdout && place.is_terminal;
        let stdout = if is_inherited { Stdio::inherit() } else { Stdio::piped() };
        let input = match stdin {
            Stdin::Answer => Stdio::piped(),
            Stdin::Terminal if lent.is_some() => Stdio::inherit(),
            // In a script, standard input is the script.
            Stdin::Terminal => Stdio::null(),
        };
        let mut child = shell(command)
            .stdin(input)
            .stdout(stdout)
            .kill_on_drop(true)
            .spawn()
            .map_err(|err| CommandError::usage(format!("cannot run {command:?}: {err}")))?;
        let backlog = Arc::new(Backlog::default());
        let (feeder, sender) = child.stdin.take().map_or((None, None), |stdin| {
            let (sender, parts) = mpsc::unbounded_channel();
            (Some(tokio::spawn(feed(stdin, parts, Arc::clone(&backlog)))), Some(sender))
        });
        let captured = child.stdout.take().map(|mut stdout| {
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                // What came before it broke is shown.
                let _read = stdout.read_to_end(&mut bytes).await;
                bytes
            })
        });
        let name = command.to_owned();
        Ok(Self { name, child, feeder, sender, backlog, is_shown, captured, _lent: lent })
    }

    /// Takes its input. Where the program writes to a terminal itself, what a terminal would act on
    /// is made visible on the way in: `cat` passes it on.
    pub(super) fn feed(&self) -> (Feed, Pace) {
        let (sender, backlog) = (self.sender.clone(), Arc::clone(&self.backlog));
        let feed = Feed { sender, backlog, is_sanitised: self.is_shown };
        (feed, Pace::of(&self.backlog))
    }

    /// Takes the input of a pager: text that was made for a terminal, with our colors.
    pub(super) fn feed_pages(&self) -> Feed {
        let (sender, backlog) = (self.sender.clone(), Arc::clone(&self.backlog));
        Feed { sender, backlog, is_sanitised: false }
    }

    /// Whether it reads no more.
    pub(super) fn is_gone(&self) -> bool {
        self.backlog.is_gone()
    }

    /// Waits until a signal has ended it; for ever when it ends by itself.
    pub(super) async fn killed(&mut self) {
        match self.child.wait().await {
            Ok(status) if status.code().is_none() => {}
            _ => std::future::pending().await,
        }
    }

    /// Ends its input and waits for its end.
    pub(super) async fn ended(mut self, output: &mut Output<'_>) -> Result<(), CommandError> {
        drop(self.sender.take());
        if let Some(feeder) = self.feeder.take() {
            // It cannot panic; when it is cancelled, so are we.
            let _fed = feeder.await;
        }
        if let Some(captured) = self.captured.take() {
            let bytes = captured.await.unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            if output.width.is_none() {
                output.text.write_str(&text)?;
            } else {
                output.text.write_str(&sanitise::block(&text))?;
            }
        }
        let status = self.child.wait().await;
        let status = status.map_err(|err| {
            CommandError::new(Kind::Refused, format!("{}: its end is not known: {err}", self.name))
        })?;
        if status.success() {
            return Ok(());
        }
        // As grep and its like say that they found nothing.
        let is_search = ["grep", "egrep", "fgrep", "rg"].contains(&first_word(&self.name).0);
        if is_search && status.code() == Some(1) {
            let message = format!("nothing in the answer matches {:?}", self.name);
            return Err(CommandError::new(Kind::Refused, message));
        }
        Err(CommandError::new(
            Kind::Refused,
            format!("{:?} {}", self.name, describe_status(status)),
        ))
    }
}

/// Writes parts as they come; when the reader is gone, the rest is dropped.
async fn feed(
    mut stdin: ChildStdin,
    mut parts: mpsc::UnboundedReceiver<String>,
    backlog: Arc<Backlog>,
) {
    while let Some(part) = parts.recv().await {
        let written = stdin.write_all(part.as_bytes()).await;
        backlog.wrote(part.len());
        if written.is_err() {
            return backlog.end();
        }
    }
}

/// Hands text to a program.
pub(super) struct Feed {
    sender: Option<mpsc::UnboundedSender<String>>,
    backlog: Arc<Backlog>,
    is_sanitised: bool,
}

impl fmt::Write for Feed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.backlog.is_gone() {
            return Err(fmt::Error);
        }
        let text = if self.is_sanitised { sanitise::block(text) } else { text.into() };
        self.backlog.add(text.len());
        let sender = self.sender.as_ref().ok_or(fmt::Error)?;
        sender.send(text.into_owned()).map_err(|_gone| fmt::Error)
    }
}
