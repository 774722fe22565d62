//! What happens, on standard output: under `-b`, and where standard output is not a terminal, there
//! are lines of calls and of the log, but no prompt to print them above.

use std::io;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::shell::Shell;
use crate::shell::sampler::Line;

/// What is written between the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Lines of calls, of events and of the log.
    All,
    /// Lines of the log, and what becomes of the connection.
    Log,
}

/// Writes lines beside the answers.
pub(super) struct Feed {
    is_over: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Feed {
    /// Where a shell hands its lines over, and who takes them.
    pub(super) fn channel() -> (mpsc::Sender<Line>, mpsc::Receiver<Line>) {
        mpsc::channel(ROOM)
    }

    /// Begins to write what a shell hands over.
    pub(super) fn start(mut lines: mpsc::Receiver<Line>, shell: Shell) -> Self {
        let is_over = Arc::new(Notify::new());
        let ending = Arc::clone(&is_over);
        let task = tokio::spawn(async move {
            let mut lost = 0;
            loop {
                let first = tokio::select! {
                    biased;
                    line = lines.recv() => line,
                    () = ending.notified() => None,
                };
                let Some(first) = first else { return };
                let mut text = first.text + "\n";
                while text.len() < BYTES
                    && let Ok(line) = lines.try_recv()
                {
                    text.push_str(&line.text);
                    text.push('\n');
                }
                let now = shell.unseen();
                if now > lost {
                    text = format!(
                        "{text}... {} lines lost: standard output is too slow\n",
                        now - lost
                    );
                    lost = now;
                }
                // A terminal that takes nothing must not keep this thread from the server.
                let written = tokio::task::spawn_blocking(move || {
                    let mut stdout = io::stdout().lock();
                    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
                });
                if !matches!(written.await, Ok(Ok(()))) {
                    return;
                }
            }
        });
        Self { is_over, task }
    }

    /// Writes what is left.
    pub(super) async fn end(self) {
        self.is_over.notify_one();
        let _in_time = tokio::time::timeout(PATIENCE, self.task).await;
    }
}

/// Lines that may wait for the terminal.
const ROOM: usize = 4096;
/// Bytes of one write.
const BYTES: usize = 64 << 10;
/// How long the end waits for the terminal.
const PATIENCE: Duration = Duration::from_secs(1);
